"""PURE. What de-identification does to an attribute: the table of PS3.15 E.1-1 by the options of an order."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from media.errors import BadOrder


class Option(StrEnum):
    """The options of PS3.15 E.3 that an order may ask for beside the Basic Profile."""

    UIDS = "uids"
    DEVICE = "device"
    INSTITUTION = "institution"
    PATIENT = "patient"
    FULL_DATES = "full-dates"
    MODIFIED_DATES = "modified-dates"
    DESCRIPTORS = "descriptors"
    SAFE_PRIVATE = "safe-private"


BASIC = ("113100", "Basic Application Confidentiality Profile")
CLEAN_PIXELS = ("113101", "Clean Pixel Data Option")
CODES: Mapping[Option, tuple[str, str]] = {  # PS3.16 CID 7050
    Option.DESCRIPTORS: ("113105", "Clean Descriptors Option"),
    Option.FULL_DATES: ("113106", "Retain Longitudinal Temporal Information Full Dates Option"),
    Option.MODIFIED_DATES: ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    Option.PATIENT: ("113108", "Retain Patient Characteristics Option"),
    Option.DEVICE: ("113109", "Retain Device Identity Option"),
    Option.UIDS: ("113110", "Retain UIDs Option"),
    Option.SAFE_PRIVATE: ("113111", "Retain Safe Private Option"),
    Option.INSTITUTION: ("113112", "Retain Institution Identity Option"),
}


class Row(NamedTuple):
    """One row of Table E.1-1: the Basic Profile's action, and of each option K (keep) or C (clean)."""

    tag: int
    basic: str
    options: Mapping[str, str]
    name: str


class Mask(NamedTuple):
    """Rectangles that hide what a device writes into its pixels; '' and 0 stand for any.

    rectangles  (left, top, width, height) in pixels
    """

    rectangles: tuple[tuple[int, int, int, int], ...]
    manufacturer: str = ""
    model: str = ""
    modality: str = ""
    rows: int = 0
    columns: int = 0


class Deidentify(NamedTuple):
    """What an order asks for.

    options   of Option, beside the Basic Profile
    key       where the key of the pseudonyms is: `file:PATH`, or a name that `media.pseudonym_key` was told
    released  SOP Instance UIDs of the source that a person has seen and let pass
    masks     for devices that write into their pixels
    """

    key: str
    options: frozenset[Option] = frozenset()
    released: frozenset[str] = frozenset()
    masks: tuple[Mask, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "key": self.key,
            "options": sorted(self.options),
            "released": sorted(self.released),
            "masks": [mask._asdict() for mask in self.masks],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Deidentify":
        """What `to_json` gave."""
        return cls(
            value["key"],
            frozenset(map(Option, value["options"])),
            frozenset(value["released"]),
            tuple(mask_of(one) for one in value["masks"]),
        )


def options_of(words: str) -> frozenset[Option]:
    """`basic`, or options with commas. Raises BadOrder."""
    found = {word.strip() for word in words.split(",") if word.strip()} - {"basic"}
    unknown = sorted(found - set(Option))
    if unknown:
        raise BadOrder(f"de-identification option {unknown[0]!r}; expected basic or some of {', '.join(Option)}")
    options = frozenset(map(Option, found))
    if {Option.FULL_DATES, Option.MODIFIED_DATES} <= options:
        raise BadOrder(f"{Option.FULL_DATES} and {Option.MODIFIED_DATES} exclude each other")
    return options


def mask_of(value: Mapping[str, Any]) -> Mask:
    """A mask out of JSON or TOML values. Raises BadOrder."""
    unknown = sorted(set(value) - set(Mask._fields))
    if unknown:
        raise BadOrder(f"mask: {unknown[0]!r} is not known; expected some of {', '.join(Mask._fields)}")
    rectangles = tuple(tuple(one) for one in value.get("rectangles", ()))
    for one in rectangles:
        if len(one) != 4 or not all(isinstance(number, int) and number >= 0 for number in one):
            raise BadOrder(f"mask rectangle {one}; expected left, top, width and height in pixels")
    if not rectangles:
        raise BadOrder("mask without rectangles")
    return Mask(**{**value, "rectangles": rectangles})


DATE_VRS = frozenset({"DA", "DT", "TM"})
_DATES = frozenset({Option.FULL_DATES, Option.MODIFIED_DATES})


def action_of(row: Row, options: frozenset[Option], vr: str) -> str:
    """K, C, or the Basic Profile's action. Dates and times follow the options of dates alone."""
    asked = [option for option in options if option in row.options and (vr not in DATE_VRS or option in _DATES)]
    kept = [row.options[option] for option in asked]
    return "K" if "K" in kept else "C" if kept else row.basic
