"""Pages stay as they were looked at: tests/golden/pages, 50 dots an inch. `--update-golden` draws them anew."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest

from printmgr.film.layout import lay_out
from printmgr.film.model import AnnotationBox, FilmBox
from printmgr.film.printer import LogicalPrinter, Tone
from printmgr.render.pdf import write_pdf
from samples import phantoms
from samples.films import TEXTS
from samples.prints import film_of, print_of

GOLDEN = Path(__file__).parents[2] / "golden/pages"
DPI = 50
CLOSE = 24  # levels that smoothing at edges may differ by between versions of a viewer
Drawn = tuple[FilmBox, LogicalPrinter]


def colour(folder: Path) -> Drawn:
    pictures = {1: phantoms.perfusion(0, 128), 2: phantoms.colour(128), 4: phantoms.test_pattern(256)}
    film = film_of(folder, pictures, "STANDARD\\2,2")
    boxes = tuple(replace(box, requested_image_size=80.0) for box in film.image_boxes)
    printer = LogicalPrinter("FILM", margin=5.0, gap=3.0, scale_note=True, empty_density="150")
    return replace(film, image_boxes=boxes, color=True, film_size_id="8INX10IN", empty_image_density="150"), printer


def text(folder: Path) -> Drawn:
    film = film_of(folder, {1: phantoms.cr_image(320, 256)}, "STANDARD\\1,1")
    boxes = tuple(AnnotationBox(f"1.9.{at}", at, text) for at, text in enumerate(TEXTS, start=1))
    places = tuple(f"{edge} {align} {line}" for edge, line in (("top", 2), ("top", 1), ("bottom", 1))
                   for align in ("left", "center", "right"))  # fmt: skip
    film = replace(film, annotation_display_format_id="SCRIPTS", annotation_boxes=boxes, film_size_id="10INX12IN")
    printer = LogicalPrinter("FILM", annotation_height=12.0, annotation_formats={"SCRIPTS": places})
    return replace(film, border_density="WHITE"), printer


def lightbox(folder: Path) -> Drawn:
    slices = {
        n + 1: (np.clip((phantoms.ct_slice(n, size=128) + 160) / 400, 0, 1) * 255).astype(np.uint8) for n in range(5)
    }
    film = replace(film_of(folder, slices, "ROW\\1,2,3"), trim=True, stray_texts=("Müller^Åsa", "STATION 7"))
    return film, LogicalPrinter("FILM", tone=Tone.LIGHTBOX, footer=True, scale_note=True, margin=8.0, gap=4.0)


def empty(folder: Path) -> Drawn:
    return film_of(folder, {}, "STANDARD\\2,3"), LogicalPrinter("FILM")


@pytest.mark.parametrize("make", [colour, text, lightbox, empty])
def test_pages_stay_as_they_were_looked_at(
    tmp_path: Path, request: pytest.FixtureRequest, make: Callable[[Path], Drawn]
) -> None:
    film, printer = make(tmp_path)
    file = io.BytesIO()
    write_pdf(print_of(tmp_path, [film], printer), [lay_out(film, printer)], file)
    page = pypdfium2.PdfDocument(file.getvalue())[0].render(scale=DPI / 72).to_numpy()[..., :3]
    golden = GOLDEN / f"{make.__name__}.png"
    if request.config.getoption("--update-golden"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(golden), page)
    expected = cv2.imread(str(golden))
    assert page.shape == expected.shape
    off = np.abs(page.astype(int) - expected).max(axis=2)
    assert (off > CLOSE).mean() < 0.0005, f"{golden.name} differs in {(off > CLOSE).sum()} pixels"
