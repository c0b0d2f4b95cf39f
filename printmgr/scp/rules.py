"""TABLE. Every attribute of print requests: usage, type, unit, default, allowed values (PS3.4 H.4, PS3.3 C.13).

A request may leave out everything but M/M. What cannot be honoured gets the default and warning 0116H, M/M fails with
0106H (PS3.4 H.2.4). Attributes that are not here are kept with the request and otherwise ignored, never refused.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from printmgr.film.model import DecimateCropBehavior, FilmOrientation, MagnificationType, Polarity


class Usage(StrEnum):
    """SCU/SCP usage (PS3.4 H.2.4)."""

    MANDATORY = "M/M"
    MANDATORY_IF = "MC/M"
    OPTIONAL = "U/M"
    OPTIONAL_IF = "U/MC"
    UNSUPPORTED_OK = "U/U"


class Kind(StrEnum):
    """How a value on the wire becomes one of the model."""

    TERM = "one of the allowed terms; case and blanks do not matter"
    OPEN_TERM = "an allowed term or any other code string"
    TEXT = "any text"
    YES_NO = "YES or NO"
    COUNT = "a whole number from 1"
    NUMBER = "a whole number; 0 stands for the default"
    QUANTITY = "a whole number; 0 stands for the default; a real number in the model"
    LIGHT = "a whole number; a real number in the model"
    DENSITY = "hundredths of OD, OD in the model; 0 stands for the printer's own"
    DENSITY_TERM = "BLACK, WHITE or hundredths of OD as text"
    LENGTH = "mm up to 10000; 0 and less count as absent"
    REFERENCE = "the Referenced SOP Instance UID of the first item"
    BYTES = "kept as it came"
    IDENTITY = "what it says of the patient and the study is kept"
    LIMITED = "a whole number in a range, the allowed ones listed"


class Rule(NamedTuple):
    """One attribute of a request."""

    keyword: str
    tag: int
    vr: str
    usage: Usage
    kind: Kind
    name: str  # of the request's field; the model's field has the same name
    allowed: tuple[str | int, ...] = ()
    default: object = None  # used with 0116H; None: the printer's, or none
    settable: bool = True  # may be N-SET


M, MC, U, UMC, UU = (
    Usage.MANDATORY,
    Usage.MANDATORY_IF,
    Usage.OPTIONAL,
    Usage.OPTIONAL_IF,
    Usage.UNSUPPORTED_OK,
)

REFERENCED_SOP_CLASS_UID = 0x00081150
REFERENCED_SOP_INSTANCE_UID = 0x00081155
SPECIFIC_CHARACTER_SET = 0x00080005
BASIC_GRAYSCALE_IMAGE_SEQUENCE = 0x20200110
BASIC_COLOR_IMAGE_SEQUENCE = 0x20200111
PIXEL_DATA = 0x7FE00010
PIXEL_ASPECT_RATIO = 0x00280034
PRESENTATION_LUT_SEQUENCE = 0x20500010
PRESENTATION_LUT_SHAPE = 0x20500020
LUT_DESCRIPTOR = 0x00283002
LUT_EXPLANATION = 0x00283003
LUT_DATA = 0x00283006
ICC_PROFILE = 0x00282000

PRESENTATION_LUT = Rule(
    "ReferencedPresentationLUTSequence", 0x20500500, "SQ", UMC, Kind.REFERENCE, "presentation_lut_uid"
)
ILLUMINATION = Rule("Illumination", 0x2010015E, "US", UMC, Kind.QUANTITY, "illumination")
AMBIENT = Rule("ReflectedAmbientLight", 0x20100160, "US", UMC, Kind.LIGHT, "reflected_ambient_light")

# PS3.4 Table H.4-2. The last three are old: SCUs made before CP-173 give them to the film session.
FILM_SESSION_RULES = (
    Rule("SpecificCharacterSet", SPECIFIC_CHARACTER_SET, "CS", UU, Kind.TEXT, "specific_character_set"),
    Rule("NumberOfCopies", 0x20000010, "IS", U, Kind.COUNT, "number_of_copies", default=1),
    Rule("PrintPriority", 0x20000020, "CS", U, Kind.TERM, "print_priority", ("HIGH", "MED", "LOW"), "MED"),
    Rule(
        "MediumType",
        0x20000030,
        "CS",
        U,
        Kind.OPEN_TERM,
        "medium_type",
        ("PAPER", "CLEAR FILM", "BLUE FILM", "MAMMO CLEAR FILM", "MAMMO BLUE FILM"),
    ),
    Rule("FilmDestination", 0x20000040, "CS", U, Kind.OPEN_TERM, "film_destination", ("MAGAZINE", "PROCESSOR")),
    Rule("FilmSessionLabel", 0x20000050, "LO", UU, Kind.TEXT, "film_session_label"),
    Rule("MemoryAllocation", 0x20000060, "IS", UU, Kind.NUMBER, "memory_allocation"),
    Rule("OwnerID", 0x21000160, "SH", UU, Kind.TEXT, "owner_id"),
    Rule("ProposedStudySequence", 0x213000A0, "SQ", UU, Kind.IDENTITY, "identifying"),
    PRESENTATION_LUT,
    ILLUMINATION,
    AMBIENT,
)

# PS3.4 Tables H.4-6 and H.4-7.
FILM_BOX_RULES = (
    Rule("ImageDisplayFormat", 0x20100010, "ST", M, Kind.TEXT, "image_display_format", settable=False),
    Rule("ReferencedFilmSessionSequence", 0x20100500, "SQ", M, Kind.REFERENCE, "film_session_uid", settable=False),
    Rule(
        "FilmOrientation",
        0x20100040,
        "CS",
        U,
        Kind.TERM,
        "film_orientation",
        tuple(FilmOrientation),
        FilmOrientation.PORTRAIT,
        settable=False,
    ),
    Rule("FilmSizeID", 0x20100050, "CS", U, Kind.OPEN_TERM, "film_size_id", settable=False),
    Rule(
        "MagnificationType",
        0x20100060,
        "CS",
        U,
        Kind.TERM,
        "magnification_type",
        tuple(MagnificationType),
        MagnificationType.CUBIC,
    ),
    Rule("MaxDensity", 0x20100130, "US", U, Kind.DENSITY, "max_density"),
    Rule("ConfigurationInformation", 0x20100150, "ST", U, Kind.TEXT, "configuration_information"),
    PRESENTATION_LUT,
    Rule("AnnotationDisplayFormatID", 0x20100030, "CS", UU, Kind.TEXT, "annotation_display_format_id", settable=False),
    Rule("SmoothingType", 0x20100080, "CS", UU, Kind.TEXT, "smoothing_type"),
    Rule("BorderDensity", 0x20100100, "CS", UU, Kind.DENSITY_TERM, "border_density", ("BLACK", "WHITE")),
    Rule("EmptyImageDensity", 0x20100110, "CS", UU, Kind.DENSITY_TERM, "empty_image_density", ("BLACK", "WHITE")),
    Rule("MinDensity", 0x20100120, "US", UU, Kind.DENSITY, "min_density"),
    Rule("Trim", 0x20100140, "CS", UU, Kind.YES_NO, "trim", ("YES", "NO"), False),
    ILLUMINATION,
    AMBIENT,
    Rule(
        "RequestedResolutionID",
        0x20200050,
        "CS",
        UU,
        Kind.TERM,
        "requested_resolution_id",
        ("STANDARD", "HIGH"),
        "STANDARD",
        settable=False,
    ),
    Rule("ICCProfile", ICC_PROFILE, "OB", UU, Kind.BYTES, "icc_profile"),
)

# PS3.4 Tables H.4-10 and H.4-11, without the image itself. Image Box Position is M/M there, but SCUs leave it out or
# send nonsense: the box is known by its UID, and the position it claims is compared for the log only.
IMAGE_BOX_POSITION = 0x20200010
IMAGE_BOX_RULES = (
    Rule("Polarity", 0x20200020, "CS", U, Kind.TERM, "polarity", tuple(Polarity), Polarity.NORMAL),
    Rule(
        "MagnificationType",
        0x20100060,
        "CS",
        UU,
        Kind.TERM,
        "magnification_type",
        tuple(MagnificationType),
        MagnificationType.CUBIC,
    ),
    Rule("SmoothingType", 0x20100080, "CS", UU, Kind.TEXT, "smoothing_type"),
    Rule("MinDensity", 0x20100120, "US", UU, Kind.DENSITY, "min_density"),
    Rule("MaxDensity", 0x20100130, "US", UU, Kind.DENSITY, "max_density"),
    Rule("ConfigurationInformation", 0x20100150, "ST", UU, Kind.TEXT, "configuration_information"),
    Rule("RequestedImageSize", 0x20200030, "DS", UU, Kind.LENGTH, "requested_image_size"),
    Rule(
        "RequestedDecimateCropBehavior",
        0x20200040,
        "CS",
        UU,
        Kind.TERM,
        "requested_decimate_crop_behavior",
        tuple(DecimateCropBehavior),
    ),
    PRESENTATION_LUT,
)

# PS3.4 Table H.4-13. Annotation Position is M/M there; as with image boxes the UID says which box it is.
ANNOTATION_BOX_RULES = (Rule("TextString", 0x20300020, "LO", U, Kind.TEXT, "text"),)
ANNOTATION_POSITION = 0x20300010

# PS3.3 C.13.5, the item of the image sequence. Standard: 8 bits in 8 or 12 in 16, unsigned. What else can be rendered
# is accepted: other depths, the bits anywhere in the cell, signed ones, and colour.
IMAGE_RULES = (
    Rule("SamplesPerPixel", 0x00280002, "US", M, Kind.LIMITED, "samples_per_pixel", (1, 3)),
    Rule(
        "PhotometricInterpretation",
        0x00280004,
        "CS",
        M,
        Kind.TERM,
        "photometric_interpretation",
        ("MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL"),
    ),
    Rule("PlanarConfiguration", 0x00280006, "US", MC, Kind.LIMITED, "planar_configuration", (0, 1), 0),
    Rule("Rows", 0x00280010, "US", M, Kind.COUNT, "rows"),
    Rule("Columns", 0x00280011, "US", M, Kind.COUNT, "columns"),
    Rule("BitsAllocated", 0x00280100, "US", M, Kind.LIMITED, "bits_allocated", (8, 16, 32)),
    Rule("BitsStored", 0x00280101, "US", M, Kind.LIMITED, "bits_stored", tuple(range(1, 33))),
    Rule("HighBit", 0x00280102, "US", M, Kind.LIMITED, "high_bit", tuple(range(32))),
    Rule("PixelRepresentation", 0x00280103, "US", M, Kind.LIMITED, "pixel_representation", (0, 1)),
)

# PS3.4 Table H.4-17, N-GET of the printer.
PRINTER_ATTRIBUTES = MappingProxyType(
    {
        "PrinterStatus": 0x21100010,
        "PrinterStatusInfo": 0x21100020,
        "PrinterName": 0x21100030,
        "Manufacturer": 0x00080070,
        "ManufacturerModelName": 0x00081090,
        "DeviceSerialNumber": 0x00181000,
        "SoftwareVersions": 0x00181020,
    }
)

# The sequences that are read; every other one is stepped over.
SEQUENCES = frozenset(
    {
        BASIC_GRAYSCALE_IMAGE_SEQUENCE,
        BASIC_COLOR_IMAGE_SEQUENCE,
        PRESENTATION_LUT_SEQUENCE,
        *(rule.tag for rule in (*FILM_SESSION_RULES, *FILM_BOX_RULES, *IMAGE_BOX_RULES) if rule.vr == "SQ"),
    }
)
