"""The fast path, element by element: keys of a Part 10 file in Explicit or Implicit VR Little Endian."""

import struct

from media.fileset.elements import UNDEFINED
from media.fileset.model import Reason
from media.index.flaws import Flaw, Odd, truncated
from media.index.found import Meta
from media.index.keys import WANTED, Wanted, first_four
from media.index.walk import LEAST_DEEP_BYTES, LONG, PIXEL_TAGS, SHORT, Header, Syntax, header, skip_value
from media.index.window import Window

FIRST_BYTES = 4096
LARGEST_META_BYTES = 1 << 20
DIRECTORY_CLASS = b"1.2.840.10008.1.3.10"

PADDING = b"\0 "
NO_ELEMENT = bytes(8)
END = -1

_explicit = struct.Struct("<I2sH").unpack_from
_implicit = struct.Struct("<II").unpack_from
_long = struct.Struct("<I").unpack_from

META_NAMES = {0x00020002: "class", 0x00030002: "instance", 0x00100002: "syntax"}
"""By the number that the four bytes of a tag make when read as one, little endian; likewise below."""

TEXTS = {first_four(tag): tag for tag, wanted in WANTED.items() if wanted.text}
PIXELS = frozenset(map(first_four, PIXEL_TAGS))
TAGS = {first_four(tag): tag for tag in WANTED}
OTHERS = {first for first, tag in TAGS.items() if first not in TEXTS} | {0} | PIXELS
"""What is not to be passed over unseen; a tag of zeros is none."""

Read = tuple[int, int, int]
"""An element: its tag as it stands in the file, where it begins and ends."""


def read_meta(window: Window, seen: list[Read] | None = None) -> Meta:
    """The file meta information (PS3.10 7.1), its elements added to `seen`. Raises Flaw without a usable one."""
    data = window.data
    if data[128:132] != b"DICM":
        from media.index.headless import without_header

        raise without_header(data, window.size)
    if len(data) < 144:
        raise Flaw(Reason.TRUNCATED, f"the file ends at byte {window.size}, within its file meta information")
    if data[132:136] == b"\x02\0\0\0" and data[136:140] == b"UL\x04\0":
        (length,) = _long(data, 140)
        window.index(132, min(12 + length + 8, window.size - 132, LARGEST_META_BYTES))
        data = window.data
    elif data[132:134] != b"\x02\0":
        raise Flaw(Reason.NO_FILE_META, "no element of group 0002 follows DICM (PS3.10 7.1)")
    values, at = _meta_values(data, window.base, [] if seen is None else seen)
    syntax = values.get("syntax", b"")
    if values.get("class") == DIRECTORY_CLASS:
        raise Flaw(Reason.DICOMDIR, "the index of another File-set")
    for name, title in (
        ("class", "SOP Class UID"),
        ("instance", "SOP Instance UID"),
        ("syntax", "Transfer Syntax UID"),
    ):
        if not values.get(name):
            raise Flaw(Reason.MISSING_KEY, f"{title} is not in the file meta information")
        if not is_uid(values[name]):
            raise Flaw(Reason.BAD_KEY, f"{title} in the file meta information is no UID")
    return Meta(values["class"], values["instance"], syntax, at)


def is_uid(value: bytes) -> bool:
    """Whether a value has digits and dots alone."""
    return value.replace(b".", b"").isdigit()


def _meta_values(data: bytes, base: int, seen: list[Read]) -> tuple[dict[str, bytes], int]:
    """Values by name, and the offset of the first element after group 0002."""
    at, values = 132 - base, {}
    while at + 8 <= len(data) and data[at : at + 2] == b"\x02\0":
        start = at
        tag, vr, length = _explicit(data, at)
        if vr in LONG:
            if at + 12 > len(data):
                break
            (length,) = _long(data, at + 8)
            at += 4
        elif vr not in SHORT:
            raise Odd("the file meta information is not in Explicit VR Little Endian")
        at += 8
        if at + length > len(data):
            raise truncated("the file meta information", base + at + length, base + len(data))
        if tag in META_NAMES:
            values[META_NAMES[tag]] = data[at : at + length].rstrip(PADDING)
        at += length
        seen.append((tag, start, at))
    return values, base + at


def read_keys(reader: "Reader", start: int, seen: list[Read]) -> None:
    """Let `reader` have the keys of the elements from offset `start` on. Raises Flaw, Odd.

    Every element's header is read up to the end of the file, so that each length is known to fit.

    seen  takes the elements that begin in the window there is
    """
    window, implicit = reader.window, reader.syntax.implicit
    values, texts = reader.values, TEXTS.get
    data = window.data
    base, at, count = window.base, start - window.base, len(data)
    while True:
        if at + 8 <= count:  # the short way: a short element, whole within the window
            if implicit:
                first, length = _implicit(data, at)
                vr, short = b"", length < LEAST_DEEP_BYTES
            else:
                first, vr, length = _explicit(data, at)
                short = vr in SHORT
            end = at + 8 + length
            if short and end <= count:
                tag = texts(first)
                if tag is not None:
                    values[tag] = data[at + 8 : end].rstrip(PADDING)
                elif first in OTHERS:
                    short = reader.number(first, vr, data[at + 8 : end])
                if short:
                    seen.append((first, at, end))
                    at = end
                    continue
        else:
            first = 0
        offset = reader.step(base + at)
        if offset == END:
            break
        if first:
            seen.append((first, at, offset - base))
        if window.data is not data:
            data, base, count = window.data, window.base, len(window.data)
            seen = []  # what follows is of no use to others
        at = offset - base


class Reader:
    """Reads what takes more than a look: long elements, sequences, what passes the window's end, the end itself."""

    __slots__ = ("pixels", "syntax", "values", "window")

    def __init__(self, window: Window, syntax: Syntax) -> None:
        self.window, self.syntax, self.pixels = window, syntax, False
        self.values: dict[int, bytes] = {}

    def number(self, first: int, vr: bytes, value: bytes) -> bool:
        """Keep a short element that is no text; False for what needs a closer look."""
        wanted = WANTED.get(TAGS.get(first, 0))
        if wanted is None or len(value) != wanted.size_bytes or vr not in {b"", wanted.vr.encode()}:
            return False
        self.values[wanted.tag] = value
        return True

    def step(self, at: int) -> int:
        """Offset after the element at offset `at`, its value kept if wanted; END after the last. Raises Flaw, Odd."""
        window = self.window
        left = window.size - at
        if left < 8 or (self.pixels and window.value(at, 8) == NO_ELEMENT):
            if left > 0 and any(window.value(at, min(left, 8))):
                raise truncated("an element header", at + 8, window.size)
            return END
        found = header(window, at, self.syntax)
        if not found.tag:
            raise Odd(f"no element at byte {at}")
        end = skip_value(window, found, self.syntax, 0)
        if found.tag in PIXEL_TAGS:
            self.pixels = True
        wanted = WANTED.get(found.tag)
        if wanted is not None:
            self.values[found.tag] = self.value(found, end, wanted)
        return end

    def value(self, found: Header, end: int, wanted: Wanted) -> bytes:
        """The value as a key holds it. Raises Flaw, Odd."""
        vr, undefined = found.vr, found.length == UNDEFINED
        if wanted.vr == "SQ":
            stop = end - 8 if undefined else end
            if stop > found.value and vr not in {b"SQ", b""}:
                raise Odd(f"{wanted.tag:08X} has VR {vr!r}, not SQ")
            encoded = self.window.value(found.value, stop - found.value)
            if not encoded:
                return b""
            from media.index.sequence_items import wanted_items  # most files have none

            return wanted_items(wanted.tag, encoded, self.syntax.implicit)
        if undefined or vr == b"SQ":
            raise Odd(f"{wanted.tag:08X} is a sequence")
        if wanted.text:
            return self.window.value(found.value, found.length).rstrip(PADDING)
        if (vr and vr.decode("latin-1") != wanted.vr) or found.length % wanted.size_bytes:
            raise Odd(f"{wanted.tag:08X} has VR {vr!r} and {found.length} bytes, not {wanted.vr}")
        return self.window.value(found.value, found.length)
