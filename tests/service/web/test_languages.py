"""Every text of the pages is there in every language."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from service.web import rendering
from service.web.languages import DEFAULT, LANGUAGES, LOCALE, translations

WEB = Path(rendering.__file__).parent
MARKS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


def texts() -> list[str | tuple[str, ...]]:
    methods = [("templates/**.html", "jinja2"), ("**.py", "python")]
    return [found[2] for found in extract_from_dir(WEB, methods, keywords=MARKS)]


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != DEFAULT])
def test_every_text_is_translated(language):
    with (LOCALE / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    found = texts()
    assert len(found) > 250
    for text in found:
        first = text if isinstance(text, str) else text[0]
        entry = catalogue.get(first)
        assert entry is not None, f"{language}.po lacks {first!r}"
        said = [entry.string] if isinstance(entry.string, str) else list(entry.string)
        assert all(said), f"{language}.po has nothing for {first!r}"
        for each in said:
            assert set(re.findall(r"%\(\w+\)[sd]", each)) == set(re.findall(r"%\(\w+\)[sd]", first)), first


def test_no_text_of_a_template_is_left_unmarked():
    """Words between tags that are not in a call of gettext would stay English."""
    for file in (WEB / "templates").glob("*.html"):
        bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", file.read_text(), flags=re.DOTALL)
        bare = re.sub(r"<kbd>.*?</kbd>|<style.*?</style>", "", bare, flags=re.DOTALL)
        words = [word for part in re.findall(r">([^<>]+)<", bare) for word in re.findall(r"[A-Za-z]{3,}", part)]
        assert set(words) <= {"printmgr"}, f"{file.name}: {words}"


def test_plurals_follow_the_language():
    german = translations("de")
    assert german.ngettext("%(num)d image", "%(num)d images", 1) == "%(num)d Bild"
    assert german.ngettext("%(num)d image", "%(num)d images", 2) == "%(num)d Bilder"
