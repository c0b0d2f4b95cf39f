"""The DICOMDIR of a volume: its directory records laid out, linked by offsets and encoded (PS3.10 8, PS3.3 F).

Linear in the records, each encoded once; written in chunks, so that icons need not be in memory together.
"""

import struct
from collections.abc import Callable, Iterator
from itertools import accumulate

from media.fileset.directory import OFFSETS_BYTES, DirectoryMaker, directory_bytes, header, icon_element, links
from media.fileset.elements import element
from media.fileset.model import Plan, PlannedFile, Volume
from media.fileset.profiles import profile

Icons = Callable[[PlannedFile, int], bytes]
"""icons(file, size): size x size pixels of 8 bits, MONOCHROME2, row by row."""

CHUNK_PIECES = 512
MOST_BYTES = 0xFFFFFFFE  # offsets and the length of the record sequence have 32 bits

IN_USE = 0xFFFF
ITEM = struct.pack("<HH", 0xFFFE, 0xE000)
NEXT = struct.pack("<HH2sH", 0x0004, 0x1400, b"UL", 4)
FLAG_AND_LOWER = struct.pack("<HH2sHHHH2sH", 0x0004, 0x1410, b"US", 2, IN_USE, 0x0004, 0x1420, b"UL", 4)
RECORD_HEAD = struct.Struct(f"<4sI{len(NEXT)}sI{len(FLAG_AND_LOWER)}sI")


def dicomdir_chunks(plan: Plan, volume: Volume, icons: Icons | None = None) -> Iterator[bytes]:
    """The DICOMDIR of `volume`, piece by piece. Raises ValueError without `icons` where the profile asks for them."""
    maker = DirectoryMaker(profile(plan.profile), plan.icons, plan.descriptor)
    if maker.icon and icons is None:
        raise ValueError(f"{plan.profile} has icon images in the directory; none are given")
    made = list(maker.records(volume.files))
    sizes = maker.sizes(made)
    head = header(volume.file_set_id, volume.file_set_uid, plan.descriptor)
    starts = list(accumulate(sizes, initial=len(head) + OFFSETS_BYTES))
    if starts[-1] > MOST_BYTES:
        raise ValueError(f"the directory of volume {volume.number} has {starts[-1]} bytes; offsets reach {MOST_BYTES}")
    hung = links([record.depth for record in made])
    yield head + root_offsets(starts, hung.last_root)
    starts[-1] = 0  # where position -1 points: no record
    pieces: list[bytes] = []
    for record, size, following, child in zip(made, sizes, hung.next, hung.child, strict=True):
        pieces.append(RECORD_HEAD.pack(ITEM, size - 8, NEXT, starts[following], FLAG_AND_LOWER, starts[child]))
        pieces.append(record.body)
        if maker.icon and icons and record.file and maker.has_icon(record):
            pieces.append(icon_element(maker.icon.size, icons(record.file, maker.icon.size)))
        if len(pieces) >= CHUNK_PIECES:
            yield b"".join(pieces)
            pieces.clear()
    yield b"".join(pieces)


def encode_dicomdir(plan: Plan, volume: Volume, icons: Icons | None = None) -> bytes:
    """The DICOMDIR of `volume` in one piece."""
    return b"".join(dicomdir_chunks(plan, volume, icons))


def dicomdir_size(plan: Plan, volume: Volume) -> int:
    """Its size, known before any icon is."""
    return directory_bytes(volume, DirectoryMaker(profile(plan.profile), plan.icons, plan.descriptor))


def root_offsets(starts: list[int], last_root: int) -> bytes:
    """Offsets of the root directory entity, the consistency flag, and the head of the record sequence.

    starts  where each record begins, from the first byte of the preamble, and where the last one ends (PS3.3 F.3.2.2)
    """
    number = struct.Struct("<I").pack
    is_empty = last_root < 0
    return b"".join(
        (
            element(0x00041200, "UL", number(0 if is_empty else starts[0])),
            element(0x00041202, "UL", number(0 if is_empty else starts[last_root])),
            element(0x00041212, "US", b"\0\0"),
            struct.pack("<HH2sHI", 0x0004, 0x1220, b"SQ", 0, starts[-1] - starts[0]),
        )
    )
