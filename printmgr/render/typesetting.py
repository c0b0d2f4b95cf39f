"""A text set into a strip of the film: as large as the strip allows, smaller when it is long, then on more lines."""

import math
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from printmgr.film.annotations import Align
from printmgr.film.geometry import Rect
from printmgr.render.shaping import Line, clusters, goes_right_to_left, presentable, shaped

ASCENT, DESCENT = 1.0, 0.3  # em above and below the baseline that a line has at least
SMALLEST_MM = 1.8  # size of text; about 5 points, which is read without a glass
PADDING_MM = 1.0  # left and right
ELLIPSIS = "…"
LONGEST = 1024  # characters that are set; no attribute of a print has as many
SHARE_BEFORE = {Align.LEFT: 0.0, Align.CENTER: 0.5, Align.RIGHT: 1.0}  # of the room that a line leaves


@dataclass(frozen=True, slots=True)
class SetLine:
    """A line where it lies: the left end of its baseline and its em, in mm from the film's top left corner."""

    line: Line
    x: float
    y: float
    size: float
    stands_for: str = ""  # the rest of the text, where the line is cut off with an ellipsis


def set_text(text: str, strip: Rect, align: Align) -> tuple[SetLine, ...]:
    """The lines of a text in its strip, which no ink leaves.

    One line as high as the strip, made smaller where the text is long; then more lines, as long as they can be read;
    what is too long even so is cut off with an ellipsis.
    """
    text = presentable(text).strip()
    width = strip.width - 2 * PADDING_MM
    if not text or width <= 0 or strip.height <= 0:
        return ()
    most = max(1, math.floor(strip.height / (SMALLEST_MM * (ASCENT + DESCENT))))
    for count in range(1, most + 1):
        least = smallest(strip.height, count)
        lines = broken(text[:LONGEST], width / least, count)
        if "".join(line.text for line in lines).replace(" ", "") == text.replace(" ", ""):
            return placed(lines, strip, align)
    lines = broken(text[:LONGEST], width / least, most, cut_off=True)
    rest = text
    for line in lines[:-1]:
        rest = rest[len(line.text) :].lstrip()
    *whole, last = placed(lines, strip, align)
    return (*whole, replace(last, stands_for=rest))


def smallest(height: float, count: int) -> float:
    """The least size that `count` lines may have before there are to be more of them."""
    return min(max(SMALLEST_MM, height / (count + 1) / (ASCENT + DESCENT)), height / count / (ASCENT + DESCENT))


def placed(lines: Sequence[Line], strip: Rect, align: Align) -> tuple[SetLine, ...]:
    """Lines in their strip, all of one size: as large as it holds them."""
    ascent, descent = max([ASCENT, *(line.top for line in lines)]), max([DESCENT, *(line.bottom for line in lines)])
    slot, width = strip.height / len(lines), strip.width - 2 * PADDING_MM
    size = min([slot / (ascent + descent), *(width / line.width for line in lines if line.width > 0)])
    first = strip.y + (slot - (ascent + descent) * size) / 2 + ascent * size
    room = (width - line.width * size for line in lines)
    return tuple(
        SetLine(line, strip.x + PADDING_MM + free * SHARE_BEFORE[align], first + number * slot, size)
        for number, (line, free) in enumerate(zip(lines, room, strict=True))
    )


def broken(text: str, width: float, count: int, *, cut_off: bool = False) -> list[Line]:
    """The first `count` lines of a text, each as long as `width` em allow; `cut_off` ends the last with an ellipsis."""
    right_to_left = goes_right_to_left(text)
    lines: list[Line] = []
    while text and len(lines) < count:
        last = cut_off and len(lines) == count - 1
        lines.append(first_line(text, width, ELLIPSIS if last else "", right_to_left))
        text = text[len(lines[-1].text) - len(ELLIPSIS if last else "") :].lstrip()
    return lines


def first_line(text: str, width: float, ending: str, right_to_left: bool) -> Line:
    """As much of a text as has room, up to where it may be broken, or in the middle of a word longer than a line."""
    for places in (breaks(text), [end for _, end in clusters(text)]):
        fitting = bisect_right(places, width, key=lambda end: shaped(text[:end].rstrip() + ending, right_to_left).width)
        if fitting:
            return shaped(text[: places[fitting - 1]].rstrip() + ending, right_to_left)
    return shaped(text[: next(end for _, end in clusters(text))] + ending, right_to_left)


def breaks(text: str) -> list[int]:
    """Where a line may end: behind spaces, beside letters that are words by themselves, at the end."""
    return [
        end
        for _, end in clusters(text)
        if end == len(text) or text[end - 1] == " " or is_wide(text[end - 1]) or is_wide(text[end])
    ]


def is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) == "W"
