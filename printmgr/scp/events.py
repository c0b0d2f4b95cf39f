"""N-EVENT-REPORT to the SCU: what becomes of its print jobs, and of the printer (PS3.4 H.4.5.2.2, H.4.6.2.2).

An event never holds up a request and depends on no answer: it is sent between responses, on the association that is
there, or not at all. It needs an acceptor whose associations have `notify` and `afterwards`; others send none.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydicom.dataset import Dataset

from printmgr.film.quirks import Quirk
from printmgr.ports import ExecutionStatus, PrintPort, PrintProgress
from printmgr.scp.contexts import (
    BASIC_COLOR_PRINT_MANAGEMENT_META,
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    PRINTER_INSTANCE,
    SOPClass,
)
from printmgr.scp.print_jobs import job_ordered, status_info

log = logging.getLogger(__name__)

# Event Type IDs: PS3.4 Tables H.4-14 and H.4-16.
JOB_EVENTS: Mapping[ExecutionStatus, int] = MappingProxyType(
    {
        ExecutionStatus.PENDING: 1,
        ExecutionStatus.PRINTING: 2,
        ExecutionStatus.DONE: 3,
        ExecutionStatus.FAILURE: 4,
    }
)
PRINTER_EVENTS: Mapping[str, int] = MappingProxyType({"NORMAL": 1, "WARNING": 2, "FAILURE": 3})
METAS = (BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, BASIC_COLOR_PRINT_MANAGEMENT_META)


class JobReporter:
    """Reports one print job: PENDING, PRINTING, then DONE or FAILURE; nothing before its N-ACTION is answered.

    May be told changes by any thread.
    """

    def __init__(self, send: Callable[[PrintProgress], None], print_id: str) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._answered = False
        self._last = 0  # Event Type ID
        self._waiting = [PrintProgress(print_id, ExecutionStatus.PENDING)]

    def changed(self, progress: PrintProgress) -> None:
        """The job is so far."""
        with self._lock:
            self._waiting.append(progress)
            self._flush()

    def answered(self) -> None:
        """The response to N-ACTION has gone out."""
        with self._lock:
            self._answered = True
            self._flush()

    def _flush(self) -> None:
        while self._answered and self._waiting:
            progress = self._waiting.pop(0)
            event = JOB_EVENTS[progress.status]
            if progress.status is ExecutionStatus.DONE and self._last < JOB_EVENTS[ExecutionStatus.PRINTING]:
                self._send(PrintProgress(progress.print_id, ExecutionStatus.PRINTING))  # it was too quick to be seen
            if event > self._last:
                self._last = event
                self._send(progress)


class PrintJobs:
    """The print jobs that one association ordered."""

    def __init__(self, port: PrintPort, association: Any, printer_name: str, quirks: frozenset[Quirk]) -> None:
        self._port, self._association, self._printer_name, self._quirks = port, association, printer_name, quirks
        accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
        self.negotiated = SOPClass.PRINT_JOB in accepted and Quirk.NO_PRINT_JOB not in quirks
        self._stop: list[Callable[[], None]] = []
        self.last = ""  # the UID of the newest one

    def ordered(self, print_id: str) -> Dataset | None:
        """A print is safe: begin to report it. What N-ACTION is answered with."""
        if not self.negotiated:
            return None
        self.last = uid = self._port.print_job_uid(print_id)
        afterwards = getattr(self._association, "afterwards", None)
        if afterwards is not None and Quirk.NO_JOB_EVENTS not in self._quirks:
            reporter = JobReporter(
                lambda progress: report_job(self._association, uid, self._printer_name, progress), print_id
            )
            if Quirk.DONE_WHEN_ORDERED in self._quirks:
                reporter.changed(PrintProgress(print_id, ExecutionStatus.DONE))
            else:
                self._stop.append(self._port.follow(print_id, reporter.changed))
            afterwards(reporter.answered)
        return job_ordered(uid)

    def ordered_before(self) -> Dataset | None:
        """What an N-ACTION is answered with that makes no new print."""
        return job_ordered(self.last) if self.last else None

    def end(self) -> None:
        """The association is over: nobody is told any more."""
        for stop in self._stop:
            stop()
        self._stop.clear()


def report_job(association: Any, uid: str, printer_name: str, progress: PrintProgress) -> None:
    """Send a print job's event."""
    data_set = Dataset()
    data_set.ExecutionStatusInfo = status_info(progress)
    data_set.PrinterName = printer_name
    notify(association, data_set, JOB_EVENTS[progress.status], SOPClass.PRINT_JOB, uid)


def report_printer(association: Any, printer_name: str, status: str, info: str) -> None:
    """Send the printer's event, on its own context or a meta class's (PS3.4 H.3.1)."""
    accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
    meta = None if SOPClass.PRINTER in accepted else next((one for one in METAS if one in accepted), "")
    if meta == "":
        return
    data_set = Dataset()
    if status != "NORMAL":
        data_set.PrinterStatusInfo = info
        data_set.PrinterName = printer_name
    notify(association, data_set, PRINTER_EVENTS[status], SOPClass.PRINTER, PRINTER_INSTANCE, meta)


def notify(
    association: Any, data_set: Dataset, event_type: int, sop_class: SOPClass, uid: str, meta: str | None = None
) -> None:
    send = getattr(association, "notify", None)
    if send is None:
        return
    try:
        send(data_set, event_type, str(sop_class), uid, meta)
    except (RuntimeError, ValueError) as error:
        log.info("event %d of the %s was not sent: %s", event_type, sop_class.name, error)
