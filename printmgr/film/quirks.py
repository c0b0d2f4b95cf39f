"""TABLE. What can be done differently for one partner, because its console needs it (`[[partners]] quirks = [...]`)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Quirk(StrEnum):
    """A departure from what the printer does by itself."""

    PRINTER_CREATE = "printer-create"
    WARNINGS_AS_SUCCESS = "warnings-as-success"
    NO_PRINT_JOB = "no-print-job"
    NO_JOB_EVENTS = "no-job-events"
    NO_PRINTER_EVENTS = "no-printer-events"
    DONE_WHEN_ORDERED = "done-when-ordered"
    PRINT_ONCE = "print-once"


# Quirk: what is done, and for whom.
QUIRKS: Mapping[Quirk, tuple[str, str]] = MappingProxyType(
    {
        Quirk.PRINTER_CREATE: (
            "N-CREATE of the Printer class is answered 0000H with the printer's attributes, not 0211H",
            "CT consoles that create the printer before they print and stop at a failure",
        ),
        Quirk.WARNINGS_AS_SUCCESS: (
            "every warning (0107H, 0116H, B6xxH) is answered as 0000H",
            "consoles that take a warning for a failure and abort",
        ),
        Quirk.NO_PRINT_JOB: (
            "N-ACTION is answered without Referenced Print Job Sequence though Print Job was negotiated",
            "consoles that negotiate Print Job and stop at what comes of it",
        ),
        Quirk.NO_JOB_EVENTS: (
            "no N-EVENT-REPORT of a print job is sent; N-GET tells how far it is",
            "consoles that negotiate Print Job and cannot answer an event",
        ),
        Quirk.NO_PRINTER_EVENTS: (
            "no N-EVENT-REPORT of the printer is sent; N-GET tells its status",
            "consoles that abort at an event they did not ask for",
        ),
        Quirk.DONE_WHEN_ORDERED: (
            "a print job is reported DONE when it is safe on disk, not when its films are delivered",
            "consoles that block their screen until the film is done",
        ),
        Quirk.PRINT_ONCE: (
            "N-ACTION on a film session whose films were all printed one by one makes no second print, but 0000H",
            "consoles that order each film and then the session, where the standard prints twice",
        ),
    }
)
NO_QUIRKS: frozenset[Quirk] = frozenset()
