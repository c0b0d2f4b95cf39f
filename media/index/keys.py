"""TABLE. Which elements of a data set the index keeps, and at which level."""

from typing import NamedTuple

from media.fileset import records
from media.fileset.elements import BINARY

PATIENT, STUDY, SERIES, OWN = range(4)
EVERY = -1
"""Level of (0008,0005): the text of each level needs it."""

SOP_CLASS_UID = 0x00080016
SOP_INSTANCE_UID = 0x00080018
NAMES = -2
"""Level of the SOP Common UIDs: they are compared with the file meta information."""


class Wanted(NamedTuple):
    """A tag the index keeps; `text` values lose their padding; `size_bytes` is what a numeric VR takes a value."""

    tag: int
    level: int
    vr: str
    text: bool
    size_bytes: int


NUMERIC_BYTES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "UV": 8, "SV": 8, "AT": 4}


def _wanted() -> dict[int, Wanted]:
    found = {}
    for level, name in enumerate(("patient", "study", "series", "own")):
        for tag in records.KEY_TAGS[name]:
            vr = records.KEY_VRS[tag]
            at = EVERY if tag == records.CHARACTER_SET else level
            found[tag] = Wanted(tag, at, vr, vr != "SQ" and vr not in BINARY, NUMERIC_BYTES.get(vr, 0))
    for tag in (SOP_CLASS_UID, SOP_INSTANCE_UID):
        found[tag] = Wanted(tag, NAMES, "UI", True, 0)
    return found


WANTED = _wanted()
"""By tag."""


def first_four(tag: int) -> int:
    """The number that the four bytes of a little endian tag make when read as one.

    >>> hex(first_four(0x00100020))
    '0x200010'
    """
    return (tag & 0xFFFF) << 16 | tag >> 16
