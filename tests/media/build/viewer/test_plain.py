"""Images read without pydicom give what pydicom gives: texts, facts, windows, picture and values, byte for byte."""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom import data as pydicom_data
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from media.build.viewer import plain
from media.build.viewer.bundle import Blobs
from media.build.viewer.child import plain_head
from media.build.viewer.instance import head_of
from samples.make import ct_image, instance, put_pixels

TEST_FILES = Path(pydicom_data.__file__).parent / "test_files"


def written(image: Dataset, folder: Path) -> Path:
    path = folder / "image.dcm"
    image.save_as(path, enforce_file_format=True)
    return path


def same(path: Path) -> bool:
    """Whether it was read without pydicom; then it has to be what pydicom gives."""
    mine, theirs = Blobs(), Blobs()
    found = plain_head(path, mine, packs=True)
    if found is None:
        return False
    assert found == head_of(path, theirs, packs=True)
    assert mine.parts == theirs.parts
    return True


def test_files_of_pydicom() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = [path for path in TEST_FILES.glob("*.dcm") if same(path)]
    assert {"CT_small.dcm", "MR_small.dcm", "MR_small_implicit.dcm"} <= {path.name for path in read}


def odd_ct(**values: object) -> Dataset:
    image = ct_image(3, 20, 32)
    for keyword, value in values.items():
        setattr(image, keyword, value)
    return image


def mr_signed() -> Dataset:
    image = instance("1.2.840.10008.5.1.4.1.1.4", "MR", "Signed", "mr", 3, 1)
    image.PixelSpacing, image.ImageOrientationPatient = ["2", "1"], ["0", "1", "0", "0", "0", "-1"]
    return put_pixels(image, (np.add.outer(np.arange(16), np.arange(24)) * 90 - 700).astype(np.int16), 12)


def plain_images() -> Iterator[Dataset]:
    yield ct_image(3, 20, 32)
    yield put_pixels(odd_ct(), np.arange(1024, dtype=np.uint16).reshape(32, 32), 10, "MONOCHROME1")
    yield mr_signed()
    yield odd_ct(WindowCenter=["40", "-600"], WindowWidth=["400", "1500"], WindowCenterWidthExplanation="A\\B")
    yield odd_ct(PatientName="M\u00fcller^J\u00f6rg", SpecificCharacterSet="ISO_IR 100", VOILUTFunction="SIGMOID")
    yield odd_ct(PatientName="Wang^XiaoDong=\u738b^\u5c0f\u4e1c", SpecificCharacterSet="ISO_IR 192")
    yield odd_ct(InstanceNumber="", WindowCenter=None, WindowWidth=None, PixelPaddingValue=0, RescaleSlope="1.5E1")
    yield odd_ct(PatientOrientation=["A", "FL"], ImageOrientationPatient=None, ImagerPixelSpacing=["0.1", "0.2"])
    nested = odd_ct()
    nested.ReferencedImageSequence = [Dataset()]
    nested["ReferencedImageSequence"].is_undefined_length = True
    nested.ReferencedImageSequence[0].ReferencedSOPInstanceUID = "1.2"
    nested.ReferencedImageSequence[0].is_undefined_length_sequence_item = True
    yield nested


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("number", range(9))
def test_plain_images(number: int, implicit: bool, tmp_path: Path) -> None:
    image = list(plain_images())[number]
    if implicit:
        image.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    assert same(written(image, tmp_path))


def with_overlay() -> Dataset:
    image = odd_ct()
    image.add_new(0x60000010, "US", 32)
    return image


def test_what_is_not_plain_is_left_to_pydicom(tmp_path: Path) -> None:
    lut = Dataset()
    lut.LUTDescriptor, lut.LUTData = [2, 0, 8], b"\0\xff"
    big = odd_ct()
    big.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    for image in (
        odd_ct(PatientName="Yamada^Tarou=\u5c71\u7530", SpecificCharacterSet=["", "ISO 2022 IR 87"]),
        odd_ct(NumberOfFrames="2", PixelData=bytes(2 * 2 * 32 * 32)),
        odd_ct(PixelData=bytes(100)),
        odd_ct(VOILUTSequence=[lut]),
        with_overlay(),
        put_pixels(odd_ct(), np.zeros((8, 8, 3), np.uint8), 8, "RGB"),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert plain_head(written(image, tmp_path), Blobs(), packs=False) is None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_broken_headers_are_left_to_pydicom(data: st.DataObject) -> None:
    whole = bytearray(BYTES)
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, 1400))] = data.draw(st.integers(0, 255))
    with suppress(plain.NotPlain):
        plain.parsed(bytes(whole[: data.draw(st.integers(0, len(whole)))]))


def _bytes() -> bytes:
    out = BytesIO()
    ct_image(3, 20, 32).save_as(out, enforce_file_format=True)
    return out.getvalue()


BYTES = _bytes()


def test_the_broken_headers_are_of_a_file_that_is_plain() -> None:
    image, stored = plain.parsed(BYTES)
    assert image.get("PatientName") == str(dcmread(BytesIO(BYTES)).PatientName)
    assert stored.shape == (32, 32)
