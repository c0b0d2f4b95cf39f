"""What the print component needs from outside, as protocols."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from printmgr.film.identity import Identity
from printmgr.film.model import PrintOrder, StoredPixels
from printmgr.film.printer import LogicalPrinter
from printmgr.film.quirks import Quirk


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is on the other side of an association."""

    calling_ae: str
    called_ae: str
    address: str
    association: str  # an id of ours, unique over restarts; safe as a folder name


class PrintSpool(Protocol):
    """One association's place on disk."""

    def keep_data_set(self, data: bytes | memoryview) -> str:
        """Write an encoded data set as it came and fsync it; its name. Raises ResourceLimit when the disk is full."""
        ...

    def drop(self, name: str) -> None:
        """Forget a data set that was replaced or deleted (copies ordered before keep theirs)."""
        ...

    def order(self, order: PrintOrder, statuses: Mapping[str, list[int]]) -> str:
        """Make the order and its job durable and return the print id; only then may N-ACTION be answered.

        Raises QueueFull, ResourceLimit. `statuses` are all statuses given on the way, by request name."""
        ...

    def close(self) -> None:
        """The association ended: everything not ordered goes."""
        ...


class ExecutionStatus(StrEnum):
    """How far a print job is (PS3.3 C.13.8)."""

    PENDING = "PENDING"
    PRINTING = "PRINTING"
    DONE = "DONE"
    FAILURE = "FAILURE"


@dataclass(frozen=True, slots=True)
class PrintProgress:
    """How far a print is; `error` says why it failed, for people: it may name files, never patients."""

    print_id: str
    status: ExecutionStatus
    error: str = ""


@dataclass(frozen=True, slots=True)
class PrintJob:
    """A print as Print Job SOP Instance (PS3.3 C.13.8)."""

    progress: PrintProgress
    printer_name: str
    ordered_at: str  # ISO 8601 with offset
    originator: str  # the calling AE title
    print_priority: str


class PrintPort(Protocol):
    """The service as the print component sees it."""

    def printer(self, called_ae: str) -> LogicalPrinter | None: ...

    def printer_status(self, printer: LogicalPrinter) -> tuple[str, str]:
        """Printer Status and Printer Status Info (PS3.3 C.13.9)."""
        ...

    def open_spool(self, caller: Caller, printer: LogicalPrinter) -> PrintSpool: ...

    def quirks(self, caller: Caller) -> frozenset[Quirk]:
        """What is to be done differently for this caller."""
        ...

    def print_job_uid(self, print_id: str) -> str:
        """The SOP Instance UID of a print's job: the same whenever it is asked."""
        ...

    def print_job(self, uid: str) -> PrintJob:
        """A print job that was ordered here, whenever that was. Raises NoSuchInstance."""
        ...

    def follow(self, print_id: str, changed: Callable[[PrintProgress], None]) -> Callable[[], None]:
        """Have `changed` called when the print is PRINTING and when it is DONE or FAILURE; what ends that earlier.

        To be called when `order` has given the id. Each status comes once, in this order (PRINTING may be left out),
        on a thread that is neither the caller's nor another print's: `changed` may wait for the network.
        """
        ...


@dataclass(frozen=True, slots=True)
class Print:
    """A print as a job step and a sink see it; everything fixed when it was ordered."""

    id: str  # time-ordered, safe as a file name
    date: str  # YYYY-MM-DD, local date of the order
    ordered_at: str  # ISO 8601 with offset
    caller: Caller
    printer: LogicalPrinter
    order: PrintOrder
    statuses: Mapping[str, list[int]]
    folder: Path  # the print's spool folder: data sets, order.json, and what the steps leave


@dataclass(frozen=True, slots=True)
class Sending:
    """What is known of one delivery besides its print."""

    patient: Identity | None = None  # only for a sink that needs one, and only when the film may go out under it
    number: int = 1  # 2 and more: somebody asked for it once more

    def name(self, print_: Print) -> str:
        """What the delivery is called wherever it goes, at every attempt."""
        return print_.id if self.number == 1 else f"{print_.id}-{self.number}"


ONCE = Sending()  # asked for once, by nobody's patient


class Sink(Protocol):
    """PLUGIN POINT. Takes a finished print. May be called again for the same print: same result, no second copy.

    Sinks are frozen dataclasses; their fields are their settings (printmgr.sinks.settings.SinkSettings).
    """

    @property
    def needs_patient(self) -> bool:
        """Whether a film waits until it is known whose it is."""
        ...

    def deliver(self, print_: Print, pdf: Path, document: Path, sending: Sending = ONCE) -> str:
        """Deliver the PDF and its JSON; says where it went.

        Raises DeliveryFailed: SinkDown while nobody can be delivered to, Undeliverable when trying again is of no use.
        """
        ...

    def probe(self) -> str:
        """Try whether a film could be delivered now, without one; what was tried and what was answered.

        Raises DeliveryFailed."""
        ...


@runtime_checkable
class Correcting(Protocol):
    """A sink that can tell its receiver that a film it got is another patient's."""

    def correct(self, print_: Print, sending: Sending, why: str) -> str:
        """Take back what was delivered under `sending.patient`; says how. Raises DeliveryFailed."""
        ...


@runtime_checkable
class Committing(Protocol):
    """A sink whose receiver may commit itself later to keep what it got."""

    def transaction_uid(self, print_: Print, sending: Sending) -> str:
        """What its report will name; "" when none is asked for."""
        ...


__all__ = [
    "ONCE",
    "Caller",
    "Committing",
    "Correcting",
    "ExecutionStatus",
    "Identity",
    "Print",
    "PrintJob",
    "PrintPort",
    "PrintProgress",
    "PrintSpool",
    "Sending",
    "Sink",
    "StoredPixels",
]
