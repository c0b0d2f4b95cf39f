"""Whole PDUs of a stream of bytes: lengths checked before a byte is allocated for them."""

import time
from collections.abc import Callable
from struct import Struct

from service.node.transport import NodeSocket

_PDU_HEADER = Struct(">BxL")
_SMALL = 16_384


class BadPDU(ValueError):
    """What came is no PDU we take: unknown type, too long, too slow."""


class PDUBuffer:
    """Turns what the socket gives into whole PDUs; allocates for a PDU only after its length was found good."""

    def __init__(self, sock: NodeSocket, limit: Callable[[], int], received: bytes = b"") -> None:
        """`limit()`: the longest PDU accepted now; `received`: what was read before."""
        self._socket, self._limit = sock, limit
        self._small = bytearray(max(_SMALL, len(received)))
        self._small[: len(received)] = received
        self._start, self._end = 0, len(received)
        self._large: bytearray | None = None  # a PDU that is longer than the small buffer
        self._filled = self._size = 0
        self.began_at: float | None = time.monotonic() if received else None  # first byte of the PDU in work
        self.closed = False

    def next(self) -> memoryview | None:
        """The next whole PDU, valid until the next call; None when more has to come. Raises BadPDU."""
        while True:
            pdu = self._take_large() if self._size else self._take_small()
            if pdu is not None:
                self.began_at = None if self._start == self._end else time.monotonic()
                return pdu
            if not self._receive():
                return None

    def _take_small(self) -> memoryview | None:
        available = self._end - self._start
        if available < 6:
            return None
        kind, length = _PDU_HEADER.unpack_from(self._small, self._start)
        if not 1 <= kind <= 7:
            raise BadPDU(f"PDU type {kind:02X}H; expected 01H to 07H")
        if length > self._limit():
            raise BadPDU(f"PDU of {length} bytes; at most {self._limit()} are taken")
        size = 6 + length
        if available >= size:
            start, self._start = self._start, self._start + size
            return memoryview(self._small)[start : start + size]
        if size > len(self._small):
            if self._large is None or len(self._large) < size:
                self._large = bytearray(size)
            self._large[:available] = self._small[self._start : self._end]
            self._filled, self._size = available, size
            self._start = self._end = 0
        return None

    def _take_large(self) -> memoryview | None:
        if self._filled < self._size or self._large is None:
            return None
        size, self._size, self._filled = self._size, 0, 0
        return memoryview(self._large)[:size]

    def _receive(self) -> bool:
        if self._size and self._large is not None:
            number = self._socket.receive_into(memoryview(self._large)[self._filled : self._size])
            self._filled += number or 0
        else:
            if self._start:
                rest = self._small[self._start : self._end]
                self._small[: len(rest)] = rest
                self._start, self._end = 0, len(rest)
            number = self._socket.receive_into(memoryview(self._small)[self._end :])
            self._end += number or 0
        if number and self.began_at is None:
            self.began_at = time.monotonic()
        self.closed = number == 0
        return bool(number)

    def rest(self) -> None:
        """Nothing is coming: give back what only long PDUs need."""
        if not self._size:
            self._large = None
