"""The service as the print component sees it."""

import os
import time
from collections.abc import Callable, Mapping, Sequence

from printmgr.errors import NoSuchInstance
from printmgr.film.printer import LogicalPrinter
from printmgr.ports import Caller, ExecutionStatus, Print, PrintProgress, PrintSpool
from service.config import Settings
from service.job_events import JobChange, JobEvents, States
from service.spool import Spool
from service.store import jobs, orders
from service.store.engine import Durability, Store
from service.store.jobs import JobState

STATUS_S = 1.0  # how long a look at the disk holds
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

    def add(self, print_: Print, document: bytes) -> None:
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

    def close(self) -> None:
        self._writer.close()
        self._after.close()
        self.store.close()


class Reception:
    """The service as the print component sees it (printmgr.ports.PrintPort)."""

    def __init__(self, settings: Settings, spool: Spool, events: JobEvents, states: States) -> None:
        self._settings = settings
        self._spool = spool
        self._events = events
        self._states = states
        self._printers = {printer.ae_title: printer.logical() for printer in settings.printers}
        self._looked = 0.0
        self._status = ("NORMAL", "NORMAL")

    def printer(self, called_ae: str) -> LogicalPrinter | None:
        return self._printers.get(called_ae.strip())

    def printer_status(self, printer: LogicalPrinter) -> tuple[str, str]:
        """WARNING, RECEIVER FULL when the disk is nearly full (PS3.3 C.13.9); else NORMAL."""
        if time.monotonic() - self._looked > STATUS_S:
            disk = os.statvfs(self._settings.data_dir)
            room = disk.f_bavail * disk.f_frsize > self._settings.dicom.min_free_bytes
            self._status = ("NORMAL", "NORMAL") if room else ("WARNING", "RECEIVER FULL")
            self._looked = time.monotonic()
        return self._status

    def open_spool(self, caller: Caller, printer: LogicalPrinter) -> PrintSpool:
        return self._spool.open(caller, printer)

    def progress(self, print_id: str) -> PrintProgress:
        found = self._states([print_id]).get(print_id)
        if found is None:
            raise NoSuchInstance("print job", print_id)
        return progress_of(found)

    def follow(self, print_id: str, changed: Callable[[PrintProgress], None]) -> Callable[[], None]:
        return self._events.follow(print_id, lambda change: changed(progress_of(change)))


def progress_of(change: JobChange) -> PrintProgress:
    """A job's state as a print job's."""
    error = "cancelled" if change.state is JobState.CANCELLED else change.error
    return PrintProgress(change.job_id, EXECUTION.get(change.state, ExecutionStatus.PENDING), error)
