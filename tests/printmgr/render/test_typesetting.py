"""Text stays in its strip, as large as it allows, and whole where there is room."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printmgr.film.annotations import Align
from printmgr.film.geometry import Rect
from printmgr.render.shaping import presentable
from printmgr.render.typesetting import ELLIPSIS, SMALLEST_MM, SetLine, set_text
from tests.printmgr.render.texts import TEXTS

strips = st.builds(Rect, st.just(3.0), st.just(7.0), st.floats(20, 400), st.floats(2, 40))
texts = st.text(max_size=120) | st.sampled_from(list(TEXTS.values())) | st.text("ab ", max_size=1500)


def ink(line: SetLine) -> Rect:
    glyphs = line.line
    top = line.y - glyphs.top * line.size
    return Rect(line.x, top, glyphs.width * line.size, (glyphs.top + glyphs.bottom) * line.size)


@given(texts, strips, st.sampled_from(Align))
@settings(max_examples=150, deadline=None)
def test_no_ink_leaves_the_strip(text: str, strip: Rect, align: Align) -> None:
    for line in set_text(text, strip, align):
        rect = ink(line)
        assert rect.y >= strip.y - 1e-6
        assert rect.y + rect.height <= strip.y + strip.height + 1e-6
        assert rect.x >= strip.x
        assert rect.x + rect.width <= strip.x + strip.width + 1e-6


@given(texts, strips)
@settings(max_examples=150, deadline=None)
def test_nothing_is_lost_but_behind_an_ellipsis(text: str, strip: Rect) -> None:
    lines = set_text(text, strip, Align.LEFT)
    shown = "".join(line.line.text for line in lines).replace(" ", "")
    whole = presentable(text).strip()
    if any(line.stands_for for line in lines):
        told = "".join(line.stands_for or line.line.text for line in lines)
        assert told.replace(" ", "") == whole.replace(" ", "")
        assert whole.replace(" ", "").startswith(shown.removesuffix(ELLIPSIS))
    else:
        assert shown == whole.replace(" ", "")


def test_a_short_text_fills_the_height() -> None:
    (line,) = set_text("DOE^JANE", Rect(0, 0, 300, 5), Align.LEFT)
    assert line.size == pytest.approx(5 / 1.3)


def test_a_longer_text_shrinks_then_breaks_then_ends() -> None:
    strip = Rect(0, 0, 60, 5)
    sizes, counts, whole = [], [], []
    for words in range(1, 40):
        lines = set_text(" ".join(["Wirbel"] * words), strip, Align.LEFT)
        sizes.append(lines[0].size)
        counts.append(len(lines))
        whole.append(not lines[-1].stands_for)
    assert sorted(counts) == counts and set(counts) == {1, 2}
    assert sorted(whole, reverse=True) == whole and not whole[-1]
    assert min(sizes) >= SMALLEST_MM
    assert sizes[0] > sizes[7] > sizes[-1]


@pytest.mark.parametrize(("align", "share"), [(Align.LEFT, 0.0), (Align.CENTER, 0.5), (Align.RIGHT, 1.0)])
def test_it_stands_where_its_place_says(align: Align, share: float) -> None:
    (line,) = set_text("R", Rect(10, 0, 100, 5), align)
    free = 98 - line.line.width * line.size
    assert line.x == pytest.approx(11 + share * free)


def test_words_stay_whole() -> None:
    lines = set_text("Lendenwirbelsaeule seitlich im Stehen unter Belastung " * 2, Rect(0, 0, 60, 8), Align.LEFT)
    assert len(lines) > 1
    assert all(
        word in ["Lendenwirbelsaeule", "seitlich", "im", "Stehen", "unter", "Belastung"]
        for line in lines
        for word in line.line.text.removesuffix(ELLIPSIS).split()
    )


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_nothing_takes_no_line(text: str) -> None:
    assert set_text(text, Rect(0, 0, 100, 5), Align.LEFT) == ()
