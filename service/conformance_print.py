"""What CONFORMANCE.md says of print beside attributes: services, annotation, print jobs, events, the printer."""

from collections.abc import Iterable, Iterator, Sequence

from printmgr.film.annotations import ANY_FORMAT, DEFAULT_FORMATS
from printmgr.film.quirks import QUIRKS
from printmgr.scp.configuration import FORMATS
from printmgr.scp.contexts import CLASS_NAMES, SOPClass
from printmgr.scp.events import JOB_EVENTS, PRINTER_EVENTS
from printmgr.scp.getting import GETTERS
from printmgr.scp.identifying import KEYWORDS
from printmgr.scp.print_jobs import FAILURES, PRINT_JOB_ATTRIBUTES
from printmgr.scp.services import SERVICES
from service.printer_state import FULL, SILENT_S

Section = tuple[str, str | tuple[Sequence[str], Sequence[tuple[str, ...]]]]

EVENTS = """\
Print Job events go out on the association that ordered the print, after the answer to N-ACTION and in the order of
their numbers; printer events on every association with the printer, when its state changes. No answer is waited for. A
print job is known to N-GET for as long as its record is kept, on any association."""


def sections() -> Iterator[Section]:
    """Heading and text, or heading and table."""
    yield "Services", (("SOP class", "services"), _services())
    yield "Image Display Formats", "Told in Printer Configuration Retrieval, others are taken too: " + _list(FORMATS)
    yield "Annotation Display Formats", (("ID", "positions, from 1"), _annotation())
    yield "Print Job N-GET (PS3.4 Table H.4-15)", _list(PRINT_JOB_ATTRIBUTES)
    yield "N-EVENT-REPORT (PS3.4 Tables H.4-14, H.4-16)", (("SOP class", "event", "status"), _events())
    yield "When events go out", EVENTS
    yield "Execution Status Info of a failure", _list(term for _, term in FAILURES)
    yield "Printer Status", (("status", "info", "when"), _states())
    yield "What is kept of patient and study", _list(KEYWORDS)
    yield "Quirks of partners", (("quirk", "what is done"), [(f"`{one}`", done) for one, (done, _) in QUIRKS.items()])


def _services() -> Sequence[tuple[str, ...]]:
    served: dict[str, list[str]] = {str(uid): [] for uid in SOPClass}
    for service, uid in SERVICES:
        served[uid].append(service)
    for uid in GETTERS:
        served[uid].append("N-GET")
    served[SOPClass.PRINTER].append("N-EVENT-REPORT")
    served[SOPClass.PRINT_JOB].append("N-EVENT-REPORT")
    return [(f"{CLASS_NAMES[uid]} {uid}", ", ".join(services)) for uid, services in served.items()]


def _annotation() -> Sequence[tuple[str, ...]]:
    formats = {**DEFAULT_FORMATS, "any other": ANY_FORMAT}
    return [(name, "; ".join(places)) for name, places in formats.items()]


def _events() -> Sequence[tuple[str, ...]]:
    jobs = [("print job", str(number), status.value) for status, number in JOB_EVENTS.items()]
    return jobs + [("printer", str(number), status) for status, number in PRINTER_EVENTS.items()]


def _states() -> Sequence[tuple[str, ...]]:
    return [
        ("FAILURE", "PRINTER OFFLINE", "switched off; N-ACTION is answered C601H, C602H"),
        ("FAILURE", "RECEIVER FULL", f"the disk has less than 1/{FULL} of `min_free_bytes`"),
        ("FAILURE", "PRINT BUFF FULL", "`max_queue` prints wait, or half as many of one caller: C601H, C602H"),
        ("WARNING", "PROC DOWN", f"no worker was heard of for {SILENT_S:.0f} s"),
        ("WARNING", "RECEIVER FULL", "the disk has less than `min_free_bytes`"),
        ("WARNING", "PRINTER BUSY", "four fifths of `max_queue` prints are not done"),
        ("NORMAL", "NORMAL", "otherwise"),
    ]


def _list(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in dict.fromkeys(words)) + "."
