"""`[[printers]]`: what a called AE title stands for."""

import re
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from printmgr.errors import InvalidAttribute
from printmgr.film.annotations import parse_place
from printmgr.film.identity import Release
from printmgr.film.model import FilmOrientation
from printmgr.film.printer import LogicalPrinter, Resample, Tone, ToneCurve, Warnings
from printmgr.film.sizes import film_size
from service.settings.values import AETitle, Density, Millimetres, OpticalDensity, Part, Table

SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
DEFAULT_PITCH = {"STANDARD": 0.080, "HIGH": 0.040}


def _slug_of(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def known_film_size(value: str) -> str:
    try:
        film_size(value, FilmOrientation.PORTRAIT)
    except InvalidAttribute as error:
        raise ValueError(str(error)) from None
    return value


def known_place(value: str) -> str:
    parse_place(value)
    return value


def known_character_set(value: str) -> str:
    if not value:
        return value
    from pydicom.charset import python_encoding  # half of the time that every command starts in

    unknown = [term for term in value.split("\\") if term.strip() and term.strip() not in python_encoding]
    if unknown:
        raise ValueError(f"is {value!r}; expected a term of Specific Character Set such as ISO_IR 192 or GB18030")
    return value


def rising(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if any(after[0] <= before[0] for before, after in pairwise(points)):
        raise ValueError(f"is {points}; expected points whose first numbers rise")
    return points


CurvePoints = Annotated[list[tuple[Part, Part]], Field(min_length=2, max_length=256), AfterValidator(rising)]
NamePlate = Annotated[str, Field(max_length=64, pattern=r"^[ -\[\]-~]*$")]  # LO of the default character set
Place = Annotated[str, AfterValidator(known_place)]


def _tone_curve(said: str | list[tuple[float, float]]) -> ToneCurve:
    return ToneCurve(said) if isinstance(said, str) else ToneCurve(points=tuple(said))


class Printer(Table):
    """`[[printers]]`: what a called AE title stands for."""

    ae_title: AETitle
    name: str = ""
    slug: str = Field(default="", validate_default=True)  # the name of its folder; made from the name
    manufacturer: NamePlate = "printmgr"
    model_name: NamePlate = "printmgr virtual film printer"
    serial_number: NamePlate = ""  # "": its AE title
    film_size: Annotated[str, AfterValidator(known_film_size)] = "14INX17IN"
    tone: Tone = Tone.P_VALUE
    depth: Literal[8, 16] = 8
    resample: Resample = Resample.NATIVE
    warnings: Warnings = Warnings.REPORT
    pitch: dict[str, Annotated[float, Field(gt=0.005, le=1)]] = Field(default_factory=lambda: dict(DEFAULT_PITCH))
    margin: Millimetres = 0.0
    gap: Millimetres = 0.0
    scale_note: bool = False
    border_density: Density = "BLACK"
    empty_density: Density = "BLACK"
    min_density: OpticalDensity = 0.20
    max_density: OpticalDensity = Field(default=3.20, validate_default=True)
    illumination: Annotated[float, Field(gt=0, le=100_000)] = 2000.0
    ambient: Annotated[float, Field(ge=0, le=100_000)] = 10.0
    no_plut: Literal["IDENTITY", "LIN OD"] = "IDENTITY"
    tone_curves: dict[str, Literal["IDENTITY", "LIN OD", "GAMMA"] | CurvePoints] = Field(default_factory=dict)
    custom_formats: dict[str, list[tuple[Part, Part, Part, Part]]] = Field(default_factory=dict)
    sinks: list[str] = Field(default=["folder"], min_length=1)
    ocr: tuple[Part, Part, Part, Part] | None = None  # a rectangle whose text is read: x, y, width, height
    ocr_language: Annotated[str, Field(pattern=r"^[A-Za-z_]+(\+[A-Za-z_]+)*$", max_length=64)] = "eng"
    annotation_formats: dict[str, Annotated[list[Place], Field(min_length=1, max_length=32)]] = Field(
        default_factory=dict
    )
    annotation_height: float = Field(default=5.0, ge=1.0, le=50.0)
    footer: bool = False
    character_set: Annotated[str, AfterValidator(known_character_set)] = ""  # of text that names none
    release: Release = Release.CONFIRMED  # what a film needs before it goes out under a patient's name

    @field_validator("slug")
    @classmethod
    def _slug(cls, value: str, info: ValidationInfo) -> str:
        made = value or _slug_of(info.data.get("name") or info.data.get("ae_title", "x"))
        if not SLUG.fullmatch(made):
            raise ValueError(f"is {made!r}; expected letters a-z, digits and inner hyphens, when the name has none too")
        return made

    @field_validator("max_density")
    @classmethod
    def _above_min(cls, value: float, info: ValidationInfo) -> float:
        lowest = info.data.get("min_density", 0.0)
        if value <= lowest:
            raise ValueError(f"is {value}; expected more than min_density, which is {lowest}")
        return value

    def logical(self) -> LogicalPrinter:
        """The same printer as the print component knows it."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        values |= {
            "name": self.name or self.ae_title,
            "pitch": DEFAULT_PITCH | self.pitch,
            "custom_formats": {name: tuple(boxes) for name, boxes in self.custom_formats.items()},
            "tone_curves": {term: _tone_curve(curve) for term, curve in self.tone_curves.items()},
            "sinks": tuple(self.sinks),
            "annotation_formats": {name: tuple(places) for name, places in self.annotation_formats.items()},
        }
        return LogicalPrinter(**values)
