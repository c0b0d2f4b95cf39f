"""What is to be drawn on a film: its layout with every grey and text resolved, the same for the PDF and the preview."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from printmgr.film.annotations import Align
from printmgr.film.density import Viewing, density_to_gray, is_inverted, presentation_lut_of, transfer_table, viewing_of
from printmgr.film.layout import FilmLayout, Rect, Window
from printmgr.film.model import FilmBox, Image, ImageBox, MagnificationType, Polarity
from printmgr.film.printer import Resample, Tone
from printmgr.film.scale import Ruler
from printmgr.ports import Print
from printmgr.render.raster import Samples, bits_of, colors, grays
from printmgr.render.typesetting import SetLine, set_text

EMPTY = "EMPTY FILM"  # what a film without any image says of itself
NOTICE_SHARE = 0.15  # height of its line by the width of the film
LINE_MM = 0.2  # round an image, and of a ruler
LONGEST_SIDE = 16384  # pixels an image is resampled to; 14x17 in at 0.040 mm has 10795


@dataclass(frozen=True, slots=True)
class DrawnImage:
    """An image, where it lies and how its pixels become grey or colour."""

    rect: Rect
    image: Image
    window: Window
    transfer: Samples
    magnification_type: MagnificationType
    size: tuple[int, int] | None  # columns and rows of printer pixels to draw it with; None: its own pixels
    color: bool

    def samples(self, folder: Path) -> Samples:
        """Its grey levels (rows, columns) or colours (rows, columns, 3). Raises BadPixels."""
        draw = colors if self.color else grays
        return draw(self.image, folder, self.transfer, self.window, self.size, self.magnification_type)

    def thumbnail(self, folder: Path, columns: int, rows: int) -> Samples:
        """The same in another size. Raises BadPixels."""
        draw = colors if self.color else grays
        return draw(self.image, folder, self.transfer, self.window, (columns, rows), MagnificationType.BILINEAR)


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
    texts: tuple[SetLine, ...]  # over the border
    ruler: Ruler | None
    scale: str

    @property
    def line(self) -> float:
        """The grey of text and lines over the border, round an image: it stands out."""
        return contrast(self.border)

    @property
    def notice(self) -> tuple[SetLine, ...]:
        """What is written over the film itself, in a grey that stands out from that of empty boxes."""
        if self.images:
            return ()
        height = self.width * NOTICE_SHARE
        return set_text(EMPTY, Rect(0, (self.height - height) / 2, self.width, height), Align.CENTER)

    @property
    def notice_gray(self) -> float:
        return contrast(self.empty)

    @property
    def color(self) -> bool:
        """Whether it has an image of colour."""
        return any(image.color for image in self.images)


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
        tuple(line for text in layout.texts for line in set_text(text.text, text.box, text.align)),
        layout.ruler,
        layout.scale,
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
        color = film.color and box.image.format.samples_per_pixel == 3
        key = (bits_of(box.image.format), box.image.format.photometric_interpretation, box.polarity, color)
        densities = (box.min_density, box.max_density, box.presentation_lut)
        transfer = tables.get((key, densities))
        if transfer is None:
            transfer_of = color_transfer if color else gray_transfer
            transfer = tables[key, densities] = useful_depth(transfer_of(print_, film, box, box.image, depth))
        yield DrawnImage(placed.image, box.image, placed.window, transfer, placed.magnification_type, size, color)


def printer_pixels(rect: Rect, pitch: float) -> tuple[int, int]:
    """Columns and rows of a printer of `pitch` mm a pixel: one at least, LONGEST_SIDE at most.

    >>> printer_pixels(Rect(0, 0, 80.0, 40.0), 0.08)
    (1000, 500)
    """
    pitch = max(pitch, rect.width / LONGEST_SIDE, rect.height / LONGEST_SIDE)
    return max(1, round(rect.width / pitch)), max(1, round(rect.height / pitch))


def gray_transfer(print_: Print, film: FilmBox, box: ImageBox, image: Image, depth: int) -> Samples:
    """The grey level of every value of an image."""
    printer = print_.printer
    return transfer_table(
        bits_of(image.format).kept,
        is_inverted(image.format, box.polarity),
        presentation_lut_of(printer, film, box),
        viewing_of(printer, film, box),
        printer.tone,
        depth,
    )


def color_transfer(print_: Print, film: FilmBox, box: ImageBox, image: Image, depth: int) -> Samples:
    """The level of every value of a colour: neither densities nor Presentation LUTs apply (PS3.4 Table H.4-11)."""
    inverted = box.polarity is Polarity.REVERSE
    viewing = viewing_of(print_.printer, film)
    return transfer_table(bits_of(image.format).kept, inverted, None, viewing, Tone.P_VALUE, depth)


def useful_depth(table: Samples) -> Samples:
    """A table of 16 bits that 8 can say has 8."""
    return (table // 257).astype(np.uint8) if table.dtype == np.uint16 and not np.any(table % 257) else table
