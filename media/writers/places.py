"""Places that one writer at a time may use: a drive, a stick."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from media.errors import Awaits, NotYet


@contextmanager
def alone_at(place: Path, name: str) -> Iterator[None]:
    """Have a place to oneself, among all processes of this user. Raises NotYet while another writes there.

    The lock is a file beside: a drive that is held open does not eject.
    """
    digest = hashlib.sha256(os.fsencode(place.absolute())).hexdigest()[:16]
    lock = Path(tempfile.gettempdir()) / f"printmgr-{os.getuid()}-{digest}.lock"
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotYet(f"{name} waits: another volume is written at {place}", Awaits.DEVICE) from None
        yield
    finally:
        os.close(descriptor)
