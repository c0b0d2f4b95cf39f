"""Data sets for the flight recorder: as they came, but pixels as size and hash, and texts masked letter by letter.

What is not known to be harmless is masked: private attributes and those nobody knows. Of a data set that does not add
up nothing is kept but its size and hash. A mask keeps every length and every blank, caret and backslash: what is
replayed has the form of what came.
"""

import base64
import hashlib
from functools import cache
from typing import NamedTuple

from pydicom.datadict import dictionary_VR

from printmgr.errors import UnreadableDataSet
from printmgr.film.caps import CAPS, Caps
from printmgr.recording import DataSet, Pixels
from printmgr.scp import rules
from printmgr.scp.encoded import (
    IMPLICIT,
    ITEM,
    ITEM_END,
    SEQUENCE_END,
    UNDEFINED,
    Encoding,
    Scanner,
)
from printmgr.scp.rules import Kind

PIXELS = frozenset({rules.PIXEL_DATA, 0x7FE00008, 0x7FE00009})
MOST_PIXELS_KEPT = 256  # bytes; fewer pixels than these are kept masked
TEXTS = frozenset({"FilmSessionLabel", "OwnerID", "ConfigurationInformation"})
TABLES = (rules.FILM_SESSION_RULES, rules.FILM_BOX_RULES, rules.IMAGE_BOX_RULES, rules.IMAGE_RULES)

# What is kept when texts are masked: how it is printed, never what for.
HARMLESS = frozenset(
    {rule.tag for table in TABLES for rule in table if rule.keyword not in TEXTS and rule.kind is not Kind.IDENTITY}
    | {rules.SPECIFIC_CHARACTER_SET, rules.REFERENCED_SOP_CLASS_UID, rules.REFERENCED_SOP_INSTANCE_UID}
    | {rules.IMAGE_BOX_POSITION, rules.PIXEL_ASPECT_RATIO, rules.PRESENTATION_LUT_SHAPE}
    | {rules.LUT_DESCRIPTOR, rules.LUT_DATA}
    | {0x20300010, 0x21000020, 0x21000030, 0x21100010, 0x21100020}  # positions and states
)

MASK = bytes(
    ord("9") if 0x30 <= byte <= 0x39 else ord("X") if chr(byte).isalpha() or byte > 0x7F else byte
    for byte in range(256)
)


class Leaf(NamedTuple):
    """An element that is no sequence, and where its value lies."""

    tag: int
    offset: int
    length: int


def recorded(data: bytes | memoryview, encoding: Encoding, plain: bool = False, caps: Caps = CAPS) -> DataSet:
    """A data set as it is recorded; `plain` keeps the texts."""
    view = memoryview(data)
    try:
        found = leaves(view, encoding, caps)
    except UnreadableDataSet as error:
        return DataSet(len(view), unreadable=str(error), sha256=hashlib.sha256(view).hexdigest())
    parts: list[str | Pixels] = []
    kept = bytearray()
    position = 0
    for leaf in found:
        value = view[leaf.offset : leaf.offset + leaf.length]
        kept += view[position : leaf.offset]
        if leaf.tag in PIXELS and leaf.length > MOST_PIXELS_KEPT:
            parts += [base64.b64encode(kept).decode(), Pixels(leaf.length, hashlib.sha256(value).hexdigest())]
            kept.clear()
        else:
            kept += value if plain or leaf.tag in HARMLESS else bytes(value).translate(MASK)
        position = leaf.offset + leaf.length
    kept += view[position:]
    if kept:
        parts.append(base64.b64encode(kept).decode())
    return DataSet(len(view), tuple(parts))


def masked(text: str) -> str:
    """A text of a command set.

    >>> masked("DOE^JOHN 12")
    'XXX^XXXX 99'
    """
    return text.encode("utf-8").translate(MASK).decode("ascii")


def leaves(data: memoryview, encoding: Encoding, caps: Caps = CAPS) -> list[Leaf]:
    """Every element in its order, those that come twice and those in any sequence too. Raises UnreadableDataSet."""
    return Walk(data, caps).elements(0, len(data), encoding, 0, delimited=False)[0]


class Walk:
    """Steps through one data set, into every sequence."""

    def __init__(self, data: memoryview, caps: Caps) -> None:
        self.header, self.caps = Scanner(data).header, caps
        self.elements_left = caps.elements

    def elements(
        self, position: int, end: int, encoding: Encoding, depth: int, delimited: bool
    ) -> tuple[list[Leaf], int]:
        if depth > self.caps.depth:
            raise UnreadableDataSet(position, f"at most {self.caps.depth} sequences inside each other")
        found: list[Leaf] = []
        while position < end:
            tag, vr, length, position = self.header(position, end, encoding)
            if tag == ITEM_END and delimited:
                return found, position
            self.elements_left -= 1
            if self.elements_left < 0:
                raise UnreadableDataSet(position, f"at most {self.caps.elements} elements")
            if length == UNDEFINED or vr == "SQ" or (vr in ("", "UN") and dictionary_vr(tag) == "SQ"):
                inner = IMPLICIT if vr == "UN" else encoding  # PS3.5 6.2.2 note 2
                inside, position = self.items(position, length, end, inner, depth)
                found += inside
                continue
            if position + length > end:
                raise UnreadableDataSet(position, f"a value of {length} bytes; {end - position} are left")
            found.append(Leaf(tag, position, length))
            position += length
        if delimited:
            raise UnreadableDataSet(position, "an Item Delimitation Item")
        return found, position

    def items(self, position: int, length: int, end: int, encoding: Encoding, depth: int) -> tuple[list[Leaf], int]:
        stop = end if length == UNDEFINED else position + length
        if stop > end:
            raise UnreadableDataSet(position, f"a sequence of {length} bytes; {end - position} are left")
        found: list[Leaf] = []
        while length == UNDEFINED or position < stop:
            tag, _, item_length, position = self.header(position, stop, encoding)
            if tag == SEQUENCE_END and length == UNDEFINED:
                return found, position
            item_end = stop if item_length == UNDEFINED else position + item_length
            if tag != ITEM or item_end > stop:
                raise UnreadableDataSet(position, "an item")
            inside, position = self.elements(position, item_end, encoding, depth + 1, item_length == UNDEFINED)
            found += inside
        return found, position


@cache
def dictionary_vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""
