"""PURE. What a print request says, in the film model's words and units; None where it says nothing."""

from dataclasses import dataclass, fields
from typing import Any

from printmgr.film.model import (
    DecimateCropBehavior,
    FilmOrientation,
    IdentifyingValue,
    Image,
    LUTShape,
    MagnificationType,
    Polarity,
    StoredBytes,
)


@dataclass(frozen=True, slots=True)
class FilmSessionRequest:
    """N-CREATE and N-SET of a film session (PS3.4 Table H.4-2)."""

    number_of_copies: int | None = None
    print_priority: str | None = None
    medium_type: str | None = None
    film_destination: str | None = None
    film_session_label: str | None = None
    owner_id: str | None = None
    memory_allocation: int | None = None
    specific_character_set: str | None = None
    presentation_lut_uid: str | None = None  # "" takes the reference away
    illumination: float | None = None
    reflected_ambient_light: float | None = None
    identifying: tuple[IdentifyingValue, ...] | None = None  # one without a value takes its kind away
    other_attributes: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class FilmBoxRequest:
    """N-CREATE and N-SET of a film box (PS3.4 Tables H.4-6, H.4-7)."""

    image_display_format: str | None = None
    film_session_uid: str | None = None
    film_orientation: FilmOrientation | None = None
    film_size_id: str | None = None
    magnification_type: MagnificationType | None = None
    smoothing_type: str | None = None
    border_density: str | None = None
    empty_image_density: str | None = None
    min_density: float | None = None
    max_density: float | None = None
    trim: bool | None = None
    configuration_information: str | None = None
    illumination: float | None = None
    reflected_ambient_light: float | None = None
    requested_resolution_id: str | None = None
    annotation_display_format_id: str | None = None
    icc_profile: StoredBytes | None = None
    presentation_lut_uid: str | None = None  # "" takes the reference away
    identifying: tuple[IdentifyingValue, ...] | None = None  # one without a value takes its kind away
    other_attributes: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class ImageBoxRequest:
    """N-SET of an image box (PS3.4 Table H.4-10)."""

    image: Image | None = None
    erase: bool = False  # an image sequence without items (PS3.4 H.4.3.1.2.1.3)
    polarity: Polarity | None = None
    magnification_type: MagnificationType | None = None
    smoothing_type: str | None = None
    min_density: float | None = None
    max_density: float | None = None
    configuration_information: str | None = None
    requested_image_size: float | None = None
    requested_decimate_crop_behavior: DecimateCropBehavior | None = None
    presentation_lut_uid: str | None = None  # "" takes the reference away
    identifying: tuple[IdentifyingValue, ...] | None = None  # one without a value takes its kind away
    other_attributes: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class AnnotationBoxRequest:
    """N-SET of an annotation box (PS3.4 Table H.4-13)."""

    text: str | None = None  # "" erases it


@dataclass(frozen=True, slots=True)
class PresentationLUTRequest:
    """N-CREATE of a Presentation LUT (PS3.4 Table H.4-23): a shape or a table; a table wins over a shape."""

    shape: LUTShape | None = None
    table: tuple[int, ...] = ()
    first_value: int = 0
    bits: int = 0
    explanation: str = ""


def said(request: FilmSessionRequest | FilmBoxRequest | ImageBoxRequest, *but: str) -> dict[str, Any]:
    """What the request says, by field name, without the fields named in `but`.

    >>> said(FilmSessionRequest(number_of_copies=2))
    {'number_of_copies': 2}
    """
    values = {field.name: getattr(request, field.name) for field in fields(request) if field.name not in but}
    return {name: value for name, value in values.items() if value is not None}
