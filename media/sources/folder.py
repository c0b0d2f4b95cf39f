"""A Source of a folder tree, a single file or a ZIP; ZIPs in the tree are looked into, ZIPs in ZIPs are not."""

import io
import os
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

from media.errors import BadOrder, Unreadable
from media.fileset.model import Reason, Rejection, SourceFile

if TYPE_CHECKING:
    from pathlib import Path

    from media.sources.members import Archive

Listed = SourceFile | Rejection

ARCHIVE_SUFFIX = ".zip"
ARCHIVE_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
ARCHIVE_BUFFER_BYTES = 1 << 18
OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
"""A fifo put in a file's place must not block, a link put there must not be followed."""


class FolderSource:
    """The files below `path`, names in order. Raises BadOrder when there is nothing at `path`.

    Links are not followed: one that stays in the tree adds nothing, as its target is listed itself; one that
    leaves it is a Rejection. What is no regular file is never opened.
    """

    def __init__(self, path: "str | Path") -> None:
        self.root = os.path.realpath(path)
        if not _mode(self.root):
            raise BadOrder(f"source {os.fspath(path)!r} does not exist; expected a folder, a file or a ZIP")
        self.archive: Archive | None = None

    def __getstate__(self) -> dict[str, object]:
        return {"root": self.root, "archive": None}

    def files(self) -> Iterator[Listed]:
        """Every file once: folders depth first, names in order, a ZIP's members in the place of the ZIP."""
        if stat.S_ISDIR(_mode(self.root)):
            yield from self._folder(self.root)
        else:
            yield from self._single(self.root)

    def open(self, file: SourceFile) -> BinaryIO:
        """Open for reading from its first byte. Raises Unreadable."""
        if file.member is not None:
            return self._archive(file.path).open(file)
        try:
            return cast(BinaryIO, _open_regular(file.path))
        except OSError as error:
            raise Unreadable(file.name, error.strerror or type(error).__name__) from error

    def _folder(self, folder: str) -> Iterator[Listed]:
        pending = [folder]
        while pending:
            path = pending.pop()
            try:
                with os.scandir(path) as entries:
                    found = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                yield Rejection(SourceFile(path, 0, 0), Reason.UNREADABLE, f"folder: {error.strerror}")
                continue
            folders = []
            for entry in found:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.is_file(follow_symlinks=False) and entry.name[-4:].lower() != ARCHIVE_SUFFIX:
                    yield _plain(entry)
                else:
                    yield from self._entry(entry)
            pending += reversed(folders)

    def _entry(self, entry: "os.DirEntry[str]") -> Iterator[Listed]:
        if entry.is_symlink():
            yield from self._link(entry.path)
            return
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError as error:
            yield Rejection(SourceFile(entry.path, 0, 0), Reason.UNREADABLE, error.strerror or "")
            return
        yield from self._file(entry.path, found)

    def _single(self, path: str) -> Iterator[Listed]:
        try:
            found = os.lstat(path)
        except OSError as error:
            raise Unreadable(path, error.strerror or type(error).__name__) from error
        yield from self._file(path, found)

    def _file(self, path: str, found: os.stat_result) -> Iterator[Listed]:
        file = SourceFile(path, found.st_size, found.st_mtime_ns)
        if not stat.S_ISREG(found.st_mode):
            yield Rejection(file, Reason.UNREADABLE, "not a regular file")
        elif path[-4:].lower() == ARCHIVE_SUFFIX and found.st_size and self._is_archive(file):
            yield from self._members(file)
        else:
            yield file

    def _link(self, path: str) -> Iterator[Rejection]:
        target = os.path.realpath(path)
        if target != self.root and not target.startswith(self.root.rstrip(os.sep) + os.sep):
            yield Rejection(SourceFile(path, 0, 0), Reason.OUTSIDE, "a link that leaves the source")
        elif not _mode(target):
            yield Rejection(SourceFile(path, 0, 0), Reason.UNREADABLE, "a link to nothing")

    def _is_archive(self, file: SourceFile) -> bool:
        try:
            with self.open(file) as stream:
                return stream.read(4) in ARCHIVE_STARTS
        except (Unreadable, OSError):
            return False  # opened again as a file, it says why

    def _members(self, file: SourceFile) -> Iterator[Listed]:
        try:
            archive = self._archive(file.path)
        except Unreadable as error:
            yield Rejection(file, Reason.UNREADABLE, error.what)
            return
        from media.sources.members import members

        yield from members(file, archive)

    def _archive(self, path: str) -> "Archive":
        """The ZIP at `path`, kept open while its members are read. Raises Unreadable."""
        from media.sources.members import Archive  # few sources have ZIPs

        if self.archive is None or self.archive.path != path:
            try:
                raw = _open_regular(path)
            except OSError as error:
                raise Unreadable(path, error.strerror or type(error).__name__) from error
            self.archive = Archive(io.BufferedReader(raw, ARCHIVE_BUFFER_BYTES), path)
        return self.archive


def _mode(path: str) -> int:
    """Type and permissions of what is at a path without links, 0 for nothing."""
    try:
        return os.lstat(path).st_mode
    except (OSError, ValueError):
        return 0


def _plain(entry: "os.DirEntry[str]") -> Listed:
    """A regular file as it is listed."""
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError as error:
        return Rejection(SourceFile(entry.path, 0, 0), Reason.UNREADABLE, error.strerror or "")
    return SourceFile(entry.path, found.st_size, found.st_mtime_ns)


def _open_regular(path: str) -> io.FileIO:
    """A regular file, open for reading. Raises OSError."""
    descriptor = os.open(path, OPEN_FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "not a regular file")
    return io.FileIO(descriptor, "rb")
