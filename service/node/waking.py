"""What wakes a thread: a signal, a queue that tells when something is put into it, and clocks to wait by."""

import contextlib
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
        return self.timeout is not None and self._start_time is not None and self._end_time is None

    def start(self) -> None:
        self._start_time, self._end_time = time.monotonic(), None

    def stop(self) -> None:
        self._end_time = time.monotonic()

    @property
    def expired(self) -> bool:
        return self.running and self.remaining < 0


class WakingQueue(queue.Queue[Any]):
    """A queue whose reader waits for something else as well."""

    def __init__(self, wake: Callable[[], None]) -> None:
        super().__init__()
        self._wake = wake

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        super().put(item, block, timeout)
        self._wake()
