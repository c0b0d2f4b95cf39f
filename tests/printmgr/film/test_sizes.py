"""How large films are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printmgr.errors import InvalidAttribute
from printmgr.film.model import FilmOrientation
from printmgr.film.sizes import FILM_SIZES_MM, film_size

PORTRAIT, LANDSCAPE = FilmOrientation.PORTRAIT, FilmOrientation.LANDSCAPE

# The sizes in PDF points, as one would order the film by hand.
POINTS = {
    "8INX10IN": (576, 720),
    "8_5INX11IN": (612, 792),
    "10INX12IN": (720, 864),
    "10INX14IN": (728.5, 1031.8),
    "11INX14IN": (792, 1008),
    "11INX17IN": (792, 1224),
    "14INX14IN": (1008, 1008),
    "14INX17IN": (1008, 1224),
    "24CMX24CM": (680.3, 680.3),
    "24CMX30CM": (680.3, 850.4),
    "A4": (595.3, 841.9),
    "A3": (841.9, 1190.6),
}


def test_every_term_of_the_standard_has_its_size_in_points():
    assert set(POINTS) == set(FILM_SIZES_MM)
    for term, (width, height) in POINTS.items():
        size = [side / 25.4 * 72 for side in film_size(term, PORTRAIT)]
        assert size == pytest.approx([width, height], abs=0.06), term


@given(st.sampled_from(sorted(FILM_SIZES_MM)))
def test_landscape_swaps_the_sides(term):
    assert film_size(term, LANDSCAPE) == film_size(term, PORTRAIT)[::-1]


@given(st.integers(1, 100), st.integers(1, 100), st.integers(0, 9), st.sampled_from([("IN", 25.4), ("CM", 10.0)]))
def test_the_general_pattern_says_its_own_size(width, height, decimal, unit):
    name, mm = unit
    sides = ((width + decimal / 10) * mm, height * mm)
    term = f"{width}_{decimal}{name}X{height}{name}"
    if min(sides) < 20:
        with pytest.raises(InvalidAttribute):
            film_size(term, PORTRAIT)
    else:
        assert film_size(term, PORTRAIT) == pytest.approx(sides, abs=1e-3)


@pytest.mark.parametrize("term", ["14inx17in", " 14INX17IN ", "14 IN X 17 IN", "014INX17IN"])
def test_case_blanks_and_zeros_do_not_matter(term):
    assert film_size(term, PORTRAIT) == (355.6, 431.8)


@pytest.mark.parametrize(
    "term",
    [
        "",
        "CURRENT",
        "14X17",
        "14INX17CM",
        "0INX0IN",
        "9999INX1IN",
        "99999INX17IN",
        "14INX17INX",
        "A4\n1",
        "１４INX17IN",
    ],
)
def test_what_is_no_size_is_refused(term):
    with pytest.raises(InvalidAttribute) as refused:
        film_size(term, PORTRAIT)
    assert refused.value.keyword == "FilmSizeID"


@given(st.text())
def test_any_text_gives_a_size_that_a_page_can_have_or_is_refused(term):
    try:
        size = film_size(term, PORTRAIT)
    except InvalidAttribute:
        return
    assert all(20 <= side <= 5080 for side in size)
