"""The preview shows the same film as the PDF."""

import io
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest

from printmgr.film.layout import lay_out
from printmgr.film.model import FilmBox, FilmOrientation
from printmgr.film.printer import Tone
from printmgr.ports import Print
from printmgr.render.pdf import write_pdf
from printmgr.render.preview import preview_png
from samples import phantoms
from samples.prints import PRINTER, film_of, print_of


def preview(print_: Print, film: FilmBox) -> np.ndarray:
    png = preview_png(print_, film, lay_out(film, print_.printer))
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("tone", Tone)
def test_it_looks_like_the_pdf(tmp_path: Path, tone: Tone) -> None:
    pictures = {position: phantoms.ct_slice(position).clip(0, 255).astype(np.uint8) for position in (1, 2, 4, 6)}
    pictures[3] = phantoms.cr_image(500, 400)
    film = replace(film_of(tmp_path, pictures, "STANDARD\\2,3"), trim=True, empty_image_density="120")
    print_ = print_of(tmp_path, [film], replace(PRINTER, tone=tone, margin=5.0, gap=3.0, border_density="WHITE"))
    file = io.BytesIO()
    write_pdf(print_, [lay_out(film, print_.printer)], file)
    page = pypdfium2.PdfDocument(file.getvalue())[0].render(scale=1024 / 1224).to_numpy()[:, :843, 0]
    small = preview(print_, film)
    assert small.shape == page.shape == (1024, 843)
    coarse = [cv2.resize(picture, (84, 102), interpolation=cv2.INTER_AREA).astype(int) for picture in (small, page)]
    assert np.abs(coarse[0] - coarse[1]).mean() < 3


@pytest.mark.parametrize("orientation", FilmOrientation)
def test_its_long_side_has_1024_pixels(tmp_path: Path, orientation: FilmOrientation) -> None:
    film = replace(film_of(tmp_path, {}, "SLIDE"), film_size_id="A4", film_orientation=orientation)
    assert sorted(preview(print_of(tmp_path, [film]), film).shape) == [724, 1024]


def test_boxes_thinner_than_a_pixel_are_drawn(tmp_path: Path) -> None:
    film = replace(film_of(tmp_path, {1: np.full((4, 4), 255, np.uint8)}, "COL\\1"), film_size_id="499CMX20CM")
    assert preview(print_of(tmp_path, [film]), film).max() == 255


def test_an_empty_film_says_so(tmp_path: Path) -> None:
    film = film_of(tmp_path, {}, "STANDARD\\1,1")
    small = preview(print_of(tmp_path, [film]), film)
    assert small[:400].max() == 0
    assert 0.01 < (small == 255).mean() < 0.1


def test_the_same_film_gives_the_same_bytes(tmp_path: Path) -> None:
    film = film_of(tmp_path, {1: phantoms.cr_image(100, 80)}, "STANDARD\\1,1")
    print_ = print_of(tmp_path, [film])
    assert preview_png(print_, film, lay_out(film, PRINTER)) == preview_png(print_, film, lay_out(film, PRINTER))
