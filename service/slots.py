"""Places that one process at a time may hold: the service of a data directory, a worker's slot."""

import fcntl
import os
from pathlib import Path


class Taken(Exception):
    """Another process holds the place."""

    def __init__(self, file: Path, holder: str) -> None:
        self.file, self.holder = file, holder
        super().__init__(f"{file} is held by process {holder or 'unknown'}")


class Slot:
    """A place held until it is given back or its process ends, however it ends."""

    def __init__(self, file: Path, name: str) -> None:
        """Take the place. Raises Taken. A process that inherits `descriptor` holds it too."""
        self.name = name
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self.descriptor, 32).decode("ascii", "replace").strip()
            os.close(self.descriptor)
            raise Taken(file, holder) from None
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        os.close(self.descriptor)


def first_free(folder: Path, prefix: str) -> Slot:
    """The free slot with the lowest number, so that a restarted worker is the same executor as before."""
    number = 0
    while True:
        name = f"{prefix}-{number}"
        try:
            return Slot(folder / f"{name}.lock", name)
        except Taken:
            number += 1
