"""Where a film has text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printmgr.errors import InvalidAttribute
from printmgr.film.annotations import ANY_FORMAT, DEFAULT_FORMATS, Align, Edge, parse_place, places, strips
from printmgr.film.geometry import Rect
from printmgr.film.layout import image_box_rects, lay_out
from printmgr.film.model import AnnotationBox, FilmBox, FilmSession, ImageBox
from printmgr.film.printer import LogicalPrinter
from printmgr.film.stray import annotation_terms, stray_texts

PLACES = st.builds(
    lambda edge, align, line: f"{edge} {align} {line}",
    st.sampled_from(Edge),
    st.sampled_from(Align),
    st.integers(1, 3),
)


def film(format_id: str, *texts: str, **values: object) -> FilmBox:
    boxes = tuple(AnnotationBox(f"1.{n}", n, text) for n, text in enumerate(texts, 1))
    return FilmBox("1", "STANDARD\\2,2", annotation_display_format_id=format_id, annotation_boxes=boxes, **values)


@pytest.mark.parametrize("words", [*ANY_FORMAT, *(place for format_ in DEFAULT_FORMATS.values() for place in format_)])
def test_the_tables_places_are_places(words):
    assert parse_place(words).line == 1


@pytest.mark.parametrize("words", ["", "left", "bottom middle", "bottom left 0", "bottom left 9", "bottom left 1 1"])
def test_what_is_no_place_is_refused(words):
    with pytest.raises(ValueError, match="is no place; expected top or bottom"):
        parse_place(words)


def test_any_format_id_has_places_and_a_printers_own_come_first():
    assert len(places("0\\LABEL")) == len(ANY_FORMAT)
    assert len(places(" label ", {"Label": ("top left", "top right")})) == 2
    assert places("  ") == ()


@given(st.lists(PLACES, min_size=1, max_size=12, unique=True), st.booleans())
def test_no_text_lies_on_an_image_or_on_another_text(words, footer):
    printer = LogicalPrinter("P", margin=3.0, footer=footer, annotation_formats={"X": tuple(words)})
    one = film("X", *("text" for _ in words), stray_texts=("label",))
    layout = lay_out(one, printer)
    taken = [text.box for text in layout.texts] + list(image_box_rects(one, printer))
    assert len(layout.texts) == len(words) + footer
    for number, a in enumerate(taken):
        assert a.x >= 3 - 1e-6 and a.y >= 3 - 1e-6
        assert a.x + a.width <= 355.6 - 3 + 1e-6 and a.y + a.height <= 431.8 - 3 + 1e-6
        for b in taken[:number]:
            across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
            down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
            assert min(across, down) <= 1e-6


def test_places_of_one_line_share_its_width():
    area = Rect(0, 0, 300, 400)
    assert [strip.x for strip in strips(places("ANY"), area, 5)] == [0, 100, 200, 0, 100, 200]
    (label,) = strips(places("LABEL"), area, 5)
    assert label == Rect(0, 395, 300, 5)


def test_texts_stand_in_order_of_position_and_empty_ones_are_left_out():
    layout = lay_out(film("ANY", "one", "", "three"), LogicalPrinter("P"))
    assert [(text.position, text.text, text.align) for text in layout.texts] == [
        (1, "one", Align.LEFT),
        (3, "three", Align.RIGHT),
    ]


def test_a_film_without_room_for_images_beside_its_text_is_refused():
    tall = LogicalPrinter("P", annotation_height=200.0)
    with pytest.raises(InvalidAttribute):
        lay_out(film("COMBINED", film_size_id="8INX10IN"), tall)


@pytest.mark.parametrize(
    ("configuration", "texts"),
    [
        ("ANNOTATION1=PATID", ("PATID",)),
        ("aycan print I1=Ward 7\\I2= B ", ("Ward 7", "B")),
        ('LABEL="St. Elsewhere"', ("St. Elsewhere",)),
        ("CS003", ()),
        ("PERCEPTION_LUT=LINEAR\\G=0.5", ()),
        ("WINDOW_WIDTH=400\\WINDOW_CENTER=40", ()),
        ("", ()),
    ],
)
def test_annotation_is_found_in_configuration_information(configuration, texts):
    assert annotation_terms(configuration) == texts


def test_stray_texts_come_once_the_label_first():
    boxes = (ImageBox("1.1", 1, configuration_information="ANNOTATION1=A"),)
    one = FilmBox("1", "STANDARD\\1,1", configuration_information="ANNOTATION1=A\\ANNOTATION2=L", image_boxes=boxes)
    assert stray_texts(FilmSession("0", film_session_label="L"), one) == ("L", "A")
