"""The fast path: keys of a Part 10 file in Explicit or Implicit VR Little Endian, without its values or pixels."""

import struct
from typing import BinaryIO, cast

from media.fileset.elements import UNDEFINED
from media.fileset.model import Reason
from media.fileset.transfer_syntaxes import DEFLATED_LE, EXPLICIT_BE, IMPLICIT_LE
from media.index.deflated import Inflated
from media.index.flaws import Flaw, Odd, truncated
from media.index.found import Found, Meta, assembled
from media.index.headless import without_header
from media.index.keys import WANTED, Wanted, first_four
from media.index.runs import Memory, Read, Runs
from media.index.sequence_items import wanted_items
from media.index.walk import (
    EXPLICIT,
    IMPLICIT,
    LEAST_DEEP_BYTES,
    LONG,
    PIXEL_TAGS,
    SHORT,
    Header,
    Syntax,
    header,
    skip_value,
)
from media.index.window import Window, read_up_to

FIRST_BYTES = 4096
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
TAGS = {first_four(tag): tag for tag in WANTED}
OTHERS = {first_four(tag) for tag, wanted in WANTED.items() if not wanted.text} | {0} | set(map(first_four, PIXEL_TAGS))
"""What is not to be passed over unseen; a tag of zeros is none."""


def scan(stream: BinaryIO, size: int, memory: Memory) -> Found:
    """The instance in a file of `size` bytes.

    memory  what the files before this one had in common

    Raises Flaw for what is no whole instance, Odd for what the slow path must judge.
    """
    window = Window(stream, size, read_up_to(stream, min(size, FIRST_BYTES)))
    meta = read_meta(window)
    syntax = meta.transfer_syntax_uid.decode("ascii")
    if syntax == EXPLICIT_BE:
        raise Odd("big endian")
    if syntax == DEFLATED_LE:
        inflated = Inflated(stream, meta.start, size)
        window = Window(cast(BinaryIO, inflated), inflated.measured())
    implicit = syntax == IMPLICIT_LE
    runs = memory.implicit if implicit else memory.explicit
    reader = Reader(window, IMPLICIT if implicit else EXPLICIT)
    read_keys(reader, meta.start, runs)
    return assembled(meta, reader.values, reader.pixels)


def read_meta(window: Window) -> Meta:
    """The file meta information (PS3.10 7.1). Raises Flaw without a usable one."""
    data = window.data
    if data[128:132] != b"DICM":
        raise without_header(data, window.size)
    if len(data) < 144:
        raise Flaw(Reason.TRUNCATED, f"the file ends at byte {window.size}, within its file meta information")
    if data[132:136] == b"\x02\0\0\0" and data[136:140] == b"UL\x04\0":
        window.index(132, min(12 + _long(data, 140)[0] + 8, window.size - 132))
        data = window.data
    elif data[132:134] != b"\x02\0":
        raise Flaw(Reason.NO_FILE_META, "no element of group 0002 follows DICM (PS3.10 7.1)")
    values, at = _meta_values(data, window.base)
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
        if not values[name].replace(b".", b"").isdigit():
            raise Flaw(Reason.BAD_KEY, f"{title} in the file meta information is no UID")
    return Meta(values["class"], values["instance"], syntax, at)


def _meta_values(data: bytes, base: int) -> tuple[dict[str, bytes], int]:
    """Values by name, and the offset of the first element after group 0002."""
    at, values = 132 - base, {}
    while at + 8 <= len(data) and data[at : at + 2] == b"\x02\0":
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
            values[META_NAMES[tag]] = data[at : at + length].rstrip(b"\0 ")
        at += length
    return values, base + at


def read_keys(reader: "Reader", start: int, runs: Runs) -> None:
    """Let `reader` have the keys of the data set that begins at offset `start`. Raises Flaw, Odd.

    Every element's header is read up to the end of the file, so that each length is known to fit.
    """
    window, implicit = reader.window, reader.syntax.implicit
    values, texts, known = reader.values, TEXTS.get, runs.known.get
    begun = data = window.data
    base, at, count = window.base, start - window.base, len(data)
    first_elements: list[Read] = []
    elements = first_elements
    while True:
        if at + 8 <= count:  # the short way: a short element, whole within the window
            if implicit:
                first, length = _implicit(data, at)
                vr, short = b"", length < LEAST_DEEP_BYTES
            else:
                first, vr, length = _explicit(data, at)
                short = vr in SHORT
            run = known(first)
            if run is not None and data.startswith(run.encoded, at):
                values.update(run.values)
                at += len(run.encoded)
                continue
            end = at + 8 + length
            if short and end <= count:
                tag = texts(first)
                if tag is not None:
                    values[tag] = data[at + 8 : end].rstrip(PADDING)
                elif first in OTHERS:
                    short = reader.number(first, vr, data[at + 8 : end])
                if short:
                    elements.append((first, at, end))
                    at = end
                    continue
        offset = reader.step(base + at)
        if offset == END:
            break
        if window.data is not data:
            data, base, count = window.data, window.base, len(window.data)
            elements = []  # runs are learned from the first window alone
        at = offset - base
    runs.note(begun, first_elements, values, TAGS)


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
            return wanted_items(wanted.tag, encoded, self.syntax.implicit) if encoded else b""
        if undefined or vr == b"SQ":
            raise Odd(f"{wanted.tag:08X} is a sequence")
        if wanted.text:
            return self.window.value(found.value, found.length).rstrip(PADDING)
        if (vr and vr.decode("latin-1") != wanted.vr) or found.length % wanted.size_bytes:
            raise Odd(f"{wanted.tag:08X} has VR {vr!r} and {found.length} bytes, not {wanted.vr}")
        return self.window.value(found.value, found.length)
