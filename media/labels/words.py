"""The labels' own words in other languages: English is what templates say, `texts/LANGUAGE.toml` the others.

IHE PDI's "DICOM ONLY" and "DICOM PLUS WEB" are the same in all.
"""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from media.errors import BadOrder

FOLDER = Path(__file__).parent / "texts"
ENGLISH = "en"
LANGUAGES = (ENGLISH, *sorted(path.stem for path in FOLDER.glob("*.toml")))

Words = Callable[[str], str]
"""A text of ours in the language of a label; what it does not know it leaves as it is."""


def english(text: str) -> str:
    """The words as they are."""
    return text


def words_of(language: str, own: Mapping[str, Mapping[str, str]] | None = None) -> Words:
    """The words of a language; `own` are those that a template brings, by language. Raises BadOrder.

    >>> words_of("de")("Not for primary diagnosis")
    'Nicht zur Primärbefundung'
    """
    brought = dict((own or {}).get(language, {}))
    if language not in LANGUAGES and not brought:
        raise BadOrder(f"labels have no words in {language!r}; expected one of {', '.join(LANGUAGES)}")
    known = _texts(language) | brought if language != ENGLISH else brought
    return lambda text: known.get(text, text)


@cache
def _texts(language: str) -> dict[str, str]:
    path = FOLDER / f"{language}.toml"
    return dict(tomllib.loads(path.read_text("utf-8"))) if path.exists() else {}
