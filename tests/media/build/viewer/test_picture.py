"""Pictures of every kind of image that comes with pydicom, and of what samples make."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from media.build.viewer.decoded import frames
from media.build.viewer.picture import stored_values
from samples import phantoms
from samples.make import cr_image, ct_image, put_pixels, secondary_capture


def local(name: str) -> Path:
    found = get_testdata_file(name, download=False)
    assert found
    return Path(str(found))


def first(image: Dataset):
    return next(frames(image))


def test_a_ct_is_seen_through_its_window():
    image = ct_image(3, 20, 64)
    shown = first(image)
    hounsfield = image.pixel_array.astype(float) - 1024
    wanted = np.clip(np.floor(((hounsfield - 39.5) / 399 + 0.5) * 255 + 0.5), 0, 255)
    assert (shown.picture == wanted).all()
    assert (shown.slope, shown.intercept, shown.unit) == (1.0, -1024.0, "HU")


def test_monochrome1_is_bright_where_values_are_low():
    image = cr_image()
    shown = first(image)
    assert shown.inverted
    low, high = np.unravel_index(shown.values.argmin(), shown.values.shape), shown.values.argmax()
    assert shown.picture[low] > shown.picture.ravel()[high]


def test_bits_beyond_bits_stored_are_not_looked_at():
    image = put_pixels(ct_image(0, 1, 8), np.full((8, 8), 0xF123, np.uint16), 12)
    values, _, _ = stored_values(image.pixel_array | 0xF000, image)
    assert (values == 0x123).all()


def test_signed_values_keep_their_sign():
    image = put_pixels(ct_image(0, 1, 4), np.full((4, 4), -7, np.int16), 12)
    values, _, _ = stored_values(np.full((4, 4), -7, np.int16), image)
    assert values.dtype == np.int16 and (values == -7).all()


def test_an_image_without_window_shows_its_whole_range_without_padding():
    image = ct_image(0, 1, 16)
    del image.WindowCenter, image.WindowWidth
    pixels = np.arange(256, dtype=np.uint16).reshape(16, 16) + 100
    pixels[0, 0] = 0
    image.PixelPaddingValue = 0
    shown = first(put_pixels(image, pixels, 12))
    assert shown.picture[0, 1] == 0 and shown.picture[-1, -1] == 255


def test_a_voi_lut_goes_before_a_window():
    image = ct_image(0, 1, 16)
    lut = Dataset()
    lut.LUTDescriptor, lut.LUTData = [4096, 0, 8], [255 - number // 16 for number in range(4096)]
    lut["LUTDescriptor"].VR = "US"
    lut["LUTData"].VR = "US"
    image.RescaleIntercept = "0"
    image.VOILUTSequence = Sequence([lut])
    shown = first(image)
    assert (shown.picture == 255 - (shown.values >> 4)).all()
    assert shown.windows[0].function == "LUT" and len(shown.windows) == 2


def test_colour_stays_as_it_is():
    pixels = phantoms.colour()
    shown = first(secondary_capture("Colour", pixels, 8, "RGB"))
    assert (shown.picture == pixels).all() and shown.windows == ()


@pytest.mark.parametrize(
    ("name", "count", "shape"),
    [
        ("examples_palette.dcm", 1, (350, 800, 3)),
        ("examples_ybr_color.dcm", 30, (240, 320, 3)),
        ("SC_ybr_full_422_uncompressed.dcm", 1, (100, 100, 3)),
        ("liver_1frame.dcm", 1, (512, 512)),
        ("rtdose.dcm", 15, (10, 10)),
        ("JPEG2000.dcm", 1, (1024, 256)),
        ("MR_small_jpeg_ls_lossless.dcm", 1, (64, 64)),
        ("MR_small_bigendian.dcm", 1, (64, 64)),
        ("SC_rgb_jpeg_dcmtk.dcm", 1, (100, 100, 3)),
    ],
)
def test_what_modalities_send_has_a_picture(name, count, shape):
    found = list(frames(dcmread(local(name))))
    assert len(found) == count
    assert {one.picture.shape for one in found} == {shape}
    assert max(int(one.picture.max()) - int(one.picture.min()) for one in found) > 100, "flat"


def test_the_same_image_looks_the_same_in_every_encoding():
    names = ("MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_RLE.dcm")
    pictures = [first(dcmread(local(name))).picture for name in names]
    assert all((picture == pictures[0]).all() for picture in pictures[1:])
