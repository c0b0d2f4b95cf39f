"""PURE. Where everything of a film lies, in mm from the film's top left corner."""

from dataclasses import dataclass

from printmgr.film.model import MagnificationType


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle in mm from the film's top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Window:
    """The rows and columns of an image that are shown."""

    top: int
    left: int
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """One image box of a film with what is in it."""

    position: int
    box: Rect
    image: Rect | None  # where the shown part of the image lies; None: empty box
    window: Window | None
    decimate: int = 1  # every n-th row and column is kept (DECIMATE)
    magnification_type: MagnificationType = MagnificationType.CUBIC
    status: int = 0  # 0000H, or B604H demagnified, B609H cropped, B60AH decimated
    scale_as_requested: bool = False  # Requested Image Size was honoured to the mm


@dataclass(frozen=True, slots=True)
class FilmLayout:
    """A film of `width` x `height` mm with its image boxes."""

    width: float
    height: float
    pitch: float  # mm a printer pixel
    border_density: float  # OD
    empty_density: float  # OD
    trim: bool
    images: tuple[PlacedImage, ...]
