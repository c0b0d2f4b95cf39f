"""The fast path and pydicom agree on every file; nothing but a Flaw ever comes out of a hostile one."""

import struct
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.fileset.elements import items
from media.fileset.model import Reason
from media.index import slow
from media.index.flaws import Flaw, Odd
from media.index.found import Found
from media.index.memory import nothing_yet
from media.index.scan import scan
from samples.awkward import INDEX_REASONS, encoded, image
from samples.record_types import RECORDS

Result = Found | Reason


def fast(data: bytes) -> Result | str:
    """What the fast path says: an instance, a reason, or that it leaves the file."""
    try:
        return scan(BytesIO(data), len(data), nothing_yet())
    except Flaw as flaw:
        return flaw.reason
    except Odd:
        return "odd"


def by_pydicom(data: bytes) -> Result:
    try:
        return slow.read(BytesIO(data), len(data))
    except Flaw as flaw:
        return flaw.reason


def keys(found: Result | str, level: int = 3) -> dict[int, bytes]:
    assert isinstance(found, Found), found
    return dict(zip(*found.parts[level], strict=True))


def test_both_paths_agree_on_what_comes_with_pydicom(bundled: list[Path]) -> None:
    seen = 0
    for path in bundled:
        said = fast(path.read_bytes())
        if said != "odd":
            assert said == by_pydicom(path.read_bytes()), path.name
            seen += isinstance(said, Found)
    assert seen > 80


def test_both_paths_agree_on_awkward_files(awkward: dict[str, Path]) -> None:
    for name, path in awkward.items():
        if path.is_file() and path.stat().st_size:
            said = fast(path.read_bytes())
            assert said in {"odd", by_pydicom(path.read_bytes())}, name


def test_both_paths_agree_on_every_record_type(record_types: dict[str, Path]) -> None:
    for name, path in record_types.items():
        assert fast(path.read_bytes()) == by_pydicom(path.read_bytes()), name


@pytest.mark.parametrize("uid", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"])
def test_another_transfer_syntax_has_the_same_keys(uid: str) -> None:
    for make in RECORDS.values():
        ds = make()
        explicit = fast(encoded(ds))
        ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(uid)
        data = encoded(ds)
        said = fast(data)
        other = by_pydicom(data) if said == "odd" else said
        assert isinstance(explicit, Found)
        assert isinstance(other, Found)
        assert other.parts == explicit.parts


def test_values_are_those_that_pydicom_reads() -> None:
    ds = image("values")
    found = fast(encoded(ds))
    assert isinstance(found, Found)
    assert found.sop_instance_uid == ds.SOPInstanceUID
    assert keys(found, 0)[0x00100020].decode() == ds.PatientID
    assert keys(found, 1)[0x0020000D].decode() == ds.StudyInstanceUID
    assert keys(found, 2)[0x00200011].decode() == str(ds.SeriesNumber)
    assert keys(found)[0x00200032].decode().split("\\") == [str(one) for one in ds.ImagePositionPatient]
    assert struct.unpack("<H", keys(found)[0x00280010]) == (ds.Rows,)
    assert all(keys(found, level)[0x00080005] == b"ISO_IR 100" for level in range(4))


def test_absent_and_empty_are_told_apart() -> None:
    ds = image("absent")
    ds.StudyID = ""
    del ds.SeriesNumber
    assert keys(fast(encoded(ds)), 1)[0x00200010] == b""
    assert 0x00200011 not in keys(fast(encoded(ds)), 2)


def test_of_a_report_only_its_own_concept_modifiers_are_kept() -> None:
    own = keys(fast(encoded(RECORDS["SR DOCUMENT"]())))
    kept = [{tag: value for tag, _, value in item} for item in items(own[0x0040A730])]
    assert [item[0x0040A010] for item in kept] == [b"HAS CONCEPT MOD"] * 2
    assert b"English" in own[0x0040A730]
    assert b"Greek" in own[0x0040A730]
    assert b"German" not in own[0x0040A730]  # of a finding, not of the report
    assert b"Findings" not in own[0x0040A730]


def test_of_shared_functional_groups_the_geometry_is_kept() -> None:
    own = keys(fast(encoded(RECORDS["IMAGE (enhanced)"]())))
    (group,) = items(own[0x52009229])
    assert [tag for tag, _, _ in group] == [0x00081140, 0x00209113, 0x00209116, 0x00289110]
    assert b"0.5\\0.5" in own[0x52009229]
    assert b"1 " not in own[0x52009229][-4:]  # no slice thickness


def test_a_wanted_sequence_of_undefined_length_is_kept_with_defined_lengths() -> None:
    ds = RECORDS["PRESENTATION"]()
    plain = keys(fast(encoded(ds)))[0x00081115]
    ds["ReferencedSeriesSequence"].is_undefined_length = True
    for item in ds.ReferencedSeriesSequence:
        item.is_undefined_length_sequence_item = True
        item["ReferencedImageSequence"].is_undefined_length = True
    assert b"\xff\xff\xff\xff" in encoded(ds)
    assert keys(fast(encoded(ds)))[0x00081115] == plain


def private(length: int, vr: bytes = b"OB") -> bytes:
    return struct.pack("<HH2sHI", 0x0019, 0x1010, vr, 0, length) + bytes(length)


@pytest.mark.parametrize("size", [0, 1000, 3000, 3300, 3500, 4000, 20_000, 2_000_000])
def test_keys_beyond_the_first_read_are_found(size: int) -> None:
    data = encoded(image("far"))
    at = data.index(b"\x20\x00\x0d\x00UI")
    assert fast(data[:at] + private(size) + data[at:]) == fast(data)


@given(size=st.integers(0, 2100).map(lambda half: half * 2))
@settings(max_examples=200, deadline=None)
def test_it_does_not_matter_where_the_first_read_ends(size: int) -> None:
    data = encoded(RECORDS["PRESENTATION"]())
    at = data.index(b"\x08\x00\x20\x00DA")
    assert fast(data[:at] + private(size, b"UN") + data[at:]) == fast(data)


def test_a_cut_within_the_pixel_data_is_always_noticed() -> None:
    data = encoded(image("cut"))
    pixels = data.index(b"\xe0\x7f\x10\x00")
    for end in range(pixels, len(data)):
        assert fast(data[:end]) == by_pydicom(data[:end]) == Reason.TRUNCATED, end


def test_no_cut_passes_for_a_file_that_describes_pixels() -> None:
    data = encoded(image("cut"))
    named, described = data.index(b"\x08\0\x20\0DA"), data.index(b"\x28\0\x01\x01US")
    for end in range(1, len(data)):
        said = fast(data[:end])
        if isinstance(said, Found):
            assert named <= end < described, end  # whole elements, and nothing that promises more
        elif end > named:
            assert said == Reason.TRUNCATED, end


def test_zeros_behind_the_pixel_data_are_padding_and_anything_else_is_not() -> None:
    data = encoded(image("padded"))
    assert fast(data + bytes(1000)) == by_pydicom(data + bytes(1000)) == fast(data)
    assert fast(data + b"\0") == fast(data)
    assert fast(data + b"\x01\x02\x03") == Reason.TRUNCATED


def test_contradicting_uids_are_named() -> None:
    ds = image("contradiction")
    data = encoded(ds).replace(ds.SOPInstanceUID.encode(), b"1.2.3" + ds.SOPInstanceUID.encode()[5:], 1)
    with pytest.raises(Flaw, match="SOP Instance UID") as caught:
        scan(BytesIO(data), len(data), nothing_yet())
    assert caught.value.reason is Reason.BAD_KEY


@pytest.mark.parametrize("element", ["MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID", "TransferSyntaxUID"])
def test_a_uid_missing_in_the_file_meta_is_named(element: str) -> None:
    ds = image("meta")
    buffer = BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    at = buffer.getvalue().index(
        {"MediaStorageSOPClassUID": b"\2\0\2\0UI", "TransferSyntaxUID": b"\2\0\x10\0UI"}.get(element, b"\2\0\3\0UI")
    )
    data = bytearray(buffer.getvalue())
    data[at + 2] = 0x17  # becomes an element that nobody asks for
    assert fast(bytes(data)) == Reason.MISSING_KEY


@pytest.mark.parametrize("levels", [60, 64])
def test_sequences_may_be_nested_up_to_the_limit(levels: int) -> None:
    assert isinstance(fast(nested(levels)), Found)


@pytest.mark.parametrize("levels", [65, 100, 1000, 20_000])
@pytest.mark.parametrize("defined", [True, False])
def test_deeper_sequences_are_refused(levels: int, defined: bool) -> None:
    if levels < 20_000 or not defined:
        assert fast(nested(levels, defined)) == Reason.TOO_DEEP
        assert by_pydicom(nested(levels, defined)) == Reason.TOO_DEEP


def nested(levels: int, defined: bool = False) -> bytes:
    """An image with a private sequence `levels` deep."""
    data = encoded(image("nested"))
    at = data.index(b"\xe0\x7f\x10\x00")
    if not defined:
        begin = b"\x21\x00\x10\x10SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
        end = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
        return data[:at] + begin * levels + end * levels + data[at:]
    element = b""
    for _ in range(levels):
        item = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(element)) + element
        element = b"\x21\x00\x10\x10SQ\0\0" + struct.pack("<I", len(item)) + item
    return data[:at] + element + data[at:]


SEEDS = [encoded(make()) for make in (*RECORDS.values(), lambda: image("seed"))]


@given(seed=st.sampled_from(SEEDS), changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8))
@settings(max_examples=400, deadline=None)
def test_damage_ends_as_an_instance_or_a_flaw(seed: bytes, changes: list[tuple[float, int]]) -> None:
    data = bytearray(seed)
    for where, value in changes:
        data[132 + int(where * (len(data) - 133))] = value
    said = fast(bytes(data))
    assert isinstance(said, Found | Reason) or said == "odd"
    assert isinstance(by_pydicom(bytes(data)), Found | Reason)


def test_the_reasons_of_single_awkward_files(awkward: dict[str, Path]) -> None:
    alone = {"truncated", "too-deep", "bomb", "no-file-meta", "not-dicom", "dicomdir"}
    for name, reason in INDEX_REASONS.items():
        if reason in alone and "!" not in name:
            assert by_pydicom(awkward[name].read_bytes()) == reason, name
