"""PURE. Values of the film model (PS3.3 C.13, PS3.4 Annex H). Lengths in mm, densities in OD unless said otherwise."""

from dataclasses import dataclass
from enum import StrEnum


class FilmOrientation(StrEnum):
    PORTRAIT = "PORTRAIT"
    LANDSCAPE = "LANDSCAPE"


class MagnificationType(StrEnum):
    REPLICATE = "REPLICATE"
    BILINEAR = "BILINEAR"
    CUBIC = "CUBIC"
    NONE = "NONE"


class Polarity(StrEnum):
    NORMAL = "NORMAL"
    REVERSE = "REVERSE"


class DecimateCropBehavior(StrEnum):
    DECIMATE = "DECIMATE"
    CROP = "CROP"
    FAIL = "FAIL"


class LUTShape(StrEnum):
    IDENTITY = "IDENTITY"
    LIN_OD = "LIN OD"
    INVERSE = "INVERSE"


@dataclass(frozen=True, slots=True)
class PresentationLUT:
    """Presentation LUT (PS3.3 C.11.4): a shape, or a table of P-values."""

    uid: str
    shape: LUTShape | None = None
    table: tuple[int, ...] = ()
    first_value: int = 0  # first stored value mapped
    bits: int = 0  # bits of an entry, 8..16
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """What an image says of its pixels (PS3.3 C.13.5)."""

    rows: int
    columns: int
    samples_per_pixel: int = 1
    photometric_interpretation: str = "MONOCHROME2"
    planar_configuration: int = 0
    pixel_aspect_ratio: tuple[int, int] = (1, 1)  # vertical, horizontal
    bits_allocated: int = 8
    bits_stored: int = 8
    high_bit: int = 7
    pixel_representation: int = 0


@dataclass(frozen=True, slots=True)
class StoredPixels:
    """Where the pixels lie: inside the encoded data set that the SCU sent, kept in the spool as it came."""

    file: str  # name inside the print's spool folder
    offset: int  # of the Pixel Data value in that file
    length: int  # bytes
    big_endian: bool = False  # 16-bit words of the value are big endian


@dataclass(frozen=True, slots=True)
class StoredBytes:
    """A value inside an encoded data set that the SCU sent, kept in the spool as it came."""

    file: str  # name inside the print's spool folder
    offset: int  # of the value in that file
    length: int  # bytes


@dataclass(frozen=True, slots=True)
class IdentifyingValue:
    """One attribute that may say whose film it is, and where it stood in what the SCU sent."""

    keyword: str  # PatientID, StudyInstanceUID …
    value: str
    place: str = ""  # sequences on the way to it, "/" between: "ProposedStudySequence"; "": the data set itself


PROPOSED_STUDY = "ProposedStudySequence"  # the one place the standard has for a film's patient (PS3.4 Table H.4-2)


@dataclass(frozen=True, slots=True)
class Image:
    """The image of an image box."""

    format: PixelFormat
    pixels: StoredPixels


@dataclass(frozen=True, slots=True)
class ImageBox:
    """One image box; None means: as the film box says. An image of None leaves the box empty."""

    uid: str
    position: int  # from 1, in the order of the display format
    image: Image | None = None
    polarity: Polarity = Polarity.NORMAL
    magnification_type: MagnificationType | None = None
    smoothing_type: str = ""
    min_density: float | None = None
    max_density: float | None = None
    configuration_information: str = ""
    requested_image_size: float | None = None  # width in mm
    requested_decimate_crop_behavior: DecimateCropBehavior | None = None
    presentation_lut: PresentationLUT | None = None
    identifying: tuple[IdentifyingValue, ...] = ()  # of this image
    other_attributes: tuple[tuple[str, str], ...] = ()  # what no rule knows, by tag: kept, not understood


@dataclass(frozen=True, slots=True)
class AnnotationBox:
    """One annotation box (PS3.3 C.13.7): a text at a position of the film's Annotation Display Format."""

    uid: str
    position: int  # from 1
    text: str = ""


@dataclass(frozen=True, slots=True)
class FilmBox:
    """One film. Attributes the SCU did not give hold the printer's default."""

    uid: str
    image_display_format: str
    film_orientation: FilmOrientation = FilmOrientation.PORTRAIT
    film_size_id: str = "14INX17IN"
    magnification_type: MagnificationType = MagnificationType.CUBIC
    smoothing_type: str = ""
    border_density: str = "BLACK"  # BLACK, WHITE or hundredths of OD, as the standard spells it
    empty_image_density: str = "BLACK"
    min_density: float | None = None
    max_density: float | None = None
    trim: bool = False
    configuration_information: str = ""
    illumination: float | None = None  # cd/m2
    reflected_ambient_light: float | None = None  # cd/m2
    requested_resolution_id: str = "STANDARD"
    annotation_display_format_id: str = ""  # "" also when it was not negotiated or is none
    presentation_lut: PresentationLUT | None = None
    image_boxes: tuple[ImageBox, ...] = ()
    color: bool = False  # its image boxes are Basic Color Image Boxes; images of either kind may be in them
    icc_profile: StoredBytes | None = None  # of a colour film
    annotation_boxes: tuple[AnnotationBox, ...] = ()
    stray_texts: tuple[str, ...] = ()  # annotation that is no Annotation Box (stray.py); known once it is ordered
    identifying: tuple[IdentifyingValue, ...] = ()  # of the film box itself
    other_attributes: tuple[tuple[str, str], ...] = ()  # what no rule knows, by tag: kept, not understood


@dataclass(frozen=True, slots=True)
class FilmSession:
    """The film session's attributes."""

    uid: str
    number_of_copies: int = 1
    print_priority: str = "MED"
    medium_type: str = ""
    film_destination: str = ""
    film_session_label: str = ""
    owner_id: str = ""
    memory_allocation: int | None = None
    specific_character_set: str = ""
    presentation_lut: PresentationLUT | None = None
    illumination: float | None = None
    reflected_ambient_light: float | None = None
    identifying: tuple[IdentifyingValue, ...] = ()  # the Proposed Study Sequence's too
    other_attributes: tuple[tuple[str, str], ...] = ()  # what no rule knows, by tag: kept, not understood


class OrderKind(StrEnum):
    FILM = "film"  # N-ACTION on a film box: one film
    SESSION = "session"  # N-ACTION on the film session: all its films, collated


@dataclass(frozen=True, slots=True)
class PrintOrder:
    """A frozen copy of what was to be printed when N-ACTION came (PS3.4 H.4.1.2.4.3)."""

    kind: OrderKind
    session: FilmSession
    films: tuple[FilmBox, ...]
    statuses: tuple[int, ...] = ()  # warnings answered for this order, e.g. 0xB604
