"""How films are divided."""

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from printmgr.errors import InvalidAttribute
from printmgr.film.formats import MAX_IMAGE_BOXES, parse
from printmgr.film.geometry import Rect

QUARTERS = ((0.0, 0.0, 0.5, 0.5), (0.5, 0.0, 0.5, 0.5), (0.0, 0.5, 1.0, 0.5))
FILMS = st.tuples(st.floats(150, 600), st.floats(150, 600))
COUNTS = st.lists(st.integers(1, 8), min_size=1, max_size=8)


@st.composite
def formats(draw):
    """A format, the number of its boxes (None: as fits), and whether it goes column by column."""
    kind = draw(st.sampled_from(["STANDARD", "ROW", "COL", "SLIDE", "SUPERSLIDE"]))
    if kind == "STANDARD":
        columns, rows = draw(st.integers(1, 20)), draw(st.integers(1, 20))
        return f"STANDARD\\{columns},{rows}", columns * rows
    if kind in ("ROW", "COL"):
        counts = draw(COUNTS)
        return f"{kind}\\{','.join(map(str, counts))}", sum(counts)
    return kind, None


def overlap(a, b):
    return min(
        min(a.x + a.width, b.x + b.width) - max(a.x, b.x),
        min(a.y + a.height, b.y + b.height) - max(a.y, b.y),
    )


@given(formats(), FILMS, st.floats(0, 20), st.floats(0, 2))
def test_boxes_are_all_there_inside_the_film_and_apart(described, film, margin, gap):
    text, count = described
    boxes = parse(text).boxes(Rect(0, 0, *film).inside(margin), gap)
    assert count is None or len(boxes) == count
    for box in boxes:
        assert box.x >= margin - 1e-6 and box.y >= margin - 1e-6
        assert box.x + box.width <= film[0] - margin + 1e-6
        assert box.y + box.height <= film[1] - margin + 1e-6
    assume(len(boxes) <= 64)
    assert all(overlap(a, b) <= 1e-6 for a, b in itertools.combinations(boxes, 2))


@given(formats(), FILMS, st.floats(0, 5))
def test_positions_follow_the_standard_order(described, film, gap):
    text, _ = described
    boxes = parse(text).boxes(Rect(0, 0, *film), gap)
    by_column = text.startswith("COL")
    keys = [(box.x, box.y) if by_column else (box.y, box.x) for box in boxes]
    rounded = [(round(a, 6), round(b, 6)) for a, b in keys]
    assert rounded == sorted(rounded)
    assert len(set(rounded)) == len(rounded)


@given(st.integers(1, 20), st.integers(1, 20), FILMS)
def test_standard_fills_the_film_with_equal_boxes_columns_first(columns, rows, film):
    boxes = parse(f"STANDARD\\{columns},{rows}").boxes(Rect(0, 0, *film))
    assert len({round(box.x, 6) for box in boxes}) == columns
    assert {(round(box.width * columns, 6), round(box.height * rows, 6)) for box in boxes} == {
        (round(film[0], 6), round(film[1], 6))
    }


def test_row_has_rows_of_equal_height_and_col_columns_of_equal_width():
    rows = parse(r"ROW\2,1").boxes(Rect(0, 0, 100, 200))
    assert [(b.x, b.y, b.width, b.height) for b in rows] == [(0, 0, 50, 100), (50, 0, 50, 100), (0, 100, 100, 100)]
    columns = parse(r"COL\1,2").boxes(Rect(0, 0, 100, 200))
    assert [(b.x, b.y, b.width, b.height) for b in columns] == [(0, 0, 50, 200), (50, 0, 50, 100), (50, 100, 50, 100)]


def test_gap_and_margin_are_kept_free():
    a, b = parse(r"STANDARD\2,1").boxes(Rect(0, 0, 100, 50).inside(10), 4)
    assert (a.x, a.width, b.x, b.y, b.height) == (10, 38, 52, 10, 30)


@pytest.mark.parametrize(("kind", "opening"), [("SLIDE", (34.3, 22.5)), ("SUPERSLIDE", (37.5, 37.5))])
def test_slides_are_as_many_mounts_as_fit_in_the_middle_of_the_film(kind, opening):
    boxes = parse(kind).boxes(Rect(0, 0, 355.6, 431.8))
    assert len(boxes) == 7 * 8
    assert {(box.width, box.height) for box in boxes} == {opening}
    assert boxes[1].x - boxes[0].x == pytest.approx(50)
    assert boxes[7].y - boxes[0].y == pytest.approx(50)
    assert boxes[0].x == pytest.approx(355.6 - (boxes[6].x + boxes[6].width))
    assert boxes[0].y == pytest.approx(431.8 - (boxes[-1].y + boxes[-1].height))


def test_custom_formats_are_parts_of_the_printable_area():
    boxes = parse(r"custom\ 01", {"1": QUARTERS}).boxes(Rect(0, 0, 220, 420).inside(10), gap=99)
    assert [(b.x, b.y, b.width, b.height) for b in boxes] == [
        (10, 10, 100, 200),
        (110, 10, 100, 200),
        (10, 210, 200, 200),
    ]


@pytest.mark.parametrize(
    "parts", [(), ((0.5, 0, 0.6, 1),), ((0, 0, 0, 1),), ((-0.1, 0, 1, 1),), ((0, 0, float("nan"), 1),)]
)
def test_custom_boxes_outside_the_film_are_refused(parts):
    with pytest.raises(InvalidAttribute):
        parse(r"CUSTOM\1", {"1": parts})


@pytest.mark.parametrize(
    "text", [r"standard\2,3", r" STANDARD \ 2 , 3 ", r"STANDARD\02,003", "STANDARD\\2,3\0", r"STANDARD\\2,3"]
)
def test_case_blanks_and_zeros_do_not_matter(text):
    assert parse(text) == parse(r"STANDARD\2,3")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "STANDARD",
        "STANDARD\\",
        r"STANDARD\1",
        r"STANDARD\1,2,3",
        r"STANDARD\0,1",
        r"STANDARD\1,0",
        r"STANDARD\-1,1",
        r"STANDARD\1.5,2",
        r"STANDARD\1000000000,1",
        r"STANDARD\999999999,999999999",
        r"STANDARD\21,20",
        "STANDARD\\" + "9" * 5000 + ",1",
        r"ROW\0",
        r"ROW\1,,2",
        r"COL\401",
        "COL\\" + ",".join("1" * 401),
        r"CUSTOM\1",
        r"CUSTOM\1,2",
        r"STANDARD\２,３",
        "NONSENSE",
    ],
)
def test_what_is_no_format_is_refused(text):
    with pytest.raises(InvalidAttribute) as refused:
        parse(text)
    assert refused.value.keyword == "ImageDisplayFormat"


@given(st.text() | st.from_regex(r"(STANDARD|ROW|COL|SLIDE)\\[0-9, ]{0,20}", fullmatch=True))
def test_any_text_gives_a_bounded_number_of_boxes_or_is_refused(text):
    try:
        boxes = parse(text).boxes(Rect(0, 0, 355.6, 431.8))
    except InvalidAttribute:
        return
    assert 1 <= len(boxes) <= MAX_IMAGE_BOXES


@pytest.mark.parametrize(
    ("text", "film", "margin", "gap"),
    [("SLIDE", (49, 400), 0, 0), (r"STANDARD\20,20", (200, 200), 0, 10), (r"STANDARD\1,1", (200, 200), 100, 0)],
)
def test_a_film_too_small_for_its_format_is_refused(text, film, margin, gap):
    with pytest.raises(InvalidAttribute):
        parse(text).boxes(Rect(0, 0, *film).inside(margin), gap)
