"""PURE. File IDs and File-set IDs (PS3.10 8.2, 8.5): up to 8 components of up to 8 of A-Z 0-9 _."""

import re

ROOT = "DICOM"
COMPONENT = re.compile(r"[A-Z0-9_]{1,8}")
MOST_COMPONENTS = 8
MOST_NUMBER = 999_999

PREFIXES: dict[str, str] = {
    "HANGING PROTOCOL": "HP",
    "PALETTE": "PL",
    "IMPLANT": "IP",
    "IMPLANT ASSY": "IA",
    "IMPLANT GROUP": "IG",
    "INVENTORY": "IV",
}
"""Files whose records hang under the root stand beside the patients; every other file is IMnnnnnn."""


def numbered(prefix: str, number: int) -> str:
    """A component: two letters and a number from 1.

    >>> numbered("PA", 1)
    'PA000001'
    """
    if not 1 <= number <= MOST_NUMBER:
        raise ValueError(f"{number} does not fit a File ID component; expected 1 to {MOST_NUMBER}")
    return f"{prefix}{number:06d}"


def numbers(prefix: str, count: int) -> list[str]:
    """The components of `count` files in one folder.

    >>> numbers("IM", 2)
    ['IM000001', 'IM000002']
    """
    if count > MOST_NUMBER:
        raise ValueError(f"{count} files in one folder; File ID components number up to {MOST_NUMBER}")
    return [f"{prefix}{number:06d}" for number in range(1, count + 1)]


def is_conformant(file_id: tuple[str, ...]) -> bool:
    """Whether a File ID obeys PS3.10 8.2.

    >>> is_conformant(("DICOM", "PA000001", "im1"))
    False
    """
    return 1 <= len(file_id) <= MOST_COMPONENTS and all(COMPONENT.fullmatch(part) for part in file_id)


def volume_file_set_id(file_set_id: str, number: int, volumes: int) -> str:
    """The File-set ID of one volume of several; it is the ISO Volume Identifier too.

    >>> volume_file_set_id("HOSPITAL_ARCHIVE", 2, 12)
    'HOSPITAL_ARCH_02'
    """
    if volumes == 1 or not file_set_id:
        return file_set_id
    tail = f"_{number:0{len(str(volumes))}d}"
    return file_set_id[: 16 - len(tail)] + tail
