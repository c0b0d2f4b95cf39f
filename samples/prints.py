"""Prints as the service hands them to the pipeline, made from arrays of pixels."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from printmgr.film.model import (
    FilmBox,
    FilmSession,
    Image,
    ImageBox,
    OrderKind,
    PixelFormat,
    PrintOrder,
    StoredPixels,
)
from printmgr.film.printer import LogicalPrinter
from printmgr.ports import Caller, Print

PRINTER = LogicalPrinter("FILM", name="Film", slug="film")
Picture = np.ndarray


def image_of(folder: Path, name: str, pixels: Picture, **form: object) -> Image:
    """`pixels`, (rows, columns) or (rows, columns, 3), as an image whose data lie in `folder`; `form` overrides."""
    (folder / name).write_bytes(pixels.tobytes())
    bits = 8 * pixels.dtype.itemsize
    values: dict[str, object] = {
        "rows": pixels.shape[0],
        "columns": pixels.shape[1],
        "samples_per_pixel": 3 if pixels.ndim == 3 else 1,
        "photometric_interpretation": "RGB" if pixels.ndim == 3 else "MONOCHROME2",
        "bits_allocated": bits,
        "bits_stored": 12 if bits == 16 else bits,
    }
    values |= form
    values.setdefault("high_bit", int(str(values["bits_stored"])) - 1)
    return Image(PixelFormat(**values), StoredPixels(name, 0, pixels.nbytes))  # type: ignore[arg-type]  # mixed


def film_of(folder: Path, pictures: Mapping[int, Picture], image_display_format: str, number: int = 1) -> FilmBox:
    """A film with `pictures` by position."""
    boxes = (
        ImageBox(f"1.2.{number}.{position}", position, image_of(folder, f"{number}_{position}.ds", pixels))
        for position, pixels in pictures.items()
    )
    return FilmBox(f"1.2.{number}", image_display_format, image_boxes=tuple(boxes))


def print_of(folder: Path, films: Sequence[FilmBox], printer: LogicalPrinter = PRINTER, **session: object) -> Print:
    """A print of `films` whose data lie in `folder`."""
    kind = OrderKind.FILM if len(films) == 1 else OrderKind.SESSION
    order = PrintOrder(kind, replace(FilmSession("1.2"), **session), tuple(films))  # type: ignore[arg-type]  # mixed
    return Print(
        id="20260105-101500-000001",
        date="2026-01-05",
        ordered_at="2026-01-05T10:15:00.000000+01:00",
        caller=Caller("CT1", printer.ae_title, "127.0.0.1", "a1"),
        printer=printer,
        order=order,
        statuses={"N-ACTION": [0]},
        folder=folder,
    )
