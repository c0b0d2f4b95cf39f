"""The service as the print component sees it."""

from collections.abc import Callable, Mapping, Sequence

from printmgr.errors import NoSuchInstance, QueueFull
from printmgr.film.printer import LogicalPrinter
from printmgr.film.quirks import NO_QUIRKS, Quirk
from printmgr.ports import Caller, ExecutionStatus, Print, PrintJob, PrintProgress, PrintSpool
from service.config import Settings
from service.job_events import JobChange, JobEvents
from service.print_uids import print_id_of, print_job_uid
from service.printer_state import PrinterStates, Switches
from service.spool import Spool
from service.store import jobs, orders, prints
from service.store.engine import Durability, Store
from service.store.jobs import JobState

QuirksOf = Callable[[str, str], frozenset[Quirk]]
"""Of a partner, by its AE title and the address it calls from."""
EXECUTION = {
    JobState.RUNNING: ExecutionStatus.PRINTING,
    JobState.DONE: ExecutionStatus.DONE,
    JobState.FAILED: ExecutionStatus.FAILURE,
    JobState.CANCELLED: ExecutionStatus.FAILURE,
}
"""Execution Status of the jobs that are not waiting."""


class Orders:
    """Where orders become durable (service.spool.OrderBook)."""

    def __init__(self, settings: Settings) -> None:
        self.store = Store(settings.database, Durability.ANSWERED)
        self._after = Store(settings.database, Durability.REPEATABLE)  # a settled order settles again to the same
        self._writer = orders.OrderWriter(self.store, settings.dicom.max_queue)
        self._switches = Switches(settings.switches_dir)

    def add(self, print_: Print, document: bytes) -> None:
        if self._switches.is_off(print_.printer.slug):
            raise QueueFull("the printer is switched off; it takes prints when it is on again")
        self._writer.add(print_, document)

    def settled(self, print_id: str) -> None:
        with self._after.write() as connection:
            orders.settle(connection, print_id)

    def lost(self, print_id: str, error: str) -> None:
        with self._after.write() as connection:
            jobs.move(connection, print_id, JobState.FAILED, only_from=[JobState.ANSWERED], error=error)

    def states(self, job_ids: Sequence[str]) -> Mapping[str, JobChange]:
        """What has become of these jobs (service.job_events.States)."""
        with self.store.read() as connection:
            found = jobs.states_of(connection, job_ids)
        return {job_id: JobChange(job_id, *state) for job_id, state in found.items()}

    def one(self, print_id: str) -> prints.PrintRecord:
        """Raises NoSuchPrint."""
        with self.store.read() as connection:
            return prints.without_films(connection, print_id)

    def queue_and_worker(self) -> tuple[int, float]:
        """Jobs not done yet, and seconds since a worker was heard of."""
        with self.store.read() as connection:
            return jobs.waiting(connection), jobs.last_beat_s(connection)

    def close(self) -> None:
        self._writer.close()
        self._after.close()
        self.store.close()


class Reception:
    """The service as the print component sees it (printmgr.ports.PrintPort)."""

    def __init__(
        self,
        printers: Sequence[LogicalPrinter],
        spool: Spool,
        events: JobEvents,
        book: Orders,
        states: PrinterStates,
        quirks_of: QuirksOf = lambda title, address: NO_QUIRKS,
    ) -> None:
        self._printers = {printer.ae_title: printer for printer in printers}
        self._spool = spool
        self._events = events
        self._book = book
        self._states = states
        self._quirks_of = quirks_of

    def printer(self, called_ae: str) -> LogicalPrinter | None:
        return self._printers.get(called_ae.strip())

    def printer_status(self, printer: LogicalPrinter) -> tuple[str, str]:
        return self._states.of(printer)

    def quirks(self, caller: Caller) -> frozenset[Quirk]:
        return self._quirks_of(caller.calling_ae, caller.address)

    def open_spool(self, caller: Caller, printer: LogicalPrinter) -> PrintSpool:
        return self._spool.open(caller, printer)

    def print_job_uid(self, print_id: str) -> str:
        return print_job_uid(print_id)

    def print_job(self, uid: str) -> PrintJob:
        try:
            print_id = print_id_of(uid)
            record = self._book.one(print_id)
        except (ValueError, prints.NoSuchPrint):
            raise NoSuchInstance("print job", uid) from None
        printer = self._printers.get(record.printer)
        return PrintJob(
            progress_of(JobChange(print_id, record.state, record.error)),
            (printer.name if printer else "") or record.printer,
            record.ordered_at,
            record.calling_ae,
            record.print_priority,
        )

    def follow(self, print_id: str, changed: Callable[[PrintProgress], None]) -> Callable[[], None]:
        return self._events.follow(print_id, lambda change: changed(progress_of(change)))


def progress_of(change: JobChange) -> PrintProgress:
    """A job's state as a print job's."""
    error = "cancelled" if change.state is JobState.CANCELLED else change.error
    return PrintProgress(change.job_id, EXECUTION.get(change.state, ExecutionStatus.PENDING), error)
