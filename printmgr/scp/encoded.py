"""Where everything lies in an encoded data set (PS3.5 7), found without copying a value or believing a length."""

import struct
from collections.abc import Mapping
from typing import NamedTuple

from printmgr.errors import UnreadableDataSet
from printmgr.film.caps import CAPS, Caps
from printmgr.scp.rules import SEQUENCES

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

# PS3.5 Table 7.1-2: explicit VRs with a length of 16 bits; every other one has 32, those yet to be invented too.
SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())


class Encoding(NamedTuple):
    """How a data set is encoded."""

    implicit: bool
    big_endian: bool


ENCODINGS = {
    "1.2.840.10008.1.2": Encoding(implicit=True, big_endian=False),
    "1.2.840.10008.1.2.1": Encoding(implicit=False, big_endian=False),
    "1.2.840.10008.1.2.2": Encoding(implicit=False, big_endian=True),
}
IMPLICIT = ENCODINGS["1.2.840.10008.1.2"]


class Element(NamedTuple):
    """One element: where its value lies, or the items of its sequence."""

    tag: int
    vr: str  # "" where the encoding does not tell
    offset: int
    length: int
    items: tuple[Mapping[int, "Element"], ...] = ()


Elements = Mapping[int, Element]


def scan(data: bytes | memoryview, encoding: Encoding, caps: Caps = CAPS) -> Elements:
    """The elements of an encoded data set by tag; of a tag that comes twice, the first.

    Of a sequence with a length the items are listed only where rules.SEQUENCES has it; `items_of` lists others.
    Raises UnreadableDataSet for anything that does not add up: lengths beyond the end, missing delimiters, compressed
    pixel data, deeper or with more elements than the caps have it.
    """
    elements, _ = Scanner(data, caps).data_set(0, len(data), encoding, depth=0, delimited=False)
    return elements


def items_of(data: bytes | memoryview, element: Element, encoding: Encoding, caps: Caps = CAPS) -> tuple[Elements, ...]:
    """The items of a sequence with a length that `scan` stepped over. Raises UnreadableDataSet."""
    inner = IMPLICIT if element.vr == "UN" else encoding
    end = element.offset + element.length
    items, _ = Scanner(data, caps).sequence(element.tag, "SQ", element.offset, element.length, end, inner, depth=0)
    return items


class Scanner:
    """Steps through one data set; every position is checked against the end before it is read."""

    def __init__(self, data: bytes | memoryview, caps: Caps = CAPS) -> None:
        self.data, self.caps = data, caps
        self.elements_left = caps.elements

    def data_set(
        self, position: int, end: int, encoding: Encoding, depth: int, delimited: bool
    ) -> tuple[dict[int, Element], int]:
        """The elements from `position` on, and where they end: at `end`, or behind an item's delimiter."""
        if depth > self.caps.depth:
            raise UnreadableDataSet(position, f"at most {self.caps.depth} sequences inside each other")
        found: dict[int, Element] = {}
        while position < end:
            tag, vr, length, position = self.header(position, end, encoding)
            if tag == ITEM_END and delimited:
                return found, position
            self.elements_left -= 1
            if self.elements_left < 0:
                raise UnreadableDataSet(position, f"at most {self.caps.elements} elements")
            if length == UNDEFINED or (tag in SEQUENCES and vr in ("SQ", "UN", "")):
                inner = IMPLICIT if vr == "UN" else encoding  # PS3.5 6.2.2 note 2
                items, after = self.sequence(tag, vr, position, length, end, inner, depth)
                element = Element(tag, vr, position, after - position, items)
            else:
                after = position + length
                if after > end:
                    raise UnreadableDataSet(position, f"a value of {length} bytes; {end - position} are left")
                element = Element(tag, vr, position, length)
            found.setdefault(tag, element)
            position = after
        if delimited:
            raise UnreadableDataSet(position, "an Item Delimitation Item")
        return found, position

    def sequence(
        self, tag: int, vr: str, position: int, length: int, end: int, encoding: Encoding, depth: int
    ) -> tuple[tuple[dict[int, Element], ...], int]:
        """The items of a sequence, and where it ends."""
        if vr not in ("SQ", "UN", ""):
            raise UnreadableDataSet(position, f"a length for ({tag:08X}); compressed pixel data are not for print")
        delimited = length == UNDEFINED
        stop = end if delimited else position + length
        if stop > end:
            raise UnreadableDataSet(position, f"a sequence of {length} bytes; {end - position} are left")
        items: list[dict[int, Element]] = []
        while delimited or position < stop:
            item_tag, _, item_length, position = self.header(position, stop, encoding)
            if item_tag == SEQUENCE_END and delimited:
                return tuple(items), position
            if item_tag != ITEM:
                raise UnreadableDataSet(position, f"an item of ({tag:08X})")
            item_end = stop if item_length == UNDEFINED else position + item_length
            if item_end > stop:
                raise UnreadableDataSet(position, f"an item of {item_length} bytes; {stop - position} are left")
            self.elements_left -= 1
            item, position = self.data_set(position, item_end, encoding, depth + 1, item_length == UNDEFINED)
            items.append(item)
        return tuple(items), position

    def header(self, position: int, end: int, encoding: Encoding) -> tuple[int, str, int, int]:
        """Tag, VR, length of the element at `position`, and where its value begins."""
        if position + 8 > end:
            raise UnreadableDataSet(position, "a whole element")
        order = ">" if encoding.big_endian else "<"
        group, number, length = struct.unpack_from(order + "HHL", self.data, position)
        tag = group << 16 | number
        if encoding.implicit or group == 0xFFFE:
            return tag, "", length, position + 8
        vr = bytes(self.data[position + 4 : position + 6])
        if vr in SHORT_VRS:
            (length,) = struct.unpack_from(order + "H", self.data, position + 6)
            return tag, vr.decode(), length, position + 8
        if not (vr.isalpha() and vr.isupper()):
            raise UnreadableDataSet(position, f"a VR for ({tag:08X})")
        if position + 12 > end:
            raise UnreadableDataSet(position, "a whole element")
        (length,) = struct.unpack_from(order + "L", self.data, position + 8)
        return tag, vr.decode(), length, position + 12
