"""The fonts of text on films, and which of them has a character."""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import uharfbuzz as hb

FOLDER = Path(__file__).parent / "fonts"
FILES = (  # in order of preference: a character has the first font that knows it
    "NotoSans-Regular",
    "NotoSansArabic-Regular",
    "NotoSansHebrew-Regular",
    "NotoSansThai-Regular",
    "NotoSansDevanagari-Regular",
    "NotoSansArmenian-Regular",
    "NotoSansGeorgian-Regular",
    "NotoSansBengali-Regular",
    "NotoSansGurmukhi-Regular",
    "NotoSansGujarati-Regular",
    "NotoSansOriya-Regular",
    "NotoSansTamil-Regular",
    "NotoSansTelugu-Regular",
    "NotoSansKannada-Regular",
    "NotoSansMalayalam-Regular",
    "NotoSansSinhala-Regular",
    "NotoSansLao-Regular",
    "NotoSansKhmer-Regular",
    "NotoSansMyanmar-Regular",
    "NotoSerifTibetan-Regular",
    "NotoSansEthiopic-Regular",
    "NotoSansMongolian-Regular",
    "DroidSansFallback",
    "DroidSansFallbackFull-Part",
    "NotoSansMath-Part",
    "NotoSansSymbols2-Part",
)
MISSING = "\u25a1"  # a box, drawn for what no font has
UNKNOWN_SCRIPTS = ("Zyyy", "Zinh", "Zzzz")


@dataclass(frozen=True, slots=True, eq=False)
class Typeface:
    """One font; two are equal when they are the same object."""

    name: str
    font: hb.Font
    units_per_em: int

    def has(self, characters: str) -> bool:
        """Whether it has a glyph for each of them."""
        return all(self.font.get_nominal_glyph(ord(character)) for character in characters)


@cache
def typeface(name: str) -> Typeface:
    face = hb.Face(hb.Blob.from_file_path(str(FOLDER / f"{name}.ttf")))
    return Typeface(name, hb.Font(face), face.upem)


@lru_cache(maxsize=4096)
def typeface_of(characters: str) -> Typeface | None:
    """The font for characters that stand together, a letter and its marks; None: none has them all."""
    return next((face for face in map(typeface, FILES) if face.has(characters)), None)


@lru_cache(maxsize=4096)
def script_of(character: str) -> str:
    """Its script as ISO 15924 calls it, by HarfBuzz's tables; "" for what all scripts share.

    >>> [script_of(character) for character in "aЖ漢 1"]
    ['Latn', 'Cyrl', 'Hani', '', '']
    """
    buffer = hb.Buffer()
    buffer.add_codepoints([ord(character)])
    buffer.guess_segment_properties()
    return "" if buffer.script is None or buffer.script in UNKNOWN_SCRIPTS else str(buffer.script)
