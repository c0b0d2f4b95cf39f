"""Pixels mean what their attributes say, also where those are not what print allows."""

import logging
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printmgr.errors import BadPixels
from printmgr.film.layout import Window
from printmgr.film.model import Image, MagnificationType, PixelFormat, StoredPixels
from printmgr.render import raster

IDENTITY_8 = np.arange(256, dtype=np.uint8)


def stored(folder: Path, data: bytes, offset: int = 0, big_endian: bool = False, **form: object) -> Image:
    """An image whose Pixel Data is `data`, behind `offset` other bytes."""
    (folder / "image").write_bytes(b"\x55" * offset + data)
    image_format = PixelFormat(**form)  # type: ignore[arg-type]  # the fields differ in type
    return Image(image_format, StoredPixels("image", offset, len(data), big_endian))


def values(folder: Path, image: Image) -> np.ndarray:
    """The values of an image: its grey levels when each value is its own."""
    form = image.format
    table = np.arange(1 << raster.bits_of(form).kept, dtype=np.uint16)
    return raster.grays(image, folder, table, Window(0, 0, form.rows, form.columns))


@st.composite
def layouts_of_bits(draw: st.DrawFn) -> tuple[int, int, int]:
    allocated = draw(st.sampled_from([8, 16, 32]))
    stored_bits = draw(st.integers(1, min(16, allocated)))
    return allocated, stored_bits, draw(st.integers(stored_bits - 1, allocated - 1))


@given(layouts_of_bits(), st.booleans(), st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 2, 3]))
@settings(max_examples=150, deadline=None)
def test_any_place_of_the_bits_is_read(tmp_path_factory, bits, big_endian: bool, seed: int, offset: int) -> None:
    allocated, stored_bits, high_bit = bits
    rng = np.random.default_rng(seed)
    expected = rng.integers(0, 1 << stored_bits, (4, 6), dtype=np.uint64)
    shift = high_bit + 1 - stored_bits
    mask = ((1 << stored_bits) - 1) << shift
    rubbish = rng.integers(0, 1 << allocated, expected.shape, dtype=np.uint64) & np.uint64(~mask & 0xFFFFFFFF)
    words = ((expected << np.uint64(shift)) | rubbish).astype(f"<u{allocated // 8}")
    data = words.byteswap().tobytes() if big_endian and allocated > 8 else words.tobytes()
    if big_endian and allocated == 8:
        data = words.view(np.uint16).byteswap().tobytes()
    image = stored(
        tmp_path_factory.getbasetemp(),
        data,
        offset,
        big_endian,
        rows=4,
        columns=6,
        bits_allocated=allocated,
        bits_stored=stored_bits,
        high_bit=high_bit,
    )
    assert np.array_equal(values(tmp_path_factory.getbasetemp(), image), expected)


@pytest.mark.parametrize("bits_stored", [8, 10, 12, 16])
def test_signed_pixels_count_from_their_least_value(tmp_path: Path, bits_stored: int) -> None:
    least = -(1 << (bits_stored - 1))
    pixels = np.array([[least, -1, 0, -least - 1]], np.int16)
    form = {"rows": 1, "columns": 4, "bits_allocated": 16, "bits_stored": bits_stored, "high_bit": bits_stored - 1}
    image = stored(tmp_path, pixels.tobytes(), pixel_representation=1, **form)
    assert values(tmp_path, image).tolist() == [[0, -least - 1, -least, -2 * least - 1]]


def test_more_than_16_bits_keep_the_highest_16(tmp_path: Path) -> None:
    pixels = np.array([[0, 0xFFFFF, 0x12345]], "<u4")
    image = stored(tmp_path, pixels.tobytes(), rows=1, columns=3, bits_allocated=32, bits_stored=20, high_bit=19)
    assert values(tmp_path, image).tolist() == [[0, 0xFFFF, 0x1234]]


@pytest.mark.parametrize(("bits_stored", "high_bit"), [(0, 7), (99, 7), (8, 0), (8, 31)])
def test_bits_that_contradict_each_other_count_as_the_lowest(tmp_path: Path, bits_stored: int, high_bit: int) -> None:
    image = stored(tmp_path, b"\x00\x7f\xff\x01", rows=2, columns=2, bits_stored=bits_stored, high_bit=high_bit)
    assert values(tmp_path, image).tolist() == [[0, 127], [255, 1]]


def test_8_bits_with_an_identity_table_are_not_touched(tmp_path: Path) -> None:
    image = stored(tmp_path, bytes(range(12)), rows=3, columns=4)
    gray = raster.grays(image, tmp_path, IDENTITY_8, Window(0, 0, 3, 4))
    assert gray.base is not None  # a view of what was read
    assert gray.tobytes() == bytes(range(12))


@given(st.integers(1, 9), st.integers(1, 9), st.data())
@settings(max_examples=50, deadline=None)
def test_a_window_is_cut_out(tmp_path_factory, rows: int, columns: int, data: st.DataObject) -> None:
    folder = tmp_path_factory.getbasetemp()
    picture = np.arange(rows * columns, dtype=np.uint8).reshape(rows, columns)
    image = stored(folder, picture.tobytes(), rows=rows, columns=columns)
    top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    window = Window(top, left, data.draw(st.integers(1, rows - top)), data.draw(st.integers(1, columns - left)))
    gray = raster.grays(image, folder, 255 - IDENTITY_8, window)
    expected = 255 - picture[top : top + window.rows, left : left + window.columns]
    assert np.array_equal(gray, expected)


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_colour_becomes_luma(tmp_path: Path, planar: int, photometric: str) -> None:
    picture = np.random.default_rng(3).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    data = picture.transpose(2, 0, 1).tobytes() if planar else picture.tobytes()
    form = {"rows": 5, "columns": 7, "samples_per_pixel": 3, "planar_configuration": planar}
    image = stored(tmp_path, data, photometric_interpretation=photometric, **form)
    gray = raster.grays(image, tmp_path, IDENTITY_8, Window(0, 0, 5, 7))
    by_hand = picture @ [0.299, 0.587, 0.114] if photometric == "RGB" else picture[..., 0]
    assert np.abs(gray - by_hand).max() <= 0.51


@pytest.mark.parametrize(
    ("magnification_type", "expected"),
    [
        (MagnificationType.REPLICATE, [0, 0, 0, 200, 200, 200]),
        (MagnificationType.BILINEAR, [0, 0, 67, 133, 200, 200]),
    ],
)
def test_enlarged_by_magnification_type(tmp_path: Path, magnification_type, expected: list[int]) -> None:
    image = stored(tmp_path, bytes([0, 200]), rows=1, columns=2)
    gray = raster.grays(image, tmp_path, IDENTITY_8, Window(0, 0, 1, 2), (6, 2), magnification_type)
    assert gray.shape == (2, 6)
    assert np.abs(gray[0].astype(int) - expected).max() <= 1


def test_cubic_overshoots_and_stays_within_the_table(tmp_path: Path) -> None:
    pixels = np.array([[0] * 4 + [4095] * 4] * 2, "<u2")
    form = {"rows": 2, "columns": 8, "bits_allocated": 16, "bits_stored": 12, "high_bit": 11}
    image = stored(tmp_path, pixels.tobytes(), **form)
    table = np.arange(4096, dtype=np.uint16) + 100
    gray = raster.grays(image, tmp_path, table, Window(0, 0, 2, 8), (40, 10), MagnificationType.CUBIC)
    assert gray.min() == 100 and gray.max() == 4195
    assert len(np.unique(gray)) > 4


def test_smaller_is_the_mean(tmp_path: Path) -> None:
    picture = np.random.default_rng(4).integers(0, 256, (8, 12)).astype(np.uint8)
    image = stored(tmp_path, picture.tobytes(), rows=8, columns=12)
    gray = raster.grays(image, tmp_path, IDENTITY_8, Window(0, 0, 8, 12), (3, 2))
    means = picture.reshape(2, 4, 3, 4).mean(axis=(1, 3))
    assert np.abs(gray - means).max() <= 0.51


def test_one_axis_larger_and_one_smaller(tmp_path: Path) -> None:
    image = stored(tmp_path, bytes([10, 20, 30, 40]), rows=4, columns=1)
    gray = raster.grays(image, tmp_path, IDENTITY_8, Window(0, 0, 4, 1), (3, 2), MagnificationType.REPLICATE)
    assert gray.tolist() == [[15, 15, 15], [35, 35, 35]]


@pytest.mark.parametrize(
    ("data", "logged"),
    [(b"\1\2\3\4\5\6", ""), (b"\1\2\3\4\5\6\0", ""), (b"\1\2\3\4", "padded"), (b"\1\2\3\4\5\6\7\7", "cut")],
)
def test_a_wrong_length_is_padded_or_cut_and_logged(tmp_path: Path, caplog, data: bytes, logged: str) -> None:
    image = stored(tmp_path, data, rows=2, columns=3)
    with caplog.at_level(logging.WARNING):
        gray = values(tmp_path, image)
    assert gray.tobytes() == np.frombuffer(data[:6].ljust(6, b"\0"), np.uint8).astype(np.uint16).tobytes()
    assert (logged in caplog.text) if logged else not caplog.records


@pytest.mark.parametrize(
    ("form", "data", "expected"),
    [
        ({"rows": 65535, "columns": 65535}, b"0123456789", "has 10 bytes; 65535 x 65535 pixels need"),
        ({"rows": 2, "columns": 2}, b"", "expected Pixel Data there"),
        ({"rows": 2, "columns": 2}, b"1", "has 1 bytes"),
        ({"rows": 0, "columns": 2}, b"12", "expected at least 1 x 1"),
        ({"rows": 1, "columns": 1, "bits_allocated": 12}, b"12", "expected 8, 16 or 32"),
        ({"rows": 1, "columns": 1, "samples_per_pixel": 4}, b"1234", "expected 1 or 3"),
        (
            {"rows": 1, "columns": 2, "samples_per_pixel": 3, "photometric_interpretation": "YBR_FULL_422"},
            b"1234",
            "expected one sample of each colour",
        ),
    ],
)
def test_what_is_no_image_is_refused(tmp_path: Path, form: dict[str, object], data: bytes, expected: str) -> None:
    with pytest.raises(BadPixels, match=expected):
        values(tmp_path, stored(tmp_path, data, **form))


def test_a_file_that_is_gone_or_cut_is_refused(tmp_path: Path) -> None:
    image = stored(tmp_path, b"12", offset=10, rows=1, columns=2)
    (tmp_path / "image").write_bytes(b"1")
    with pytest.raises(BadPixels, match="ends before byte 10"):
        values(tmp_path, image)
    (tmp_path / "image").unlink()
    with pytest.raises(BadPixels, match="missing"):
        values(tmp_path, image)
