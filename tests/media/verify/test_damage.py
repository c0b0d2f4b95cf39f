"""A byte flipped anywhere is found and named: with the report always, without it wherever the image proves itself."""

import hashlib
import random
import shutil
from pathlib import Path

import pytest

from media.errors import Unreadable
from media.verify import verify_image, verify_regions
from tests.media.verify.conftest import Built


class Scratch:
    """A copy of an image that is damaged and mended again."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.path = folder / image.name
        shutil.copyfile(image, self.path)
        self.data = self.path.read_bytes()

    def flip(self, offset: int, bit: int) -> None:
        self._write(offset, bytes([self.data[offset] ^ 1 << bit]))

    def put(self, offset: int, value: bytes) -> None:
        self._write(offset, value)

    def mend(self, offset: int, length: int = 1) -> None:
        self._write(offset, self.data[offset : offset + length])

    def _write(self, offset: int, value: bytes) -> None:
        with self.path.open("r+b") as file:
            file.seek(offset)
            file.write(value)


@pytest.fixture
def scratch(volume, tmp_path) -> Scratch:
    return Scratch(volume.image, tmp_path)


def findings(image: Path) -> list[str]:
    try:
        return [str(finding) for finding in verify_image(image).findings]
    except Unreadable as error:
        return [str(error)]


def chosen(volume: Built, a_region: int) -> list[tuple[str, int, int]]:
    """Some bytes and bits of every region, the same ones each time."""
    chance = random.Random(volume.image.stat().st_size)
    return [
        (region.name, region.offset + at, chance.randrange(8))
        for region in volume.regions
        for at in sorted(chance.sample(range(region.length), min(a_region, region.length)))
    ]


def test_an_undamaged_image_has_no_finding(volume):
    assert findings(volume.image) == []
    assert verify_regions(volume.image, volume.regions).findings == []


def test_the_regions_are_the_whole_image(volume):
    at = 0
    for region in volume.regions:
        assert region.offset == at
        at += region.length
    assert at == volume.image.stat().st_size


def test_with_the_report_every_flip_is_found_and_named(volume, scratch):
    for name, offset, bit in chosen(volume, 2):
        scratch.flip(offset, bit)
        found = verify_regions(scratch.path, volume.regions).findings
        scratch.mend(offset)
        assert [finding.where for finding in found] == [name], f"byte {offset}"


def test_without_the_report_the_image_proves_structures_index_and_files(volume, scratch):
    flips = chosen(volume, 6)
    missed = []
    for name, offset, bit in flips:
        scratch.flip(offset, bit)
        if not findings(scratch.path):
            missed.append((name, offset, bit))
        scratch.mend(offset)
    # Recording dates and a text of one character in an empty field are as good as others; nothing contradicts them.
    excused = [one for one in missed if "directory" in one[0] or "volume descriptor" in one[0]]
    assert missed == excused
    assert len(missed) <= len(flips) * 0.02


def test_a_cut_image_is_found(volume, scratch):
    whole = len(scratch.data)
    for length in (0, 2047, 17 * 2048, whole // 2, whole - 2048):
        scratch.path.write_bytes(scratch.data[:length])
        assert findings(scratch.path), f"cut to {length} bytes"
        assert verify_regions(scratch.path, volume.regions).findings


def test_a_file_that_another_swapped_with_is_found(cd, tmp_path):
    scratch = Scratch(cd.image, tmp_path)
    files = [r for r in cd.regions if (r.name.startswith("file /DICOM/") and r.length == 4880) or "IM00000" in r.name]
    one, other = next((a, b) for a in files for b in files if a.offset < b.offset and a.length == b.length)
    mine, theirs = (scratch.data[r.offset : r.offset + r.length] for r in (one, other))
    scratch.put(one.offset, theirs)
    scratch.put(other.offset, mine)
    assert any("SOP Instance UID" in finding for finding in findings(scratch.path))


def test_a_record_offset_that_leads_astray_is_found(cd, tmp_path):
    """Even when CHECKSUM.TXT was made anew: the index itself is wrong."""
    scratch = Scratch(cd.image, tmp_path)
    region = next(r for r in cd.regions if r.name == "file /DICOMDIR")
    dicomdir = bytearray(scratch.data[region.offset : region.offset + region.length])
    at = dicomdir.index(b"\x04\x00\x20\x14UL\x04\x00") + 8
    dicomdir[at] += 2
    scratch.put(region.offset, bytes(dicomdir))
    checksum = next(r for r in cd.regions if r.name == "file /CHECKSUM.TXT")
    text = scratch.data[checksum.offset : checksum.offset + checksum.length]
    before = hashlib.sha256(scratch.data[region.offset : region.offset + region.length]).hexdigest()
    after = hashlib.sha256(dicomdir).hexdigest()
    scratch.put(checksum.offset, text.replace(before.encode(), after.encode()))
    assert any("does not point to a record" in finding for finding in findings(scratch.path))


@pytest.mark.parametrize("content", [b"", b"\0" * 2048, b"PK\x03\x04" * 9000, b"\xff" * 40000])
def test_what_is_no_image_is_refused_in_words(tmp_path, content):
    image = tmp_path / "x.iso"
    image.write_bytes(content)
    with pytest.raises(Unreadable, match=r"x\.iso"):
        verify_image(image)


def test_random_damage_never_breaks_the_reader(dvd, tmp_path):
    scratch = Scratch(dvd.image, tmp_path)
    structures = [r for r in dvd.regions if not r.name.startswith(("padding", "system"))]
    chance = random.Random(7)
    for _ in range(300):
        region = chance.choice(structures)
        length = min(region.length, chance.choice((1, 4, 16, 64)))
        offset = region.offset + chance.randrange(region.length - length + 1)
        scratch.put(offset, chance.randbytes(length))
        findings(scratch.path)
        scratch.mend(offset, length)
