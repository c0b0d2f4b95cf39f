"""Bytes on the wire for the tests of the node: requests made by hand, answers read as they come."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from struct import Struct
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from benchmarks.node_client import association_request, encoded
from service.node import Node, NodeSettings, PartnerList, Rule, command_set
from service.shared_counts import Counts

VERIFICATION = "1.2.840.10008.1.1"
META = "1.2.840.10008.5.1.1.9"
FILM_SESSION = "1.2.840.10008.5.1.1.1"
FILM_BOX = "1.2.840.10008.5.1.1.2"
IMAGE_BOX = "1.2.840.10008.5.1.1.4"
ANNOTATION_BOX = "1.2.840.10008.5.1.1.15"
PRINTER = "1.2.840.10008.5.1.1.16"
PRINT_JOB = "1.2.840.10008.5.1.1.14"
CT_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
UNKNOWN_CLASS = "1.2.826.0.1.3680043.9.3811.99"

CALLED, CALLING = "PRINTER", "MODALITY"
SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian]
ABORT = bytes((7, 0, 0, 0, 0, 4, 0, 0, 0, 0))
RELEASE = bytes((5, 0, 0, 0, 0, 4, 0, 0, 0, 0))

_HEADER = Struct(">BxL")
_PDV = Struct(">LBB")


def pdu(kind: int, body: bytes) -> bytes:
    return _HEADER.pack(kind, len(body)) + body


def request(contexts: list[str], called: str = CALLED, calling: str = CALLING, max_pdu: int = 16_384) -> bytes:
    return association_request(called, calling, [(each, [ImplicitVRLittleEndian]) for each in contexts], max_pdu)


def values(field: int, number: int, has_data: bool, **more: Any) -> dict[str, Any]:
    kind = command_set.HAS_DATA_SET if has_data else command_set.NO_DATA_SET
    key = "MessageIDBeingRespondedTo" if field & command_set.RESPONSE else "MessageID"
    return {"CommandField": field, key: number, "CommandDataSetType": kind, **more}


def fragments(
    field: int, number: int, data: bytes = b"", context: int = 1, cut: int = 16_000, **more: Any
) -> list[bytes]:
    """The presentation data values of a message, each at most `cut` bytes of message long."""
    command = command_set.encode(values(field, number, bool(data), **more))
    out = []
    for kind, content in ((1, command), (0, data)):
        for start in range(0, len(content), cut):
            part = content[start : start + cut]
            last = 2 if start + cut >= len(content) else 0
            out.append(_PDV.pack(len(part) + 2, context, kind | last) + part)
    return out


def message(field: int, number: int, data: bytes = b"", context: int = 1, **more: Any) -> bytes:
    """A message, one presentation data value a PDU."""
    return b"".join(pdu(4, each) for each in fragments(field, number, data, context, **more))


def create(number: int, sop_class: str, data: bytes = b"", uid: str | None = None, context: int = 1) -> bytes:
    return message(0x0140, number, data, context, AffectedSOPClassUID=sop_class, AffectedSOPInstanceUID=uid)


def set_(number: int, sop_class: str, uid: str, data: bytes, context: int = 1) -> bytes:
    return message(0x0120, number, data, context, RequestedSOPClassUID=sop_class, RequestedSOPInstanceUID=uid)


def get(number: int, sop_class: str, uid: str, context: int = 1, tags: list[int] | None = None) -> bytes:
    more: dict[str, Any] = {"RequestedSOPClassUID": sop_class, "RequestedSOPInstanceUID": uid}
    return message(0x0110, number, context=context, AttributeIdentifierList=tags, **more)


def action(number: int, sop_class: str, uid: str, data: bytes = b"", context: int = 1) -> bytes:
    more: dict[str, Any] = {"RequestedSOPClassUID": sop_class, "RequestedSOPInstanceUID": uid, "ActionTypeID": 1}
    return message(0x0130, number, data, context, **more)


def delete(number: int, sop_class: str, uid: str, context: int = 1) -> bytes:
    return message(0x0150, number, context=context, RequestedSOPClassUID=sop_class, RequestedSOPInstanceUID=uid)


def echo(number: int, context: int = 1) -> bytes:
    return message(0x0030, number, context=context, AffectedSOPClassUID=VERIFICATION)


def data_set(**elements: Any) -> bytes:
    content = Dataset()
    for keyword, value in elements.items():
        setattr(content, keyword, value)
    return encoded(content)


class Peer:
    """A plain socket that speaks PDUs."""

    def __init__(self, address: tuple[str, int], source: str = "127.0.0.1", timeout: float = 10.0) -> None:
        self.socket = socket.create_connection(address, timeout=timeout, source_address=(source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *parts: bytes) -> "Peer":
        self.socket.sendall(b"".join(parts))
        return self

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise EOFError(f"connection closed after {len(data)} of {size} bytes")
            data += more
        return data

    def pdu(self) -> bytes:
        head = self._exactly(6)
        return head + self._exactly(int.from_bytes(head[2:6], "big"))

    def rest(self) -> bytes:
        """Everything until the other side closes."""
        data = b""
        try:
            while more := self.socket.recv(65_536):
                data += more
        except ConnectionResetError:
            pass
        return data

    def associate(self, *contexts: str, **options: Any) -> bytes:
        """The answer to an association request."""
        self.send(request(list(contexts) or [META, VERIFICATION], **options))
        return self.pdu()

    def answer(self) -> tuple[dict[str, Any], bytes]:
        """The next message."""
        command, data, fields = b"", b"", dict[str, Any]()
        while True:
            whole = self.pdu()
            if whole[0] != 4:
                raise EOFError(f"PDU {whole[:10].hex()}")
            body, position = whole[6:], 0
            while position < len(body):
                length, _, control = _PDV.unpack_from(body, position)
                part = body[position + 6 : position + 4 + length]
                position += 4 + length
                if control & 1:
                    command += part
                else:
                    data += part
                if control == 3:
                    fields = dict(command_set.decode(command))
                if control & 2 and (not control & 1 or fields["CommandDataSetType"] == command_set.NO_DATA_SET):
                    return fields, data

    def ask(self, data: bytes) -> tuple[dict[str, Any], bytes]:
        return self.send(data).answer()

    def release(self) -> bytes:
        self.send(RELEASE)
        return self.pdu()


CONTEXTS = [(each, SYNTAXES) for each in (META, VERIFICATION, FILM_SESSION, FILM_BOX, IMAGE_BOX, PRINT_JOB, CT_STORAGE)]
PARTNERS = PartnerList([CALLED], [Rule.of(CALLING, quota=64)])


@contextmanager
def running(
    handlers: list[Any],
    access: PartnerList = PARTNERS,
    contexts: list[Any] = CONTEXTS,
    port: int = 0,
    counts: Counts | None = None,
    **settings: Any,
) -> Iterator[Node]:
    """A node, on a free port."""
    node = Node(NodeSettings(port=port, **settings), contexts, handlers, access, counts=counts)
    node.start()
    try:
        yield node
    finally:
        node.stop(0.5)


def wait_until(true: Callable[[], bool]) -> None:
    patience = time.monotonic() + 20
    while not true():
        assert time.monotonic() < patience
        time.sleep(0.01)
