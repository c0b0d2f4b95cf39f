"""TABLE and PURE. Warnings of print requests (PS3.4 H.4); terms of printer and job status (PS3.3 C.13.8, C.13.9)."""

from enum import IntEnum


class PrintWarning(IntEnum):
    """A request was done, but not quite as asked. The most telling one first: a response carries one status."""

    EMPTY_SESSION = 0xB602  # PS3.4 Table H.4-4: no image box of the film session holds an image
    EMPTY_FILM = 0xB603  # PS3.4 Table H.4-9: no image box of the film holds an image
    CROPPED = 0xB609
    DECIMATED = 0xB60A
    DEMAGNIFIED = 0xB604
    DENSITY_CLAMPED = 0xB605
    MEMORY_ALLOCATION_IGNORED = 0xB600
    DEFAULT_USED = 0x0116  # PS3.7 C.4.3: value out of range, the default was used
    ATTRIBUTES_IGNORED = 0x0107  # PS3.7 C.4.2: attributes that cannot be set here were ignored


def foremost(warnings: tuple[int, ...]) -> int:
    """The status to answer with when several warnings came up; 0000H without any.

    >>> hex(foremost((0x0116, 0xB605)))
    '0xb605'
    >>> foremost(())
    0
    """
    return next((int(warning) for warning in PrintWarning if warning in warnings), 0)


FILM_SIZES_IN_STATUS = ("8X10", "10X12", "10X14", "11X14", "14X14", "14X17", "24X24", "24X30")
MEDIA_IN_STATUS = ("", " BLUE", " CLR", " PAPR")
FILMS_IN_STATUS = (
    *(size + medium for size in FILM_SIZES_IN_STATUS for medium in MEDIA_IN_STATUS),
    "A4 PAPR",
    "A4 TRANS",
)

# PS3.3 C.13.9.1, Printer Status Info (2110,0020); shared with Execution Status Info (2100,0030).
PRINTER_STATUS_INFOS = (
    "BAD RECEIVE MGZ",
    "BAD SUPPLY MGZ",
    "CALIBRATING",
    "CALIBRATION ERR",
    "CHECK CHEMISTRY",
    "CHECK SORTER",
    "CHEMICALS EMPTY",
    "CHEMICALS LOW",
    "COVER OPEN",
    "ELEC CONFIG ERR",
    "ELEC DOWN",
    "ELEC SW ERROR",
    *(f"EMPTY {film}" for film in FILMS_IN_STATUS),
    *(f"LOW {film}" for film in FILMS_IN_STATUS),
    "EXPOSURE FAILURE",
    "FILM JAM",
    "FILM TRANSP ERR",
    "FINISHER EMPTY",
    "FINISHER ERROR",
    "FINISHER LOW",
    "NO RECEIVE MGZ",
    "NO RIBBON",
    "NO SUPPLY MGZ",
    "CHECK PRINTER",
    "CHECK PROC",
    "PRINTER DOWN",
    "PRINTER BUSY",
    "PRINT BUFF FULL",
    "PRINTER INIT",
    "PRINTER OFFLINE",
    "PROC DOWN",
    "PROC INIT",
    "PROC OVERFLOW FL",
    "PROC OVERFLOW HI",
    "QUEUED",
    "RECEIVER FULL",
    "REQ MED NOT INST",
    "REQ MED NOT AVAI",
    "RIBBON ERROR",
    "SUPPLY EMPTY",
    "SUPPLY LOW",
    "UNKNOWN",
)
