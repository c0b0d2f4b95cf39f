"""Data sets in memory: counted for the whole process until nobody has them any more."""

import threading
from collections import deque
from io import BytesIO

MESSAGE_BYTES = 4096  # what a message takes beside its data set: the objects it is made of


class MemoryBudget:
    """How many bytes of messages all associations of a process may hold in memory."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._used_bytes = 0
        self._lock = threading.Lock()
        self._given_back: deque[int] = deque()

    @property
    def used_bytes(self) -> int:
        with self._lock:
            return self._used()

    @property
    def is_used_up(self) -> bool:
        return self.used_bytes >= self.limit_bytes

    def take(self, size_bytes: int) -> bool:
        """Count so many bytes more; False, and nothing counted, when there is no room for them."""
        with self._lock:
            if size_bytes and self._used() + size_bytes > self.limit_bytes:
                return False
            self._used_bytes += size_bytes
            return True

    def take_anyway(self, size_bytes: int) -> None:
        """Count what cannot be helped."""
        with self._lock:
            self._used_bytes += size_bytes

    def give_back(self, size_bytes: int) -> None:
        """Takes no lock: the garbage collector calls it, wherever a thread is, inside `take` too."""
        self._given_back.append(size_bytes)

    def _used(self) -> int:
        while self._given_back:
            self._used_bytes -= self._given_back.popleft()
        return self._used_bytes


class HeldDataSet(BytesIO):
    """A data set that arrives in memory."""

    def __init__(self, memory: MemoryBudget) -> None:
        super().__init__()
        self._memory = memory
        self._held_bytes = MESSAGE_BYTES
        memory.take_anyway(MESSAGE_BYTES)

    def hold(self, fragment: memoryview) -> bool:
        """Take a fragment; False when the memory is used up."""
        if not self._memory.take(len(fragment)):
            return False
        self._held_bytes += len(fragment)
        self.write(fragment)
        return True

    def __del__(self) -> None:
        self._memory.give_back(self._held_bytes)
