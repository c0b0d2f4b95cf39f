"""PURE. The logical printer: what a called AE title stands for."""

from dataclasses import dataclass, field
from enum import StrEnum

from printmgr.film.identity import Release


class Tone(StrEnum):
    """How a density becomes a grey level of the PDF (reference: PS3.14)."""

    P_VALUE = "p-value"  # grey levels are P-values: what a softcopy display expects
    LIGHTBOX = "lightbox"  # grey levels are relative luminance as on a lightbox, sRGB encoded


class Resample(StrEnum):
    """Whether the PDF keeps the image's own pixels or is drawn at the printer's pitch."""

    NATIVE = "native"
    FILM = "film"


class Warnings(StrEnum):
    """Whether a warning status goes on the wire or is answered as success."""

    REPORT = "report"
    AS_SUCCESS = "as_success"


Points = tuple[tuple[float, float], ...]  # (value, P-value) as shares 0..1 of the largest, values rising


@dataclass(frozen=True, slots=True)
class ToneCurve:
    """IDENTITY, LIN OD or GAMMA; or the points of a curve, then without a name."""

    name: str = ""
    points: Points = ()


@dataclass(frozen=True, slots=True)
class LogicalPrinter:
    """One printer of the settings. Densities in OD, lengths in mm, luminances in cd/m2."""

    ae_title: str
    name: str = ""
    slug: str = ""
    manufacturer: str = "printmgr"  # what it says it is; the serial number is its AE title when it has none
    model_name: str = "printmgr virtual film printer"
    serial_number: str = ""
    film_size: str = "14INX17IN"
    tone: Tone = Tone.P_VALUE
    depth: int = 8  # bits a sample in the PDF: 8 or 16
    resample: Resample = Resample.NATIVE
    warnings: Warnings = Warnings.REPORT
    pitch: dict[str, float] = field(default_factory=lambda: {"STANDARD": 0.080, "HIGH": 0.040})  # by Resolution ID
    margin: float = 0.0  # round the film
    gap: float = 0.0  # between image boxes
    scale_note: bool = False  # a line at the bottom: whether images are as large as requested, with a ruler if so
    border_density: str = "BLACK"  # BLACK, WHITE or hundredths of OD
    empty_density: str = "BLACK"
    min_density: float = 0.20
    max_density: float = 3.20
    illumination: float = 2000.0
    ambient: float = 10.0
    no_plut: str = "IDENTITY"  # what an image without Presentation LUT means: IDENTITY or LIN OD
    tone_curves: dict[str, ToneCurve] = field(default_factory=dict)  # by term of Configuration Information
    custom_formats: dict[str, tuple[tuple[float, float, float, float], ...]] = field(default_factory=dict)
    # CUSTOM\i: boxes as x, y, width, height in parts of the film's printable area, from top left
    sinks: tuple[str, ...] = ("folder",)
    annotation_formats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # by Annotation Display Format ID, beside those of annotations.py: places such as "bottom right 2"
    annotation_height: float = 5.0  # of one line of annotation or footer
    character_set: str = ""  # Specific Character Set of text that names none
    footer: bool = False  # a line for the film session's label and other stray annotation (stray.py)
    ocr: tuple[float, float, float, float] | None = None  # a rectangle whose text is read, in parts of the film
    ocr_language: str = "eng"
    release: Release = Release.CONFIRMED  # what a film needs before it goes out under a patient's name
