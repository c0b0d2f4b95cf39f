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
from media.index.keys import BY_FIRST_BYTES, Wanted
from media.index.sequence_items import wanted_items
from media.index.walk import EXPLICIT, IMPLICIT, LEAST_DEEP_BYTES, LONG, SHORT, Header, skip_value
from media.index.window import Window, read_up_to

FIRST_BYTES = 4096
DIRECTORY_CLASS = b"1.2.840.10008.1.3.10"

_explicit = struct.Struct("<I2sH").unpack_from
_implicit = struct.Struct("<II").unpack_from
_long = struct.Struct("<I").unpack_from
_PIXELS = frozenset({0x00107FE0, 0x00097FE0, 0x00087FE0})
_META_TAGS = {0x00020002: "class", 0x00030002: "instance", 0x00100002: "syntax"}


def scan(stream: BinaryIO, size: int) -> Found:
    """The instance in a file of `size` bytes.

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
    return assembled(meta, read_keys(window, meta.start, syntax == IMPLICIT_LE))


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
        if tag in _META_TAGS:
            values[_META_TAGS[tag]] = data[at : at + length].rstrip(b"\0 ")
        at += length
    return values, base + at


def read_keys(window: Window, start: int, implicit: bool) -> dict[int, bytes]:
    """The keys of the data set that begins at offset `start`, by tag. Raises Flaw, Odd.

    Every element's header is read up to the end of the file, so that each length is known to fit.
    """
    values: dict[int, bytes] = {}
    size, data, base = window.size, window.data, window.base
    at, count = start - base, len(data)
    wanted_of, pixels = BY_FIRST_BYTES.get, False
    while True:
        if at + 12 > count:
            if base + at >= size:
                break
            if base + count < size:
                window.move(base + at)
                data, base = window.data, window.base
                at, count = 0, len(data)
            if at + 8 > count:
                if any(data[at:]):
                    raise truncated("an element header", base + at + 8, size)
                break
        if implicit:
            first, length = _implicit(data, at)
            vr, value = b"", at + 8
            if not first:
                if pixels:
                    break  # padding after the last element
                raise Odd(f"no element at byte {base + at}")
        else:
            first, vr, length = _explicit(data, at)
            value = at + 8
            if vr in LONG:
                if at + 12 > count:
                    raise truncated("an element header", base + at + 12, size)
                (length,) = _long(data, value)
                value = at + 12
            elif vr not in SHORT:
                if pixels and not first:
                    break  # padding after the last element
                raise Odd(f"no known VR at byte {base + at}")
        wanted = wanted_of(first)
        if length == UNDEFINED or (length >= LEAST_DEEP_BYTES and (implicit or vr in {b"SQ", b"UN"})):
            found = Header((first & 0xFFFF) << 16 | first >> 16, vr, length, base + value)
            end = skip_value(window, found, IMPLICIT if implicit else EXPLICIT, 0)
        else:
            end = base + value + length
        if wanted is not None:
            values[wanted.tag] = _value(window, base + value, end, wanted, vr, length)
        elif end > size:
            raise truncated(f"({first & 0xFFFF:04X},{first >> 16:04X})", end, size)
        if first in _PIXELS:
            pixels = True
        if window.base != base or window.data is not data:
            data, base = window.data, window.base
            count = len(data)
        at = end - base
    return values


def _value(window: Window, start: int, end: int, wanted: Wanted, vr: bytes, length: int) -> bytes:
    """The value as a key holds it. Raises Flaw, Odd."""
    if wanted.text:
        if vr in {b"SQ"} or length == UNDEFINED:
            raise Odd(f"{wanted.tag:08X} is a sequence")
        return window.value(start, length).rstrip(b"\0 ")
    if wanted.vr == "SQ":
        stop = end - 8 if length == UNDEFINED else end
        if start == stop:
            return b""
        if vr not in {b"SQ", b""}:
            raise Odd(f"{wanted.tag:08X} has VR {vr!r}, not SQ")
        return wanted_items(wanted.tag, window.value(start, stop - start), vr == b"")
    if (vr and vr.decode("latin-1") != wanted.vr) or (wanted.size_bytes and length % wanted.size_bytes):
        raise Odd(f"{wanted.tag:08X} has VR {vr!r} and {length} bytes, not {wanted.vr}")
    return window.value(start, length)
