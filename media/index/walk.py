"""Over the structure of a data set without its values: lengths, nesting, fragments (PS3.5 7.1, 7.5, A.4)."""

import struct
from typing import NamedTuple

from media.fileset.elements import ITEM, ITEM_END, LONG_VRS, SEQUENCE_END, UNDEFINED
from media.fileset.model import Reason
from media.index.flaws import Flaw, Odd, truncated
from media.index.window import Window

DEEPEST = 64
"""Sequences within sequences that a file may have."""

LEVEL_BYTES = 16
"""What the headers of one level of sequence and item take at least."""

LEAST_DEEP_BYTES = DEEPEST * LEVEL_BYTES
"""A data set's sequence shorter than this has no room for more than DEEPEST levels."""

ITEM_BYTES = b"\xfe\xff\x00\xe0"
READ_WHOLE_BYTES = 1 << 20
PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
LONG = frozenset(vr.encode() for vr in LONG_VRS)
SHORT_VRS = "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US"
SHORT = frozenset(vr.encode() for vr in SHORT_VRS.split())


class Syntax(NamedTuple):
    """How headers are encoded."""

    implicit: bool
    tag_and_length: struct.Struct
    vr_and_length: struct.Struct
    length: struct.Struct


def syntax(order: str, implicit: bool) -> Syntax:
    """The encoding of byte order '<' or '>'."""
    return Syntax(implicit, struct.Struct(f"{order}HHI"), struct.Struct(f"{order}2sH"), struct.Struct(f"{order}I"))


IMPLICIT = syntax("<", implicit=True)
EXPLICIT = syntax("<", implicit=False)
BIG_ENDIAN = syntax(">", implicit=False)


class Header(NamedTuple):
    """A data element's header; `vr` is b"" where the syntax has none."""

    tag: int
    vr: bytes
    length: int
    value: int  # offset


def header(window: Window, at: int, syntax: Syntax) -> Header:
    """The header at offset `at`. Raises Flaw beyond the end, Odd for what is no VR."""
    i = window.index(at, 8)
    group, element, length = syntax.tag_and_length.unpack_from(window.data, i)
    tag = group << 16 | element
    if syntax.implicit or group == 0xFFFE:
        return Header(tag, b"", length, at + 8)
    vr, length = syntax.vr_and_length.unpack_from(window.data, i + 4)
    if vr in SHORT:
        return Header(tag, vr, length, at + 8)
    if vr not in LONG:
        raise Odd(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) has no known VR at byte {at}")
    i = window.index(at + 8, 4)
    (length,) = syntax.length.unpack_from(window.data, i)
    return Header(tag, vr, length, at + 12)


def skip_value(window: Window, found: Header, syntax: Syntax, depth: int, end: int | None = None) -> int:
    """Offset after the value of `found`, a sequence `depth` levels deep walked through. Raises Flaw, Odd.

    end  where the item around it ends, if its length is defined
    """
    if found.length == UNDEFINED:
        if found.vr in {b"OB", b"OW"} and depth == 0:
            return skip_fragments(window, found.value, syntax)
        if found.vr not in {b"SQ", b"UN", b""}:
            raise Odd(f"({found.tag >> 16:04X},{found.tag & 0xFFFF:04X}) has VR {found.vr!r} and no length")
        # PS3.5 6.2.2: a value of VR UN and undefined length is a sequence in Implicit VR Little Endian
        return skip_items(window, found.value, None, IMPLICIT if found.vr == b"UN" else syntax, depth + 1)
    stop = found.value + found.length
    if stop > window.size:
        raise truncated(f"({found.tag >> 16:04X},{found.tag & 0xFFFF:04X})", stop, window.size)
    if end is not None and stop > end:
        raise Odd(f"({found.tag >> 16:04X},{found.tag & 0xFFFF:04X}) passes the end of its item")
    if (
        depth + (found.length + LEVEL_BYTES - 1) // LEVEL_BYTES > DEEPEST
        and found.vr in {b"SQ", b"UN", b""}
        and found.tag not in PIXEL_TAGS
    ):
        measure(window, found, stop, syntax, depth)
    return stop


def measure(window: Window, found: Header, stop: int, syntax: Syntax, depth: int) -> None:
    """See that a value of defined length holds no sequences too deep. Raises Flaw, Odd."""
    if syntax is not BIG_ENDIAN:
        i = window.index(found.value, 4)
        if window.data[i : i + 4] != ITEM_BYTES:
            return
        if found.length <= READ_WHOLE_BYTES:
            i = window.index(found.value, found.length)
            if depth + window.data.count(ITEM_BYTES, i, i + found.length) <= DEEPEST:
                return  # every level needs an item of its own
    try:
        skip_items(window, found.value, stop, IMPLICIT if found.vr == b"UN" else syntax, depth + 1)
    except (Flaw, Odd) as error:
        if found.vr == b"SQ" or (isinstance(error, Flaw) and error.reason is Reason.TOO_DEEP):
            raise
        # bytes of an unknown VR that only begin like an item


def skip_items(window: Window, at: int, end: int | None, syntax: Syntax, depth: int) -> int:
    """Offset after the items that begin at `at` and end at `end` or at the sequence delimiter."""
    if depth > DEEPEST:
        raise Flaw(Reason.TOO_DEEP, f"sequences nested deeper than {DEEPEST} levels at byte {at}")
    while end is None or at < end:
        tag, _, length, at = header(window, at, syntax)
        if tag == SEQUENCE_END and end is None:
            return at
        if tag != ITEM:
            raise Odd(f"{tag:08X} at byte {at - 8} where an item should begin")
        if length == UNDEFINED:
            at = skip_elements(window, at, None, syntax, depth)
            continue
        stop = at + length
        if stop > window.size:
            raise truncated("an item", stop, window.size)
        if end is not None and stop > end:
            raise Odd(f"the item at byte {at - 8} passes the end of its sequence")
        at = skip_elements(window, at, stop, syntax, depth)
    return at


def skip_elements(window: Window, at: int, end: int | None, syntax: Syntax, depth: int) -> int:
    """Offset after the elements of an item that ends at `end` or at the item delimiter."""
    while end is None or at < end:
        found = header(window, at, syntax)
        if found.tag == ITEM_END and end is None:
            return found.value
        if found.tag >> 16 == 0xFFFE:
            raise Odd(f"{found.tag:08X} at byte {at} within an item")
        at = skip_value(window, found, syntax, depth, end)
    return at


def skip_fragments(window: Window, at: int, syntax: Syntax) -> int:
    """Offset after encapsulated pixel data whose first item begins at `at`."""
    while True:
        tag, _, length, at = header(window, at, syntax)
        if tag == SEQUENCE_END:
            return at
        if tag != ITEM or length == UNDEFINED:
            raise Flaw(Reason.UNREADABLE, f"{tag:08X} at byte {at - 8} where a fragment of pixel data should begin")
        at += length
        if at > window.size:
            raise truncated("a fragment of pixel data", at, window.size)
