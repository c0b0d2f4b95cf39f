"""Colour films keep their colours, wherever the samples lie and whichever viewer draws them."""

import io
import logging
import subprocess
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pypdfium2
import pytest

from printmgr.film.layout import lay_out
from printmgr.film.model import FilmBox, LUTShape, MagnificationType, Polarity, PresentationLUT, StoredBytes
from printmgr.film.printer import Resample, Tone
from printmgr.ports import Print
from printmgr.render.icc import srgb_profile
from printmgr.render.pdf import write_pdf
from printmgr.render.preview import preview_png
from samples.prints import PRINTER, film_of, image_of, print_of
from tests.printmgr.render.validators import faults

NOISE = np.random.default_rng(9)


def rgb(rows: int, columns: int) -> np.ndarray:
    return NOISE.integers(0, 256, (rows, columns, 3)).astype(np.uint8)


def film_with(folder: Path, pixels: np.ndarray, color: bool = True, **changes: object) -> FilmBox:
    """A film of one image; `changes` are of its form."""
    film = film_of(folder, {1: pixels}, "STANDARD\\1,1")
    box = replace(film.image_boxes[0], image=image_of(folder, "image", pixels, **changes))
    return replace(film, image_boxes=(box,), color=color)


def pdf_of(print_: Print) -> bytes:
    file = io.BytesIO()
    write_pdf(print_, [lay_out(film, print_.printer) for film in print_.order.films], file)
    return file.getvalue()


def images_in(pdf: bytes) -> list[np.ndarray]:
    """All images in the order of the pages and in them of their numbers, decoded by qpdf."""
    found = []
    with pikepdf.open(io.BytesIO(pdf)) as file:
        for page in file.pages:
            for _, stream in sorted(page.Resources.XObject.items()):
                kind = ">u2" if stream.BitsPerComponent == 16 else "u1"
                samples = np.frombuffer(stream.read_bytes(), kind)
                gray = stream.ColorSpace == "/DeviceGray"
                found.append(samples.reshape((int(stream.Height), int(stream.Width)) + (() if gray else (3,))))
    return found


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("polarity", Polarity)
def test_colours_stay_what_they_are(tmp_path: Path, planar: int, polarity: Polarity) -> None:
    pixels = rgb(33, 21)
    stored = np.ascontiguousarray(pixels.transpose(2, 0, 1)) if planar else pixels
    form = {"rows": 33, "columns": 21, "samples_per_pixel": 3, "photometric_interpretation": "RGB"}
    film = film_with(tmp_path, stored, planar_configuration=planar, **form)
    film = replace(film, image_boxes=(replace(film.image_boxes[0], polarity=polarity),))
    (drawn,) = images_in(pdf_of(print_of(tmp_path, [film])))
    assert np.array_equal(drawn, pixels if polarity is Polarity.NORMAL else 255 - pixels)


@pytest.mark.parametrize("tone", Tone)
def test_neither_densities_nor_luts_touch_colour(tmp_path: Path, tone: Tone) -> None:
    pixels = rgb(8, 8)
    film = film_with(tmp_path, pixels)
    lut = PresentationLUT("1.1", LUTShape.LIN_OD)
    box = replace(film.image_boxes[0], presentation_lut=lut, min_density=1.0, max_density=2.0)
    film = replace(film, image_boxes=(box,), presentation_lut=lut, max_density=1.5)
    (drawn,) = images_in(pdf_of(print_of(tmp_path, [film], replace(PRINTER, tone=tone))))
    assert np.array_equal(drawn, pixels)


@pytest.mark.parametrize(("stored", "high", "shift"), [(8, 7, 0), (12, 11, 0), (12, 15, 4), (16, 15, 0)])
def test_wide_colours_are_rounded_or_kept(tmp_path: Path, stored: int, high: int, shift: int) -> None:
    values = NOISE.integers(0, 1 << stored, (9, 7, 3))
    film = film_with(tmp_path, (values << shift).astype(np.uint16), bits_stored=stored, high_bit=high)
    (eight,) = images_in(pdf_of(print_of(tmp_path, [film])))
    assert np.array_equal(eight, np.floor(values * 255 / ((1 << stored) - 1) + 0.5))
    (sixteen,) = images_in(pdf_of(print_of(tmp_path, [film], replace(PRINTER, depth=16))))
    full = 255 if sixteen.dtype == np.uint8 else 65535
    assert np.array_equal(np.round(sixteen * (((1 << stored) - 1) / full)), values)


def test_gray_and_colour_stand_side_by_side(tmp_path: Path) -> None:
    """MONOCHROME in a colour box stays grey; RGB in a gray box is luma."""
    color, gray = rgb(10, 10), NOISE.integers(0, 256, (10, 10)).astype(np.uint8)
    film = replace(film_of(tmp_path, {1: color, 2: gray}, "STANDARD\\2,1"), color=True)
    drawn = images_in(pdf_of(print_of(tmp_path, [film])))
    assert np.array_equal(drawn[0], color) and np.array_equal(drawn[1], gray)
    luma, same = images_in(pdf_of(print_of(tmp_path, [replace(film, color=False)])))
    assert luma.shape == (10, 10) and np.array_equal(same, gray)
    assert np.abs(luma - color @ [0.299, 0.587, 0.114]).max() <= 1


def test_ybr_full_becomes_rgb(tmp_path: Path) -> None:
    pixels = rgb(16, 16)
    ybr = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)[..., [0, 2, 1]]
    film = film_with(tmp_path, np.ascontiguousarray(ybr), photometric_interpretation="YBR_FULL")
    (drawn,) = images_in(pdf_of(print_of(tmp_path, [film])))
    assert np.abs(drawn.astype(int) - pixels).max() <= 3


@pytest.mark.parametrize("magnification_type", [MagnificationType.REPLICATE, MagnificationType.CUBIC])
def test_colour_is_drawn_at_the_printers_pitch(tmp_path: Path, magnification_type: MagnificationType) -> None:
    pixels = rgb(50, 40)
    film = replace(film_with(tmp_path, pixels), film_size_id="8INX10IN", magnification_type=magnification_type)
    printer = replace(PRINTER, resample=Resample.FILM, pitch={"STANDARD": 0.508})
    (drawn,) = images_in(pdf_of(print_of(tmp_path, [film], printer)))
    assert drawn.shape == (500, 400, 3)
    assert np.array_equal(drawn[::10, ::10], pixels) == (magnification_type is MagnificationType.REPLICATE)


@pytest.mark.peer("pdftocairo")
@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("dpi", [72, 144])
def test_two_viewers_draw_every_pixel_where_it_belongs(tmp_path: Path, dpi: int, color: bool) -> None:
    pictures = {position: rgb(5 * dpi, 4 * dpi) for position in range(1, 5)}
    if not color:
        pictures = {position: picture[..., 0].copy() for position, picture in pictures.items()}
    film = replace(film_of(tmp_path, pictures, "STANDARD\\2,2"), film_size_id="8INX10IN", color=color)
    pdf = pdf_of(print_of(tmp_path, [film]))
    whole = [np.concatenate([pictures[row], pictures[row + 1]], axis=1) for row in (1, 3)]
    expected = np.concatenate(whole)
    expected = expected if color else np.dstack([expected] * 3)
    (tmp_path / "film.pdf").write_bytes(pdf)
    command = ["pdftocairo", "-png", "-singlefile", "-r", str(dpi), "film.pdf", "film"]
    subprocess.run(command, check=True, cwd=tmp_path)
    assert np.array_equal(cv2.imread(str(tmp_path / "film.png"))[..., ::-1], expected)
    assert np.array_equal(pypdfium2.PdfDocument(pdf)[0].render(scale=dpi / 72).to_numpy()[..., ::-1], expected)


def with_profile(folder: Path, film: FilmBox, profile: bytes) -> FilmBox:
    (folder / "film.ds").write_bytes(b"1234" + profile)
    return replace(film, icc_profile=StoredBytes("film.ds", 4, len(profile)))


def test_the_films_profile_is_in_the_pdf_once(tmp_path: Path) -> None:
    profile = srgb_profile().replace(b"IEC61966-2-1", b"of a console")
    films = [replace(film_of(tmp_path, {1: rgb(4, 4), 2: rgb(4, 4)}, "ROW\\2", n), color=True) for n in (1, 2)]
    pdf = pdf_of(print_of(tmp_path, [with_profile(tmp_path, film, profile) for film in films]))
    assert faults(pdf) == []
    with pikepdf.open(io.BytesIO(pdf)) as file:
        spaces = [stream.ColorSpace for page in file.pages for stream in page.Resources.XObject.values()]
        assert [str(space[0]) for space in spaces] == ["/ICCBased"] * 4
        assert {space[1].objgen for space in spaces} == {spaces[0][1].objgen}
        assert spaces[0][1].read_bytes() == profile
        assert spaces[0][1].N == 3


def test_a_profile_that_is_none_is_told_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    film = with_profile(tmp_path, film_with(tmp_path, rgb(4, 4)), b"nonsense")
    with caplog.at_level(logging.WARNING):
        pdf = pdf_of(print_of(tmp_path, [film]))
    assert "ICCProfile is" in caplog.text and "colours count as sRGB" in caplog.text
    assert b"/ICCBased" not in pdf


def test_the_preview_is_in_colour_too(tmp_path: Path) -> None:
    pixels = np.zeros((100, 100, 3), np.uint8)
    pixels[:50, :, 0], pixels[50:, :, 2] = 255, 200
    film = film_with(tmp_path, pixels)
    png = preview_png(print_of(tmp_path, [film]), film, lay_out(film, PRINTER))
    small = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert small[300, 400].tolist() == [255, 0, 0]
    assert small[700, 400].tolist() == [0, 0, 200]


def test_the_preview_draws_gray_among_colour(tmp_path: Path) -> None:
    pictures = {1: rgb(10, 10), 2: np.full((10, 10), 77, np.uint8)}
    film = replace(film_of(tmp_path, pictures, "STANDARD\\1,2"), color=True)
    png = preview_png(print_of(tmp_path, [film]), film, lay_out(film, PRINTER))
    small = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert small[768, 420].tolist() == [77, 77, 77]
