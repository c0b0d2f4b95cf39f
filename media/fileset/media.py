"""TABLE. PURE. Media by name: what they hold, and the file systems a File-set goes out in (PS3.12)."""

import re
from enum import StrEnum
from typing import NamedTuple

from media.errors import BadOrder

SECTOR_BYTES = 2048


class MediumKind(StrEnum):
    CD_R = "CD-R"
    DVD = "DVD"
    DVD_RAM = "DVD-RAM"
    BD = "BD"
    USB = "USB"
    CF = "CF"
    MMC = "MMC"
    SD = "SD"
    MOD = "MOD"
    MAIL = "mail"
    BYTES = "bytes"  # a number of bytes: the medium is whatever the profile asks for


class FileSystem(StrEnum):
    """How PS3.12 wants a File-set written, and what we write for it."""

    ISO_9660 = "ISO 9660 level 1"  # annex F
    UDF_BRIDGE = "ISO 9660 and UDF 1.02"  # annex P
    UDF_15 = "UDF 1.5"  # annex J: not written
    UDF_25 = "UDF 2.5 or 2.6"  # annex X: not written
    FAT16 = "FAT16"  # annexes A, T, U: the File-set leaves as a folder
    FAT32 = "FAT16 or FAT32"  # annexes R, S: the File-set leaves as a folder
    ZIP = "ZIP"  # annex V: the File-set leaves as a folder to be zipped


WRITTEN_AS_IMAGE = frozenset({FileSystem.ISO_9660, FileSystem.UDF_BRIDGE})
LARGEST_FILE_BYTES: dict[FileSystem, int] = {
    FileSystem.ISO_9660: 0xFFFFF800,  # one extent: level 1
    FileSystem.FAT16: 0x7FFFFFFF,
    FileSystem.FAT32: 0xFFFFFFFE,
    FileSystem.ZIP: 0xFFFFFFFE,
}
"""What one file may have; not here: no limit that a medium could reach."""


class Medium(NamedTuple):
    """A medium to buy: its kind and the bytes a volume may fill."""

    name: str
    kind: MediumKind
    capacity_bytes: int


MEDIA: dict[str, Medium] = {
    medium.name: medium
    for medium in (
        Medium("CD-R-650", MediumKind.CD_R, 333_000 * SECTOR_BYTES),
        Medium("CD-R-700", MediumKind.CD_R, 360_000 * SECTOR_BYTES),
        Medium("DVD-R", MediumKind.DVD, 2_295_104 * SECTOR_BYTES),  # the smaller +R size, so either will do
        Medium("DVD+R", MediumKind.DVD, 2_295_104 * SECTOR_BYTES),
        Medium("DVD-DL", MediumKind.DVD, 4_171_712 * SECTOR_BYTES),  # the smaller -R DL size
        Medium("DVD-RAM", MediumKind.DVD_RAM, 2_236_704 * SECTOR_BYTES),
        Medium("BD-R", MediumKind.BD, 12_219_392 * SECTOR_BYTES),
        Medium("BD-DL", MediumKind.BD, 24_438_784 * SECTOR_BYTES),
        *(Medium(f"USB-{size}G", MediumKind.USB, size * 10**9) for size in (1, 2, 4, 8, 16, 32, 64, 128)),
        *(Medium(f"CF-{size}G", MediumKind.CF, size * 10**9) for size in (1, 2, 4, 8, 16, 32)),
        *(Medium(f"{kind}-{size}G", kind, size * 10**9) for kind in (MediumKind.MMC, MediumKind.SD) for size in (1, 2)),
    )
}


def medium(name: str) -> Medium:
    """The medium `name` of MEDIA, or any number of bytes. Raises BadOrder.

    >>> medium("CD-R-700").capacity_bytes
    737280000
    >>> medium("1000000").kind
    <MediumKind.BYTES: 'bytes'>
    """
    if name.upper() in MEDIA:
        return MEDIA[name.upper()]
    if re.fullmatch(r"[1-9][0-9]{5,18}", name):
        return Medium(name, MediumKind.BYTES, int(name) // SECTOR_BYTES * SECTOR_BYTES)
    raise BadOrder(
        f"medium {name!r} is not known; expected a number of bytes from 100000 up, or one of {', '.join(MEDIA)}"
    )
