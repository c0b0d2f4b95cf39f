"""Templates: what stands where on a label or paper. Lengths in mm from the top left corner."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any

from media.errors import BadOrder

FOLDER = Path(__file__).parent / "templates"
TEMPLATES = ("disc", "jewel-case", "envelope", "receipt", "release")
KINDS = ("text", "list", "qr", "barcode", "line", "frame")
ROWS = ("studies", "patients", "volumes")
ALIGNS = ("left", "center", "right")
FIELDS = (
    *("patient_name", "patient_id", "birth_date", "sex", "patients", "institution", "contact", "made", "content"),
    *("file_set_id", "file_set_uid", "audit", "number", "volumes", "of", "medium", "profile"),
    *("instances", "series", "studies", "verified", "text"),
    *("to_whom", "relation", "identified_by"),
)
"""What the text of an item may name, as {patient_name}; a list names its rows."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on the label."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    text: str = ""
    size: float = 3.0  # em of text, largest
    least: float = 1.6
    lines: int = 1
    align: str = "left"


@dataclass(frozen=True, slots=True)
class Template:
    """A sheet; `ring` is what may be printed on of a disc: inner and outer diameter around its middle."""

    name: str
    width: float
    height: float
    items: tuple[Item, ...]
    ring: tuple[float, float] | None = None
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # own words: language, English, theirs


def template_of(name: str) -> Template:
    """One of TEMPLATES, or that of a TOML file. Raises BadOrder."""
    path = FOLDER / f"{name}.toml" if name in TEMPLATES else Path(name)
    try:
        return _checked(_parsed(path.stem, tomllib.loads(path.read_text("utf-8"))), path)
    except OSError:
        known = ", ".join(TEMPLATES)
        raise BadOrder(f"template {name!r} is not known; expected one of {known}, or a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, ValueError, KeyError) as error:
        raise BadOrder(f"{path}: {error}; expected width, height and [[items]] as in {FOLDER.name}/disc.toml") from None


def _parsed(name: str, table: dict[str, Any]) -> Template:
    items = tuple(Item(**item) for item in table["items"])
    inner_outer = table.get("ring")
    ring = (float(inner_outer[0]), float(inner_outer[1])) if inner_outer else None
    return Template(name, float(table["width"]), float(table["height"]), items, ring, table.get("texts", {}))


def _checked(template: Template, path: Path) -> Template:
    """See that every item is known and lies where it can be printed. Raises BadOrder."""
    for at, item in enumerate(template.items, 1):
        fault = _fault(template, item)
        if fault:
            raise BadOrder(f"{path}: item {at} ({item.kind}): {fault}")
    return template


def _fault(template: Template, item: Item) -> str:
    if item.kind not in KINDS:
        return f"is no kind; expected one of {', '.join(KINDS)}"
    if item.align not in ALIGNS:
        return f"align is {item.align!r}; expected one of {', '.join(ALIGNS)}"
    if item.kind == "list" and item.text not in ROWS:
        return f"lists {item.text!r}; expected one of {', '.join(ROWS)}"
    unknown = sorted({name for _, name, *_ in Formatter().parse(item.text) if name is not None} - set(FIELDS))
    if unknown:
        return f"names {{{unknown[0]}}}; expected some of {', '.join(FIELDS)}"
    if min(item.width, item.height) < 0 or not 0.5 <= item.least <= item.size:
        return "has a negative length, or least is not between 0.5 and size"
    right, bottom = item.x + item.width, item.y + item.height
    if min(item.x, item.y) < 0 or right > template.width or bottom > template.height:
        return "leaves the sheet"
    return _leaves_ring(template, item) if template.ring else ""


def _leaves_ring(template: Template, item: Item) -> str:
    """Whether a rectangle is not all between the two circles."""
    assert template.ring
    middle_x, middle_y = template.width / 2, template.height / 2
    xs, ys = (item.x - middle_x, item.x + item.width - middle_x), (item.y - middle_y, item.y + item.height - middle_y)
    farthest = math.hypot(max(map(abs, xs)), max(map(abs, ys)))
    nearest_x, nearest_y = (0.0 if low < 0 < high else min(abs(low), abs(high)) for low, high in (xs, ys))
    inner, outer = (diameter / 2 for diameter in template.ring)
    if farthest > outer or math.hypot(nearest_x, nearest_y) < inner:
        return f"leaves the printable ring of {template.ring[0]:g} to {template.ring[1]:g} mm"
    return ""
