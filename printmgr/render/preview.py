"""A film as a small PNG, drawn from the pixels and not from the PDF."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from printmgr.film.geometry import Rect
from printmgr.film.layout import FilmLayout
from printmgr.film.model import FilmBox
from printmgr.film.scale import Ruler
from printmgr.ports import Print
from printmgr.render.drawing import Drawing, drawing
from printmgr.render.typesetting import SetLine

LONG_SIDE = 1024  # pixels

Picture = npt.NDArray[np.uint8]


def preview_png(print_: Print, film: FilmBox, layout: FilmLayout) -> bytes:
    """One film as PNG, of grey or of colour as the film is; the same bytes for the same film. Raises BadPixels."""
    drawn = picture(drawing(print_, film, layout, 8), print_.folder)
    _, png = cv2.imencode(".png", drawn if drawn.ndim == 2 else np.ascontiguousarray(drawn[..., ::-1]))
    return png.tobytes()


def picture(film: Drawing, folder: Path, long_side: int = LONG_SIDE) -> Picture:
    """A film as grey levels, (rows, columns), or colours, (rows, columns, 3); its long side so many pixels.

    Raises BadPixels.
    """
    scale = long_side / max(film.width, film.height)
    shape = round(film.height * scale), round(film.width * scale)
    canvas = np.full((*shape, 3) if film.color else shape, round(film.border * 255), np.uint8)
    for box in film.empty_boxes:
        part(canvas, box, scale)[:] = round(film.empty * 255)
    for image in film.images:
        place = part(canvas, image.rect, scale)
        samples = image.thumbnail(folder, place.shape[1], place.shape[0])
        place[:] = samples if samples.ndim == place.ndim else samples[..., np.newaxis]
    if film.trim:
        for image in film.images:
            outline(part(canvas, image.rect, scale), round(film.line * 255))
    for lines, gray in ((film.texts, film.line), (film.notice, film.notice_gray)):
        for line in lines:
            write(canvas, line, scale, gray)
    if film.ruler:
        draw_ruler(canvas, film.ruler, scale, round(film.line * 255))
    return canvas


def part(canvas: Picture, rect: Rect, scale: float) -> Picture:
    """The pixels of a rectangle in mm; at least one, within the canvas."""
    rows, columns = span(rect.y, rect.height, scale, len(canvas)), span(rect.x, rect.width, scale, canvas.shape[1])
    return canvas[rows, columns]


def span(start: float, length: float, scale: float, end: int) -> slice:
    first = min(max(0, round(start * scale)), end - 1)
    return slice(first, min(end, max(first + 1, round((start + length) * scale))))


def outline(place: Picture, gray: int) -> None:
    place[0], place[-1], place[:, 0], place[:, -1] = gray, gray, gray, gray


def draw_ruler(canvas: Picture, ruler: Ruler, scale: float, gray: int) -> None:
    for tick in ruler.marks(1 / scale):
        part(canvas, tick, scale)[:] = gray


def write(canvas: Picture, text: SetLine, scale: float, gray: float) -> None:
    """A line of text, its edges smoothed; what lies outside the picture is cut off."""
    left, up, mask = ink_of(text, scale)
    top = -up - len(mask)  # `up` counts from the picture's top edge upwards
    rows = slice(max(0, top), min(len(canvas), top + len(mask)))
    columns = slice(max(0, left), min(canvas.shape[1], left + mask.shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    covered = mask[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] / 255.0
    covered = covered if canvas.ndim == 2 else covered[..., np.newaxis]
    place = canvas[rows, columns]
    place[:] = np.rint(place * (1 - covered) + 255 * gray * covered)


def ink_of(text: SetLine, scale: float) -> tuple[int, int, Picture]:
    """How much of each pixel a line covers, 0..255, from its lower left corner: pixels right of and above (0, 0)."""
    import uharfbuzz as hb

    ink, size = hb.RasterDraw(), text.size * scale
    for glyph in text.line.glyphs:
        factor = size / glyph.face.units_per_em
        x, y = text.x * scale + glyph.x * size, glyph.y * size - text.y * scale
        ink.transform = (factor, 0.0, 0.0, factor, x, y)
        ink.draw_glyph(glyph.face.font, glyph.id)
    drawn = ink.render()
    extents = drawn.extents
    mask = np.frombuffer(drawn.buffer, np.uint8).reshape(extents.height, extents.stride)
    return extents.x_origin, extents.y_origin, mask[::-1, : extents.width]
