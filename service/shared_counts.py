"""Numbers that the processes of one port add to together: who holds how much of what has a limit.

A table in memory that they share: a row a key, a column a process. When a process dies, however it dies, its column is
cleared, and what it held is free.
"""

import fcntl
import hashlib
import mmap
import os
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import numpy as np

_SALT_BYTES = 16
_HEAD = 64  # bytes before the table: the salt, the number of rows and columns


class Counts(Protocol):
    """Numbers by key. `change` and `total` are called while `turn` is held."""

    def turn(self) -> AbstractContextManager[None]:
        """Nobody else changes anything meanwhile."""
        ...

    def total(self, key: str) -> int:
        """The sum of all processes."""
        ...

    def change(self, key: str, by: int) -> bool:
        """Add to this process's number; False when there is no room for another key."""
        ...


class OwnCounts:
    """The numbers of a process that shares them with nobody."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self._lock:
            yield

    def total(self, key: str) -> int:
        return self._counts[key]

    def change(self, key: str, by: int) -> bool:
        self._counts[key] += by
        if not self._counts[key]:
            del self._counts[key]
        return True


def new_table(processes: int, keys: int) -> int:
    """A descriptor of a new table, for processes that inherit it."""
    descriptor = os.memfd_create("printmgr counts", os.MFD_CLOEXEC)
    head = secrets.token_bytes(_SALT_BYTES) + keys.to_bytes(8, "little") + processes.to_bytes(8, "little")
    os.truncate(descriptor, _HEAD + keys * 8 + keys * processes * 4)
    os.pwrite(descriptor, head, 0)
    return descriptor


class SharedCounts:
    """The table as one process uses it."""

    def __init__(self, descriptor: int, column: int) -> None:
        """`column` is this process's alone; what a dead process left in it is to be cleared with `forget` before."""
        head = os.pread(descriptor, _HEAD, 0)
        self._salt = head[:_SALT_BYTES]
        rows = int.from_bytes(head[_SALT_BYTES : _SALT_BYTES + 8], "little")
        columns = int.from_bytes(head[_SALT_BYTES + 8 : _SALT_BYTES + 16], "little")
        memory = mmap.mmap(descriptor, 0)
        self._keys = np.frombuffer(memory, np.uint64, rows, _HEAD)
        self._counts = np.frombuffer(memory, np.int32, rows * columns, _HEAD + rows * 8).reshape(rows, columns)
        self.descriptor, self._column = descriptor, column
        self._lock = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self._lock:  # the file's lock is the process's; the kernel gives it back when the process dies
            fcntl.lockf(self.descriptor, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self.descriptor, fcntl.LOCK_UN)

    def total(self, key: str) -> int:
        row = self._row(self._hashed(key))
        return 0 if row is None else int(self._counts[row].sum())

    def change(self, key: str, by: int) -> bool:
        hashed = self._hashed(key)
        row = self._row(hashed)
        if row is None:
            row = self._row(np.uint64(0))
            if row is None:
                return False
            self._keys[row] = hashed
        self._counts[row, self._column] += by
        if not self._counts[row].any():
            self._keys[row] = 0
        return True

    def forget(self, column: int) -> None:
        """The process of this column is dead: it holds nothing."""
        with self.turn():
            self._counts[:, column] = 0
            self._keys[~self._counts.any(axis=1)] = 0

    def _row(self, hashed: np.uint64) -> int | None:
        found = np.flatnonzero(self._keys == hashed)
        return int(found[0]) if len(found) else None

    def _hashed(self, key: str) -> np.uint64:
        """Never 0, which is a free row. The salt keeps callers from choosing names that fall together."""
        digest = hashlib.blake2b(key.encode(), digest_size=8, key=self._salt).digest()
        return np.uint64(int.from_bytes(digest, "little") or 1)
