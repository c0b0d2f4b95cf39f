"""Values out of an encoded data set: text and numbers of the few VRs that print uses (PS3.5 6.2)."""

import math
import struct
from typing import NamedTuple

from pydicom import charset

from printmgr.film.caps import CAPS, Caps
from printmgr.scp.encoded import Element, Elements, Encoding, scan

MAX_TEXT = 4096  # bytes; the longest text of print is an ST of 1024 characters
BINARY_FORMATS = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d"}
MAX_WHOLE = 2**31 - 1  # of an IS
LATIN_1 = ("iso8859",)


class Values(NamedTuple):
    """A data set's elements with what it takes to read their values."""

    data: bytes | memoryview
    encoding: Encoding
    elements: Elements
    character_sets: tuple[str, ...] = LATIN_1  # Python's names
    caps: Caps = CAPS

    def item(self, elements: Elements) -> "Values":
        """The same for an item of one of its sequences."""
        return self._replace(elements=elements)

    def element(self, tag: int) -> Element | None:
        return self.elements.get(tag)

    def raw(self, element: Element) -> bytes:
        return bytes(self.data[element.offset : element.offset + element.length])

    def text(self, element: Element) -> str:
        """Text without padding; what cannot be decoded becomes a replacement character."""
        value = self.raw(element)[:MAX_TEXT]
        if value.isascii() and b"\x1b" not in value:
            return value.decode("ascii").strip(" \0\r\n\t")
        if b"\x1b" in value:
            text = charset.decode_bytes(value, list(self.character_sets), set(b"\\\r\n\t\f"))
        else:
            text = value.decode(self.character_sets[0], errors="replace")
        return text.strip(" \0\r\n\t")

    def numbers(self, element: Element, vr: str) -> tuple[float, ...]:
        """The numbers of an element, in the VR it has, or else the one it should have. Raises ValueError."""
        code = BINARY_FORMATS.get(element.vr or vr) or (BINARY_FORMATS.get(vr) if element.vr in ("UN", "OW") else None)
        if code is None:
            return tuple(number(part) for part in self.text(element).split("\\"))
        size = struct.calcsize(code)
        if element.length < size or element.length > MAX_TEXT:
            raise ValueError(f"{element.length} bytes are no {vr}")
        order = ">" if self.encoding.big_endian else "<"
        count = element.length // size
        numbers: tuple[float, ...] = struct.unpack(f"{order}{count}{code}", self.raw(element)[: count * size])
        if not all(map(math.isfinite, numbers)):
            raise ValueError(f"{vr} is not finite")
        return numbers

    def whole(self, element: Element, vr: str) -> int:
        """The first number, when it is a whole one of reasonable size. Raises ValueError."""
        value = self.numbers(element, vr)[0]
        if value != int(value) or abs(value) > MAX_WHOLE:
            raise ValueError(f"{value} is not a whole number of an IS")
        return int(value)


def read(data: bytes | memoryview, encoding: Encoding, specific_character_set: str = "", caps: Caps = CAPS) -> Values:
    """An encoded data set, ready to be asked. Raises UnreadableDataSet.

    specific_character_set  of its text, where it does not name one itself
    """
    values = Values(data, encoding, scan(data, encoding, caps), python_encodings(specific_character_set), caps)
    specific = values.element(0x00080005)
    if specific is None or not specific.length:
        return values
    return values._replace(character_sets=python_encodings(values.text(specific)))


def python_encodings(specific_character_set: str) -> tuple[str, ...]:
    """Python's names of the terms of Specific Character Set (0008,0005); unknown terms are left out.

    >>> python_encodings("ISO_IR 192")
    ('UTF8',)
    >>> python_encodings("NONSENSE")
    ('iso8859',)
    """
    terms = [term.strip().upper() for term in specific_character_set.split("\\")]
    known = [charset.python_encoding.get(term) for term in terms]
    return tuple(name for name in known if name) or LATIN_1


def number(text: str) -> float:
    """A number as IS or DS spell it. Raises ValueError, also for what is not finite.

    >>> number(" 1.50 ")
    1.5
    """
    value = float(text.replace("_", "x"))
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a number")
    return value
