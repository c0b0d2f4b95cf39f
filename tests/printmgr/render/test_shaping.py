"""Text of any script becomes the glyphs that a browser would draw, none is lost, and it reads back."""

import html
import json
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printmgr.render.shaping import IGNORABLE, Line, shaped
from printmgr.render.typefaces import FILES, FOLDER
from tests.printmgr.render.texts import TEXTS


def told(line: Line) -> str:
    """What the glyphs stand for, from left to right."""
    return "".join(glyph.text for glyph in line.glyphs)


def seen(text: str) -> list[str]:
    """The characters of a text that take ink, in no order."""
    return sorted(IGNORABLE.sub("", text).replace(" ", ""))


@pytest.mark.parametrize("script", TEXTS)
def test_every_script_has_its_font(script: str) -> None:
    line = shaped(TEXTS[script])
    assert line.missing == ""
    assert seen(told(line)) == seen(TEXTS[script])


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_character_is_dropped(text: str) -> None:
    line = shaped(text)
    assert seen(told(line)) == seen(line.text)
    assert all(glyph.id for glyph in line.glyphs)  # never .notdef, which PDF/A forbids to show


@given(st.text(max_size=40, alphabet=" abאבגمحم()12,-é漢"))
@settings(max_examples=200, deadline=None)
def test_the_order_is_that_of_unicode(text: str) -> None:
    """UAX #9 as another implementation has it."""
    from bidi import get_display

    expected = get_display(text, base_dir=None).translate(str.maketrans("()", ")("))
    assert told(shaped(text)).translate(str.maketrans("()", ")(")) == expected or not text.strip()


def test_what_no_font_has_is_a_box_in_its_place() -> None:
    line = shaped("a\U00020000b")
    assert line.missing == "\U00020000"
    first, box, last = line.glyphs
    assert [glyph.text for glyph in (first, box, last)] == ["a", "\U00020000", "b"]
    assert first.x < box.x < last.x


def test_a_letter_is_seen_though_its_mark_is_not() -> None:
    assert told(shaped("a\u20dd")) == "a\u20dd"
    assert shaped("a\u20dd").missing == "\u20dd"


@pytest.mark.parametrize(("joined", "apart"), [("\u1112\u1161\u11ab", "한"), ("e\u0301", "é")])
def test_what_is_composed_is_drawn_as_one(joined: str, apart: str) -> None:
    assert [glyph.id for glyph in shaped(joined).glyphs] == [glyph.id for glyph in shaped(apart).glyphs]


def test_arabic_letters_join() -> None:
    alone = [glyph.id for letter in "محمد" for glyph in shaped(letter).glyphs]
    assert {glyph.id for glyph in shaped("محمد").glyphs}.isdisjoint(alone[:1])


@pytest.mark.parametrize("text", ["", " ", "\t\r\n", "\u200d", "\u202e"])
def test_nothing_is_a_line_too(text: str) -> None:
    assert shaped(text).missing == ""


@pytest.mark.peer("chromium")
def test_lines_are_as_wide_as_in_a_browser(tmp_path: Path) -> None:
    faces = "".join(f"@font-face{{font-family:{name};src:url(file://{FOLDER}/{name}.ttf)}}" for name in FILES)
    spans = "".join(f"<p><span>{html.escape(text)}</span></p>" for text in TEXTS.values())
    script = (
        "document.fonts.ready.then(() => {document.title = JSON.stringify([...document.querySelectorAll('span')]"
        ".map(span => span.getBoundingClientRect().width))})"
    )
    style = f"{faces} p{{white-space:nowrap;font:100px {','.join(FILES)};text-rendering:geometricPrecision}}"
    page = tmp_path / "page.html"
    page.write_text(f"<meta charset=utf-8><style>{style}</style>{spans}<script>{script}</script>", encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
    command = ["chromium", *options, f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=10000"]
    drawn = subprocess.run([*command, "--dump-dom", page.as_uri()], check=True, capture_output=True, text=True).stdout
    found = re.search(r"<title>(\[.*?\])</title>", drawn)
    assert found, drawn[:500]
    widths = dict(zip(TEXTS, json.loads(found.group(1)), strict=True))
    ours = {script: 100 * shaped(text).width for script, text in TEXTS.items()}
    assert ours == pytest.approx(widths, rel=0.01)
