"""Items of a sequence in a file -> items in Explicit VR Little Endian of defined length (PS3.5 7.5)."""

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import NamedTuple

from media.fileset import records
from media.fileset.elements import ITEM, NESTED, UNDEFINED, element, item, key_value
from media.fileset.model import Reason
from media.fileset.records import Key
from media.index.flaws import Flaw, Odd
from media.index.walk import EXPLICIT, IMPLICIT, Syntax, header, skip_elements, skip_value
from media.index.window import Window

CODE_ITEM_VRS = {
    0x00080100: "SH",
    0x00080102: "SH",
    0x00080103: "SH",
    0x00080104: "LO",
    0x00080105: "CS",
    0x00080106: "DT",
    0x00080107: "DT",
    0x0008010B: "CS",
    0x0008010C: "UI",
    0x0008010D: "UI",
    0x0008010F: "CS",
    0x00080117: "UI",
    0x00080118: "UI",
    0x00080119: "UC",
    0x00080120: "UR",
    0x00080121: "SQ",
    0x00080122: "LO",
}
REFERENCE_ITEM_VRS = {
    0x00081160: "IS",
    0x00081199: "SQ",
    0x0040A170: "SQ",
}
CONTENT_ITEM_VRS = {
    0x0040A010: "CS",
    0x0040A040: "CS",
    0x0040A050: "CS",
    0x0040A120: "DT",
    0x0040A121: "DA",
    0x0040A122: "TM",
    0x0040A123: "PN",
    0x0040A124: "UI",
    0x0040A160: "UT",
    0x0040A168: "SQ",
    0x0040A300: "SQ",
}


def _vrs(keys: Iterable[Key]) -> dict[int, str]:
    """VRs of keys and of all that stands in their items."""
    found: dict[int, str] = {}
    for key in keys:
        found |= {key.tag: key.vr} | _vrs(key.items)
    return found


ITEM_VRS = _vrs(records.OWN_KEYS) | CODE_ITEM_VRS | REFERENCE_ITEM_VRS | CONTENT_ITEM_VRS
"""VRs of what stands in the items that a record takes, for files that do not name them (PS3.6)."""

NOTHING = BytesIO()
"""The stream of a window that holds all there is."""


class Found(NamedTuple):
    """An element of an item: its value lies from `start` to `stop`, or has undefined length up to `stop`."""

    tag: int
    vr: bytes
    start: int
    stop: int
    undefined: bool


def wanted_items(tag: int, encoded: bytes, implicit: bool) -> bytes:
    """What the index keeps of the sequence `tag`, whose encoded items are `encoded`. Raises Flaw, Odd.

    encoded  the value as in the file, without the sequence delimiter where its length was undefined
    """
    syntax = IMPLICIT if implicit else EXPLICIT
    try:
        return key_value(tag, converted(Encoded(encoded, syntax), tag, NESTED[tag]))
    except ValueError as error:
        raise Flaw(Reason.UNREADABLE, f"({tag >> 16:04X},{tag & 0xFFFF:04X}): {error}") from error
    except Flaw as flaw:
        if flaw.reason is Reason.TRUNCATED:  # of the sequence, not of the file
            raise Flaw(Reason.UNREADABLE, f"({tag >> 16:04X},{tag & 0xFFFF:04X}): {flaw.detail}") from flaw
        raise


class Encoded:
    """Encoded items in memory."""

    __slots__ = ("data", "syntax", "window")

    def __init__(self, data: bytes, syntax: Syntax) -> None:
        self.data, self.syntax = data, syntax
        self.window = Window(NOTHING, len(data), data)

    def items(self) -> Iterator[list[Found]]:
        """The elements of each item."""
        at = 0
        while at < len(self.data):
            tag, _, length, at = header(self.window, at, self.syntax)
            if tag != ITEM:
                raise Odd(f"{tag:08X} where an item should begin")
            if length == UNDEFINED:
                stop = skip_elements(self.window, at, None, self.syntax, 1)
                yield list(self.elements(at, stop - 8))
            else:
                stop = at + length
                if stop > len(self.data):
                    raise Odd(f"an item of {length} bytes passes the end of its sequence")
                yield list(self.elements(at, stop))
            at = stop

    def elements(self, at: int, end: int) -> Iterator[Found]:
        """The elements from `at` to `end`."""
        while at < end:
            head = header(self.window, at, self.syntax)
            at = skip_value(self.window, head, self.syntax, 1, end)
            yield Found(head.tag, head.vr, head.value, at, head.length == UNDEFINED)

    def text(self, elements: list[Found], tag: int) -> bytes:
        """The value of `tag` among `elements`, b'' without it."""
        return next((self.data[one.start : one.stop].rstrip(b"\0 ") for one in elements if one.tag == tag), b"")


def converted(encoded: Encoded, tag: int, keys: tuple[Key, ...]) -> bytes:
    """The items with defined lengths in Explicit VR Little Endian: no group lengths, nothing private.

    keys  the only elements to keep; without them all
    """
    nested = {key.tag: key.items for key in keys}
    parts = []
    for elements in encoded.items():
        if tag == records.CONTENT_SEQUENCE and encoded.text(elements, records.RELATIONSHIP_TYPE) != (
            records.HAS_CONCEPT_MOD
        ):
            continue
        kept = [one for one in elements if not keys or one.tag in nested or one.tag == records.CHARACTER_SET]
        parts.append(item(b"".join(_converted(encoded, one, nested.get(one.tag, ())) for one in kept)))
    return b"".join(parts)


def _converted(encoded: Encoded, found: Found, keys: tuple[Key, ...]) -> bytes:
    if found.tag >> 16 & 1 or not found.tag & 0xFFFF:
        return b""
    vr = found.vr.decode() if found.vr else ITEM_VRS.get(found.tag)
    if vr is None:
        raise Odd(f"({found.tag >> 16:04X},{found.tag & 0xFFFF:04X}) in an item, and its VR is not at hand")
    value = encoded.data[found.start : found.stop - 8 if found.undefined else found.stop]
    if vr == "SQ" or found.undefined:
        inner = Encoded(value, IMPLICIT if found.vr == b"UN" else encoded.syntax)
        return element(found.tag, "SQ", converted(inner, found.tag, keys))
    return element(found.tag, vr, value)
