"""What wakes a thread: a signal, a file handle, a queue that tells when something is put into it; and clocks."""

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from pynetdicom.timer import Timer


class Signal:
    """Wakes one waiting thread; set while nobody waits, it wakes the next one who does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def set(self) -> None:
        with contextlib.suppress(RuntimeError):  # set already
            self._lock.release()

    def wait(self, timeout_s: float | None) -> None:
        self._lock.acquire(timeout=-1 if timeout_s is None else max(0.0, timeout_s))


class MonotonicTimer(Timer):
    """pynetdicom's timer on the clock that nobody sets; stopped means not expired."""

    @property
    def remaining(self) -> float:
        if self.timeout is None or self._start_time is None or self._end_time is not None:
            return 1 if self.timeout is None else self.timeout
        return self.timeout - (time.monotonic() - self._start_time)

    @property
    def running(self) -> bool:
        return self._end_time is None and self._start_time is not None and self._timeout is not None

    def start(self) -> None:
        self._start_time, self._end_time = time.monotonic(), None

    def stop(self) -> None:
        self._end_time = time.monotonic()

    @property
    def expired(self) -> bool:
        return self.running and self.remaining < 0


class Waker:
    """A file handle to poll beside sockets; `wake` from any thread ends the wait."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._turn = threading.Lock()

    def fileno(self) -> int:
        return self._fd

    def wake(self) -> None:
        with self._turn:
            if self._fd >= 0:
                os.eventfd_write(self._fd, 1)

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._fd)

    def close(self) -> None:
        with self._turn:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def __del__(self) -> None:
        self.close()


class WakingQueue(queue.Queue[Any]):
    """A queue whose reader waits for something else as well."""

    def __init__(self, wake: Callable[[], None]) -> None:
        super().__init__()
        self._wake = wake

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        super().put(item, block, timeout)
        self._wake()
