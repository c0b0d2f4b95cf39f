"""The languages of the pages: catalogues of gettext (locale/*.po), compiled when they are read."""

import gettext
import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent / "locale"
DEFAULT = "en"
LANGUAGES = {"en": "English", "de": "Deutsch"}


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; the texts themselves are English."""
    if language == DEFAULT:
        return gettext.NullTranslations()
    with (LOCALE / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
