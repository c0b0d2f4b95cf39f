"""A storage SCU on a plain socket: a data set framed once and sent often, each time under another UID."""

from struct import Struct

from benchmarks.node_client import association_request, connected
from service.node import command_set

_HEADER = Struct(">BxL")
_PDV = Struct(">LBB")
_MAX_LENGTH_ITEM = b"\x51\0\0\4"
C_STORE_RQ = 0x0001


class StoreClient:
    """One association with one presentation context."""

    def __init__(
        self,
        address: tuple[str, int],
        class_uid: str,
        transfer_syntax: str,
        called: str = "ARCHIVE",
        timeout: float = 60,
    ) -> None:
        """Raises ConnectionError when it is refused, OSError when nobody listens."""
        self.class_uid = class_uid
        self.socket = connected(address, timeout)
        self.socket.sendall(association_request(called, "BENCH", [(class_uid, [transfer_syntax])]))
        kind, body = self._pdu()
        if kind != 2:
            raise ConnectionError(f"association refused: PDU {kind}")
        at = body.find(_MAX_LENGTH_ITEM)
        self.max_pdu = int.from_bytes(body[at + 4 : at + 8], "big") or 131_072  # what the peer takes; 0: anything
        self._number = 0

    def framed(self, data_set: bytes) -> bytearray:
        """A data set as P-DATA-TF PDUs."""
        framed, step = bytearray(), self.max_pdu - 6
        for start in range(0, len(data_set), step):
            fragment = data_set[start : start + step]
            last = 2 if start + step >= len(data_set) else 0
            framed += _HEADER.pack(4, len(fragment) + 6) + _PDV.pack(len(fragment) + 2, 1, last) + fragment
        return framed

    def store(self, uid: str, framed: bytes | bytearray) -> int:
        """Send one instance; the status. Raises ConnectionError, TimeoutError."""
        self._number = self._number % 65_535 + 1
        command = command_set.encode(
            {
                "CommandField": C_STORE_RQ,
                "AffectedSOPClassUID": self.class_uid,
                "AffectedSOPInstanceUID": uid,
                "MessageID": self._number,
                "Priority": 0,
                "CommandDataSetType": command_set.HAS_DATA_SET,
            }
        )
        self.socket.sendall(_HEADER.pack(4, len(command) + 6) + _PDV.pack(len(command) + 2, 1, 3) + command)
        self.socket.sendall(framed)
        kind, body = self._pdu()
        if kind != 4:
            raise ConnectionError(f"PDU {kind}")
        status = command_set.decode(body[6:])["Status"]
        assert isinstance(status, int)
        return status

    def _need(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("connection closed")
            data += more
        return data

    def _pdu(self) -> tuple[int, bytes]:
        kind, length = _HEADER.unpack(self._need(6))
        return kind, self._need(length)

    def release(self) -> None:
        self.socket.sendall(_HEADER.pack(5, 4) + bytes(4))
        self._pdu()
        self.socket.close()
