"""A small reader of Explicit VR Little Endian data sets, for the DICOMDIR and the heads of files (PS3.5, PS3.10)."""

import struct
from collections.abc import Iterator

from media.errors import Unreadable

LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
HEAD = struct.Struct("<HH2sH")
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
MAX_DEPTH = 64

Element = tuple[int, bytes, int, int]
"""Tag, VR, offset of the value, length of the value."""


def elements(data: bytes, at: int, end: int, where: str, depth: int = 0, stop: int = 1 << 32) -> Iterator[Element]:
    """The elements between two offsets in order, up to the tag `stop`, whose value need not be there.

    Of an undefined length the length as found. Raises Unreadable."""
    before, head = -1, HEAD.unpack_from
    while at < end:
        if at + 8 > end:
            raise Unreadable(where, f"an element is cut at byte {at}")
        group, number, vr, length = head(data, at)
        tag = group << 16 | number
        if tag == ITEM_END or tag >= stop:
            return
        if tag <= before:
            raise Unreadable(where, f"({group:04X},{number:04X}) at byte {at} is out of order")
        before = tag
        if vr in SHORT:
            at += 8
        elif vr in LONG:
            if at + 12 > end or length:
                raise Unreadable(where, f"({group:04X},{number:04X}) at byte {at} is broken")
            (length,) = struct.unpack_from("<I", data, at + 8)
            at += 12
        elif vr.isalpha() and vr.isupper():
            at += 8
        else:
            raise Unreadable(where, f"({group:04X},{number:04X}) at byte {at} has no VR")
        if length == UNDEFINED:
            length = undefined(data, at, end, where, depth + 1) - at
            yield tag, vr, at, length
            at += length + 8  # the delimiter
            continue
        if at + length > end:
            raise Unreadable(where, f"({group:04X},{number:04X}) runs {at + length - end} bytes beyond the end")
        yield tag, vr, at, length
        at += length


def undefined(data: bytes, at: int, end: int, where: str, depth: int) -> int:
    """Where the delimiter of a sequence of undefined length stands."""
    if depth > MAX_DEPTH:
        raise Unreadable(where, f"sequences nested deeper than {MAX_DEPTH}")
    while at + 8 <= end:
        tag, length = _item(data, at)
        if tag == SEQUENCE_END:
            return at
        if tag != ITEM:
            raise Unreadable(where, f"no item at byte {at}")
        at = _item_end(data, at + 8, end, length, where, depth) + (8 if length == UNDEFINED else 0)
    raise Unreadable(where, "a sequence has no end")


def items(data: bytes, at: int, length: int, where: str, depth: int = 0) -> Iterator[tuple[int, int, int]]:
    """Offset of each item of a sequence's value, and start and end of what is in it."""
    end = at + length
    while at + 8 <= end:
        tag, size = _item(data, at)
        if tag != ITEM:
            raise Unreadable(where, f"no item at byte {at}")
        stop = _item_end(data, at + 8, end, size, where, depth + 1)
        yield at, at + 8, stop
        at = stop + (8 if size == UNDEFINED else 0)
    if at != end:
        raise Unreadable(where, f"a sequence ends at byte {end}, its last item at {at}")


def _item(data: bytes, at: int) -> tuple[int, int]:
    group, number, length = struct.unpack_from("<HHI", data, at)
    return group << 16 | number, length


def _item_end(data: bytes, at: int, end: int, length: int, where: str, depth: int) -> int:
    if length != UNDEFINED:
        if at + length > end:
            raise Unreadable(where, f"an item at byte {at - 8} runs beyond its sequence")
        return at + length
    if depth > MAX_DEPTH:
        raise Unreadable(where, f"sequences nested deeper than {MAX_DEPTH}")
    for _, _, offset, size in elements(data, at, end, where, depth):
        at = offset + size
        if at + 8 <= end and _item(data, at)[0] == SEQUENCE_END:
            at += 8
    if at + 8 > end or _item(data, at)[0] != ITEM_END:
        raise Unreadable(where, f"an item that ends at byte {at} has no delimiter")
    return at


def text(data: bytes, offset: int, length: int) -> str:
    """A value without its padding, byte for byte as Latin-1."""
    return data[offset : offset + length].decode("latin-1").rstrip(" \0")
