"""Files that appear whole or not at all, readable by nobody else."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from printmgr.errors import ResourceLimit

FILE_MODE, FOLDER_MODE = 0o600, 0o700
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the name `path` when it is complete and on the disk; after an error there is none.

    Leftovers of a writer that was killed are removed. Raises ResourceLimit when the disk is full.
    """
    for leftover in path.parent.glob(f".{path.name}.*.part"):
        leftover.unlink(missing_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            part.unlink()
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise ResourceLimit(f"no room to write {path}") from error
        raise


def make_folder(path: Path) -> None:
    """Make a folder and those above it, such that they are there after a power cut too. Raises ResourceLimit."""
    try:
        if not path.is_dir():
            make_folder(path.parent)
            path.mkdir(mode=FOLDER_MODE, exist_ok=True)
            sync_folder(path.parent)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise ResourceLimit(f"no room to make {path}") from error
        raise


def sync_folder(path: Path) -> None:
    """Write the names in a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
