"""A film as a small PNG, drawn from the pixels and not from the PDF."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from printmgr.film.layout import FilmLayout, Rect
from printmgr.film.model import FilmBox
from printmgr.ports import Print
from printmgr.render.drawing import Drawing, drawing

LONG_SIDE = 1024  # pixels
FONT = cv2.FONT_HERSHEY_SIMPLEX
TEXT_SHARE = 0.7  # width of the text by the width of the film

Picture = npt.NDArray[np.uint8]


def preview_png(print_: Print, film: FilmBox, layout: FilmLayout) -> bytes:
    """One film as PNG; the same bytes for the same film. Raises BadPixels."""
    _, png = cv2.imencode(".png", picture(drawing(print_, film, layout, 8), print_.folder))
    return png.tobytes()


def picture(film: Drawing, folder: Path, long_side: int = LONG_SIDE) -> Picture:
    """A film as grey levels, its long side so many pixels. Raises BadPixels."""
    scale = long_side / max(film.width, film.height)
    canvas = np.full((round(film.height * scale), round(film.width * scale)), round(film.border * 255), np.uint8)
    for box in film.empty_boxes:
        part(canvas, box, scale)[:] = round(film.empty * 255)
    for image in film.images:
        place = part(canvas, image.rect, scale)
        place[:] = image.thumbnail(folder, place.shape[1], place.shape[0])
    if film.trim:
        for image in film.images:
            outline(part(canvas, image.rect, scale), round(film.trim_line * 255))
    if film.text:
        write(canvas, film.text, round(film.text_gray * 255))
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


def write(canvas: Picture, text: str, gray: int) -> None:
    """Text in the middle of the picture."""
    (width, _), _ = cv2.getTextSize(text, FONT, 1.0, 2)
    size = canvas.shape[1] * TEXT_SHARE / width
    (width, height), _ = cv2.getTextSize(text, FONT, size, 2)
    corner = ((canvas.shape[1] - width) // 2, (len(canvas) + height) // 2)
    cv2.putText(canvas, text, corner, FONT, size, gray, 2, cv2.LINE_8)
