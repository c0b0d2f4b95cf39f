"""Verification of an image: by itself, against its plan, and against the report of its making."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from media.errors import Unreadable
from media.fileset.model import Plan, PlannedFile, Volume
from media.verify import dicomdir, iso9660, udf
from media.verify.findings import Kind, Region, Verification
from media.verify.image import SECTOR, Image, hash_regions, region_map

Progress = Callable[[str, int, int], None]
CHECKSUM = "/CHECKSUM.TXT"
CHECKSUM_LINE = re.compile(r"([0-9a-f]{64}) [ *](\S+)")
LEVEL_1 = re.compile(r"(/[A-Z0-9_]{1,8})+(\.[A-Z0-9_]{1,3})?")
HEAD_BYTES = 16 << 10
ENVELOPED = bytes.fromhex("06092a864886f70d010703")  # the object identifier of CMS EnvelopedData


class Bytes(Protocol):
    """An image, or what an encrypted one holds, as bytes."""

    @property
    def size(self) -> int: ...

    def read(self, offset: int, length: int) -> bytes: ...

    def sha256(self, offset: int, length: int) -> str: ...


@dataclass(slots=True)
class _Disc:
    """What the readers found."""

    files: dict[str, iso9660.Entry]
    volume_id: str | None  # None: nothing outside says it
    directory: dicomdir.Directory | None = None


def verify_image(
    path: Path,
    *,
    plan: Plan | None = None,
    volume: Volume | None = None,
    hashes: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Reopen a finished image and check all that it proves of itself; with `volume` also that it is what was planned.

    hashes  SHA-256 by absolute path ("/DICOM/…"), as the image step computed them from the sources
    Raises Unreadable when the file is no ISO 9660 image at all."""
    out = Verification()
    with Image(path) as image:
        disc, regions = _trees(image, out)
        _directory(image, disc, volume, out)
        leaves = disc.directory.leaves if disc.directory else []
        instances = {f"file {record.path}" for record in leaves}
        out.regions = hash_regions(image, region_map(image.size, regions), progress, instances)
        for region in out.regions:
            if region.name.startswith("padding") and not image.is_zero(region.offset, region.length):
                out.add(Kind.UNEXPECTED, region.name, "bytes that belong to nothing are not zero")
        found = _file_hashes(image, disc, out.regions)
        _checksums(image, disc, found, out)
        for name, digest in (hashes or {}).items():
            if name not in found:
                out.add(Kind.MISSING, name, "was written and is not on the image")
            elif found[name] != digest:
                out.add(Kind.DIFFERENT, name, "its bytes are not those that were written")
        if volume is not None:
            _planned(disc, volume, plan, out)
    return out


def verify_file_set(inside: Bytes, files: Mapping[str, tuple[int, int]], out: Verification) -> None:
    """Check a File-set that lies in the clear nowhere: `files` are offset and length by absolute path ("/DICOMDIR")."""
    entries = {
        path: iso9660.Entry(path, False, [(offset // SECTOR, length)]) for path, (offset, length) in files.items()
    }
    disc = _Disc(entries, None)
    _directory(inside, disc, None, out)
    if CHECKSUM in entries:
        _checksums(inside, disc, _file_hashes(inside, disc, []), out)


def verify_regions(path: Path, regions: Iterable[Region], progress: Progress | None = None) -> Verification:
    """Hash every region that the report of the image's making names; each that differs is a finding."""
    out = Verification()
    expected = list(regions)
    with Image(path) as image:
        size = max((region.offset + region.length for region in expected), default=0)
        if image.size != size:
            out.add(Kind.DIFFERENT, "image", f"has {image.size} bytes; the report says {size}")
        inside = [region for region in expected if region.offset + region.length <= image.size]
        for region in expected[len(inside) :]:
            out.add(Kind.MISSING, region.name, f"bytes {region.offset} to {region.offset + region.length - 1}")
        out.regions = hash_regions(image, inside, progress)
        for was, now in zip(inside, out.regions, strict=True):
            if was.sha256 != now.sha256:
                at = f"bytes {was.offset} to {was.offset + was.length - 1}"
                out.add(Kind.DIFFERENT, was.name, f"{at} are not what they were when the image was made")
    return out


def _trees(image: Image, out: Verification) -> tuple[_Disc, list[Region]]:
    """Read the ISO 9660, Joliet and UDF trees and hold them against each other."""
    reader = iso9660.Reader(image, out)
    trees = reader.read()
    main = next(tree for tree in trees if tree.name == "ISO 9660")
    regions = list(reader.regions)
    after = max(r.offset + r.length for r in regions if "descriptor" in r.name) // SECTOR
    bridge = udf.Reader(image, out)
    tree = bridge.read(after)
    regions += bridge.regions
    if tree:
        trees.append(tree)
    for entry in main.entries.values():
        if not LEVEL_1.fullmatch(entry.path) and entry.path != "/":
            out.add(Kind.DIFFERENT, entry.path, "no ISO 9660 level 1 name")
    files = {entry.path: entry for entry in main.entries.values() if not entry.is_directory}
    for other in trees:
        if other is not main:
            _same_tree(main, other, out)
    for entry in files.values():
        length = sum(size for _, size in entry.extents)
        if entry.extents and entry.extents[0][1]:
            regions.append(Region(f"file {entry.path}", entry.extents[0][0] * SECTOR, length))
    out.files = len(files)
    return _Disc(files, main.volume_id), regions


def _same_tree(main: iso9660.Tree, other: iso9660.Tree, out: Verification) -> None:
    mine = {entry.path: entry for entry in main.entries.values() if not entry.is_directory}
    theirs = {entry.path: entry for entry in other.entries.values() if not entry.is_directory}
    for path in mine.keys() - theirs.keys():
        out.add(Kind.MISSING, path, f"is in the ISO 9660 tree and not in the {other.name} tree")
    for path in theirs.keys() - mine.keys():
        out.add(Kind.UNEXPECTED, path, f"is in the {other.name} tree and not in the ISO 9660 tree")
    for path in mine.keys() & theirs.keys():
        if mine[path].size != theirs[path].size or (
            mine[path].size and mine[path].extents[0][0] != theirs[path].extents[0][0]
        ):
            out.add(Kind.DIFFERENT, path, f"the ISO 9660 and the {other.name} tree name different bytes")
    folders = {entry.path for entry in main.entries.values() if entry.is_directory}
    lost = folders ^ {entry.path for entry in other.entries.values() if entry.is_directory}
    for path in sorted(lost):
        out.add(Kind.DIFFERENT, path, f"is a directory in one of the trees ISO 9660 and {other.name} only")


def _bytes(image: Bytes, entry: iso9660.Entry, limit: int | None = None) -> bytes:
    size = entry.size if limit is None else min(limit, entry.size)
    return image.read(entry.extents[0][0] * SECTOR, size) if size else b""


def _is_encrypted(image: Bytes, disc: _Disc) -> bool:
    """Whether the File-set is in an encrypted ZIP, or the DICOMDIR a Secure DICOM File (PS3.15 D.1)."""
    entry = disc.files.get("/DICOMDIR")
    return ENVELOPED in _bytes(image, entry, 64) if entry else "/DISC.ZIP" in disc.files


def _directory(image: Bytes, disc: _Disc, volume: Volume | None, out: Verification) -> None:
    """The DICOMDIR and each file it names, and each DICOM file that it does not name."""
    entry = disc.files.get("/DICOMDIR")
    if volume is None and _is_encrypted(image, disc):
        out.notes.append("encrypted: what it holds is seen with its password or certificate only")
        return
    if entry is None:
        out.add(Kind.MISSING, "/DICOMDIR", "the image holds no DICOM File-set")
        return
    try:
        directory = disc.directory = dicomdir.parse(_bytes(image, entry), out)
    except Unreadable as error:
        out.add(Kind.DIFFERENT, "/DICOMDIR", error.what)
        return
    dicomdir.walk(directory, out)
    if disc.volume_id is not None and directory.file_set_id != disc.volume_id:
        out.add(
            Kind.DIFFERENT,
            "primary volume descriptor",
            f"Volume Identifier {disc.volume_id!r} is not the File-set ID {directory.file_set_id!r}",
        )
    planned = {"/" + "/".join(f.file_id): f for f in volume.files} if volume else {}
    named: set[str] = set()
    above_done: set[int] = set()
    for record in directory.leaves:
        if record.path in named:
            out.add(Kind.DIFFERENT, str(record), f"{record.path} is named by another record too")
        named.add(record.path)
        _leaf(image, disc, record, planned.get(record.path), volume is not None, above_done, out)
    out.instances = len(named)
    for path, file in disc.files.items():
        if path not in named and path != "/DICOMDIR" and _bytes(image, file, 132)[128:] == b"DICM":
            out.add(Kind.UNEXPECTED, path, "a DICOM file that the DICOMDIR does not name")


def _leaf(
    image: Bytes,
    disc: _Disc,
    record: dicomdir.DirectoryRecord,
    planned: PlannedFile | None,
    has_plan: bool,
    above_done: set[int],
    out: Verification,
) -> None:
    entry = disc.files.get(record.path)
    if entry is None:
        out.add(Kind.MISSING, record.path, f"is named by {record} and not on the image")
        return
    try:
        head = _head(image, entry, record.path)
    except Unreadable as error:
        out.add(Kind.DIFFERENT, record.path, error.what)
        return
    derived = (planned.derived if planned else ()) if has_plan else None
    dicomdir.compare(record, head, derived, out)
    above = record.parent
    while above is not None:
        if above.offset not in above_done:
            above_done.add(above.offset)
            dicomdir.compare_upper(above, record, head, derived, out)
        above = above.parent


def _head(image: Bytes, entry: iso9660.Entry, path: str) -> dicomdir.Head:
    length = HEAD_BYTES
    while True:
        data = _bytes(image, entry, length)
        head = dicomdir.read_head(data, len(data) == entry.size, path)
        if head is not None:
            return head
        length *= 8


def _file_hashes(image: Bytes, disc: _Disc, regions: list[Region]) -> dict[str, str]:
    """SHA-256 of every file; out of the regions where the file is one, else read again."""
    by_place = {(region.offset, region.length): region.sha256 for region in regions}
    hashes = {}
    for path, entry in disc.files.items():
        offset = entry.extents[0][0] * SECTOR
        if offset + entry.size > image.size:
            continue
        place = (offset, entry.size)
        hashes[path] = by_place.get(place) or image.sha256(*place)
    return hashes


def _checksums(image: Bytes, disc: _Disc, found: Mapping[str, str], out: Verification) -> None:
    """CHECKSUM.TXT names each file but itself, with the hash it has."""
    entry = disc.files.get(CHECKSUM)
    if entry is None:
        out.notes.append("no CHECKSUM.TXT: the image does not prove the bytes of its files")
        return
    listed: dict[str, str] = {}
    content = _bytes(image, entry).decode("latin-1")
    if not content.endswith("\n"):
        out.add(Kind.DIFFERENT, CHECKSUM, "does not end with its last line's end")
    for number, line in enumerate(content.split("\n")[:-1], 1):
        match = CHECKSUM_LINE.fullmatch(line.removesuffix("\r"))
        if match is None:
            out.add(Kind.DIFFERENT, CHECKSUM, f"line {number} is not a SHA-256 and a name")
            continue
        name = "/" + match[2].removeprefix("./")
        if name in listed:
            out.add(Kind.DIFFERENT, CHECKSUM, f"line {number} names {name} again")
        listed[name] = match[1]
    for name, digest in listed.items():
        if name not in disc.files:
            out.add(Kind.MISSING, name, "is named by CHECKSUM.TXT and not on the image")
        elif found.get(name) != digest:
            out.add(Kind.DIFFERENT, name, "its bytes are not those that CHECKSUM.TXT names")
    for name in disc.files.keys() - listed.keys() - {CHECKSUM}:
        out.add(Kind.UNEXPECTED, name, "is not in CHECKSUM.TXT")


def _planned(disc: _Disc, volume: Volume, plan: Plan | None, out: Verification) -> None:
    """N planned = N on the image: each file, its UIDs, and nothing more."""
    directory = disc.directory
    if directory is None:
        return
    if directory.file_set_uid != volume.file_set_uid:
        out.add(Kind.DIFFERENT, "/DICOMDIR", f"File-set UID {directory.file_set_uid}; planned {volume.file_set_uid}")
    if directory.file_set_id != volume.file_set_id:
        out.add(Kind.DIFFERENT, "/DICOMDIR", f"File-set ID {directory.file_set_id!r}; planned {volume.file_set_id!r}")
    if plan is not None and volume not in plan.volumes:
        out.add(Kind.UNEXPECTED, "image", f"volume {volume.number} is not in the plan")
    records = {record.path: record for record in directory.leaves}
    for file in volume.files:
        path = "/" + "/".join(file.file_id)
        record = records.pop(path, None)
        if record is None:
            out.add(Kind.MISSING, path, f"planned from {file.instance.source.name} and not on the DICOMDIR")
        elif (record.sop_instance_uid, record.transfer_syntax_uid) != (
            file.instance.sop_instance_uid,
            file.transfer_syntax_uid,
        ):
            out.add(Kind.DIFFERENT, path, "another instance or transfer syntax than planned")
    for path in records:
        out.add(Kind.UNEXPECTED, path, "is on the DICOMDIR and was not planned")
