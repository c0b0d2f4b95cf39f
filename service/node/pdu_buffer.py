"""Whole PDUs of a stream of bytes: lengths checked before a byte is allocated for them."""

import time
from collections.abc import Callable
from struct import Struct

from service.node.transport import NodeSocket

_PDU_HEADER = Struct(">BxL")
_SMALL = 16_384
_WIDE = 1_048_576  # where long PDUs come: several are read at once
_LEAST_READ = 4  # a read has at least so much of the buffer, one part in


class BadPDU(ValueError):
    """What came is no PDU we take: unknown type, too long, too slow."""


class PDUBuffer:
    """Turns what the socket gives into whole PDUs; makes room for a long PDU only after its length was found good."""

    def __init__(
        self,
        sock: NodeSocket,
        limit: int,
        received: bytes = b"",
        reused: Callable[[], None] = lambda: None,
    ) -> None:
        """`limit`: the longest PDU accepted now; `received`: what was read before.

        `reused()` is called before the room of PDUs that were given out is used again: until then their views hold.
        """
        self.limit = limit
        self._socket, self._reused = sock, reused
        self._data = bytearray(max(_SMALL, len(received)))
        self._data[: len(received)] = received
        self._start, self._end = 0, len(received)
        self._wanted = 6  # bytes of the PDU in work, as far as they are known
        self.began_at: float | None = time.monotonic() if received else None  # first byte of the PDU in work
        self.closed = False
        self._all_read = False

    def next(self) -> memoryview | None:
        """The next whole PDU, valid until `reused` is called; None when more has to come. Raises BadPDU."""
        while True:
            pdu = self._take()
            if pdu is not None:
                self.began_at = None if self._start == self._end else time.monotonic()
                return pdu
            if self._all_read:  # a read that was not filled took all there was
                self._all_read = self.closed
                return None
            if not self._receive():
                return None

    def pass_on(self, take: Callable[[bytearray, int, int, int], int]) -> bool:
        """Have `take(data, start, end, limit)` look at what is there; it gives where the PDUs that it took end.

        Whether it took any.
        """
        start = take(self._data, self._start, self._end, self.limit)
        if start == self._start:
            return False
        self._start = start
        self.began_at = None if start == self._end else time.monotonic()
        return True

    def look_again(self) -> None:
        """Time has passed since the last read: the PDU in work has its own from now on, and more may have come."""
        if self.began_at is not None:
            self.began_at = time.monotonic()
        self._all_read = self.closed

    def _take(self) -> memoryview | None:
        start = self._start
        if self._end - start < 6:
            self._wanted = 6
            return None
        kind, length = _PDU_HEADER.unpack_from(self._data, start)
        if not 1 <= kind <= 7:
            raise BadPDU(f"PDU type {kind:02X}H; expected 01H to 07H")
        if length > self.limit:
            raise BadPDU(f"PDU of {length} bytes; at most {self.limit} are taken")
        end = start + 6 + length
        if end <= self._end:
            self._start = end
            return memoryview(self._data)[start:end]
        self._wanted = 6 + length
        return None

    def _receive(self) -> bool:
        size = len(self._data)
        if self._start == self._end:  # bytes just used are still in the processor's cache
            self._reused()
            self._start = self._end = 0
        elif self._start + self._wanted > size or size - self._end < size // _LEAST_READ:
            self._make_room()
        room = len(self._data) - self._end
        number = self._socket.receive_into(memoryview(self._data)[self._end :])
        if number:
            self._end += number
            if self.began_at is None:
                self.began_at = time.monotonic()
        self.closed = number == 0
        self._all_read = number is not None and number < room and not self._socket.may_hold_back
        return bool(number)

    def _make_room(self) -> None:
        """Move the PDU in work to the front, of a wider buffer where it is longer than this one."""
        self._reused()
        if self._wanted > len(self._data):
            self._resize(max(_WIDE, self._wanted))
            return
        view, size = memoryview(self._data), self._end - self._start
        view[:size] = view[self._start : self._end]
        self._start, self._end = 0, size

    def _resize(self, size: int) -> None:
        data = bytearray(size)
        data[: self._end - self._start] = memoryview(self._data)[self._start : self._end]
        self._data, self._start, self._end = data, 0, self._end - self._start

    @property
    def is_wide(self) -> bool:
        """Whether it has room that only long PDUs need."""
        return len(self._data) > _SMALL

    def rest(self) -> None:
        """Nothing is coming: give back what only long PDUs need."""
        if self._end - self._start <= _SMALL:
            self._reused()
            self._resize(_SMALL)
