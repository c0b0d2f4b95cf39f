"""PURE. How large a volume will be: the sectors of ISO 9660 with its extra trees, the clusters of a FAT folder."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from media.fileset.media import SECTOR_BYTES

PLAIN_DESCRIPTORS = 19  # system area, primary, version and terminating volume descriptor
UDF_DESCRIPTORS = 259  # up to and with the file set descriptor and its terminator; everything else follows
LARGEST_EXTENT_BYTES = 0xFFFFF800
FAT_CLUSTER_BYTES = 32768


@dataclass(frozen=True, slots=True)
class Trees:
    """The trees beside ISO 9660 on an image."""

    udf: bool = False
    joliet: bool = False


def sectors(size_bytes: int) -> int:
    """Sectors that hold so many bytes.

    >>> sectors(0), sectors(2048), sectors(2049)
    (0, 1, 2)
    """
    return -(-size_bytes // SECTOR_BYTES)


def iso_record_bytes(name: str, is_folder: bool) -> int:
    """A directory record (ECMA-119 9.1): files carry a dot and the version ";1"."""
    return even(33 + len(name) + (0 if is_folder else 2 if "." in name else 3))


def joliet_record_bytes(name: str, is_folder: bool) -> int:
    """A Joliet directory record: two bytes a character, no version."""
    return even(33 + 2 * len(name))


def udf_record_bytes(name: str) -> int:
    """A UDF File Identifier Descriptor (ECMA-167 4/14.4), padded to four bytes."""
    return (38 + 1 + len(name) + 3) // 4 * 4


def even(count: int) -> int:
    return count + (count & 1)


def packed_sectors(records: Iterable[int]) -> int:
    """Sectors of a directory whose records, after "." and "..", never cross a sector (ECMA-119 6.8.1.1)."""
    full, used = 0, 2 * 34
    for size in records:
        if used + size > SECTOR_BYTES:
            full, used = full + 1, 0
        used += size
    return full + 1


def path_table_sectors(folders: Iterable[tuple[str, ...]], character_bytes: int) -> int:
    """Both path tables: 10 bytes for the root, 8 and the name for every folder; room in steps of two sectors."""
    size = 10 + sum(even(8 + character_bytes * len(folder[-1])) for folder in folders)
    return 2 * 2 * max(1, -(-size // 4096))


def image_bytes(files: Mapping[tuple[str, ...], int], trees: Trees) -> int:
    """The size of the image that holds `files` (path -> bytes), to the sector."""
    folders = {path[:depth] for path in files for depth in range(1, len(path))}
    content: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for folder in folders:
        content[folder[:-1]].append((folder[-1], -1))
    for path, size in files.items():
        content[path[:-1]].append((path[-1], size))
    content.setdefault((), [])
    data = sum(map(sectors, files.values()))
    if trees.udf:
        start = UDF_DESCRIPTORS + len(files) + len(folders) + 1 + 1  # a file entry each and the root's; last anchor
        start += sum(sectors(40 + sum(udf_record_bytes(name) for name, _ in names)) for names in content.values())
    else:
        start = PLAIN_DESCRIPTORS + trees.joliet
    start += path_table_sectors(folders, 1)
    start += sum(packed_sectors(iso_records(names)) for names in content.values())
    if trees.joliet:
        start += path_table_sectors(folders, 2)
        start += sum(packed_sectors(joliet_records(names)) for names in content.values())
    return (start + data) * SECTOR_BYTES


def iso_records(names: list[tuple[str, int]]) -> Iterable[int]:
    """The records of one folder; a file of several extents has one for each."""
    for name, size in sorted(names):
        for _ in range(max(1, -(-size // LARGEST_EXTENT_BYTES))):
            yield iso_record_bytes(name, size < 0)


def joliet_records(names: list[tuple[str, int]]) -> Iterable[int]:
    for name, size in sorted(names):
        for _ in range(max(1, -(-size // LARGEST_EXTENT_BYTES))):
            yield joliet_record_bytes(name, size < 0)


def folder_bytes(files: Mapping[tuple[str, ...], int]) -> int:
    """The room that `files` take on FAT with clusters of 32 KiB: every file and folder whole clusters, both FATs."""
    entries: dict[tuple[str, ...], int] = defaultdict(lambda: 2)
    for path in files:
        entries[path[:-1]] += 1
    for folder in {path[:depth] for path in files for depth in range(1, len(path))}:
        entries[folder[:-1]] += 1
    clusters = sum(-(-size // FAT_CLUSTER_BYTES) for size in files.values())
    clusters += sum(-(-32 * count // FAT_CLUSTER_BYTES) for count in entries.values())
    return clusters * FAT_CLUSTER_BYTES + 2 * 4 * clusters


def zip_bytes(files: Mapping[tuple[str, ...], int]) -> int:
    """The size of a ZIP that stores `files` as they are: local and central headers of 30 and 46 bytes, ZIP64 extras."""
    return 98 + sum(size + 30 + 46 + 48 + 2 * len("/".join(path)) for path, size in files.items())


@dataclass(frozen=True, slots=True)
class Costs:
    """The most that one more file or folder adds to a volume: what splitting counts with."""

    file_overhead: int
    folder: int
    unit: int

    def file(self, size_bytes: int) -> int:
        extents = max(1, -(-size_bytes // LARGEST_EXTENT_BYTES))
        return -(-size_bytes // self.unit) * self.unit + self.file_overhead * extents


def image_costs(trees: Trees) -> Costs:
    """Bounds for an image: shares of the folder's sectors and of the path tables, a UDF file entry."""
    entry = 46 + (52 if trees.joliet else 0) + (52 + SECTOR_BYTES if trees.udf else 0)
    folder = SECTOR_BYTES * (2 + (2 if trees.joliet else 0) + (3 if trees.udf else 0)) + 128
    return Costs(entry, folder, SECTOR_BYTES)


FOLDER_COSTS = Costs(32 + 8, FAT_CLUSTER_BYTES + 32 + 8, FAT_CLUSTER_BYTES)
ZIP_COSTS = Costs(30 + 46 + 48 + 2 * 64, 0, 1)
