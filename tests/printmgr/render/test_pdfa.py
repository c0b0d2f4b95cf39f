"""Every film is a PDF/A-2b, whatever is on it, as two validators say."""

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from printmgr.film.layout import lay_out
from printmgr.film.model import AnnotationBox, FilmBox, StoredBytes
from printmgr.film.printer import LogicalPrinter
from printmgr.ports import Print
from printmgr.render.icc import gray_profile, srgb_profile
from printmgr.render.pdf import write_pdf
from samples.prints import PRINTER, film_of, print_of
from tests.printmgr.render.texts import TEXTS
from tests.printmgr.render.validators import faults

NOISE = np.random.default_rng(7)
HOSTILE = [
    ") /JavaScript (app.alert(1)) endobj",
    "]]></rdf:li><x:y/>&amp;",
    "\ud800\udfff\x00\x1b$B\uffff",
    "þÿ\u200fמ",
]


def pdf_of(print_: Print) -> bytes:
    file = io.BytesIO()
    write_pdf(print_, [lay_out(film, print_.printer) for film in print_.order.films], file)
    return file.getvalue()


def gray(rows: int = 20, columns: int = 30) -> np.ndarray:
    return NOISE.integers(0, 4096, (rows, columns)).astype(np.uint16)


def rgb(rows: int = 20, columns: int = 30) -> np.ndarray:
    return NOISE.integers(0, 256, (rows, columns, 3)).astype(np.uint8)


def color_film(folder: Path, profile: bytes | None = None) -> FilmBox:
    film = replace(film_of(folder, {1: rgb(), 2: gray()}, "STANDARD\\2,2"), color=True)
    if profile is None:
        return film
    (folder / "film.ds").write_bytes(b"before" + profile + b"after")
    return replace(film, icc_profile=StoredBytes("film.ds", 6, len(profile)))


def annotated(film: FilmBox, *texts: str) -> FilmBox:
    boxes = tuple(AnnotationBox(f"1.9.{at}", at, text) for at, text in enumerate(texts, start=1))
    return replace(film, annotation_display_format_id="ANY", annotation_boxes=boxes)


@pytest.mark.parametrize("depth", [8, 16])
def test_gray_films(tmp_path: Path, depth: int) -> None:
    films = [film_of(tmp_path, {1: gray(), 3: gray()}, "STANDARD\\2,2", number) for number in range(3)]
    assert faults(pdf_of(print_of(tmp_path, films, replace(PRINTER, depth=depth)))) == []


def test_an_empty_film(tmp_path: Path) -> None:
    assert faults(pdf_of(print_of(tmp_path, [film_of(tmp_path, {}, "SLIDE")]))) == []


@pytest.mark.parametrize("profile", [None, srgb_profile(), gray_profile(), b"no profile at all"])
def test_colour_films(tmp_path: Path, profile: bytes | None) -> None:
    films = [color_film(tmp_path, profile), film_of(tmp_path, {1: gray()}, "STANDARD\\1,1", 2)]
    assert faults(pdf_of(print_of(tmp_path, films))) == []


def test_films_with_text_of_every_script(tmp_path: Path) -> None:
    texts = list(TEXTS.values())
    films = [annotated(color_film(tmp_path), *texts[at : at + 6]) for at in range(0, len(texts), 6)]
    printer = replace(PRINTER, footer=True, scale_note=True)
    assert faults(pdf_of(print_of(tmp_path, films, printer))) == []


@given(st.text(max_size=80))
@example("\U0001f44d\U00020000 \u0600\u200d")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text(tmp_path: Path, text: str) -> None:
    film = annotated(film_of(tmp_path, {}, "STANDARD\\1,1"), text, text[::-1])
    print_ = print_of(tmp_path, [film], LogicalPrinter(text[:16], name=text), film_session_label=text)
    print_ = replace(print_, caller=replace(print_.caller, calling_ae=text))
    assert faults(pdf_of(print_)) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_the_information_is_the_same_twice(tmp_path: Path, text: str) -> None:
    print_ = print_of(tmp_path, [film_of(tmp_path, {1: gray()}, "SLIDE")], LogicalPrinter(text))
    pdf = pdf_of(replace(print_, caller=replace(print_.caller, calling_ae=text)))
    with pikepdf.open(io.BytesIO(pdf)) as document:
        info, xmp = document.docinfo, document.open_metadata()
        assert xmp["dc:title"] == info["/Title"]
        assert xmp["dc:creator"] == [str(info["/Author"])]
        assert xmp["dc:description"] == info["/Subject"]
        assert xmp["pdf:Keywords"] == info["/Keywords"]
        assert xmp["pdf:Producer"] == info["/Producer"] == "printmgr"
        assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"]) == ("2", "B")
        assert info["/CreationDate"] == info["/ModDate"] == "D:20260105101500+01'00'"
        assert xmp["xmp:CreateDate"] == xmp["xmp:ModifyDate"] == "2026-01-05T10:15:00+01:00"


def test_the_output_intent_is_gray_until_there_is_colour(tmp_path: Path) -> None:
    for film, samples in ((film_of(tmp_path, {1: gray()}, "SLIDE"), 1), (color_film(tmp_path), 3)):
        with pikepdf.open(io.BytesIO(pdf_of(print_of(tmp_path, [film])))) as document:
            (intent,) = document.Root.OutputIntents
            assert samples == intent.DestOutputProfile.N
            expected = gray_profile() if samples == 1 else srgb_profile()
            assert intent.DestOutputProfile.read_bytes() == expected


def test_a_viewer_is_asked_to_print_without_scaling(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(pdf_of(print_of(tmp_path, [film_of(tmp_path, {}, "SLIDE")])))) as document:
        assert document.Root.ViewerPreferences.PrintScaling == "/None"


def test_the_file_identifier_is_the_films(tmp_path: Path) -> None:
    one = print_of(tmp_path, [film_of(tmp_path, {}, "SLIDE")])
    ids = [re.findall(rb"/ID \[<(\w{32})> <(\w{32})>\]", pdf_of(p)) for p in (one, one, replace(one, id="other"))]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0][0][0] == ids[0][0][1]
