"""A line of text in any script becomes glyphs: which font, which glyph, where (UAX #9, OpenType by HarfBuzz)."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

import uharfbuzz as hb

from printmgr.render.typefaces import MISSING, Typeface, script_of, typeface_of

RIGHT_TO_LEFT = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI"})  # classes of UAX #9
IGNORABLE = re.compile(  # what is never seen by itself (UAX #44, Default_Ignorable_Code_Point)
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
JAMO = range(0x1100, 0x1200)
REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class Glyph:
    """One glyph; lengths in em."""

    face: Typeface
    id: int
    text: str  # what it stands for; "" when the glyph before it stands for the same characters
    x: float  # of its origin, from the line's left end
    y: float  # above the baseline


@dataclass(frozen=True, slots=True)
class Part:
    """Glyphs from left to right whose characters have one direction."""

    text: str  # in logical order
    glyphs: tuple[Glyph, ...]
    right_to_left: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line from left to right; lengths in em. `top` and `bottom` are its ink above and below the baseline."""

    text: str  # in logical order
    parts: tuple[Part, ...]
    width: float
    top: float
    bottom: float
    missing: str = ""  # characters that no font has

    @property
    def glyphs(self) -> Iterator[Glyph]:
        return (glyph for part in self.parts for glyph in part.glyphs)


@dataclass(frozen=True, slots=True)
class Run:
    """Characters `start` up to `end` of a line that are shaped together."""

    start: int
    end: int
    level: int  # odd: right to left
    face: Typeface | None
    script: str


def shaped(text: str, right_to_left: bool | None = None) -> Line:
    """The line of `text`; `right_to_left` is the direction of the text it is of, None: its own."""
    text = presentable(text)
    parts: list[Part] = []
    x = 0.0
    ordered = in_visual_order(runs(text, goes_right_to_left(text) if right_to_left is None else right_to_left))
    for run in ordered:
        glyphs, advance = boxes(text, run, x) if run.face is None else of_run(text, run, run.face, x)
        parts.append(Part(text[run.start : run.end], tuple(glyphs), run.level % 2 == 1))
        x += advance
    top, bottom = ink(glyph for part in parts for glyph in part.glyphs)
    missing = "".join(text[run.start : run.end] for run in ordered if run.face is None)
    return Line(text, tuple(parts), x, top, bottom, missing)


def presentable(text: str) -> str:
    """Text without control characters and halves of characters; Hangul letters joined to the syllables fonts have.

    >>> presentable("A\\tB\\ud800")
    'A B\ufffd'
    """
    text = "".join(map(visible, text))
    return unicodedata.normalize("NFC", text) if any(ord(character) in JAMO for character in text) else text


def visible(character: str) -> str:
    category = unicodedata.category(character)
    return REPLACEMENT if category == "Cs" else " " if category in ("Cc", "Zl", "Zp") else character


def goes_right_to_left(text: str) -> bool:
    """Whether a text's first strong character is of a script that does (UAX #9, P2 and P3, isolates left aside)."""
    return next((kind for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL")), "L") != "L"


def runs(text: str, right_to_left: bool) -> Iterator[Run]:
    """The parts of a text that have one level, one font and one script, in logical order."""
    levels = embedding_levels(text, right_to_left)
    script = next((found for found in map(script_of, text) if found), "")
    cells = []
    for start, end in cells_of(text):
        script = script_of(text[start]) or script
        cells.append(Run(start, end, levels[start], face_of(text[start:end]), script))
    for _, group in groupby(cells, lambda cell: (cell.level, cell.face, cell.script)):
        together = list(group)
        yield replace(together[0], end=together[-1].end)


def cells_of(text: str) -> Iterator[tuple[int, int]]:
    """The clusters of a text, those that no font has as a whole one by one: a letter is seen though its mark is not."""
    for start, end in clusters(text):
        if face_of(text[start:end]) is None:
            yield from ((at, at + 1) for at in range(start, end))
        else:
            yield start, end


def face_of(cluster: str) -> Typeface | None:
    return typeface_of(IGNORABLE.sub("", cluster))


def clusters(text: str) -> Iterator[tuple[int, int]]:
    """Each letter with the marks and what is not seen behind it: start and end."""
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or not belongs_to_the_one_before(text[end]):
            yield start, end
            start = end


def belongs_to_the_one_before(character: str) -> bool:
    return is_mark(character) or IGNORABLE.match(character) is not None


def is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Mc", "Me")


def embedding_levels(text: str, right_to_left: bool) -> list[int]:
    """The level of each character (UAX #9): odd ones go from right to left."""
    if not right_to_left and RIGHT_TO_LEFT.isdisjoint(map(unicodedata.bidirectional, text)):
        return [0] * len(text)
    from fpdf.bidi import BidiParagraph  # takes its time
    from fpdf.enums import TextDirection

    paragraph = BidiParagraph(text, TextDirection.RTL if right_to_left else TextDirection.LTR)
    levels = [-1] * len(text)
    for character in paragraph.get_characters_with_embedding_level():
        levels[character.character_index] = character.embedding_level
    before = paragraph.base_embedding_level
    for index, level in enumerate(levels):  # controls of the direction have none
        before = levels[index] = level if level >= 0 else before
    return levels


def in_visual_order(parts: Iterable[Run]) -> list[Run]:
    """Runs from left to right (UAX #9, L2)."""
    ordered = list(parts)
    for level in range(max((run.level for run in ordered), default=0), 0, -1):
        start = 0
        while start < len(ordered):
            end = start
            while end < len(ordered) and ordered[end].level >= level:
                end += 1
            ordered[start:end] = ordered[start:end][::-1]
            start = end + 1
    return ordered


def of_run(text: str, run: Run, face: Typeface, x: float) -> tuple[list[Glyph], float]:
    """The glyphs of a run that begins at `x`, and how far it goes."""
    buffer = hb.Buffer()
    buffer.add_codepoints([ord(character) for character in text], run.start, run.end - run.start)
    buffer.direction = "rtl" if run.level % 2 else "ltr"
    buffer.script = run.script or "Zyyy"
    buffer.language = "und"
    buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_CHARACTERS  # a mark stands for itself
    hb.shape(face.font, buffer)
    standing_for = texts_of_clusters(text, run, [info.cluster for info in buffer.glyph_infos])
    glyphs, start = [], x
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        said = standing_for.pop(info.cluster, "")
        left, up = x + position.x_offset / face.units_per_em, position.y_offset / face.units_per_em
        if info.codepoint == 0:
            glyphs.append(box(said, left))
        elif IGNORABLE.sub("", said) or any(ink_of(face, info.codepoint)):
            glyphs.append(Glyph(face, info.codepoint, said, left, up))
        x += position.x_advance / face.units_per_em
    return glyphs, x - start


def texts_of_clusters(text: str, run: Run, found: Iterable[int]) -> dict[int, str]:
    """The characters that each of HarfBuzz's clusters stands for, by where they begin."""
    starts = sorted(set(found))
    return {start: text[start:end] for start, end in zip(starts, [*starts[1:], run.end], strict=True)}


def boxes(text: str, run: Run, x: float) -> tuple[list[Glyph], float]:
    """A box for each letter of a run that no font has."""
    face = typeface_of(MISSING)
    assert face is not None
    advance = face.font.get_glyph_h_advance(face.font.get_nominal_glyph(ord(MISSING))) / face.units_per_em
    cells = list(clusters(text[run.start : run.end]))
    ordered = cells[::-1] if run.level % 2 else cells
    glyphs = [
        box(text[run.start + start : run.start + end], x + number * advance)
        for number, (start, end) in enumerate(ordered)
    ]
    return glyphs, advance * len(cells)


def box(text: str, x: float) -> Glyph:
    face = typeface_of(MISSING)
    assert face is not None
    return Glyph(face, face.font.get_nominal_glyph(ord(MISSING)), text, x, 0.0)


def ink(glyphs: Iterable[Glyph]) -> tuple[float, float]:
    """How far glyphs reach above and below the baseline."""
    top = bottom = 0.0
    for glyph in glyphs:
        highest, lowest = ink_of(glyph.face, glyph.id)
        top, bottom = max(top, glyph.y + highest), max(bottom, lowest - glyph.y)
    return top, bottom


@lru_cache(maxsize=4096)
def ink_of(face: Typeface, glyph: int) -> tuple[float, float]:
    """How far one glyph reaches above and below its origin."""
    extents = face.font.get_glyph_extents(glyph)
    if extents is None:
        return 0.0, 0.0
    return extents.y_bearing / face.units_per_em, -(extents.y_bearing + extents.height) / face.units_per_em
