"""PURE. What one association may hold, and one of its requests contain; more is refused, each with its status."""

from collections.abc import Iterable
from dataclasses import dataclass

from printmgr.film.model import FilmBox, Image


@dataclass(frozen=True, slots=True)
class Caps:
    """The limits. Pixels are Rows times Columns."""

    films: int = 1000  # of a film session; a study of many films has tens
    image_boxes: int = 20_000  # of a film session
    image_pixels: int = 100_000_000  # of one image; 14 x 17 inches at 600 dpi have 86 million
    session_pixels: int = 2_000_000_000  # of all images of a film session
    presentation_luts: int = 1000
    lut_entries: int = 1 << 20  # of all Presentation LUTs that were made; films keep those that are deleted
    depth: int = 64  # sequences inside each other
    elements: int = 20_000  # of a data set; a real one has about thirty


CAPS = Caps()


def pixels_of(image: Image | None) -> int:
    return 0 if image is None else image.format.rows * image.format.columns


def pixels_of_all(films: Iterable[FilmBox]) -> int:
    return sum(pixels_of(box.image) for film in films for box in film.image_boxes)
