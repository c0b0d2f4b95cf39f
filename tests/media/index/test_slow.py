"""What only pydicom reads, and what it may cost."""

import struct
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRBigEndian

from media.fileset.model import Reason
from media.index import slow
from media.index.flaws import Flaw
from media.index.found import Found
from media.index.index import scanned
from media.index.memory import nothing_yet
from media.index.window import LARGEST_VALUE_BYTES
from samples.awkward import encoded, image
from samples.record_types import RECORDS


def said(data: bytes) -> Found | Reason:
    try:
        return scanned(BytesIO(data), len(data), nothing_yet())
    except Flaw as flaw:
        return flaw.reason


def big_endian() -> bytes:
    ds = image("big")
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    return encoded(ds)


def test_numbers_of_big_endian_files_are_kept_little_endian() -> None:
    found = said(big_endian())
    assert isinstance(found, Found)
    assert dict(zip(*found.parts[3], strict=True))[0x00280010] == struct.pack("<H", 16)


def test_cuts_of_a_big_endian_file_are_noticed() -> None:
    data = big_endian()
    for end in range(data.index(b"\x7f\xe0\x00\x10"), len(data)):
        assert said(data[:end]) == Reason.TRUNCATED, end


def test_a_file_in_another_encoding_than_it_says_is_unreadable() -> None:
    name = get_testdata_file("SC_rgb_jpeg.dcm", download=False)
    assert said(Path(str(name)).read_bytes()) == Reason.UNREADABLE


def test_a_number_with_the_vr_of_another_is_kept_with_its_own() -> None:
    data = encoded(image("vr"))
    short, long = b"\x28\0\x10\0US\2\0\x10\0", b"\x28\0\x10\0UL\4\0\x10\0\0\0"
    assert short in data
    assert said(data.replace(short, long)) == said(data)


def test_a_number_too_large_for_its_vr_is_unreadable() -> None:
    data = encoded(image("vr"))
    assert said(data.replace(b"\x28\0\x10\0US\2\0\x10\0", b"\x28\0\x10\0UL\4\0\0\0\1\0")) == Reason.UNREADABLE


def test_a_number_of_an_odd_length_is_unreadable() -> None:
    data = encoded(image("vr"))
    assert said(data.replace(b"\x28\0\x10\0US\2\0\x10\0", b"\x28\0\x10\0US\3\0\x10\0\0")) == Reason.UNREADABLE


def test_a_header_larger_than_the_limit_is_not_read() -> None:
    data = big_endian()
    at = data.index(b"\x7f\xe0\x00\x10")
    private = b"\0\x19\x10\x10OB\0\0" + struct.pack(">I", LARGEST_VALUE_BYTES) + bytes(LARGEST_VALUE_BYTES)
    assert said(data[:at] + private + data[at:]) == Reason.BOMB


def test_a_large_header_of_the_fast_path_is_only_passed_over() -> None:
    data = encoded(image("large"))
    at = data.index(b"\x20\x00\x0d\x00UI")
    private = b"\x19\0\x10\x10OB\0\0" + struct.pack("<I", LARGEST_VALUE_BYTES * 2)
    assert said(data[:at] + private + bytes(LARGEST_VALUE_BYTES * 2) + data[at:]) == said(data)


@pytest.mark.parametrize("levels", [64, 65, 300])
def test_the_depth_limit_is_the_same_for_big_endian(levels: int) -> None:
    data = big_endian()
    at = data.index(b"\x7f\xe0\x00\x10")
    begin = b"\0\x21\x10\x10SQ\0\0\xff\xff\xff\xff\xff\xfe\xe0\x00\xff\xff\xff\xff"
    end = b"\xff\xfe\xe0\x0d\0\0\0\0\xff\xfe\xe0\xdd\0\0\0\0"
    found = said(data[:at] + begin * levels + end * levels + data[at:])
    assert found == Reason.TOO_DEEP if levels > 64 else isinstance(found, Found)


def test_every_record_type_is_read_alone() -> None:
    for name, make in RECORDS.items():
        data = encoded(make())
        assert isinstance(slow.read(BytesIO(data), len(data)), Found), name
