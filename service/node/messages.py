"""Parts of messages: one that is arriving, what becomes of it, and the PDUs of one that is sent."""

import time
from collections.abc import Callable, Mapping
from io import BytesIO
from struct import Struct
from typing import Any, Protocol

from pydicom.dataset import Dataset
from pynetdicom import dimse_primitives
from pynetdicom.dimse_messages import _MESSAGE_TYPES, DIMSEMessage
from pynetdicom.dsutils import decode as decode_data_set
from pynetdicom.presentation import PresentationContext

from service.node import command_set
from service.node.held import MESSAGE_BYTES
from service.node.pdu_buffer import BadPDU
from service.node.primitives import set_parameter
from service.node.streamed import StreamedDataSet

P_DATA_TF = 4  # PDU type (PS3.8 9.3.5)
COMMAND, LAST = 1, 2  # bits of the message control header (PS3.8 E.2)
C_STORE_RQ = 0x0001  # Command Field (PS3.7 E.1)
_PRIORITIES = (0, 1, 2)  # medium, high, low

PDU_AND_PDV = Struct(">BxLLBB")
_STREAMED_BYTES = 4 << 20  # what a message that lies elsewhere counts while it waits: it holds that place open

Command = Mapping[str, command_set.Value]


class DataStream(Protocol):
    """Takes a data set while it arrives; what goes wrong with it waits for the handler. Called by one thread."""

    def write(self, fragment: memoryview, /) -> object:
        """Take a fragment, whose bytes stay until `flush`."""
        ...

    def flush(self) -> object:
        """The bytes of the fragments will be overwritten, or there were all."""
        ...


class MessageLog(Protocol):
    """Is told every message of an association; must not raise, and is called by two threads."""

    def received(self, context_id: int, command: Command, data: memoryview | None) -> None:
        """A whole message came; None: it has no data set, or that lies elsewhere."""
        ...

    def sent(self, context_id: int, command: Command, data: memoryview | None) -> None:
        """A whole message is about to go."""
        ...


OpenStream = Callable[[Command, PresentationContext], DataStream | None]
"""From a message's command set: where its data set goes, or None to have it as bytes."""

StoreStreamed = Callable[[Any, Command, PresentationContext], int | Dataset]
"""The status of a C-STORE whose data set is whole in its stream; must not wait for anything from the peer."""


class Incoming:
    """A message that is arriving."""

    __slots__ = ("began_at", "command", "command_done", "context_id", "data", "fields", "size", "stream", "too_large")

    def __init__(self) -> None:
        self.began_at = time.monotonic()
        self.command = bytearray()
        self.command_done = False
        self.context_id = 0
        self.fields: dict[str, command_set.Value] = {}
        self.data: BytesIO | None = None  # from its whole command set on, unless its data set goes into a stream
        self.stream: DataStream | None = None
        self.size = 0
        self.too_large = False


def is_whole_store(incoming: Incoming) -> bool:
    """Whether it is a C-STORE request with all the parameters that one must have (PS3.7 table 9.1-1)."""
    fields = incoming.fields
    return (
        fields["CommandField"] == C_STORE_RQ
        and not incoming.too_large
        and fields.get("MessageID") is not None
        and fields.get("Priority") in _PRIORITIES
        and bool(fields.get("AffectedSOPClassUID"))
        and bool(fields.get("AffectedSOPInstanceUID"))
    )


def as_primitive(incoming: Incoming) -> Any:
    """The DIMSE primitive pynetdicom's message_to_primitive would make. Raises BadPDU."""
    field = incoming.fields["CommandField"]
    assert isinstance(field, int)
    message = command_set.MESSAGES[field]
    primitive = getattr(dimse_primitives, message.service)()
    try:
        for keyword, value in incoming.fields.items():
            if hasattr(primitive, keyword):
                set_parameter(primitive, keyword, value)
        if message.data_set is not None:
            setattr(primitive, message.data_set, incoming.data or BytesIO())
    except (ValueError, TypeError) as wrong:
        raise BadPDU(f"command set of a {message.service}: {wrong}") from None
    primitive._context_id = incoming.context_id
    return primitive


def as_message(incoming: Incoming) -> DIMSEMessage:
    """pynetdicom's message object, for those who listen to EVT_DIMSE_RECV."""
    message = DIMSEMessage()
    message.context_id = incoming.context_id
    message.encoded_command_set = BytesIO(bytes(incoming.command))
    message.command_set = decode_data_set(message.encoded_command_set, True, True)
    message.__class__ = _MESSAGE_TYPES[int(incoming.fields["CommandField"])][1]  # type: ignore[arg-type]
    message.data_set = incoming.data or BytesIO()
    return message


def command_field(primitive: Any) -> int:
    name = type(primitive).__name__
    field = _REQUEST_FIELDS[name]
    if name == "C_CANCEL" or primitive.MessageIDBeingRespondedTo is None:
        return field
    return field | command_set.RESPONSE


_REQUEST_FIELDS = {
    message.service: field for field, message in command_set.MESSAGES.items() if not field & command_set.RESPONSE
}


def data_set_of(primitive: Any, field: int) -> bytes | memoryview | None:
    """The encoded data set; None when there is none, or nothing in it."""
    keyword = command_set.MESSAGES[field].data_set
    stream = None if keyword is None else getattr(primitive, keyword, None)
    if not isinstance(stream, BytesIO):
        return None
    return stream.getbuffer() or None


def size_of(primitive: Any) -> int:
    """What it counts while it waits, in bytes of memory."""
    stream = getattr(primitive, "_dataset", None)
    if getattr(primitive, "stream", None) is not None or isinstance(stream, StreamedDataSet):
        return _STREAMED_BYTES
    return MESSAGE_BYTES + (len(stream.getbuffer()) if isinstance(stream, BytesIO) else 0)


def split(data: bytes | memoryview, context_id: int, kind: int, limit: int) -> list[bytes]:
    """P-DATA-TF PDUs of one presentation data value each, no longer than `limit` (0: any length)."""
    if 0 < limit < 7:
        raise ValueError(f"the peer takes PDUs of {limit} bytes; expected 7 or more")
    step = limit - 6 if limit else len(data)
    pdus = []
    for start in range(0, len(data), step):
        fragment = data[start : start + step]
        size = len(fragment)
        last = LAST if start + size == len(data) else 0
        pdus.append(PDU_AND_PDV.pack(P_DATA_TF, size + 6, size + 2, context_id, kind | last) + fragment)
    return pdus
