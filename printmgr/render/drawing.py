"""What is to be drawn on a film: its layout with every grey resolved, the same for the PDF and the preview."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from printmgr.film.density import Viewing, density_to_gray, is_inverted, presentation_lut_of, transfer_table, viewing_of
from printmgr.film.layout import FilmLayout, Rect, Window
from printmgr.film.model import FilmBox, Image, ImageBox, MagnificationType
from printmgr.film.printer import Resample, Tone
from printmgr.ports import Print
from printmgr.render.raster import Samples, bits_of, grays

EMPTY = "EMPTY FILM"  # what a film without any image says of itself
TRIM_LINE_MM = 0.2
LONGEST_SIDE = 16384  # pixels an image is resampled to; 14x17 in at 0.040 mm has 10795


@dataclass(frozen=True, slots=True)
class DrawnImage:
    """An image, where it lies and how its pixels become grey."""

    rect: Rect
    image: Image
    window: Window
    transfer: Samples
    magnification_type: MagnificationType
    size: tuple[int, int] | None  # columns and rows of printer pixels to draw it with; None: its own pixels

    def grays(self, folder: Path) -> Samples:
        """Its grey levels. Raises BadPixels."""
        return grays(self.image, folder, self.transfer, self.window, self.size, self.magnification_type)

    def thumbnail(self, folder: Path, columns: int, rows: int) -> Samples:
        """Its grey levels in another size. Raises BadPixels."""
        return grays(self.image, folder, self.transfer, self.window, (columns, rows), MagnificationType.BILINEAR)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A film of `width` x `height` mm; greys are shares of white."""

    width: float
    height: float
    border: float
    empty: float
    empty_boxes: tuple[Rect, ...]
    images: tuple[DrawnImage, ...]
    trim: bool

    @property
    def trim_line(self) -> float:
        """The grey of the line round an image: it stands out from the border."""
        return contrast(self.border)

    @property
    def text(self) -> str:
        """What is written over the film."""
        return "" if self.images else EMPTY

    @property
    def text_gray(self) -> float:
        return contrast(self.empty)


def contrast(gray: float) -> float:
    return 0.0 if gray > 0.5 else 1.0


def drawing(print_: Print, film: FilmBox, layout: FilmLayout, depth: int) -> Drawing:
    """One film of a print, in greys of `depth` bits."""
    viewing = viewing_of(print_.printer, film)
    return Drawing(
        layout.width,
        layout.height,
        share_of_white(layout.border_density, viewing, print_.printer.tone, depth),
        share_of_white(layout.empty_density, viewing, print_.printer.tone, depth),
        tuple(placed.box for placed in layout.images if placed.image is None),
        tuple(drawn_images(print_, film, layout, depth)),
        layout.trim,
    )


@lru_cache(maxsize=256)
def share_of_white(density: float, viewing: Viewing, tone: Tone, depth: int) -> float:
    return float(density_to_gray(density, viewing, tone, depth) / (2**depth - 1))


def drawn_images(print_: Print, film: FilmBox, layout: FilmLayout, depth: int) -> Iterator[DrawnImage]:
    boxes = {box.position: box for box in film.image_boxes}
    tables: dict[object, Samples] = {}  # most films have one
    for placed in layout.images:
        box = boxes.get(placed.position)
        if box is None or box.image is None or placed.image is None or placed.window is None:
            continue
        size = printer_pixels(placed.image, layout.pitch) if print_.printer.resample is Resample.FILM else None
        key = (bits_of(box.image.format), box.image.format.photometric_interpretation, box.polarity)
        densities = (box.min_density, box.max_density, box.presentation_lut)
        transfer = tables.get((key, densities))
        if transfer is None:
            transfer = tables[key, densities] = transfer_of(print_, film, box, box.image, depth)
        yield DrawnImage(placed.image, box.image, placed.window, transfer, placed.magnification_type, size)


def printer_pixels(rect: Rect, pitch: float) -> tuple[int, int]:
    """Columns and rows of a printer of `pitch` mm a pixel: one at least, LONGEST_SIDE at most.

    >>> printer_pixels(Rect(0, 0, 80.0, 40.0), 0.08)
    (1000, 500)
    """
    pitch = max(pitch, rect.width / LONGEST_SIDE, rect.height / LONGEST_SIDE)
    return max(1, round(rect.width / pitch)), max(1, round(rect.height / pitch))


def transfer_of(print_: Print, film: FilmBox, box: ImageBox, image: Image, depth: int) -> Samples:
    """The grey level of every value of an image. A table of 16 bits that 8 can say has 8."""
    printer = print_.printer
    table = transfer_table(
        bits_of(image.format).kept,
        is_inverted(image.format, box.polarity),
        presentation_lut_of(printer, film, box),
        viewing_of(printer, film, box),
        printer.tone,
        depth,
    )
    if depth == 16 and not np.any(table % 257):
        return (table // 257).astype(np.uint8)
    return table
