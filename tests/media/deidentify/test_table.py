"""No attribute of the table survives, whatever it holds and however deep it lies."""

import struct
from datetime import date
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from media.build import masking, withheld
from media.build.confidentiality import table
from media.build.deidentify import Deidentifier
from media.build.identifiers import Identifiers
from media.build.pseudonyms import Pseudonyms
from media.build.withheld import Withheld
from media.fileset.confidentiality import Mask, Option
from media.fileset.model import Reason
from samples.make import uid
from tests.media.deidentify.making import ct, traces

SECRET = "Quackenbusch"
SAMPLES = {
    "DA": "19431224", "TM": "112233", "DT": "19431224112233", "UI": "1.2.826.0.1.99.4711", "AS": "043Y",
    "DS": "4711.25", "IS": "471125", "FD": 4711.25, "FL": 4711.25, "US": 4711, "UL": 4711, "SS": 4711, "SL": 4711,
    "OB": SECRET.encode(), "OW": SECRET.encode(), "UN": SECRET.encode(), "AT": 0x00101010, "CS": "QUACKENBUSCH",
}  # fmt: skip


def _known(tag: int) -> bool:
    try:
        return dictionary_VR(tag) != "SQ"
    except KeyError:
        return False


def _group_2(tag: int) -> bool:
    return tag >> 16 in (0, 2, 4)


TAGS = sorted(tag for tag in table() if _known(tag) and not _group_2(tag))


def _element(tag: int) -> DataElement:
    vr = dictionary_VR(tag).split(" or ")[0]
    return DataElement(tag, vr, SAMPLES.get(vr, SECRET))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(TAGS), min_size=1, max_size=30, unique=True),
    st.integers(0, 4),
    st.sampled_from(["ReferencedImageSequence", "RequestAttributesSequence", "ProcedureCodeSequence"]),
    st.sets(st.sampled_from([Option.SAFE_PRIVATE, Option.DESCRIPTORS, Option.MODIFIED_DATES])),
)
def test_no_attribute_of_the_table_survives(tags: list[int], depth: int, around: str, options: set[Option]) -> None:
    whole = Dataset()
    for tag in tags:
        whole.add(_element(tag))
    for _level in range(depth):
        outer = Dataset()
        setattr(outer, around, Sequence([whole]))
        whole = outer
    whole.PatientName, whole.PatientID = SECRET, "4711"
    whole.SOPClassUID, whole.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.826.0.1.99.4711"

    Deidentifier(Pseudonyms(b"key", "4711"), frozenset(options), released=False).clean(whole, masked=False)

    out = BytesIO()
    dcmwrite(out, whole, implicit_vr=False, little_endian=True)
    secrets = (SECRET, "19431224", "1.2.826.0.1.99.4711", "4711.25", "471125")
    assert traces(out.getvalue(), secrets) == []
    assert struct.pack("<d", 4711.25) not in out.getvalue()


def test_each_attribute_by_itself() -> None:
    for tag in TAGS:
        ds = Dataset()
        ds.add(_element(tag))
        before = ds[tag].value
        Deidentifier(Pseudonyms(b"key", "4711"), frozenset(), released=False).clean(ds, masked=False)
        assert tag not in ds or ds[tag].value != before, f"{tag:08X}"


def test_dates_move_together() -> None:
    names = Pseudonyms(b"key", "1")
    assert names.shifted("20260105") != "20260105"
    first, last = (date.fromisoformat(names.shifted(day)).toordinal() for day in ("20260105", "20260109"))
    assert last - first == 4
    assert names.shifted("20260105101112.5+0100").endswith("101112.5+0100")
    assert names.shifted("5 Jan") == names.shifted("20261345") == names.shifted("20260105 Meier") == ""
    assert Pseudonyms(b"key", "2").shifted("20260105") != names.shifted("20260105")


def test_comments_of_an_encoder_are_found() -> None:
    found = Identifiers.of(ct(), frozenset())
    assert found.are_in_bytes(b"\xff\xfe\x00\x10Quackenbusch\xff\xda")
    assert not found.are_in_bytes(bytes(1000))


def test_overlays_in_the_pixels_are_cleared(tmp_path: Path) -> None:
    ds = ct()
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 12, 11, 0
    del ds[0x60003000]
    ds.add(DataElement(0x60000010, "US", 64))
    pixels = BytesIO(np.full((64, 64), 0x8123, "<u2").tobytes())
    assert masking.has_embedded_overlay(ds)
    masking.clear_unused_bits(ds, pixels)
    assert set(np.frombuffer(pixels.getvalue(), "<u2")) == {0x0123}


def test_masks_of_colour_planes_and_palettes() -> None:
    ds = Dataset()
    ds.Rows = ds.Columns = 4
    ds.SamplesPerPixel, ds.PlanarConfiguration, ds.PhotometricInterpretation = 3, 1, "YBR_FULL"
    ds.BitsAllocated, ds.BitsStored, ds.PixelRepresentation, ds.PixelData = 8, 8, 0, b""
    pixels = BytesIO(bytes([7] * 48))
    masking.hide(ds, pixels, [(1, 1, 2, 1)])
    planes = np.frombuffer(pixels.getvalue(), np.uint8).reshape(3, 4, 4)
    assert planes[:, 1, 1:3].tolist() == [[0, 0], [128, 128], [128, 128]]
    assert (planes == 7).sum() == 48 - 6


def test_masks_of_pixels_that_share_their_colour() -> None:
    """YBR_FULL_422: a pair that is touched goes as a whole, in every frame."""
    ds = Dataset()
    ds.Rows, ds.Columns, ds.NumberOfFrames = 3, 8, 2
    ds.SamplesPerPixel, ds.PlanarConfiguration, ds.PhotometricInterpretation = 3, 0, "YBR_FULL_422"
    ds.BitsAllocated, ds.BitsStored, ds.PixelRepresentation, ds.PixelData = 8, 8, 0, b""
    pixels = BytesIO(bytes([7] * 96))
    masking.hide(ds, pixels, [(3, 1, 2, 9)])  # columns 3 and 4: the pairs of 2 and 4
    pairs = np.frombuffer(pixels.getvalue(), np.uint8).reshape(2, 3, 4, 4)
    assert (pairs[:, 1:, 1:3] == [0, 0, 128, 128]).all()
    assert (pairs == 7).sum() == 96 - 2 * 2 * 2 * 4
    ds.Columns = 7
    with pytest.raises(ValueError, match="even columns"):
        masking.hide(ds, pixels, [(1, 1, 2, 1)])
    ds.PhotometricInterpretation = "YBR_PARTIAL_420"
    with pytest.raises(ValueError, match="cannot mask YBR_PARTIAL_420"):
        masking.hide(ds, pixels, [(1, 1, 2, 1)])


@pytest.mark.parametrize(
    ("syntax", "said"),
    [
        ("1.2.840.10008.1.2.4.100", "video; its pixels cannot be masked"),
        ("1.2.840.10008.1.2.4.107", "video"),
        ("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression"),
    ],
)
def test_what_no_mask_can_change_stays_out_whoever_released_it(syntax: str, said: str) -> None:
    with pytest.raises(Withheld, match=said) as out:
        withheld.check(ct(), masked=True, released=True, syntax=syntax)
    assert out.value.reason is Reason.NOT_DEIDENTIFIED
    withheld.check(ct(), masked=False, released=False, syntax=syntax)


def test_masks_are_for_their_device() -> None:
    ds = ct()
    mask = Mask(((0, 0, 1, 1),), manufacturer="phantom", model="Mark", rows=64)
    assert masking.rectangles_for(ds, [mask]) == [(0, 0, 1, 1)]
    assert masking.rectangles_for(ds, [mask._replace(columns=65)]) == []
    assert masking.rectangles_for(ds, [mask._replace(manufacturer="Other")]) == []


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("BurnedInAnnotation", "YES"), ("Modality", "US"), ("ImageType", ["DERIVED", "SECONDARY", "SCREEN SAVE"])],
)
def test_kinds_that_show_text_are_withheld(keyword: str, value: object) -> None:
    ds = ct()
    withheld.check(ds, masked=False, released=False)
    setattr(ds, keyword, value)
    with pytest.raises(Withheld) as found:
        withheld.check(ds, masked=False, released=False)
    assert found.value.reason is Reason.MAY_SHOW_TEXT
    withheld.check(ds, masked=True, released=False)
    withheld.check(ds, masked=False, released=True)


def test_a_written_file_reads_back(tmp_path: Path) -> None:
    ds = ct()
    Deidentifier(Pseudonyms(b"key", "1"), frozenset(Option) - {Option.FULL_DATES}, released=False).clean(ds, False)
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dcmwrite(tmp_path / "file", ds, enforce_file_format=False)
    assert dcmread(tmp_path / "file").SOPInstanceUID == uid("secret-a", "a", 1, 1)
