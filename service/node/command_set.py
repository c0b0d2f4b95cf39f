"""TABLE. Command sets (PS3.7 6.3.1, E.1): their elements, which message has which, and their bytes.

Written because half of a small message's time went into building and coding command sets as pydicom data sets.
"""

from collections.abc import Mapping
from struct import Struct, unpack_from
from typing import NamedTuple

from service.node.primitives import uid_of

Value = int | str | list[int] | None

ELEMENTS: dict[int, tuple[str, str]] = {  # element of group 0000: keyword, VR (PS3.7 E.1)
    0x0000: ("CommandGroupLength", "UL"),
    0x0002: ("AffectedSOPClassUID", "UI"),
    0x0003: ("RequestedSOPClassUID", "UI"),
    0x0100: ("CommandField", "US"),
    0x0110: ("MessageID", "US"),
    0x0120: ("MessageIDBeingRespondedTo", "US"),
    0x0600: ("MoveDestination", "AE"),
    0x0700: ("Priority", "US"),
    0x0800: ("CommandDataSetType", "US"),
    0x0900: ("Status", "US"),
    0x0901: ("OffendingElement", "AT"),
    0x0902: ("ErrorComment", "LO"),
    0x0903: ("ErrorID", "US"),
    0x1000: ("AffectedSOPInstanceUID", "UI"),
    0x1001: ("RequestedSOPInstanceUID", "UI"),
    0x1002: ("EventTypeID", "US"),
    0x1005: ("AttributeIdentifierList", "AT"),
    0x1008: ("ActionTypeID", "US"),
    0x1020: ("NumberOfRemainingSuboperations", "US"),
    0x1021: ("NumberOfCompletedSuboperations", "US"),
    0x1022: ("NumberOfFailedSuboperations", "US"),
    0x1023: ("NumberOfWarningSuboperations", "US"),
    0x1030: ("MoveOriginatorApplicationEntityTitle", "AE"),
    0x1031: ("MoveOriginatorMessageID", "US"),
}

NO_DATA_SET = 0x0101  # Command Data Set Type (PS3.7 E.1)
HAS_DATA_SET = 0x0001
RESPONSE = 0x8000  # the bit of Command Field that tells a response


class Message(NamedTuple):
    """One message type: the DIMSE primitive, the parameter that is its data set, and what else it carries."""

    service: str
    data_set: str | None
    keywords: frozenset[str]


def _message(service: str, data_set: str | None, keywords: str) -> Message:
    return Message(service, data_set, frozenset(keywords.split()))


_MOVED = (
    "AffectedSOPClassUID MessageIDBeingRespondedTo Status OffendingElement ErrorComment "
    "NumberOfRemainingSuboperations NumberOfCompletedSuboperations NumberOfFailedSuboperations "
    "NumberOfWarningSuboperations"
)
_DONE = "AffectedSOPClassUID MessageIDBeingRespondedTo Status AffectedSOPInstanceUID ErrorID ErrorComment"
_REQUESTED = "RequestedSOPClassUID MessageID RequestedSOPInstanceUID"

MESSAGES: dict[int, Message] = {  # Command Field: message (PS3.7 9.3, 10.3)
    0x0001: _message(
        "C_STORE",
        "DataSet",
        "AffectedSOPClassUID MessageID Priority AffectedSOPInstanceUID MoveOriginatorApplicationEntityTitle "
        "MoveOriginatorMessageID",
    ),
    0x8001: _message(
        "C_STORE",
        None,
        "AffectedSOPClassUID MessageIDBeingRespondedTo Status AffectedSOPInstanceUID OffendingElement ErrorComment",
    ),
    0x0020: _message("C_FIND", "Identifier", "AffectedSOPClassUID MessageID Priority"),
    0x8020: _message(
        "C_FIND", "Identifier", "AffectedSOPClassUID MessageIDBeingRespondedTo Status OffendingElement ErrorComment"
    ),
    0x0010: _message("C_GET", "Identifier", "AffectedSOPClassUID MessageID Priority"),
    0x8010: _message("C_GET", "Identifier", _MOVED),
    0x0021: _message("C_MOVE", "Identifier", "AffectedSOPClassUID MessageID Priority MoveDestination"),
    0x8021: _message("C_MOVE", "Identifier", _MOVED),
    0x0030: _message("C_ECHO", None, "AffectedSOPClassUID MessageID"),
    0x8030: _message("C_ECHO", None, "AffectedSOPClassUID MessageIDBeingRespondedTo Status ErrorComment"),
    0x0FFF: _message("C_CANCEL", None, "MessageIDBeingRespondedTo"),
    0x0100: _message(
        "N_EVENT_REPORT", "EventInformation", "AffectedSOPClassUID MessageID AffectedSOPInstanceUID EventTypeID"
    ),
    0x8100: _message("N_EVENT_REPORT", "EventReply", f"{_DONE} EventTypeID"),
    0x0110: _message("N_GET", None, f"{_REQUESTED} AttributeIdentifierList"),
    0x8110: _message("N_GET", "AttributeList", f"{_DONE} AttributeIdentifierList"),
    0x0120: _message("N_SET", "ModificationList", _REQUESTED),
    0x8120: _message("N_SET", "AttributeList", f"{_DONE} AttributeIdentifierList"),
    0x0130: _message("N_ACTION", "ActionInformation", f"{_REQUESTED} ActionTypeID"),
    0x8130: _message("N_ACTION", "ActionReply", f"{_DONE} ActionTypeID"),
    0x0140: _message("N_CREATE", "AttributeList", "AffectedSOPClassUID MessageID AffectedSOPInstanceUID"),
    0x8140: _message("N_CREATE", "AttributeList", _DONE),
    0x0150: _message("N_DELETE", None, _REQUESTED),
    0x8150: _message("N_DELETE", None, _DONE),
}

_MULTIPLE = frozenset({"OffendingElement", "AttributeIdentifierList"})
_ELEMENT_OF = {keyword: (element, vr) for element, (keyword, vr) in ELEMENTS.items()}
_HEADER = Struct("<HHL")
_US = Struct("<HHLH")
_STORED = Struct("<" + "HHLH" * 4)
_SHORT = Struct("<H")
_LONG = Struct("<L")
_GROUP_LENGTH = Struct("<HHLL")


class BadCommandSet(ValueError):
    """Bytes that are no command set."""


def decode(data: bytes) -> dict[str, Value]:
    """The values of an encoded command set (Implicit VR Little Endian), by keyword.

    Of several values of a single-valued element the first counts; elements this module does not know are passed
    over; an element without a value is None, or an empty string. Raises BadCommandSet.
    """
    values: dict[str, Value] = {}
    position, end = 0, len(data)
    while position < end:
        if end - position < 8:
            raise BadCommandSet(f"{end - position} bytes after the last element; expected none")
        group, element, length = _HEADER.unpack_from(data, position)
        position += 8
        if length > end - position:
            raise BadCommandSet(f"({group:04X},{element:04X}) has {length} bytes; {end - position} are left")
        if group == 0 and element in ELEMENTS:
            keyword, vr = ELEMENTS[element]
            if vr == "US" and length == 2:
                values[keyword] = data[position] | data[position + 1] << 8
            elif vr == "UI":
                values[keyword] = _first_uid(data[position : position + length])
            else:
                values[keyword] = _decode_value(keyword, vr, data[position : position + length])
        position += length
    return values


def _decode_value(keyword: str, vr: str, data: bytes) -> Value:
    length = len(data)
    if vr in ("AE", "LO"):
        return data.decode("latin-1").split("\\", 1)[0].strip() if vr == "AE" else _first_text(data)
    size = 2 if vr == "US" else 4
    if length % size:
        raise BadCommandSet(f"{keyword} has {length} bytes; expected a multiple of {size}")
    if not length:
        return None
    if vr == "US":
        return int(_SHORT.unpack_from(data)[0])
    if vr == "UL":
        return int(_LONG.unpack_from(data)[0])
    words = unpack_from(f"<{length // 2}H", data)
    tags = [group << 16 | element for group, element in zip(words[::2], words[1::2], strict=True)]
    return tags if len(tags) > 1 else tags[0]


def _first_uid(data: bytes) -> str:
    return uid_of(data.decode("latin-1").rstrip("\0 ").split("\\", 1)[0])


def _first_text(data: bytes) -> str:
    return data.decode("latin-1").split("\\", 1)[0].rstrip(" \0")


class Decoder:
    """Decodes the command sets of one association, one after the other.

    Most differ from the one before in their Message ID and the UID that they end with: then these two are read.
    """

    def __init__(self) -> None:
        self._size = -1  # of a command set that is like the last one
        self._head = self._middle = (
            b""  # what it begins with up to its Message ID, and what is between that and its UID
        )
        self._uid_at = 0
        self._fields: dict[str, Value] = {}
        self._uid_keyword = ""

    def decode(self, data: bytes) -> dict[str, Value]:
        """As the function of this name. Raises BadCommandSet."""
        at = len(self._head)
        if len(data) != self._size or not data.startswith(self._head) or not data.startswith(self._middle, at + 2):
            fields = decode(data)
            self._learn(data, fields)
            return fields.copy()
        fields = self._fields.copy()
        fields["MessageID"] = data[at] | data[at + 1] << 8
        fields[self._uid_keyword] = _first_uid(data[self._uid_at :])
        return fields

    def _learn(self, data: bytes, fields: dict[str, Value]) -> None:
        self._size, position = -1, 0
        places: dict[int, tuple[int, int]] = {}  # where values begin, and their lengths
        while position < len(data):
            group, element, length = _HEADER.unpack_from(data, position)
            if group << 16 | element in places:
                return  # twice there: the last one counts
            places[group << 16 | element] = position + 8, length
            position += 8 + length
        number_at, number_size = places.get(_MESSAGE_ID, (0, 0))
        last = next(reversed(places), 0)
        if last not in _LAST_UIDS or number_size != 2:
            return
        self._size, self._uid_at = len(data), places[last][0]
        self._head, self._middle = data[:number_at], data[number_at + 2 : self._uid_at]
        self._fields, self._uid_keyword = fields, ELEMENTS[last][0]


_MESSAGE_ID = 0x0110
_LAST_UIDS = (0x1000, 0x1001)  # Affected and Requested SOP Instance UID


def encode(values: Mapping[str, Value]) -> bytes:
    """The bytes of a command set, with its group length. `values` by keyword; None leaves an element out."""
    parts = []
    for element, (keyword, vr) in ELEMENTS.items():  # in the order of their tags
        value = values.get(keyword)
        if value is None or element == 0:
            continue
        if vr == "US":
            parts.append(_US.pack(0, element, 2, value))
            continue
        encoded = _encode_value(vr, value)
        parts.append(_HEADER.pack(0, element, len(encoded)))
        parts.append(encoded)
    body = b"".join(parts)
    return _GROUP_LENGTH.pack(0, 0, 4, len(body)) + body


def _encode_value(vr: str, value: Value) -> bytes:
    if vr == "AT":
        tags = value if isinstance(value, list) else [value]
        return b"".join(_SHORT.pack(int(tag or 0) >> 16) + _SHORT.pack(int(tag or 0) & 0xFFFF) for tag in tags)
    encoded = str(value).encode("latin-1", errors="replace")
    if len(encoded) % 2:
        encoded += b"\0" if vr == "UI" else b" "
    return encoded


def encode_primitive(primitive: object, command_field: int, data_set_type: int) -> bytes:
    """The command set of a DIMSE primitive sent as the message `command_field`."""
    parts = []
    value: Value
    for element, keyword, vr in _LAYOUTS[command_field]:
        if element == _COMMAND_FIELD:
            value = command_field
        elif element == _DATA_SET_TYPE:
            value = data_set_type
        else:
            value = getattr(primitive, keyword, None)
            if value is None:
                continue
        if vr == "US":
            parts.append(_US.pack(0, element, 2, value))
        else:
            encoded = _encode_value(vr, value)
            parts.append(_HEADER.pack(0, element, len(encoded)) + encoded)
    body = b"".join(parts)
    return _GROUP_LENGTH.pack(0, 0, 4, len(body)) + body


def encode_stored(class_uid: str, instance_uid: str, message_id: int, status: int) -> bytes:
    """The command set of a C-STORE response without comment: one is sent for every instance (PS3.7 table 9.3-2).

    >>> fields = {"AffectedSOPClassUID": "1.2", "CommandField": 0x8001, "MessageIDBeingRespondedTo": 7}
    >>> fields |= {"CommandDataSetType": NO_DATA_SET, "Status": 0xA700, "AffectedSOPInstanceUID": "1.2.3.4"}
    >>> encode_stored("1.2", "1.2.3.4", 7, 0xA700) == encode(fields)
    True
    """
    of_class, of_instance = _encode_value("UI", class_uid), _encode_value("UI", instance_uid)
    body = b"".join(
        (
            _HEADER.pack(0, 0x0002, len(of_class)),
            of_class,
            _STORED.pack(
                0, 0x0100, 2, 0x8001, 0, 0x0120, 2, message_id, 0, 0x0800, 2, NO_DATA_SET, 0, 0x0900, 2, status
            ),
            _HEADER.pack(0, 0x1000, len(of_instance)),
            of_instance,
        )
    )
    return _GROUP_LENGTH.pack(0, 0, 4, len(body)) + body


_COMMAND_FIELD, _DATA_SET_TYPE = 0x0100, 0x0800
_LAYOUTS = {  # of each message: its elements in the order of their tags
    field: tuple(
        (element, keyword, vr)
        for element, (keyword, vr) in ELEMENTS.items()
        if element in (_COMMAND_FIELD, _DATA_SET_TYPE) or keyword in message.keywords
    )
    for field, message in MESSAGES.items()
}


__all__ = [
    "ELEMENTS",
    "HAS_DATA_SET",
    "MESSAGES",
    "NO_DATA_SET",
    "RESPONSE",
    "BadCommandSet",
    "Decoder",
    "Message",
    "Value",
    "decode",
    "encode",
    "encode_primitive",
    "encode_stored",
]
