"""PURE. Data elements and sequence items in Explicit VR Little Endian (PS3.5 7.1, 7.5): read, trim, write."""

import struct
from collections.abc import Iterator

from media.fileset import records
from media.fileset.records import Key

LONG_VRS = frozenset(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"])
ZERO_PADDED = frozenset({"UI", "OB", "UN"})
UNDEFINED = 0xFFFFFFFF
ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD
DEEPEST = 16  # sequences within sequences that a key may have

Element = tuple[int, str, bytes]
"""Tag, VR, value; of a sequence the encoded items with defined lengths."""

HEAD = struct.Struct("<HH2sH")
ITEM_HEAD = struct.Struct("<HHI")
LONG_HEAD = struct.Struct("<HH2sHI")


def element(tag: int, vr: str, value: bytes) -> bytes:
    """One encoded element, the value padded to even length (PS3.5 6.2, 7.1.2).

    >>> element(0x00200013, "IS", b"7").hex()
    '20001300495302003720'
    """
    length = len(value)
    if length & 1:
        value += b"\0" if vr in ZERO_PADDED else b" "
        length += 1
    if vr in LONG_VRS:
        return LONG_HEAD.pack(tag >> 16, tag & 0xFFFF, vr.encode(), 0, length) + value
    return HEAD.pack(tag >> 16, tag & 0xFFFF, vr.encode(), length) + value


def item(body: bytes) -> bytes:
    """One encoded item of defined length around encoded elements."""
    return ITEM_HEAD.pack(0xFFFE, 0xE000, len(body)) + body


def items(encoded: bytes) -> list[list[Element]]:
    """The items of a sequence value, lengths defined or not. Raises ValueError when it breaks the encoding."""
    found, end = read_items(encoded, 0, len(encoded), 0)
    if end != len(encoded):
        raise ValueError(f"sequence of {len(encoded)} bytes ends at {end}")
    return found


def read_items(data: bytes, at: int, end: int, depth: int) -> tuple[list[list[Element]], int]:
    """Items from `at` up to `end` or the sequence delimiter, and where they end."""
    if depth > DEEPEST:
        raise ValueError(f"sequences nested deeper than {DEEPEST}")
    found: list[list[Element]] = []
    while at < end:
        tag, length, at = item_head(data, at, end)
        if tag == SEQUENCE_END:
            return found, at
        if tag != ITEM:
            raise ValueError(f"{tag:08X} where an item should begin")
        if length != UNDEFINED and at + length > end:
            raise ValueError(f"item of {length} bytes passes the end of its sequence")
        stop = end if length == UNDEFINED else at + length
        content, at = read_elements(data, at, stop, depth)
        found.append(content)
    return found, at


def item_head(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag and length of the item or delimiter at `at`, and where its content begins."""
    if at + 8 > end:
        raise ValueError("item header passes the end of its sequence")
    group, number, length = ITEM_HEAD.unpack_from(data, at)
    return group << 16 | number, length, at + 8


def read_elements(data: bytes, at: int, end: int, depth: int) -> tuple[list[Element], int]:
    """Elements from `at` up to `end` or the item delimiter, and where they end."""
    found: list[Element] = []
    while at < end:
        if at + 8 > end:
            raise ValueError("element header passes the end of its item")
        group, number, vr_bytes, length = HEAD.unpack_from(data, at)
        tag = group << 16 | number
        at += 8
        if tag == ITEM_END:
            return found, at
        vr = vr_bytes.decode("latin-1")
        if vr in LONG_VRS:
            if at + 4 > end:
                raise ValueError("element header passes the end of its item")
            (length,) = struct.unpack_from("<I", data, at)
            at += 4
        if vr == "SQ":
            stop = end if length == UNDEFINED else at + length
            if stop > end:
                raise ValueError(f"{tag:08X} passes the end of its item")
            nested, at = read_items(data, at, stop, depth + 1)
            found.append((tag, vr, sequence(nested)))
            continue
        if at + length > end:
            raise ValueError(f"{tag:08X} passes the end of its item")
        found.append((tag, vr, data[at : at + length].rstrip(b"\0 ") if vr not in BINARY else data[at : at + length]))
        at += length
    return found, at


BINARY = frozenset(["AT", "FD", "FL", "OB", "OD", "OF", "OL", "OV", "OW", "SL", "SS", "SV", "UL", "UN", "US", "UV"])
"""VRs whose values are not text: nothing is padding in them."""


def sequence(content: list[list[Element]]) -> bytes:
    """The encoded value of a sequence with defined lengths."""
    return b"".join(item(b"".join(element(*one) for one in elements)) for elements in content)


def trimmed(keys: tuple[Key, ...], encoded: bytes) -> bytes:
    """Of each item the elements in `keys`, tag order kept; without keys all standard elements. Raises ValueError."""
    return sequence([list(kept(keys, elements)) for elements in items(encoded)])


def kept(keys: tuple[Key, ...], elements: list[Element]) -> Iterator[Element]:
    """The elements that `keys` name, sequences trimmed; (0008,0005) stays where a kept text needs it."""
    wanted = {key.tag: key for key in keys}
    for tag, vr, value in elements:
        if not keys and not tag >> 16 & 1:
            yield tag, vr, value
        elif tag in wanted and wanted[tag].vr == "SQ":
            yield tag, vr, trimmed(wanted[tag].items, value)
        elif tag in wanted or tag == records.CHARACTER_SET:
            yield tag, vr, value


def concept_modifiers(encoded: bytes) -> bytes:
    """Of a Content Sequence the HAS CONCEPT MOD items, at every depth (PS3.3 F.5.25). Raises ValueError."""
    content = []
    for elements in items(encoded):
        if (records.RELATIONSHIP_TYPE, "CS", records.HAS_CONCEPT_MOD) in elements:
            content.append(
                [(t, v, concept_modifiers(b) if t == records.CONTENT_SEQUENCE else b) for t, v, b in elements]
            )
    return sequence([[one for one in elements if one[2] or one[0] != records.CONTENT_SEQUENCE] for elements in content])


def last_verification(encoded: bytes) -> bytes:
    """Verification DateTime (0040,A030) of the last verifying observer, b'' without one. Raises ValueError."""
    moments = [value for one in items(encoded) for tag, _, value in one if tag == records.VERIFICATION_DATETIME]
    return moments[-1] if moments else b""


NESTED: dict[int, tuple[Key, ...]] = {
    key.tag: key.items for key in records.OWN_KEYS if key.vr == "SQ" and key.tag != 0x00081115
} | {0x00081115: records.REFERENCED_SERIES_IMAGES + records.REFERENCED_SERIES_WAVEFORMS[1:]}


def key_value(tag: int, encoded: bytes) -> bytes:
    """What the index keeps of the sequence `tag` of a file: the items cut down to what a record may need.

    Raises ValueError when the items break the encoding.
    """
    if tag == records.CONTENT_SEQUENCE:
        return concept_modifiers(encoded)
    return trimmed(NESTED[tag], encoded)
