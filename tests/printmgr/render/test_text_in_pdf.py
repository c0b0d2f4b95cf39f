"""Annotation is drawn where its place is, and the PDF's text gives it back."""

import io
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest

from printmgr.film.layout import lay_out
from printmgr.film.model import AnnotationBox, FilmBox, StoredBytes
from printmgr.film.printer import LogicalPrinter
from printmgr.pipeline import document_step, lay_out_step
from printmgr.ports import Print
from printmgr.render.pdf import write_pdf
from printmgr.render.preview import preview_png
from printmgr.render.shaping import IGNORABLE
from samples.prints import PRINTER, film_of, print_of
from tests.printmgr.render.texts import TEXTS

MARKS = re.compile("[\u200e\u200f\u202a-\u202e]")  # of the direction, that readers put round words
RIGHT_TO_LEFT = ("Arabic", "Persian", "Hebrew")
MIXED = ("Hebrew and Latin",)  # readers guess at the order of such lines and where their words end, each its own way


def annotated(folder: Path, *texts: str, format_id: str = "LABEL", white: bool = False) -> FilmBox:
    film = film_of(folder, {1: np.full((50, 50), 99, np.uint8)}, "STANDARD\\1,1")
    boxes = tuple(AnnotationBox(f"1.9.{at}", at, text) for at, text in enumerate(texts, start=1))
    border = "WHITE" if white else "BLACK"
    return replace(film, annotation_display_format_id=format_id, annotation_boxes=boxes, border_density=border)


def pdf_of(print_: Print) -> bytes:
    file = io.BytesIO()
    write_pdf(print_, [lay_out(film, print_.printer) for film in print_.order.films], file)
    return file.getvalue()


@pytest.mark.peer("pdftotext")
def test_text_of_every_script_reads_back(tmp_path: Path) -> None:
    films = [annotated(tmp_path, text) for text in TEXTS.values()]
    (tmp_path / "film.pdf").write_bytes(pdf_of(print_of(tmp_path, films)))
    command = ["pdftotext", "-enc", "UTF-8", "film.pdf", "-"]
    output = subprocess.run(command, check=True, capture_output=True, cwd=tmp_path).stdout.decode()
    pages = [MARKS.sub("", page).strip() for page in output.split("\f")[:-1]]
    expected = dict(zip(TEXTS, pages, strict=True))
    for script, text in TEXTS.items():
        read = expected[script]
        if script in MIXED:
            assert sorted("".join(words(read))) == sorted("".join(words(text))), script
        elif script in RIGHT_TO_LEFT:
            assert words(read) == words(text), script
        else:
            assert read == text, script


def words(text: str) -> list[str]:
    """Without what is not seen and without marks between, which readers of Arabic and Hebrew put at either side."""
    return re.findall(r"\w+", IGNORABLE.sub("", text))


def test_pdfium_reads_what_goes_from_left_to_right(tmp_path: Path) -> None:
    wanted = {script: text for script, text in TEXTS.items() if script not in (*RIGHT_TO_LEFT, *MIXED)}
    document = pypdfium2.PdfDocument(pdf_of(print_of(tmp_path, [annotated(tmp_path, t) for t in wanted.values()])))
    for page, (script, text) in zip(document, wanted.items(), strict=True):
        read = page.get_textpage().get_text_range().strip()
        assert read.replace(" ", "") == text.replace(" ", ""), script


def test_a_text_that_was_cut_off_reads_back_whole(tmp_path: Path) -> None:
    text = "Lendenwirbelsäule " * 80
    pdf = pdf_of(print_of(tmp_path, [annotated(tmp_path, text)]))
    with pikepdf.open(io.BytesIO(pdf)) as file:
        content = pikepdf.parse_content_stream(file.pages[0])
    actual = [operands[1]["/ActualText"] for operands, operator in content if str(operator) == "BDC"]
    (rest,) = map(str, actual)
    shown = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    assert rest.count("Lendenwirbelsäule") > 40
    assert "".join(shown.split()) == "".join(text.split())


@pytest.mark.parametrize("white", [False, True])
def test_text_stands_out_in_its_place_and_nowhere_else(tmp_path: Path, white: bool) -> None:
    film = annotated(tmp_path, "left", "right", format_id="ANNOTATION", white=white)
    print_ = print_of(tmp_path, [film], replace(PRINTER, margin=3.0))
    layout = lay_out(film, print_.printer)
    drawn = pypdfium2.PdfDocument(pdf_of(print_))[0].render(scale=10 / (72 / 25.4)).to_numpy()[..., 0]  # 0.1 mm
    ground = 255 if white else 0
    rows, columns = np.nonzero(np.abs(drawn.astype(int) - ground) > 40)
    rows, columns = rows / 10, columns / 10  # mm
    assert drawn.max() - drawn.min() == 255  # black on white or white on black
    (image,) = (placed.image for placed in layout.images)
    assert image is not None
    outside = rows > image.y + image.height + 0.2
    for text in layout.texts:
        inside = (columns >= text.box.x) & (columns <= text.box.x + text.box.width) & outside
        assert inside.any()
        assert rows[inside].min() >= text.box.y and rows[inside].max() <= text.box.y + text.box.height
    assert columns[outside].min() == pytest.approx(4, abs=0.6)
    assert columns[outside].max() == pytest.approx(layout.width - 4, abs=0.6)


def test_the_ruler_measures_100_mm(tmp_path: Path) -> None:
    film = film_of(tmp_path, {1: np.zeros((40, 40), np.uint8)}, "STANDARD\\1,1")
    film = replace(film, image_boxes=(replace(film.image_boxes[0], requested_image_size=100.0),))
    print_ = print_of(tmp_path, [film], replace(PRINTER, scale_note=True))
    ruler = lay_out(film, print_.printer).ruler
    assert ruler is not None
    pdf = pdf_of(print_)
    document = pypdfium2.PdfDocument(pdf)
    drawn = document[0].render(scale=10 / (72 / 25.4)).to_numpy()[..., 0]  # 0.1 mm
    drawn = drawn[:, round(ruler.rect.x * 10) - 5 :]  # right of the text
    line = np.flatnonzero(drawn[int((ruler.rect.y + ruler.rect.height) * 10) - 1] > 100)
    assert (line[-1] - line[0] + 1) / 10 == pytest.approx(100, abs=0.1)
    ticks = drawn[round(ruler.rect.y * 10) + round(ruler.rect.height * 7.5)] > 100
    starts = np.flatnonzero(ticks[1:] & ~ticks[:-1])
    assert (np.diff(starts) / 10).tolist() == pytest.approx([10] * 10, abs=0.2)
    assert "printed as requested: 100.0 mm wide" in document[0].get_textpage().get_text_range()
    assert document.get_metadata_dict()["Keywords"] == "printed as requested: 100.0 mm wide"


def test_the_preview_has_the_text_where_the_pdf_has_it(tmp_path: Path) -> None:
    import cv2

    film = annotated(tmp_path, *list(TEXTS.values())[:6], format_id="six of them")
    print_ = print_of(tmp_path, [film], replace(PRINTER, annotation_height=12.0))
    png = preview_png(print_, film, lay_out(film, print_.printer))
    small = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    page = pypdfium2.PdfDocument(pdf_of(print_))[0].render(scale=1024 / 1224).to_numpy()[..., 0]
    assert np.abs(small.astype(int) - page[: len(small), : small.shape[1]]).mean() < 2


def test_the_document_says_what_could_not_be_drawn(tmp_path: Path) -> None:
    film = replace(
        annotated(tmp_path, "a\U00020000b", "ab " * 300, format_id="ANNOTATION"),
        color=True,
        icc_profile=StoredBytes("1_1.ds", 0, 99),
    )
    print_ = print_of(tmp_path, [film], LogicalPrinter("FILM", scale_note=True))
    lay_out_step(print_)
    document = json.loads(document_step(print_).read_bytes())
    profile, missing, cut = document["notes"]
    assert profile.startswith("film 1: ICCProfile is")
    assert missing == "film 1: annotation 1 has characters that no font has, drawn as boxes: U+20000"
    assert cut.startswith("film 1: annotation 2 is too long")
    assert document["layouts"][0]["scale"] == "not to scale"


def test_a_film_without_trouble_has_no_notes(tmp_path: Path) -> None:
    print_ = print_of(tmp_path, [annotated(tmp_path, "DOE^JANE")])
    lay_out_step(print_)
    assert json.loads(document_step(print_).read_bytes())["notes"] == []
