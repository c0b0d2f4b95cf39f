"""Structure-aware mutation: PDUs, presentation data values, command sets and data sets as trees of parts with lengths.

A tree is changed in one to five places and written again. Every length but those that were made to lie is right, so
that what is wrong lies deep inside and is not refused at the door.
"""

import random
from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum
from struct import Struct

_PDU, _ITEM, _PDV, _ELEMENT = Struct(">BBL"), Struct(">BBH"), Struct(">LBB"), Struct("<HHL")
_SHORT_ELEMENT, _LONG_ELEMENT = Struct("<HH2sH"), Struct("<HH2sHL")
_LONG_VRS = {b"OB", b"OW", b"OD", b"OF", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV"}
_FIXED = 68  # bytes of an A-ASSOCIATE-RQ or -AC after its header and before its items
_CONTAINERS = {0x20: 4, 0x21: 4, 0x50: 0}  # item type: bytes before its sub-items
LENGTHS = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x10000, 1 << 31, (1 << 32) - 2, (1 << 32) - 1)
_ITEM_START = b"\xfe\xff\x00\xe0"


class Frame(Enum):
    """What stands before a part's body."""

    NONE = "nothing"
    PDU = "type, reserved, length (PS3.8 9.3)"
    ITEM = "type, reserved, length (PS3.8 9.3.2)"
    PDV = "length, context id, message control header (PS3.8 9.3.5.1)"
    IMPLICIT = "tag, length (PS3.5 7.1.3)"
    EXPLICIT = "tag, VR, length (PS3.5 7.1.2)"


@dataclass(slots=True)
class Part:
    """A node of the tree. `kind`: PDU or item type, context id, tag; `extra`: reserved, control header, VR."""

    frame: Frame
    kind: int = 0
    extra: int = 0
    head: bytes = b""  # of the body, before its parts
    body: bytes = b""
    parts: list["Part"] = field(default_factory=list)
    lie: int | None = None  # the length that is written instead of the right one

    def encode(self) -> bytes:
        body = self.head + self.body + b"".join(part.encode() for part in self.parts)
        length = len(body) if self.lie is None else self.lie
        match self.frame:
            case Frame.NONE:
                return body
            case Frame.PDU:
                return _PDU.pack(self.kind & 0xFF, self.extra & 0xFF, length & 0xFFFFFFFF) + body
            case Frame.ITEM:
                return _ITEM.pack(self.kind & 0xFF, self.extra & 0xFF, length & 0xFFFF) + body
            case Frame.PDV:
                said = len(body) + 2 if self.lie is None else self.lie
                return _PDV.pack(said & 0xFFFFFFFF, self.kind & 0xFF, self.extra & 0xFF) + body
            case Frame.IMPLICIT:
                return _ELEMENT.pack(self.kind >> 16 & 0xFFFF, self.kind & 0xFFFF, length & 0xFFFFFFFF) + body
        vr = (self.extra & 0xFFFF).to_bytes(2, "big")
        group, element = self.kind >> 16 & 0xFFFF, self.kind & 0xFFFF
        if vr in _LONG_VRS:
            return _LONG_ELEMENT.pack(group, element, vr, 0, length & 0xFFFFFFFF) + body
        return _SHORT_ELEMENT.pack(group, element, vr, length & 0xFFFF) + body

    def below(self) -> list["Part"]:
        """This part and all inside it."""
        found = [self]
        for part in self.parts:
            found += part.below()
        return found


# reading good bytes


def read_pdu(data: bytes) -> Part:
    """A whole good PDU; command sets and data sets stay bytes."""
    kind, extra, _ = _PDU.unpack_from(data)
    body = data[6:]
    if kind in (1, 2):
        return Part(Frame.PDU, kind, extra, body[:_FIXED], parts=_items(body[_FIXED:]))
    if kind == 4:
        return Part(Frame.PDU, kind, extra, parts=_pdvs(body))
    return Part(Frame.PDU, kind, extra, body=body)


def _items(data: bytes, nested: bool = True) -> list[Part]:
    found, at = [], 0
    while at + 4 <= len(data):
        kind, extra, length = _ITEM.unpack_from(data, at)
        body, at = data[at + 4 : at + 4 + length], at + 4 + length
        if nested and kind in _CONTAINERS:
            head = _CONTAINERS[kind]
            found.append(Part(Frame.ITEM, kind, extra, body[:head], parts=_items(body[head:], False)))
        else:
            found.append(Part(Frame.ITEM, kind, extra, body=body))
    return found


def _pdvs(data: bytes) -> list[Part]:
    found, at = [], 0
    while at + 6 <= len(data):
        length, context, control = _PDV.unpack_from(data, at)
        found.append(Part(Frame.PDV, context, control, body=data[at + 6 : at + 4 + length]))
        at += 4 + length
    return found


def read_data_set(data: bytes, explicit: bool = False) -> list[Part]:
    """The elements of a good command set or data set, Little Endian; what does not fit stays bytes."""
    found, at = [], 0
    while at + 8 <= len(data):
        group, element, length = _ELEMENT.unpack_from(data, at)
        frame, vr, head = Frame.IMPLICIT, 0, 8
        if explicit and group != 0xFFFE:
            frame, vr = Frame.EXPLICIT, int.from_bytes(data[at + 4 : at + 6], "big")
            long_ = data[at + 4 : at + 6] in _LONG_VRS
            head = 12 if long_ else 8
            length = int.from_bytes(data[at + 8 : at + 12] if long_ else data[at + 6 : at + 8], "little")
        part = Part(frame, group << 16 | element, vr)
        body = data[at + head : at + head + length]
        if length == 0xFFFFFFFF:
            part.lie, body = length, data[at + head :]
        if body[:4] == _ITEM_START or group == 0xFFFE:
            part.parts = read_data_set(body, explicit)
        else:
            part.body = body
        found.append(part)
        at += head + len(body)
    return found


# changing


class Mutator:
    """Changes trees by chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def changed(self, tree: Part, others: list[Part]) -> bytes:
        """The bytes of `tree`, which is changed in place. `others`: trees to take parts from."""
        for _ in range(self.chance.choice((1, 1, 1, 2, 3, 5))):
            self._change(tree, others)
        data = tree.encode()
        if self.chance.random() < 0.1:
            data = self.bytes_(data)
        return data

    def _change(self, tree: Part, others: list[Part]) -> None:
        chance = self.chance
        all_ = tree.below()
        part = chance.choice(all_)
        parents = [one for one in all_ if one.parts]
        parent = chance.choice(parents) if parents else None
        match chance.randrange(9):
            case 0:
                part.lie = self.length(len(part.encode()))
            case 1:
                part.kind = self.kind(part)
            case 2:
                part.extra = chance.choice(
                    (0, 1, 2, 3, 4, 7, 0x80, 0xFF, 0x5351, 0x4F57, 0x4C4F, chance.randrange(65536))
                )
            case 3:
                part.body = self.value(part.body)
            case 4:
                part.head = self.bytes_(part.head)
            case 5 if parent:
                parent.parts.pop(chance.randrange(len(parent.parts)))
            case 6 if parent:
                parent.parts += [chance.choice(parent.parts)] * chance.choice((1, 1, 2, 20, 300))
            case 7 if parent and others:
                stranger = deepcopy(chance.choice(chance.choice(others).below()))
                parent.parts.insert(chance.randrange(len(parent.parts) + 1), stranger)
            case 8 if parent:
                chance.shuffle(parent.parts)
            case _:
                part.body = self.bytes_(part.body)

    def kind(self, part: Part) -> int:
        chance = self.chance
        if part.frame in (Frame.IMPLICIT, Frame.EXPLICIT):
            return chance.choice((part.kind ^ 1, part.kind + 0x10000, 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD, 0x7FE00010,
                                  0x00000000, 0x00000100, 0x00000800, 0x20200110, 0x00280010, 0x00280100,
                                  chance.randrange(1 << 32)))  # fmt: skip
        return chance.choice((*range(9), 0x10, 0x20, 0x21, 0x30, 0x40, 0x50, 0x51, 0x52, 0x54, 0x56, 0x58, 0x59, 0xFF))

    def length(self, right: int) -> int:
        return self.chance.choice(
            (*LENGTHS, right - 1, right + 1, right + 2, right * 2, self.chance.randrange(1 << 32))
        )

    def value(self, right: bytes) -> bytes:
        """Another value; often of the same length."""
        chance = self.chance
        size = len(right)
        made: bytes = chance.choice(
            (
                b"",
                b"\0" * size,
                b"\xff" * size,
                b"\x80" + b"\0" * max(0, size - 1),
                b"\0" * max(0, size - 1) + b"\x80",
                b"\1\0" * (size // 2 or 1),
                b"../../../../etc/x",
                b"-1\\0\\99999999999999999999\\1e400\\NaN",
                b"STANDARD\\65535,65535",
                b"1." + b"9" * 62,
                b"\x1b[31m\r\n\t%s%n",
                b"A" * chance.choice((15, 16, 17, 64, 65, 1024, 65_534)),
                chance.randbytes(chance.choice((1, 2, 3, 4, 7, 64, size or 1))),
                right * 2,
                right[:-1],
                right + b"\0",
            )
        )
        return made

    def bytes_(self, data: bytes) -> bytes:
        """Blind changes."""
        chance, out = self.chance, bytearray(data) or bytearray(1)
        for _ in range(chance.choice((1, 1, 2, 8))):
            at = chance.randrange(len(out))
            match chance.randrange(4):
                case 0:
                    out[at] ^= 1 << chance.randrange(8)
                case 1:
                    out[at] = chance.randrange(256)
                case 2:
                    del out[at : at + chance.choice((1, 2, 4, 16))]
                    out = out or bytearray(1)
                case _:
                    out[at:at] = chance.choice((b"\0", b"\xff\xff\xff\xff", bytes(out[at : at + 12])))
        return bytes(out)


def nested(depth: int, explicit: bool = False) -> bytes:
    """A sequence in a sequence, so deep, with undefined lengths."""
    start = (
        b"\x10\x20\x10\x05" + (b"SQ\0\0" if explicit else b"") + b"\xff\xff\xff\xff" + _ITEM_START + b"\xff\xff\xff\xff"
    )
    end = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    return start * depth + end * depth
