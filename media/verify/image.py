"""A disc image as bytes: bounded reads, and the map of what lies where."""

import hashlib
import os
from collections.abc import Callable, Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from media.errors import Unreadable
from media.verify.findings import Region

SECTOR = 2048
CHUNK = 1 << 20
RUN_REGIONS = 32  # hashed by one thread at a time


class Image:
    """An image file opened for reading; nothing beyond its end is ever given."""

    def __init__(self, path: Path) -> None:
        """Raises Unreadable."""
        self.path = path
        try:
            self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise Unreadable(str(path), f"cannot be opened: {error.strerror}") from error
        self.size = os.fstat(self.fd).st_size
        self.sectors = self.size // SECTOR

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self.fd)

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes. Raises Unreadable when the image ends before."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise Unreadable(str(self.path), f"ends at byte {self.size}; {length} bytes at {offset} are beyond")
        parts = []
        while length:
            part = os.pread(self.fd, length, offset)
            if not part:
                raise Unreadable(str(self.path), f"no data at byte {offset}")
            parts.append(part)
            offset, length = offset + len(part), length - len(part)
        return b"".join(parts) if len(parts) != 1 else parts[0]

    def sector(self, number: int, count: int = 1) -> bytes:
        return self.read(number * SECTOR, count * SECTOR)

    def sha256(self, offset: int, length: int) -> str:
        """Hash of a run of bytes, read in pieces."""
        digest = hashlib.sha256()
        end = offset + length
        while offset < end:
            part = self.read(offset, min(CHUNK, end - offset))
            digest.update(part)
            offset += len(part)
        return digest.hexdigest()

    def is_zero(self, offset: int, length: int) -> bool:
        end = offset + length
        while offset < end:
            part = self.read(offset, min(CHUNK, end - offset))
            if part.count(0) != len(part):
                return False
            offset += len(part)
        return True


def region_map(size: int, claimed: Iterable[Region]) -> list[Region]:
    """All bytes of an image as regions in order; what nothing claims is padding, named by what is before it.

    A claim inside one that lies before it (a second name for the same bytes) is left out.

    >>> [(r.name, r.offset, r.length) for r in region_map(10, [Region("b", 4, 2), Region("a", 0, 3)])]
    [('a', 0, 3), ('padding after a', 3, 1), ('b', 4, 2), ('padding after b', 6, 4)]
    """
    regions: list[Region] = []
    at, before = 0, "start"
    for region in sorted(claimed, key=lambda r: (r.offset, -r.length)):
        if region.length == 0 or region.offset + region.length <= at or region.offset >= size:
            continue
        if region.offset > at:
            regions.append(Region(f"padding after {before}", at, region.offset - at))
            at = region.offset
        end = min(region.offset + region.length, size)
        regions.append(Region(region.name, at, end - at))
        at, before = end, region.name
    if at < size:
        regions.append(Region(f"padding after {before}", at, size - at))
    return regions


def hash_regions(
    image: Image,
    regions: list[Region],
    progress: Callable[[str, int, int], None] | None = None,
    instances: Container[str] = (),
) -> list[Region]:
    """The regions with their hashes, read once in order by two threads (hashing lets the interpreter go).

    instances  names of regions that are DICOM instances, which `progress` counts beside the bytes
    """

    def hashed(batch: list[Region]) -> list[Region]:
        return [Region(r.name, r.offset, r.length, image.sha256(r.offset, r.length)) for r in batch]

    done: list[Region] = []
    counted, total = 0, sum(region.name in instances for region in regions)
    runs = [regions[at : at + RUN_REGIONS] for at in range(0, len(regions), RUN_REGIONS)]
    with ThreadPoolExecutor(2) as threads:
        for run in threads.map(hashed, runs):
            done += run
            if progress:
                progress("bytes", done[-1].offset + done[-1].length, image.size)
                counted += sum(region.name in instances for region in run)
                progress("instances", counted, total)
    return done
