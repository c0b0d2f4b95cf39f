"""A film says of its scale what was asked and done, never more."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printmgr.film.annotations import Align
from printmgr.film.geometry import Rect
from printmgr.film.layout import FilmLayout, PlacedImage, lay_out
from printmgr.film.model import (
    AnnotationBox,
    DecimateCropBehavior,
    FilmBox,
    FilmOrientation,
    Image,
    ImageBox,
    PixelFormat,
    StoredPixels,
)
from printmgr.film.printer import LogicalPrinter
from printmgr.film.scale import NOT_TO_SCALE, ruler_in, scale_of
from printmgr.film.sizes import FILM_SIZES_MM

PRINTER = LogicalPrinter("FILM", footer=True, scale_note=True)


def image_box(position: int, rows: int = 100, columns: int = 100, **said: object) -> ImageBox:
    image = Image(PixelFormat(rows, columns), StoredPixels("1.ds", 0, rows * columns))
    return ImageBox(f"1.{position}", position, image, **said)  # type: ignore[arg-type]  # mixed


def laid_out(*boxes: ImageBox, printer: LogicalPrinter = PRINTER, **film: object) -> FilmLayout:
    return lay_out(FilmBox("1", "STANDARD\\2,2", image_boxes=boxes, **film), printer)  # type: ignore[arg-type]  # mixed


def test_as_requested_only_when_all_are() -> None:
    hundred, eighty, plain = (
        image_box(1, requested_image_size=100.0),
        image_box(2, requested_image_size=80.0),
        image_box(3),
    )
    assert laid_out(hundred).scale == "printed as requested: 100.0 mm wide"
    assert laid_out(hundred, eighty).scale == "printed as requested: 80.0, 100.0 mm wide"
    assert laid_out(hundred, eighty, plain).scale == NOT_TO_SCALE
    assert laid_out().scale == ""


@pytest.mark.parametrize("behavior", [None, DecimateCropBehavior.CROP, DecimateCropBehavior.DECIMATE])
def test_not_what_was_cropped_or_made_smaller(behavior: DecimateCropBehavior | None) -> None:
    box = image_box(1, requested_image_size=900.0, requested_decimate_crop_behavior=behavior)
    layout = laid_out(box)
    assert layout.images[0].status != 0
    assert layout.scale == NOT_TO_SCALE
    assert layout.ruler is None


def test_many_widths_are_told_as_a_range() -> None:
    images = [
        PlacedImage(n, Rect(0, 0, 99, 99), Rect(0, 0, 50 + n, 9), None, scale_as_requested=True) for n in range(9)
    ]
    assert scale_of(images) == "printed as requested: 50.0 to 58.0 mm wide"


@given(st.floats(1, 2000), st.floats(1, 30))
def test_a_ruler_lies_in_its_strip_and_measures_what_it_says(width: float, height: float) -> None:
    ruler = ruler_in(Rect(5, 7, width, height))
    if ruler is None:
        assert width < 100
        return
    assert ruler.rect.width in (50.0, 100.0)
    for mark in ruler.marks(0.2):
        assert mark.x >= ruler.rect.x - 1e-9 and mark.x + mark.width <= ruler.rect.x + ruler.rect.width + 1e-9
        assert mark.y >= 7 and mark.y + mark.height <= 7 + height + 1e-9
    assert ruler.rect.x + ruler.rect.width <= 5 + width


def overlap(one: Rect, other: Rect) -> bool:
    return (
        one.x < other.x + other.width - 1e-6
        and other.x < one.x + one.width - 1e-6
        and one.y < other.y + other.height - 1e-6
        and other.y < one.y + one.height - 1e-6
    )


@given(
    st.sampled_from(sorted(FILM_SIZES_MM)),
    st.sampled_from(FilmOrientation),
    st.sampled_from(["", "LABEL", "COMBINED", "whatever"]),
    st.booleans(),
    st.booleans(),
    st.floats(0, 20),
)
def test_no_text_covers_an_image_or_another_text(
    size: str, orientation: FilmOrientation, format_id: str, footer: bool, note: bool, margin: float
) -> None:
    printer = LogicalPrinter("FILM", footer=footer, scale_note=note, margin=margin)
    texts = tuple(AnnotationBox(f"1.9.{at}", at, f"text {at}") for at in range(1, 7))
    layout = laid_out(
        *(image_box(position, requested_image_size=30.0) for position in range(1, 5)),
        printer=printer,
        film_size_id=size,
        film_orientation=orientation,
        annotation_display_format_id=format_id,
        annotation_boxes=texts,
        stray_texts=("label", "stray"),
    )
    taken = [text.box for text in layout.texts] + ([layout.ruler.rect] if layout.ruler else [])
    for at, rect in enumerate(taken):
        assert rect.x >= 0 and rect.x + rect.width <= layout.width + 1e-6
        assert rect.y >= 0 and rect.y + rect.height <= layout.height + 1e-6
        assert not any(overlap(rect, image.box) for image in layout.images)
        assert not any(overlap(rect, other) for other in taken[at + 1 :])
    assert len([text for text in layout.texts if text.position == 0]) == footer + note
    assert bool(layout.ruler) == note


def test_a_requested_size_stays_beside_text_or_the_film_says_so() -> None:
    """Lines for text leave less room: what still fits keeps its size, what does not is told."""
    box = image_box(1, requested_image_size=100.0)
    with_text = lay_out(FilmBox("1", "STANDARD\\1,1", film_size_id="8INX10IN", image_boxes=(box,)), PRINTER)
    assert with_text.images[0].image and with_text.images[0].image.width == 100.0
    tall = replace(box, image=Image(PixelFormat(254, 100), StoredPixels("1.ds", 0, 25400)))
    film = FilmBox("1", "STANDARD\\1,1", film_size_id="8INX10IN", image_boxes=(tall,))
    assert lay_out(film, LogicalPrinter("FILM")).scale == "printed as requested: 100.0 mm wide"
    assert lay_out(film, PRINTER).scale == NOT_TO_SCALE
    assert lay_out(film, PRINTER).images[0].status == 0xB604


def test_the_note_stands_at_the_right_beside_the_label() -> None:
    layout = laid_out(image_box(1, requested_image_size=100.0), stray_texts=("DOE^JANE",))
    label, note = layout.texts
    assert (label.text, note.text) == ("DOE^JANE", "printed as requested: 100.0 mm wide")
    assert note.align is Align.RIGHT
    assert layout.ruler and layout.ruler.rect.width == 100.0
    assert label.box.x + label.box.width <= note.box.x
    assert note.box.x + note.box.width <= layout.ruler.rect.x
