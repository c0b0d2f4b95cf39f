"""TABLE and PURE. Annotation Display Formats: where a film has text; PS3.4 H.4.4 leaves that to the SCP.

A place is said in words: an edge of the film, how the text stands on it, and which line counted from the edge. Places
that share a line share its width. Annotation never covers an image: its lines are taken from the image boxes' area.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from printmgr.film.geometry import Rect

MAX_LINES = 8


class Edge(StrEnum):
    TOP = "top"
    BOTTOM = "bottom"


class Align(StrEnum):
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class AnnotationPlace:
    """Where one annotation box is."""

    edge: Edge
    align: Align = Align.LEFT
    line: int = 1  # from the edge


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A text of the film and the strip it stands in, mm from the film's top left corner."""

    text: str
    box: Rect
    align: Align = Align.LEFT
    position: int = 0  # Annotation Position (2030,0010); 0: of the footer


# By Annotation Display Format ID (2010,0030), in the order of Annotation Position. LABEL is Kodak's, ANNOTATION Agfa's.
# An ID that is not here gets ANY_FORMAT: SCUs name the formats of the printer they were made for.
DEFAULT_FORMATS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "LABEL": ("bottom",),
        "BOTTOM": ("bottom",),
        "TOP": ("top",),
        "ANNOTATION": ("bottom left", "bottom right"),
        "COMBINED": ("top", "bottom"),
    }
)
ANY_FORMAT = ("bottom left", "bottom center", "bottom right", "top left", "top center", "top right")


def parse_place(words: str) -> AnnotationPlace:
    """A place as the settings say it. Raises ValueError.

    >>> parse_place("bottom right 2")
    AnnotationPlace(edge=<Edge.BOTTOM: 'bottom'>, align=<Align.RIGHT: 'right'>, line=2)
    """
    edge, *rest = words.lower().split() or [""]
    line = int(rest.pop()) if rest and rest[-1].isascii() and rest[-1].isdigit() else 1
    align = rest.pop(0) if rest else Align.LEFT
    if edge not in set(Edge) or align not in set(Align) or rest or not 1 <= line <= MAX_LINES:
        raise ValueError(
            f"{words!r} is no place; expected top or bottom, then left, center or right, then 1 to {MAX_LINES}, a line"
        )
    return AnnotationPlace(Edge(edge), Align(align), line)


def places(format_id: str, own: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> tuple[AnnotationPlace, ...]:
    """The places of a format by position; `own` are the printer's. Case and blanks round the ID do not matter.

    >>> len(places("label")), len(places("WHATEVER"))
    (1, 6)
    >>> places("")
    ()
    """
    name = format_id.strip().upper()
    if not name:
        return ()
    words = {key.strip().upper(): value for key, value in own.items()}.get(name) or DEFAULT_FORMATS.get(name)
    return tuple(map(parse_place, words or ANY_FORMAT))


def lines_at(edge: Edge, of: Iterable[AnnotationPlace]) -> int:
    """How many lines the places take at an edge."""
    return max((place.line for place in of if place.edge is edge), default=0)


def strips(of: tuple[AnnotationPlace, ...], area: Rect, line_height: float) -> tuple[Rect, ...]:
    """The strip of each place. `area` is what is left of the film after margins and footer.

    >>> [strip.width for strip in strips(places("ANNOTATION"), Rect(0, 0, 100, 100), 4)]
    [50.0, 50.0]
    """
    return tuple(_strip(place, of, area, line_height) for place in of)


def _strip(place: AnnotationPlace, of: tuple[AnnotationPlace, ...], area: Rect, height: float) -> Rect:
    beside = {other.align for other in of if (other.edge, other.line) == (place.edge, place.line)}
    columns = 1 if len(beside) == 1 else 3 if Align.CENTER in beside else 2
    column = 0 if columns == 1 or place.align is Align.LEFT else columns - 1 if place.align is Align.RIGHT else 1
    width = area.width / columns
    up = place.line * height
    y = area.y + up - height if place.edge is Edge.TOP else area.y + area.height - up
    return Rect(area.x + column * width, y, width, height)
