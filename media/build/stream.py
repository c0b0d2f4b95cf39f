"""Streams one file onto the medium: opened once, hashed on the way, checked against the index."""

import hashlib
import os
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from media.errors import SourceChanged
from media.fileset.model import Instance, SourceFile
from media.ports import Source

Put = Callable[[memoryview], None]
"""Takes the next bytes of a file; they are only valid during the call."""

Content = Callable[[Put], str]
"""Streams a file's bytes into a Put and gives their SHA-256 in hexadecimal."""

PREAMBLE_LENGTH = 128
"""PS3.10 7.1: 128 bytes before DICM, not for the use of this File-set."""

_CHUNK_BYTES = 512 * 1024  # stays in the processor's cache between reading, hashing and writing
_BUFFERS = threading.local()


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a volume: its name components (level 1: 8.3), its exact size, and how to get its bytes."""

    path: tuple[str, ...]
    size_bytes: int
    content: Content

    @property
    def name(self) -> str:
        return "/".join(self.path)


def from_bytes(data: bytes) -> Content:
    """Content that is at hand."""

    def stream(put: Put) -> str:
        put(memoryview(data))
        return hashlib.sha256(data).hexdigest()

    return stream


def from_path(path: Path, size_bytes: int) -> Content:
    """A file of our own making in the job's folder (a transcoded instance)."""

    def stream(put: Put) -> str:
        with path.open("rb", buffering=0) as file:
            return _copy(file, size_bytes, str(path), put, _as_is)

    return stream


def from_source(source: Source, instance: Instance, keep_preamble: bool = False) -> Content:
    """An instance as its source has it, with the preamble zeroed unless the profile keeps it.

    Raises SourceChanged when size, time or SOP Instance UID are not what the index found, or when the file
    grows, shrinks or is touched while it is read.
    """

    def stream(put: Put) -> str:
        wanted = instance.source

        def first(chunk: memoryview) -> None:
            check_identity(bytes(chunk[:4096]), instance)
            if not keep_preamble and bytes(chunk[128:132]) == b"DICM":
                chunk[:PREAMBLE_LENGTH] = bytes(PREAMBLE_LENGTH)

        with source.open(wanted) as file:
            check_stat(file, wanted)
            digest = _copy(file, wanted.size_bytes, wanted.name, put, first)
            check_stat(file, wanted)
        return digest

    return stream


def check_stat(file: BinaryIO, wanted: SourceFile) -> None:
    """Compare an open file with the index. The members of a ZIP have no descriptor: their bytes are counted."""
    if wanted.member is not None:
        return
    stat = os.fstat(file.fileno())
    if stat.st_size != wanted.size_bytes:
        raise SourceChanged(wanted.name, f"{stat.st_size} bytes, {wanted.size_bytes} when indexed")
    if stat.st_mtime_ns != wanted.mtime_ns:
        raise SourceChanged(wanted.name, "its modification time is another")


def check_identity(head: bytes, instance: Instance) -> None:
    """Compare Media Storage SOP Instance UID (0002,0003) in a file's first bytes with the index (PS3.10 7.1)."""
    uid = media_storage_uid(head)
    if uid is not None and uid != instance.sop_instance_uid:
        raise SourceChanged(instance.source.name, "it holds another SOP instance")


def media_storage_uid(head: bytes) -> str | None:
    """Media Storage SOP Instance UID, or None where the file meta information does not show it in `head`.

    >>> head = bytes(128) + b"DICM" + bytes.fromhex("0200 0300 5549 0400") + b"1.2" + bytes(1)
    >>> media_storage_uid(head), media_storage_uid(b"")
    ('1.2', None)
    """
    if head[128:132] != b"DICM":
        return None
    offset = 132
    while offset + 8 <= len(head):
        group, element, vr, length = struct.unpack_from("<HH2sH", head, offset)
        if group != 2:
            return None
        offset += 8
        if vr in (b"OB", b"UN", b"UT", b"SQ", b"OW"):
            if offset + 4 > len(head):
                return None
            (length,) = struct.unpack_from("<I", head, offset)
            offset += 4
        if element == 3:
            return head[offset : offset + length].rstrip(b"\0 ").decode("ascii", "replace")
        offset += length
    return None


def _as_is(chunk: memoryview) -> None:
    """The first chunk needs no change."""


def _buffer() -> bytearray:
    """One buffer a thread, used again for every file."""
    buffer: bytearray | None = getattr(_BUFFERS, "buffer", None)
    if buffer is None:
        buffer = _BUFFERS.buffer = bytearray(_CHUNK_BYTES)
    return buffer


def _copy(file: BinaryIO, size_bytes: int, name: str, put: Put, first: Callable[[memoryview], None]) -> str:
    """Copy exactly `size_bytes`, hashing; `first` may look at and change the first chunk.

    The first chunk is filled to at least the file meta information, however short the reads of the file are.
    """
    digest = hashlib.sha256()
    view = memoryview(_buffer())
    done = 0
    while done < size_bytes:
        filled = _fill(file, view[: min(len(view), size_bytes - done)])
        if filled == 0:
            raise SourceChanged(name, f"it ends after {done} bytes, {size_bytes} when indexed")
        chunk = view[:filled]
        if done == 0:
            first(chunk)
        digest.update(chunk)
        put(chunk)
        done += filled
    if file.read(1):
        raise SourceChanged(name, f"it goes on beyond the {size_bytes} bytes of the index")
    return digest.hexdigest()


def _fill(file: BinaryIO, view: memoryview) -> int:
    """Read until the view is full or the file ends."""
    filled = 0
    while filled < len(view):
        count = file.readinto(view[filled:])  # type: ignore[attr-defined]  # RawIOBase and BufferedIOBase have it
        if not count:
            break
        filled += count
    return filled
