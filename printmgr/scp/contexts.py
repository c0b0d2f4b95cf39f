"""TABLE. The SOP classes of print and how they are negotiated (PS3.4 H.3, H.5)."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

from pynetdicom.presentation import PresentationContext, build_context

PRINTER_INSTANCE = "1.2.840.10008.5.1.1.17"  # well-known (PS3.4 H.4.6)
PRINTER_CONFIGURATION_INSTANCE = "1.2.840.10008.5.1.1.17.376"  # well-known (PS3.4 H.4.11)


class SOPClass(StrEnum):
    """The classes of print whose requests are served."""

    FILM_SESSION = "1.2.840.10008.5.1.1.1"
    FILM_BOX = "1.2.840.10008.5.1.1.2"
    GRAYSCALE_IMAGE_BOX = "1.2.840.10008.5.1.1.4"
    COLOR_IMAGE_BOX = "1.2.840.10008.5.1.1.4.1"
    ANNOTATION_BOX = "1.2.840.10008.5.1.1.15"
    PRESENTATION_LUT = "1.2.840.10008.5.1.1.23"
    PRINTER = "1.2.840.10008.5.1.1.16"
    PRINT_JOB = "1.2.840.10008.5.1.1.14"
    PRINTER_CONFIGURATION = "1.2.840.10008.5.1.1.16.376"


BASIC_GRAYSCALE_PRINT_MANAGEMENT_META = "1.2.840.10008.5.1.1.9"
BASIC_COLOR_PRINT_MANAGEMENT_META = "1.2.840.10008.5.1.1.18"
VERIFICATION = "1.2.840.10008.1.1"

# What is accepted. Film Session, Film Box and Image Box by themselves are not foreseen by Annex H, but old SCUs
# propose them so; together they stand for the meta class.
ABSTRACT_SYNTAXES = (
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    SOPClass.FILM_SESSION,
    SOPClass.FILM_BOX,
    SOPClass.GRAYSCALE_IMAGE_BOX,
    SOPClass.COLOR_IMAGE_BOX,
    SOPClass.ANNOTATION_BOX,
    SOPClass.PRESENTATION_LUT,
    SOPClass.PRINTER,
    SOPClass.PRINT_JOB,
    SOPClass.PRINTER_CONFIGURATION,
    VERIFICATION,
)

TRANSFER_SYNTAXES = (
    "1.2.840.10008.1.2.1",  # Explicit VR Little Endian
    "1.2.840.10008.1.2",  # Implicit VR Little Endian
    "1.2.840.10008.1.2.2",  # Explicit VR Big Endian
)

# For the log and for the statuses of a print.
CLASS_NAMES: Mapping[str, str] = MappingProxyType(
    {
        SOPClass.FILM_SESSION: "film session",
        SOPClass.FILM_BOX: "film box",
        SOPClass.GRAYSCALE_IMAGE_BOX: "image box",
        SOPClass.COLOR_IMAGE_BOX: "image box",
        SOPClass.ANNOTATION_BOX: "annotation box",
        SOPClass.PRESENTATION_LUT: "Presentation LUT",
        SOPClass.PRINTER: "printer",
        SOPClass.PRINT_JOB: "print job",
        SOPClass.PRINTER_CONFIGURATION: "printer configuration",
    }
)


def makes_color(context: str, accepted: Collection[str]) -> bool:
    """Whether a film box created on this presentation context has colour image boxes (PS3.4 H.3.1).

    On a context of Film Box alone the image box classes that were accepted beside it decide.

    >>> makes_color(SOPClass.FILM_BOX, {SOPClass.FILM_BOX, SOPClass.COLOR_IMAGE_BOX})
    True
    """
    if context in (BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, BASIC_COLOR_PRINT_MANAGEMENT_META):
        return context == BASIC_COLOR_PRINT_MANAGEMENT_META
    gray = {BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, SOPClass.GRAYSCALE_IMAGE_BOX}
    color = {BASIC_COLOR_PRINT_MANAGEMENT_META, SOPClass.COLOR_IMAGE_BOX}
    return not gray & set(accepted) and bool(color & set(accepted))


def presentation_contexts() -> list[PresentationContext]:
    """The contexts that a Print SCP accepts."""
    return [build_context(uid, list(TRANSFER_SYNTAXES)) for uid in ABSTRACT_SYNTAXES]
