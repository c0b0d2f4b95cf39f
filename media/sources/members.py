"""Members of a ZIP as files: streamed, bounded, their names never used as paths."""

import io
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO, cast

from media.errors import Unreadable
from media.fileset.model import Reason, Rejection, SourceFile

ALWAYS_BYTES = 1 << 26
"""What any member may unpack to."""

LARGEST_RATIO = 100
"""What a member, or all together, may unpack to beyond that, in packed sizes."""

LARGEST_DIRECTORY_BYTES = 1 << 26
"""The central directory is read into memory whole."""

WHOLE_BYTES = 1 << 22
"""Members up to this size are unpacked at once, larger ones while they are read."""

END_RECORD = b"PK\x05\x06"
END_RECORD_BYTES = 22
COMMENT_BYTES = 1 << 16
LOCATOR, LOCATOR_BYTES = b"PK\x06\x07", 20
ZIP64_RECORD, ZIP64_RECORD_BYTES = b"PK\x06\x06", 56
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
)
"""What zipfile lets out of archives that are damaged, encrypted or made to harm."""

DRIVE = re.compile(r"[A-Za-z]:")


class Archive:
    """An open ZIP and the names its members were written with."""

    def __init__(self, stream: io.BufferedReader, path: str) -> None:
        """Takes `stream` over. Raises Unreadable."""
        self.stream, self.path = stream, path
        try:
            stated = directory_bytes(stream)
            if stated > LARGEST_DIRECTORY_BYTES:
                raise Unreadable(path, f"a ZIP directory of {stated} bytes; at most {LARGEST_DIRECTORY_BYTES} are read")
            self.zip = zipfile.ZipFile(stream)
        except BROKEN as error:
            raise Unreadable(path, f"not a whole ZIP: {error}") from error
        self.infos = [info for info in self.zip.infolist() if not info.is_dir()]
        self.by_name = {info.orig_filename: info for info in self.infos}

    def close(self) -> None:
        self.stream.close()

    __del__ = close

    def open(self, file: SourceFile) -> BinaryIO:
        """A member from its first byte. Raises Unreadable."""
        info = self.by_name.get(file.member or "")
        if info is None or info.file_size != file.size_bytes:
            raise Unreadable(file.name, "the archive has no such member of that size")
        if info.flag_bits & 1 or info.compress_type not in METHODS:
            raise Unreadable(file.name, "encrypted, or packed by another method than deflate")
        try:
            stream = MemberStream(cast(BinaryIO, self.zip.open(info)), file)
        except BROKEN as error:
            raise Unreadable(file.name, f"its header in the archive is damaged: {error}") from error
        if info.file_size > WHOLE_BYTES:
            return cast(BinaryIO, stream)
        with stream:
            return io.BytesIO(stream.readall())


class MemberStream(io.RawIOBase):
    """A member while it is unpacked; at its end size and checksum are tested. Raises Unreadable."""

    def __init__(self, inner: BinaryIO, file: SourceFile) -> None:
        super().__init__()
        self.inner, self.file = inner, file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.inner.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        try:
            return self.inner.seek(offset, whence)
        except BROKEN as error:
            raise Unreadable(self.file.name, f"damaged in the archive: {error}") from error

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # what io gives
        view = memoryview(buffer).cast("B")
        try:
            data = self.inner.read(len(view))
            at = self.inner.tell()
        except BROKEN as error:
            raise Unreadable(self.file.name, f"damaged in the archive: {error}") from error
        if not data and len(view) and at < self.file.size_bytes:
            raise Unreadable(self.file.name, f"unpacks to {at} bytes, the archive says {self.file.size_bytes}")
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self.inner.close()
        super().close()


def members(file: SourceFile, archive: Archive) -> Iterator[SourceFile | Rejection]:
    """The members of the ZIP `file` in its own order."""
    packed = sum(info.compress_size for info in archive.infos)
    unpacked = sum(info.file_size for info in archive.infos)
    overlap = packed > file.size_bytes
    too_much = unpacked > ALWAYS_BYTES and unpacked > LARGEST_RATIO * file.size_bytes
    twice = {name for name, count in Counter(info.orig_filename for info in archive.infos).items() if count > 1}
    for info in archive.infos:
        # zipfile cuts names at a NUL and changes separators; the name as written says more
        member = SourceFile(file.path, info.file_size, file.mtime_ns, info.orig_filename)
        if leaves(info.orig_filename):
            yield Rejection(member, Reason.OUTSIDE, "a name that leaves the archive")
        elif overlap:
            yield Rejection(member, Reason.BOMB, f"members claim {packed} bytes of an archive of {file.size_bytes}")
        elif is_bomb(info):
            yield Rejection(member, Reason.BOMB, f"{info.compress_size} bytes unpack to {info.file_size}")
        elif too_much:
            yield Rejection(member, Reason.BOMB, f"an archive of {file.size_bytes} bytes unpacks to {unpacked}")
        elif info.orig_filename in twice:
            yield Rejection(member, Reason.UNREADABLE, "another member of the archive has the same name")
        else:
            yield member


def is_bomb(info: zipfile.ZipInfo) -> bool:
    return info.file_size > ALWAYS_BYTES and info.file_size > LARGEST_RATIO * info.compress_size


def leaves(name: str) -> bool:
    """Whether a member's name points out of the archive.

    >>> [leaves(name) for name in ("A/B", "../A", "/A", "C:A", "A/..\\\\B", "A\\0B")]
    [False, True, True, True, True, True]
    """
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or not parts[0] or DRIVE.match(name) is not None or "\0" in name


def directory_bytes(stream: BinaryIO) -> int:
    """Size of the central directory as the end record states it (APPNOTE 4.3.14 to 4.3.16). Raises BadZipFile."""
    size = stream.seek(0, io.SEEK_END)
    start = max(0, size - END_RECORD_BYTES - COMMENT_BYTES - LOCATOR_BYTES)
    stream.seek(start)
    tail = stream.read(size - start)
    at = tail.rfind(END_RECORD)
    if at < 0 or at + END_RECORD_BYTES > len(tail):
        raise zipfile.BadZipFile("no end record")
    (stated,) = struct.unpack_from("<I", tail, at + 12)
    locator = tail[max(0, at - LOCATOR_BYTES) : at]
    if locator[:4] == LOCATOR:
        stream.seek(struct.unpack_from("<Q", locator, 8)[0])
        record = stream.read(ZIP64_RECORD_BYTES)
        if len(record) < ZIP64_RECORD_BYTES or record[:4] != ZIP64_RECORD:
            raise zipfile.BadZipFile("no ZIP64 end record where its locator points")
        (stated,) = struct.unpack_from("<Q", record, 40)
    return int(stated)
