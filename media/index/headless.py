"""Files without a Part 10 header: a bare data set, or no DICOM at all."""

import struct

from media.fileset.model import Reason
from media.index.flaws import Flaw
from media.index.walk import LONG, SHORT

FEWEST_ELEMENTS = 3
FIRST_GROUPS = frozenset({0x0002, 0x0008})


def without_header(data: bytes, size: int) -> Flaw:
    """Why a file that does not have DICM at byte 128 is no instance; `data` is how it begins."""
    if data[:4] == b"PK\x03\x04":
        return Flaw(Reason.NOT_DICOM, "a ZIP in a ZIP, or without the suffix .zip: not looked into")
    for order, implicit in (("<", False), ("<", True), (">", False)):
        if looks_like_data_set(data, size, order, implicit):
            return Flaw(Reason.NO_FILE_META, "a data set without preamble and file meta information (PS3.10 7.1)")
    return Flaw(Reason.NOT_DICOM, "DICM is not at byte 128")


def looks_like_data_set(data: bytes, size: int, order: str, implicit: bool) -> bool:
    """Whether `data` begins with elements of ascending tags and lengths that fit."""
    if data[:4] == b"DICM":
        data, size = data[4:], size - 4
    at = seen = last = 0
    while at + 12 <= len(data) and seen < FEWEST_ELEMENTS:
        group, element = struct.unpack_from(f"{order}HH", data, at)
        tag = group << 16 | element
        if tag <= last or (not seen and group not in FIRST_GROUPS):
            return False
        vr = data[at + 4 : at + 6]
        if implicit:
            length, at = struct.unpack_from(f"{order}I", data, at + 4)[0], at + 8
        elif vr in SHORT:
            length, at = struct.unpack_from(f"{order}H", data, at + 6)[0], at + 8
        elif vr in LONG:
            length, at = struct.unpack_from(f"{order}I", data, at + 8)[0], at + 12
        else:
            return False
        if length > size - at:
            return False
        at, seen, last = at + length, seen + 1, tag
    return seen >= FEWEST_ELEMENTS
