"""ISO 9660 images, with a UDF 1.02 bridge and Joliet where asked: one pass from the sources to the image.

pycdlib lays the volume out and writes the structures; the files' bytes are then written straight to their extents,
each hashed on the way. Nothing is staged: since the layout needs only sizes, and the size of CHECKSUM.TXT is known
before its content, the one file that depends on all the others is written last into its place.

Reproducible: pycdlib takes every time from the clock and part of the UDF volume set identifier from chance. While it
lays a volume out, the names `time` and `random` inside pycdlib's own modules stand for a frozen clock and a fixed
number (`_frozen`); the modules themselves, and so all other code and threads, keep the real ones. A lock lets one
layout run at a time; the long part, the bytes, runs outside of it.
"""

import errno
import hashlib
import io
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import struct_time
from typing import Any, BinaryIO, NamedTuple

from media.build.stream import Entry
from media.errors import BadOrder, NoRoom
from media.ports import Progress

SECTOR_BYTES = 2048
MAX_EXTENT_BYTES = 0xFFFF_F800
"""Above this a file needs several extents, hence interchange level 3 (ECMA-119 10.3)."""

_WORKERS = min(4, os.cpu_count() or 1)
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_LAYOUT_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Format:
    """How a volume is written."""

    volume_identifier: str  # the File-set ID (PS3.12 F.1.1), may be empty
    created_s: int  # seconds since 1970 UTC; every time on the image
    udf: bool = False
    joliet: bool = False
    multi_extent: bool = False  # files over 4 GiB: DVD only


class Last(NamedTuple):
    """The file written after all others: its size is known before, its bytes follow from their hashes."""

    path: tuple[str, ...]
    size_bytes: int
    make: Callable[[Mapping[str, str]], bytes]


class Written(NamedTuple):
    """What was written: the size of the image and the SHA-256 of each file by its name on the volume."""

    size_bytes: int
    hashes: dict[str, str]


class _Extent(NamedTuple):
    """Where a file's bytes go."""

    entry: Entry
    offset: int


def write_image(path: Path, form: Format, entries: Sequence[Entry], last: Last, progress: Progress) -> Written:
    """Write the image to `path`; the caller flushes it to the disk, while it is verified.

    path      a temporary name; the caller renames it when the image is verified and flushed
    entries   in any order; names are unique, 8.3 and upper case, at most 6 folders deep (pycdlib's limit;
              the standard has 7)
    progress  called from this thread: "bytes" and "instances"
    Raises NoRoom when the disk is full, SourceChanged, Unreadable; the file at `path` is then gone.
    """
    hashes: dict[str, str] = {}
    try:
        with path.open("wb+") as file:
            files = [*entries, Entry(last.path, last.size_bytes, _no_content)]
            image, extents = _lay_out(form, sorted(files, key=lambda entry: entry.path), file)
            total = image.pvd.space_size * SECTOR_BYTES
            end = next(extent for extent in extents if extent.entry.path == last.path)
            rest = [extent for extent in extents if extent is not end]
            _write_files(file.fileno(), rest, hashes, progress)
            tail = last.make(hashes)
            if len(tail) != last.size_bytes:
                raise ValueError(f"{'/'.join(last.path)} has {len(tail)} bytes; its place has {last.size_bytes}")
            os.pwrite(file.fileno(), tail, end.offset)
            hashes[end.entry.name] = hashlib.sha256(tail).hexdigest()
    except OSError as error:
        path.unlink(missing_ok=True)
        if error.errno in NO_ROOM:
            raise NoRoom(f"{path.name}: no room for the image: {error.strerror}") from error
        raise
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Written(total, hashes)


def _no_content(_put: object) -> str:
    raise AssertionError("the last file is written by write_image itself")


# --- layout


class _Clock:
    """Stands for the module `time` inside pycdlib: one moment, UTC."""

    strftime = staticmethod(time.strftime)

    def __init__(self, seconds: int) -> None:
        self._seconds, self._struct = float(seconds), time.gmtime(seconds)

    def time(self) -> float:
        return self._seconds

    def localtime(self, _seconds: float | None = None) -> struct_time:
        return self._struct

    gmtime = localtime


class _Chance:
    """Stands for the module `random` inside pycdlib: bits that follow from the volume."""

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def getrandbits(self, bits: int) -> int:
        return random.Random(self._seed).getrandbits(bits)  # noqa: S311  # an identifier, not a secret


@contextmanager
def _frozen(form: Format) -> Iterator[None]:
    """Give pycdlib's modules the frozen clock and the fixed number for the time of one layout."""
    from pycdlib import dates, headervd, pycdlib, udf, utils

    clock, chance = _Clock(form.created_s), _Chance(f"{form.volume_identifier}/{form.created_s}")
    modules: list[Any] = [pycdlib, headervd, udf, dates, utils]
    with_chance: Any = udf
    with _LAYOUT_LOCK:
        for module in modules:
            module.time = clock
        with_chance.random = chance
        try:
            yield
        finally:
            for module in modules:
                module.time = time
            with_chance.random = random


def _lay_out(form: Format, entries: Sequence[Entry], file: BinaryIO) -> tuple[Any, list[_Extent]]:
    """Lay the volume out, reserve its room, write its structures; give the extents in the order of `entries`."""
    from pycdlib import PyCdlib

    large = any(entry.size_bytes > MAX_EXTENT_BYTES for entry in entries)
    if large and not form.multi_extent:
        raise BadOrder("a file over 4 GiB needs several extents, which only DVD media have")
    nothing = io.BytesIO()
    with _frozen(form):
        image: Any = PyCdlib()
        image.new(
            interchange_level=3 if large else 1,
            vol_ident=form.volume_identifier,
            joliet=3 if form.joliet else None,
            udf="2.60" if form.udf else None,  # pycdlib's only name for it; it writes 1.02
        )
        _add_folders(image, form, entries)
        for entry in entries:
            name = f"/{entry.name}"
            image.add_fp(
                nothing,
                entry.size_bytes,
                iso_path=f"{name};1" if "." in entry.path[-1] else f"{name}.;1",
                joliet_path=name if form.joliet else None,
                udf_path=name if form.udf else None,
            )
        image.force_consistency()
        _measure_parents(image.pvd.root_directory_record())
        if form.joliet:
            _measure_parents(image.joliet_vd.root_directory_record())
        if form.udf:
            _name_parents(image.udf_root, image.udf_root)
        extents = [
            _Extent(entry, inode.extent_location() * SECTOR_BYTES)
            for entry, inode in zip(entries, image.inodes, strict=True)
        ]
        image.inodes.clear()  # their bytes are written by _write_files
        _reserve(file.fileno(), image.pvd.space_size * SECTOR_BYTES)
        image.write_fp(file)
        file.flush()
    return image, extents


def _add_folders(image: Any, form: Format, entries: Sequence[Entry]) -> None:
    """Add every folder once, parents first."""
    folders = {entry.path[:depth] for entry in entries for depth in range(1, len(entry.path))}
    for folder in sorted(folders, key=lambda components: (len(components), components)):
        name = "/" + "/".join(folder)
        image.add_directory(
            iso_path=name, joliet_path=name if form.joliet else None, udf_path=name if form.udf else None
        )


def _name_parents(folder: Any, parent: Any) -> None:
    """Let the first identifier of every UDF directory name its parent; pycdlib 1.22 names the root in all of them.

    ECMA-167 4/14.4.3: the ICB of the parent identifier is that of the directory that holds this one."""
    for identifier in folder.fi_descs.values():
        if identifier.is_parent():
            identifier.icb.log_block_num = parent.desc_tag.tag_location
        elif identifier.is_dir():
            _name_parents(identifier.file_entry, folder)


def _measure_parents(root: Any) -> None:
    """Give every ".." the length of its parent (ECMA-119 6.8.2.2).

    pycdlib 1.22 sets them when the parent grows by a sector, and those of folders that come after that stay at one."""
    todo = [root]
    while todo:
        parent = todo.pop()
        for child in parent.children:
            if child.is_dir() and not child.is_dot() and not child.is_dotdot():
                child.children[1].data_length = parent.get_data_length()
                todo.append(child)


def _reserve(descriptor: int, size_bytes: int) -> None:
    """Take the room of the whole image now, so that a full disk shows before hours of copying."""
    try:
        os.posix_fallocate(descriptor, 0, size_bytes)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
        os.ftruncate(descriptor, size_bytes)


# --- bytes


def _write_files(descriptor: int, extents: Sequence[_Extent], hashes: dict[str, str], progress: Progress) -> None:
    """Write all files to their extents, several at a time, in the order of the image."""
    queue = iter(sorted(extents, key=lambda extent: extent.offset))
    total_bytes = sum(extent.entry.size_bytes for extent in extents)
    lock, stop, counts = threading.Lock(), threading.Event(), [0] * _WORKERS

    def work(worker: int) -> None:
        try:
            while not stop.is_set():
                with lock:
                    extent = next(queue, None)
                if extent is None:
                    return
                digest = _write_file(descriptor, extent, counts, worker)
                with lock:
                    hashes[extent.entry.name] = digest
        except BaseException:
            stop.set()
            raise

    with ThreadPoolExecutor(_WORKERS, "image") as pool:
        futures = [pool.submit(work, worker) for worker in range(_WORKERS)]
        try:
            _report(futures, lambda: (sum(counts), len(hashes)), (total_bytes, len(extents)), progress)
        except BaseException:
            stop.set()
            raise
    for future in futures:
        future.result()


def _write_file(descriptor: int, extent: _Extent, counts: list[int], worker: int) -> str:
    """Write one file; the rest of its last sector is zero since the image was reserved."""
    offset = extent.offset

    def put(chunk: memoryview) -> None:
        nonlocal offset
        while chunk:
            written = os.pwrite(descriptor, chunk, offset)
            offset += written
            counts[worker] += written
            chunk = chunk[written:]

    digest = extent.entry.content(put)
    if offset != extent.offset + extent.entry.size_bytes:
        raise ValueError(f"{extent.entry.name} gave {offset - extent.offset} bytes; planned {extent.entry.size_bytes}")
    return digest


def _report(
    futures: list[Future[None]], counts: Callable[[], tuple[int, int]], totals: tuple[int, int], progress: Progress
) -> None:
    """Report from this thread until the workers are done; return early on the first error."""
    pending: set[Future[None]] = set(futures)
    while pending:
        done, pending = wait(pending, timeout=0.1, return_when=FIRST_EXCEPTION)
        for what, count, total in zip(("bytes", "instances"), counts(), totals, strict=True):
            progress(what, count, total)
        if any(future.exception() for future in done):
            return
