"""Text in a rectangle of a film, read by tesseract."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from printmgr.film.identity import Source
from printmgr.film.layout import lay_out
from printmgr.film.model import FilmBox, FilmSession, Image, ImageBox, OrderKind, PixelFormat, PrintOrder, StoredPixels
from printmgr.film.printer import LogicalPrinter
from printmgr.ocr import Ocr, OcrFailed, read_film, recognise
from printmgr.ports import Caller, Print

PRINTER = LogicalPrinter("PRINTER", slug="printer")


def film_of(pixels: np.ndarray, folder: Path) -> Print:
    """A print of one film that this image fills."""
    (folder / "1.ds").write_bytes(pixels.tobytes())
    image = Image(PixelFormat(*pixels.shape), StoredPixels("1.ds", 0, pixels.size))
    film = FilmBox("2", "STANDARD\\1,1", image_boxes=(ImageBox("3", 1, image),))
    order = PrintOrder(OrderKind.FILM, FilmSession("1"), (film,))
    caller = Caller("CT1", "PRINTER", "127.0.0.1", "a")
    return Print("p1", "2024-05-06", "2024-05-06T07:08:09+02:00", caller, PRINTER, order, {}, folder)


def page(*lines: str, light: int = 255, dark: int = 0) -> np.ndarray:
    """A page of 14x17 in with text burned in at its top left, as consoles do."""
    pixels = np.full((2550, 2100), dark, np.uint8)
    for number, line in enumerate(lines, start=1):
        cv2.putText(pixels, line, (60, 70 * number), cv2.FONT_HERSHEY_SIMPLEX, 1.6, light, 3, cv2.LINE_AA)
    return pixels


def read(print_: Print, ocr: Ocr) -> list:
    (film,) = print_.order.films
    return read_film(ocr, print_, 1, film, lay_out(film, PRINTER))


@pytest.mark.peer("tesseract")
@pytest.mark.parametrize(("light", "dark"), [(255, 0), (0, 255)], ids=["light on dark", "dark on light"])
def test_burned_in_text_is_read_in_the_rectangle_alone(tmp_path, light, dark):
    pixels = page("Name: DOE JOHN", "ID: 4711", light=light, dark=dark)
    cv2.putText(pixels, "ELSEWHERE", (60, 2000), cv2.FONT_HERSHEY_SIMPLEX, 2, light, 3, cv2.LINE_AA)
    (finding,) = read(film_of(pixels, tmp_path), Ocr((0.0, 0.0, 0.6, 0.1)))
    assert finding.source is Source.OCR
    assert (finding.identity.patient_id, finding.identity.patient_name) == ("4711", "DOE JOHN")
    assert "ELSEWHERE" not in finding.raw


@pytest.mark.peer("tesseract")
def test_a_rectangle_without_text_finds_nothing(tmp_path):
    assert read(film_of(page(), tmp_path), Ocr((0.0, 0.0, 0.5, 0.1))) == []


@pytest.mark.peer("tesseract")
def test_an_unknown_language_is_told():
    with pytest.raises(OcrFailed, match="language"):
        recognise(page("A")[:100], Ocr((0, 0, 1, 1), language="xx_none"))


@pytest.mark.peer("tesseract")
def test_it_is_ended_when_it_takes_too_long():
    noise = np.random.default_rng(1).integers(0, 256, (3000, 3000), np.uint8)
    with pytest.raises(OcrFailed):
        recognise(noise, Ocr((0, 0, 1, 1), timeout_s=0.3))


def test_without_tesseract_it_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(OcrFailed, match="not installed"):
        recognise(page("A")[:100], Ocr((0, 0, 1, 1)))
