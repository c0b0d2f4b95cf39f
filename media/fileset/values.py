"""PURE. Whether a value can stand in a directory record (PS3.5 6.2), and whether it needs a character set."""

import re
from collections.abc import Callable
from functools import lru_cache

from media.fileset.elements import BINARY, items

DATE = rb"[0-9]{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
TIME = rb"(?:[01][0-9]|2[0-3])(?:[0-5][0-9](?:(?:[0-5][0-9]|60)(?:\.[0-9]{1,6})?)?)?"
NUMBER = rb" *[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[Ee][+-]?[0-9]+)? *"

PATTERNS: dict[str, re.Pattern[bytes]] = {
    "CS": re.compile(rb"[A-Z0-9_ ]{0,16}(?:\\[A-Z0-9_ ]{0,16})*"),
    "DA": re.compile(DATE),
    "DS": re.compile(rb"(?=[^\\]{0,16}(?:\\|$))(?:%b)?(?:\\(?=[^\\]{0,16}(?:\\|$))(?:%b)?)*" % (NUMBER, NUMBER)),
    "DT": re.compile(rb"[0-9]{4}(?:(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12][0-9]|3[01])(?:%b)?)?)?(?:[+-][0-9]{4})?" % TIME),
    "IS": re.compile(rb"(?=.{1,12}$) *[+-]?[0-9]{1,10} *"),
    "TM": re.compile(TIME),
    "UI": re.compile(rb"[0-9.]{1,64}(?:\\[0-9.]{1,64})*"),
}
WIDTHS: dict[str, int] = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "UV": 8, "SV": 8}
TEXT_LENGTHS: dict[str, int] = {"SH": 16, "LO": 64, "PN": 64, "ST": 1024, "LT": 10240}
"""Characters of a value, of PN of each component group. Other VRs of PS3.5 do not occur as keys."""

ONE_LINE = re.compile(rb"[^\x00-\x1a\x1c-\x1f\\\x7f]*")
SEVERAL_LINES = re.compile(rb"[^\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]*")
SEVERAL_LINE_VRS = frozenset({"ST", "LT"})

CHARACTER_SETS = frozenset(
    {b"", b"GB18030", b"GBK"}
    | {b"ISO_IR %d" % number for number in (6, 100, 101, 109, 110, 144, 127, 126, 138, 148, 203, 13, 166, 192)}
    | {b"ISO 2022 IR %d" % number for number in (6, 100, 101, 109, 110, 144, 127, 126, 138, 148, 203, 13, 166)}
    | {b"ISO 2022 IR %d" % number for number in (87, 159, 149, 58)}
)
"""Defined terms of (0008,0005) (PS3.3 C.12.1.1.2)."""

JAPANESE_ROMAN = re.compile(rb" *ISO(?:_| 2022 )IR 13\b")


def fits(vr: str, value: bytes) -> bool:
    """Whether a value, not empty and without padding, obeys its VR.

    >>> fits("IS", b"12"), fits("DA", b"2024.01.01"), fits("CS", b"Axial")
    (True, False, False)
    """
    if vr in PATTERNS:
        return PATTERNS[vr].fullmatch(value) is not None
    if vr in WIDTHS:
        return len(value) % WIDTHS[vr] == 0
    if vr in TEXT_LENGTHS:
        return text_fits(vr, value)
    return len(value) <= 0xFFFF


def text_fits(vr: str, value: bytes) -> bool:
    """Length and control characters; beyond ASCII a byte is no character, so only ASCII is counted."""
    most = TEXT_LENGTHS[vr]
    pattern = SEVERAL_LINES if vr in SEVERAL_LINE_VRS else ONE_LINE
    if not value.isascii() or b"\x1b" in value:
        return len(value) <= 6 * most
    if vr == "PN":
        return (
            value.count(b"=") <= 2 and all(len(g) <= most for g in value.split(b"=")) and bool(pattern.fullmatch(value))
        )
    return len(value) <= most and pattern.fullmatch(value) is not None


def beyond_ascii(vr: str, value: bytes) -> bool:
    """Whether a value needs Specific Character Set (0008,0005) beside it. Raises ValueError for a broken sequence."""
    if vr == "SQ":
        return any(beyond_ascii(nested, text) for content in items(value) for _, nested, text in content)
    if vr in BINARY:
        return False
    return not value.isascii() or b"\x1b" in value


def beyond_japanese_roman(vr: str, value: bytes) -> bool:
    """As `beyond_ascii` where ISO_IR 13 is the first set: ISO-IR 14 has a yen and an overline in ASCII's places."""
    if vr == "SQ":
        return any(beyond_japanese_roman(nested, text) for content in items(value) for _, nested, text in content)
    return beyond_ascii(vr, value) or (
        vr in {"SH", "LO", "ST", "LT", "PN", "UC", "UT"} and (b"~" in value or b"\\" in value)
    )


def is_everywhere_the_same(value: bytes) -> bool:
    """Whether a value reads the same in every character set: ASCII without what ISO-IR 14 has in other places."""
    return value.isascii() and b"\x1b" not in value and b"~" not in value and b"\\" not in value


@lru_cache(256)
def needs_by(character_set: bytes) -> Callable[[str, bytes], bool]:
    """The test for the need of a character set, by the set the instance declares."""
    return beyond_japanese_roman if JAPANESE_ROMAN.match(character_set) else beyond_ascii


@lru_cache(256)
def is_known_set(character_set: bytes) -> bool:
    """Whether every value of (0008,0005) is a defined term.

    >>> is_known_set(b"ISO 2022 IR 6\\\\ISO 2022 IR 87"), is_known_set(b"UTF8")
    (True, False)
    """
    return all(term.strip() in CHARACTER_SETS for term in character_set.split(b"\\"))
