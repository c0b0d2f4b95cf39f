"""The steps of a print. Each reads files of the print's folder and leaves one more; a finished step never runs twice.

    order.json -> lay_out -> layout.json -> render -> film.pdf -> preview -> preview_1.png ... -> document -> film.json
    -> deliver, to each sink; where that needs a patient, film_<hash>.pdf, which names one

A step that was interrupted runs again to the same bytes. All of them may be called again at any time.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from printmgr import as_json
from printmgr.errors import DamagedSpool
from printmgr.files import whole
from printmgr.film.identity import Identity
from printmgr.film.layout import FilmLayout, lay_out
from printmgr.order_json import encode_order
from printmgr.ports import Print, Sink
from printmgr.render.notes import notes_of
from printmgr.render.pdf import write_pdf
from printmgr.render.preview import preview_png

LAYOUT, PDF, DOCUMENT = "layout.json", "film.pdf", "film.json"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Layouts:
    """The content of layout.json: one layout a film, in order."""

    version: int
    films: tuple[FilmLayout, ...]


def lay_out_step(print_: Print) -> Path:
    """Lay out every film: layout.json. Raises InvalidAttribute, ImageTooLarge."""
    path = print_.folder / LAYOUT
    if not path.exists():
        layouts = Layouts(VERSION, tuple(lay_out(film, print_.printer) for film in print_.order.films))
        with whole(path) as file:
            file.write(as_json.encode(layouts))
    return path


def read_layouts(print_: Print) -> tuple[FilmLayout, ...]:
    """What lay_out_step left. Raises DamagedSpool."""
    path = print_.folder / LAYOUT
    try:
        layouts = as_json.decode(Layouts, json.loads(path.read_bytes()))
    except (ValueError, FileNotFoundError) as error:
        raise DamagedSpool(str(path), f"layouts of version {VERSION} ({error})") from error
    if layouts.version != VERSION or len(layouts.films) != len(print_.order.films):
        raise DamagedSpool(str(path), f"{len(print_.order.films)} layouts of version {VERSION}")
    return layouts.films


def render_step(print_: Print) -> Path:
    """Draw all films: film.pdf. Raises BadPixels."""
    path = print_.folder / PDF
    if not path.exists():
        with whole(path) as file:
            write_pdf(print_, read_layouts(print_), file)
    return path


def named_pdf(print_: Print, identity: Identity) -> Path:
    """Where named_step leaves its PDF."""
    said = hashlib.sha256(as_json.encode(identity)).hexdigest()[:16]
    return print_.folder / f"film_{said}.pdf"


def named_step(print_: Print, identity: Identity) -> Path:
    """Draw all films once more, with the patient in the document's information; film.pdf stays as it is.

    The file's name tells nothing of the patient. Raises BadPixels, DamagedSpool.
    """
    path = named_pdf(print_, identity)
    if not path.exists():
        with whole(path) as file:
            write_pdf(print_, read_layouts(print_), file, identity)
    return path


def preview_step(print_: Print) -> tuple[Path, ...]:
    """Draw every film small: preview_1.png and so on. Raises BadPixels."""
    paths = tuple(print_.folder / f"preview_{number}.png" for number, _ in enumerate(print_.order.films, start=1))
    for path, film, layout in zip(paths, print_.order.films, read_layouts(print_), strict=True):
        if not path.exists():
            png = preview_png(print_, film, layout)
            with whole(path) as file:
                file.write(png)
    return paths


def document_step(print_: Print) -> Path:
    """Write down what was printed, for whom and how: film.json."""
    path = print_.folder / DOCUMENT
    if not path.exists():
        layouts = read_layouts(print_)
        document = encode_order(print_, layouts=layouts, notes=notes_of(print_, layouts))
        with whole(path) as file:
            file.write(document)
    return path


def deliver_step(print_: Print, sink: Sink) -> str:
    """Give the print to a sink; says where it went. Raises DeliveryFailed."""
    return sink.deliver(print_, render_step(print_), document_step(print_))
