"""A print's order.json: all that was fixed when N-ACTION came, written before it is answered."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from printmgr import as_json
from printmgr.errors import DamagedSpool
from printmgr.film.model import FilmBox, FilmSession, ImageBox, PresentationLUT, PrintOrder
from printmgr.ports import Print

VERSION = 1
FILE = "order.json"


def encode_order(print_: Print, **more: object) -> bytes:
    """The print without its folder, and what else is to stand beside it.

    A Presentation LUT that many images share is written once; its place has its number in "presentation_luts".
    """
    luts = list(dict.fromkeys(_luts(print_.order)))
    numbers = {lut: number for number, lut in enumerate(luts)}
    document: dict[str, object] = {"version": VERSION, "presentation_luts": [as_json.plain(lut) for lut in luts]}
    document |= as_json.plain(print_) | more
    del document["folder"]
    return as_json.encode(document, {PresentationLUT: numbers.__getitem__})


def decode_order(data: bytes, folder: Path) -> Print:
    """The print whose spool folder is `folder`. Raises DamagedSpool."""
    try:
        document = _document(data)
        luts = [as_json.decode(PresentationLUT, lut) for lut in document.pop("presentation_luts")]
        fields = document | {"folder": folder}
        return as_json.decode(Print, fields, {PresentationLUT: luts.__getitem__, Path: Path})
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DamagedSpool(str(folder / FILE), f"an order of version {VERSION} ({error})") from error


def _document(data: bytes) -> dict[str, Any]:
    document = json.loads(data)
    if not isinstance(document, dict) or document.pop("version", None) != VERSION:
        raise ValueError("no such version")
    return document


def _luts(order: PrintOrder) -> Iterator[PresentationLUT]:
    boxes = (box for film in order.films for box in film.image_boxes)
    places: Iterable[FilmSession | FilmBox | ImageBox] = chain([order.session], order.films, boxes)
    return (place.presentation_lut for place in places if place.presentation_lut is not None)
