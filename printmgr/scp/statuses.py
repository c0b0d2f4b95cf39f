"""TABLE. Error kind to DIMSE status (PS3.7 Annex C, PS3.4 H.4)."""

from collections.abc import Mapping
from types import MappingProxyType

from printmgr import errors
from printmgr.scp.contexts import SOPClass

SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110

STATUSES: Mapping[type[errors.PrintError], int] = MappingProxyType(
    {
        errors.InvalidAttribute: 0x0106,
        errors.BadPixels: 0x0110,
        errors.UnreadableDataSet: 0x0110,
        errors.DamagedSpool: 0x0110,
        errors.DeliveryFailed: 0x0110,
        errors.DuplicateInstance: 0x0111,
        errors.NoSuchInstance: 0x0112,
        errors.InvalidInstance: 0x0117,
        errors.NoSuchClass: 0x0118,
        errors.MissingAttribute: 0x0120,
        errors.MissingValue: 0x0121,
        errors.NoSuchAction: 0x0123,
        errors.UnrecognizedOperation: 0x0211,
        errors.ResourceLimit: 0x0213,
        errors.NoFilmBox: 0xC600,
        errors.QueueFull: 0xC602,
        errors.ImageTooLarge: 0xC603,
    }
)

# Where print has a status of its own for a class (PS3.4 Tables H.4-4, H.4-12).
STATUSES_OF_CLASSES: Mapping[tuple[type[errors.PrintError], str], int] = MappingProxyType(
    {
        (errors.QueueFull, SOPClass.FILM_SESSION): 0xC601,
        (errors.ResourceLimit, SOPClass.GRAYSCALE_IMAGE_BOX): 0xC605,
        (errors.ResourceLimit, SOPClass.COLOR_IMAGE_BOX): 0xC605,
    }
)


def status_of(error: errors.PrintError, sop_class: str) -> int:
    """The status to answer a request on `sop_class` with.

    >>> hex(status_of(errors.QueueFull("full"), SOPClass.FILM_SESSION))
    '0xc601'
    """
    kind = type(error)
    return STATUSES_OF_CLASSES.get((kind, sop_class)) or STATUSES[kind]
