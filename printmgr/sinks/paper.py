"""Films on paper, by IPP: to a printer that takes PDF, or by way of CUPS. Nothing is scaled unless the settings say so,
and then the place says so."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from printmgr.errors import DeliveryFailed, SinkDown, Undeliverable
from printmgr.film.model import FilmOrientation
from printmgr.film.sizes import film_size
from printmgr.ports import ONCE, Print, Sending
from printmgr.sinks.settings import Seconds, Secret, SinkSettings, one_line, read_secret, tls_context

if TYPE_CHECKING:
    from printmgr.sinks.ipp import Answer, Printer, Value

URI = re.compile(r"(ipps?|https?)://[^\s/@]+(/\S*)?")
SIDES = re.compile(r"_(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(mm|in)$")  # of a PWG media name (PWG 5101.1)
MM = {"mm": 1.0, "in": 25.4}
NEAR_MM = 1.0  # 8INX10IN and its paper
COMPLETED, LOST = 9, frozenset({7, 8})  # job-state: completed; canceled, aborted
STOPPED = 5  # printer-state
BUSY = frozenset({0x0502, 0x0505, 0x0506, 0x0507})  # unavailable, temporary error, not accepting jobs, busy
POLL_S = 0.5


def printer_uri(value: str) -> str:
    """Raises ValueError for what is no printer's URI."""
    if not URI.fullmatch(value):
        raise ValueError("expected ipp://host:port/path or ipps://host/path without user or password")
    return value


@dataclass(frozen=True, slots=True)
class Sheets:
    """Pages of a print that are of one size, one after the other."""

    first: int
    last: int
    film_size_id: str
    mm: tuple[float, float]  # width, height of the portrait sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSink(SinkSettings):
    """Prints every film on the printer `uri`."""

    kind: Literal["paper"] = "paper"
    uri: Annotated[str, AfterValidator(printer_uri)]
    media: dict[str, str] = field(default_factory=dict)  # by Film Size ID: the paper's PWG name, iso_a3_297x420mm
    trays: dict[str, str] = field(default_factory=dict)  # by Film Size ID: media-source, such as tray-2
    scaling: Literal["none", "fit"] = "none"  # fit: a film that is larger than its paper is made smaller
    user: str = ""
    password: Secret = ""
    wait_s: Annotated[float, Field(ge=0, le=3600)] = 120.0  # for the printer to say that it is printed
    ca_file: Path | None = None
    timeout_s: Seconds = 30.0

    def deliver(self, print_: Print, pdf: Path, document: Path, sending: Sending = ONCE) -> str:
        """Print it; as which jobs. Raises SinkDown, Undeliverable, DeliveryFailed."""
        from printmgr.sinks.ipp import IppError, keyword

        runs = list(sheets(print_))
        try:
            printer = self._printer()
            able = self._able(printer)
            jobs = [self._job(able, run, print_) for run in runs]
            if len(runs) > 1 and True not in able.get("page-ranges-supported", []):
                raise Undeliverable("the printer cannot print parts of a PDF; expected films of one size")
            names = [sending.name(print_) + (f" {run.first}-{run.last}" if len(runs) > 1 else "") for run in runs]
            places = [
                self._print(printer, name, job, pdf, run if len(runs) > 1 else None)
                for name, job, run in zip(names, jobs, runs, strict=True)
            ]
        except IppError as error:
            raise SinkDown(str(error)) from error
        scaled = any(job["print-scaling"] == keyword("fit") for job in jobs)
        return ", ".join(places) + (", scaled to fit" if scaled else "")

    def probe(self) -> str:
        """Ask the printer what it can do. Raises SinkDown, Undeliverable."""
        from printmgr.sinks.ipp import IppError

        try:
            able = self._able(self._printer())
        except IppError as error:
            raise SinkDown(str(error)) from error
        loaded = able.get("media-ready") or able.get("media-supported") or []
        papers = one_line(", ".join(str(name) for name in loaded if not str(name).startswith("custom_")))
        return f"Get-Printer-Attributes of {self.uri}: it takes PDF, and has {papers or 'paper it does not tell'}"

    def _printer(self) -> "Printer":
        from printmgr.sinks.ipp import Printer

        tls = tls_context(self.ca_file) if self.uri.startswith(("ipps:", "https:")) else None
        return Printer(self.uri, tls, self.user, read_secret(self.password), self.timeout_s)

    def _able(self, printer: "Printer") -> "Answer":
        """What the printer can do. Raises SinkDown while it takes no jobs, Undeliverable when it never takes films."""
        from printmgr.sinks.ipp import Operation, keyword

        status, groups = printer.ask(
            Operation.GET_PRINTER_ATTRIBUTES, {"requested-attributes": [keyword("all"), keyword("media-col-database")]}
        )
        if status >= 0x0100 or len(groups) < 2:
            raise SinkDown(f"{self.uri} answered {status:04X}H to a question for its attributes")
        able = groups[1]
        reasons = one_line(", ".join(map(str, able.get("printer-state-reasons", []))))
        if False in able.get("printer-is-accepting-jobs", []) or STOPPED in able.get("printer-state", []):
            raise SinkDown(f"{self.uri} takes no jobs now: {reasons}")
        if not {"application/pdf", "application/octet-stream"} & set(able.get("document-format-supported", [])):
            raise Undeliverable(f"{self.uri} takes no PDF; expected a printer that does, or CUPS before it")
        return able

    def _job(self, able: "Answer", run: Sheets, print_: Print) -> "dict[str, Value]":
        """Job attributes. Raises Undeliverable when the paper is not there."""
        from printmgr.sinks.ipp import Tag, Value, integer, keyword

        name = self.media.get(run.film_size_id) or self._paper(able, run)
        sides = sides_of(name)
        if sides is None:
            raise Undeliverable(f"media {name!r} tells no size; expected a PWG name such as iso_a3_297x420mm")
        scaling = "none" if fits(run.mm, sides) else self.scaling
        if scaling == "none" and not fits(run.mm, sides):
            raise Undeliverable(
                f"a film of {run.mm[0]:g} x {run.mm[1]:g} mm does not fit on {name} unscaled; "
                "expected larger paper in media, or scaling = 'fit'"
            )
        if scaling == "fit" and print_.printer.scale_note:
            raise Undeliverable(
                f"the film says how large its images are, which would not be so on {name}; "
                "expected larger paper in media, or a printer without scale_note"
            )
        if scaling not in able.get("print-scaling-supported", []):
            raise Undeliverable(f"{self.uri} does not say that it can print with print-scaling {scaling}")
        copies = print_.order.session.number_of_copies
        most = max((high for _, high in able.get("copies-supported", [(1, 1)])), default=1)
        if copies > most:
            raise Undeliverable(f"{copies} copies are asked for; the printer makes at most {most}")
        job = {"print-scaling": keyword(scaling), "copies": integer(copies)}
        if "sides" in able.get("job-creation-attributes-supported", ["sides"]):
            job["sides"] = keyword("one-sided")
        tray = self.trays.get(run.film_size_id)
        if tray is None:
            return job | {"media": keyword(name)}
        width, height = (round(side * 100) for side in sides)
        size = {"x-dimension": integer(width), "y-dimension": integer(height)}
        wanted = {"media-size": Value(Tag.BEGIN_COLLECTION, size), "media-source": keyword(tray)}
        return job | {"media-col": Value(Tag.BEGIN_COLLECTION, wanted)}

    def _paper(self, able: "Answer", run: Sheets) -> str:
        """The printer's own name of paper that has the film's size, or a size made to measure."""
        for name in map(str, able.get("media-supported", [])):
            sides = sides_of(name)
            if (
                sides
                and not name.startswith(("custom_min", "custom_max"))
                and all(abs(a - b) <= NEAR_MM for a, b in zip(sides, run.mm, strict=True))
            ):
                return name
        if custom_takes(able, run.mm):
            return f"custom_film_{run.mm[0]:g}x{run.mm[1]:g}mm"
        if self.scaling == "fit":
            return str((able.get("media-default") or [""])[0])
        raise Undeliverable(
            f"the printer has no paper of {run.film_size_id}, {run.mm[0]:g} x {run.mm[1]:g} mm; expected it there, or "
            "larger paper in media"
        )

    def _print(self, printer: "Printer", name: str, job: "dict[str, Value]", pdf: Path, run: Sheets | None) -> str:
        """Hand one job over, unless the printer has it already, and wait for it to be printed."""
        from printmgr.sinks.ipp import Operation, Tag, Value

        number = self._known(printer, name)
        if number is None:
            if run is not None:
                job = job | {"page-ranges": Value(Tag.RANGE, (run.first, run.last))}
            said = {"job-name": Value(Tag.NAME, name), "document-format": Value(Tag.MIME, "application/pdf")}
            status, groups = printer.ask(Operation.PRINT_JOB, said, job, pdf)
            if status >= 0x0100 or len(groups) < 2:
                error = SinkDown if status in BUSY else DeliveryFailed
                message = one_line(str((groups[0].get("status-message") or [""])[0])) if groups else ""
                raise error(f"{self.uri} answered {status:04X}H to the film {message}".rstrip())
            number = int(groups[1]["job-id"][0])
        return f"{self.uri} job {number}{self._waited(printer, number)}"

    def _known(self, printer: "Printer", name: str) -> int | None:
        """The number of a job of this name that the printer has or had, from a delivery whose end nobody saw."""
        from printmgr.sinks.ipp import Operation, keyword

        wanted = [keyword(each) for each in ("job-id", "job-name", "job-state")]
        for which in ("not-completed", "completed"):
            said = {"which-jobs": keyword(which), "requested-attributes": wanted}
            _, groups = printer.ask(Operation.GET_JOBS, said)
            for job in groups[1:]:
                if job.get("job-name") == [name] and LOST.isdisjoint(job.get("job-state", [])):
                    return int(job["job-id"][0])
        return None

    def _waited(self, printer: "Printer", number: int) -> str:
        """What became of a job; it is the printer's when it takes longer. Raises DeliveryFailed when it was lost."""
        from printmgr.sinks.ipp import Operation, integer

        until = time.monotonic() + self.wait_s
        while True:
            _, groups = printer.ask(Operation.GET_JOB_ATTRIBUTES, {"job-id": integer(number)})
            job: dict[str, list[Any]] = groups[1] if len(groups) > 1 else {}
            state = (job.get("job-state") or [0])[0]
            if state == COMPLETED:
                return ""
            if state in LOST:
                why = one_line(", ".join(map(str, job.get("job-state-reasons", []))))
                raise DeliveryFailed(f"{self.uri} gave up job {number}: {why}")
            if time.monotonic() >= until:
                return " (not printed yet)"
            time.sleep(POLL_S)


def sheets(print_: Print) -> Iterator[Sheets]:
    """Runs of films of one size; a landscape film is on the same sheet."""
    numbered = enumerate(print_.order.films, start=1)
    for size, films in groupby(numbered, key=lambda one: "".join(one[1].film_size_id.split()).upper()):
        pages = [number for number, _ in films]
        yield Sheets(pages[0], pages[-1], size, film_size(size, FilmOrientation.PORTRAIT))


def sides_of(name: str) -> tuple[float, float] | None:
    """Width and height in mm that a PWG media name tells.

    >>> sides_of("na_letter_8.5x11in"), sides_of("tray-1")
    ((215.89999999999998, 279.4), None)
    """
    found = SIDES.search(name)
    if found is None:
        return None
    width, height, unit = found.groups()
    return float(width) * MM[unit], float(height) * MM[unit]


def fits(film: tuple[float, float], paper: tuple[float, float]) -> bool:
    """Whether a film lies on a sheet as it is, upright or turned."""
    turned = (paper[1], paper[0])
    return any(all(f <= p + NEAR_MM for f, p in zip(film, sheet, strict=True)) for sheet in (paper, turned))


def custom_takes(able: "Answer", mm: tuple[float, float]) -> bool:
    """Whether the printer cuts paper to any size, this one too: names custom_min_… and custom_max_… tell the range."""
    names = [str(name) for name in able.get("media-supported", [])]
    least = next((sides_of(name) for name in names if name.startswith("custom_min")), None)
    most = next((sides_of(name) for name in names if name.startswith("custom_max")), None)
    if least is None or most is None:
        return False
    return all(low <= side <= high for low, side, high in zip(least, mm, most, strict=True))
