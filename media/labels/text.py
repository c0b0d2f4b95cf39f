"""What the labels need of text: lines of shaped glyphs, which somebody else sets, and the room they have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

ASCENT, DESCENT = 0.95, 0.3  # em above and below the baseline that a line has at least

STEP = 0.94  # from one size to the next smaller


class Glyph(Protocol):
    """A glyph of a font; lengths in em."""

    @property
    def face(self) -> Any:
        """With `font`, one of HarfBuzz, and `units_per_em`."""
        ...

    @property
    def id(self) -> int: ...

    @property
    def x(self) -> float: ...

    @property
    def y(self) -> float: ...


class Line(Protocol):
    """A line of text in any script, its glyphs in their places; lengths in em."""

    @property
    def text(self) -> str: ...

    @property
    def width(self) -> float: ...

    @property
    def top(self) -> float: ...

    @property
    def bottom(self) -> float: ...

    @property
    def glyphs(self) -> Iterator[Glyph]: ...


class Typesetter(Protocol):
    """Sets text into lines."""

    def __call__(self, text: str, width: float, count: int) -> Sequence[Line]:
        """The first `count` lines of a text, each at most `width` em long."""
        ...


@dataclass(frozen=True, slots=True)
class SetText:
    """Lines as they fit into a box: their em and the distance of their baselines, in mm."""

    lines: tuple[Line, ...]
    size: float
    pitch: float
    first: float  # the first baseline, from the top of the box


def fitted(
    text: str, width: float, height: float, largest: float, least: float, most: int, typeset: Typesetter
) -> SetText | None:
    """A text as large as its box (mm) allows, between `largest` and `least`; None when all of it does not fit.

    Rather on one line than on two as long as it stays more than half as large.
    """
    for count in range(1, most + 1):
        smallest = least if count == most else max(least, largest / 2)
        size = largest
        while size >= smallest:
            found = _set(text, width, height, size, count, typeset)
            if found is not None:
                return found
            size *= STEP
    return None


def _set(text: str, width: float, height: float, size: float, count: int, typeset: Typesetter) -> SetText | None:
    lines = tuple(typeset(text, width / size, count))
    if squeezed("".join(line.text for line in lines)) != squeezed(text):
        return None
    ascent = max([ASCENT, *(line.top for line in lines)])
    pitch = (ascent + max([DESCENT, *(line.bottom for line in lines)])) * size
    if pitch * len(lines) > height or any(line.width * size > width for line in lines):
        return None
    return SetText(lines, size, pitch, (height - pitch * len(lines)) / 2 + ascent * size)


def squeezed(text: str) -> str:
    return "".join(text.split())
