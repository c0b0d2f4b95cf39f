"""PURE. How large a volume will be: the sectors of ISO 9660 with its extra trees, the clusters of a FAT folder."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from media.fileset.media import SECTOR_BYTES

PLAIN_DESCRIPTORS = 19  # system area, primary, version and terminating volume descriptor
UDF_DESCRIPTORS = 259  # up to and with the file set descriptor and its terminator; everything else follows
LARGEST_EXTENT_BYTES = 0xFFFFF800
FAT_CLUSTER_BYTES = 32768


class Trees(NamedTuple):
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


def packed_sectors(records: Counter[int], ordered: Callable[[], Iterable[int]]) -> int:
    """Sectors of a directory whose records, after "." and "..", never cross a sector (ECMA-119 6.8.1.1).

    records  how many there are of each length
    ordered  their lengths in the order of the names, asked for where lengths differ
    """
    used = 2 * 34
    if len(records) == 1:
        ((size, count),) = records.items()
        first = (SECTOR_BYTES - used) // size
        return 1 if count <= first else 1 - (first - count) // (SECTOR_BYTES // size)
    full = 0
    for size in ordered():
        if used + size > SECTOR_BYTES:
            full, used = full + 1, 0
        used += size
    return full + 1


def path_table_sectors(names: Counter[int], character_bytes: int) -> int:
    """Both path tables: 10 bytes for the root, 8 and the name for every folder; room in steps of two sectors.

    names  how many folders there are with names of each length
    """
    size = 10 + sum(count * even(8 + character_bytes * length) for length, count in names.items())
    return 2 * 2 * max(1, -(-size // 4096))


class Folder:
    """What a folder holds: names with the directory records each needs, of a folder 0."""

    __slots__ = ("names",)

    def __init__(self) -> None:
        self.names: list[tuple[str, int]] = []

    def sectors(self, record_bytes: Callable[[str, bool], int]) -> int:
        """Sectors of its directory; a file of several extents has a record for each."""
        if len(self.names) == 1 and self.names[0][1] <= 1:
            return 1
        lengths: dict[tuple[int, bool], int] = {}
        records: Counter[int] = Counter()
        for name, extents in self.names:
            kind = (len(name), not extents) if "." not in name else (-len(name), not extents)
            if kind not in lengths:
                lengths[kind] = record_bytes(name, not extents)
            records[lengths[kind]] += extents or 1
        return packed_sectors(records, lambda: self.ordered(record_bytes))

    def ordered(self, record_bytes: Callable[[str, bool], int]) -> Iterable[int]:
        for name, extents in sorted(self.names):
            yield from [record_bytes(name, not extents)] * (extents or 1)


def folders_of(files: Mapping[tuple[str, ...], int]) -> dict[tuple[str, ...], Folder]:
    """Every folder, the root included, with what it holds."""
    folders: dict[tuple[str, ...], Folder] = {(): Folder()}

    def opened(path: tuple[str, ...]) -> Folder:
        found = folders.get(path)
        if found is None:
            found = folders[path] = Folder()
            opened(path[:-1]).names.append((path[-1], 0))
        return found

    for path, size in files.items():
        extents = 1 if size <= LARGEST_EXTENT_BYTES else -(-size // LARGEST_EXTENT_BYTES)
        opened(path[:-1]).names.append((path[-1], extents))
    return folders


def image_bytes(files: Mapping[tuple[str, ...], int], trees: Trees) -> int:
    """The size of the image that holds `files` (path -> bytes), to the sector."""
    folders = folders_of(files)
    lengths = Counter(len(path[-1]) for path in folders if path)
    count = sum(map(sectors, files.values())) + path_table_sectors(lengths, 1)
    count += sum(folder.sectors(iso_record_bytes) for folder in folders.values())
    if trees.udf:
        count += UDF_DESCRIPTORS + len(files) + len(folders) + 1  # a file entry each; the last anchor
        for folder in folders.values():
            count += sectors(40 + sum(udf_record_bytes(name) for name, _ in folder.names))
    else:
        count += PLAIN_DESCRIPTORS + trees.joliet
    if trees.joliet:
        count += path_table_sectors(lengths, 2)
        count += sum(folder.sectors(joliet_record_bytes) for folder in folders.values())
    return count * SECTOR_BYTES


def folder_bytes(files: Mapping[tuple[str, ...], int]) -> int:
    """The room that `files` take on FAT with clusters of 32 KiB: every file and folder whole clusters, both FATs."""
    clusters = sum(-(-size // FAT_CLUSTER_BYTES) for size in files.values())
    clusters += sum(-(-32 * (2 + len(folder.names)) // FAT_CLUSTER_BYTES) for folder in folders_of(files).values())
    return clusters * FAT_CLUSTER_BYTES + 2 * 4 * clusters


def zip_bytes(files: Mapping[tuple[str, ...], int]) -> int:
    """The size of a ZIP that stores `files` as they are: local and central headers of 30 and 46 bytes, ZIP64 extras."""
    return 98 + sum(size + 30 + 46 + 48 + 2 * len("/".join(path)) for path, size in files.items())


class Costs(NamedTuple):
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
