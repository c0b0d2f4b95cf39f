"""The handlers that pynetdicom calls: one working session an association, errors and warnings as DIMSE statuses."""

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import evt
from pynetdicom.dimse_primitives import N_SET

from printmgr.errors import NoSuchClass, NoSuchInstance, PrintError, UnrecognizedOperation
from printmgr.film.caps import CAPS, Caps
from printmgr.film.printer import LogicalPrinter
from printmgr.film.quirks import Quirk
from printmgr.film.session import WorkingSession
from printmgr.ports import Caller, PrintPort
from printmgr.scp.contexts import CLASS_NAMES, PRINTER_INSTANCE, SOPClass, makes_color
from printmgr.scp.encoded import ENCODINGS
from printmgr.scp.events import PrintJobs, report_printer
from printmgr.scp.getting import GETTERS, Asked, get
from printmgr.scp.services import SERVICES, Reply, Request
from printmgr.scp.statuses import SUCCESS, status_of
from printmgr.scp.work import Work

log = logging.getLogger(__name__)

N_CREATE_RQ = 0x0140  # Command Field (PS3.7 E.1)
MAX_ERROR_COMMENT = 64  # characters of an LO

Answer = tuple[int | Dataset, Dataset | None]


def new_instance_uid() -> str:
    """A UID of ours, from a UUID (PS3.5 B.2)."""
    return str(generate_uid(prefix=None))


class PrintSCP:
    """Print for any number of associations, on an acceptor that raises pynetdicom's events."""

    def __init__(
        self,
        port: PrintPort,
        software_version: str = "",
        new_uid: Callable[[], str] = new_instance_uid,
        caps: Caps = CAPS,
    ) -> None:
        self.port = port
        self.software_version = software_version
        self.new_uid = new_uid
        self.caps = caps
        self.work: dict[object, Work] = {}  # by association
        self.associations: dict[Any, Caller] = {}  # those that want to know of the printer

    def handlers(self) -> list[tuple[evt.EventType, Callable[[evt.Event], Any]]]:
        """For an acceptor that answers N-CREATE with the instance its request names after the handler."""
        return [
            (evt.EVT_REQUESTED, self.requested),
            (evt.EVT_ESTABLISHED, self.established),
            (evt.EVT_C_ECHO, c_echo),
            (evt.EVT_N_CREATE, self.n_create),
            (evt.EVT_N_SET, self.n_set),
            (evt.EVT_N_GET, self.n_get),
            (evt.EVT_N_ACTION, self.n_action),
            (evt.EVT_N_DELETE, self.n_delete),
            (evt.EVT_RELEASED, self.end),
            (evt.EVT_ABORTED, self.end),
            (evt.EVT_CONN_CLOSE, self.connection_closed),
        ]

    def stock_handlers(self) -> list[tuple[evt.EventType, Callable[[evt.Event], Any]]]:
        """For stock pynetdicom's `evt_handlers`."""
        return [*self.handlers(), (evt.EVT_DIMSE_RECV, self.name_instance)]

    def requested(self, event: evt.Event) -> None:
        """Have the node serve images in the thread that receives them; their handler waits for nothing of the peer."""
        assoc: Any = event.assoc  # another acceptor does not look at this
        assoc.at_once = frozenset({N_SET})

    def established(self, event: evt.Event) -> None:
        """An association is there."""
        caller = caller_of(event)
        if Quirk.NO_PRINTER_EVENTS not in self.port.quirks(caller):
            self.associations[event.assoc] = caller

    def tell_printer_status(self, printer: LogicalPrinter, status: str, info: str) -> None:
        """The printer's status changed: tell every SCU that is connected to it (PS3.4 H.4.6.2.2)."""
        for association, caller in list(self.associations.items()):
            if self.port.printer(caller.called_ae) == printer:
                report_printer(association, printer.name or printer.ae_title, status, info)

    def name_instance(self, event: evt.Event) -> None:
        """Name the instance of an N-CREATE that leaves it to us, before pynetdicom reads the command.

        pynetdicom returns a UID that the N-CREATE handler makes with status 0000H only; with a warning the SCU would
        not learn it. Put into the request, it is returned with every status.
        """
        command = event.message.command_set
        if command.get("CommandField") == N_CREATE_RQ and not command.get("AffectedSOPInstanceUID"):
            command.AffectedSOPInstanceUID = self.new_uid()

    def n_create(self, event: evt.Event) -> Answer:
        """An instance that the SCU does not name is named here."""
        request: Any = event.request
        quirks = self.port.quirks(caller_of(event))
        creates_printer = request.AffectedSOPClassUID == SOPClass.PRINTER and Quirk.PRINTER_CREATE in quirks
        if not request.AffectedSOPInstanceUID:
            request.AffectedSOPInstanceUID = PRINTER_INSTANCE if creates_printer else self.new_uid()
        if creates_printer:
            return self.create_printer(event)
        return self.serve(
            event, "N-CREATE", request.AffectedSOPClassUID, request.AffectedSOPInstanceUID, request.AttributeList
        )

    def n_set(self, event: evt.Event) -> Answer:
        request: Any = event.request
        return self.serve(
            event, "N-SET", request.RequestedSOPClassUID, request.RequestedSOPInstanceUID, request.ModificationList
        )

    def n_action(self, event: evt.Event) -> Answer:
        """Print. Action Information has no meaning in print and is not looked at."""
        request: Any = event.request
        return self.serve(event, "N-ACTION", request.RequestedSOPClassUID, request.RequestedSOPInstanceUID)

    def n_delete(self, event: evt.Event) -> int | Dataset:
        request: Any = event.request
        return self.serve(event, "N-DELETE", request.RequestedSOPClassUID, request.RequestedSOPInstanceUID)[0]

    def n_get(self, event: evt.Event) -> Answer:
        """The printer, its configuration, a print job; attributes they do not have are left out."""
        request: Any = event.request
        tags = tuple(int(tag) for tag in event.attribute_identifiers)
        asked = Asked(str(request.RequestedSOPClassUID), str(request.RequestedSOPInstanceUID), tags)
        try:
            if asked.sop_class not in GETTERS:
                raise unserved("N-GET", asked.sop_class)
            return SUCCESS, get(self.port, self.printer_of(event), self.software_version, asked, self.caps)
        except PrintError as error:
            name = CLASS_NAMES.get(asked.sop_class) or ascii(asked.sop_class)
            return refusal(error, f"N-GET {name}", asked.sop_class), None

    def create_printer(self, event: evt.Event) -> Answer:
        """N-CREATE of the printer, which is there already: for SCUs that must (Quirk.PRINTER_CREATE)."""
        printer = self.printer_of(event)
        asked = Asked(SOPClass.PRINTER, PRINTER_INSTANCE, ())
        return SUCCESS, get(self.port, printer, self.software_version, asked, self.caps)

    def serve(self, event: evt.Event, service: str, sop_class: str, uid: str, data: Any = None) -> Answer:
        """Do one request of an association, and say with what status and data set to answer."""
        encoding = ENCODINGS[str(event.context.transfer_syntax)]
        view = data.getbuffer() if data is not None else memoryview(b"")
        action_type = event.action_type if service == "N-ACTION" else None
        accepted = {str(context.abstract_syntax) for context in event.assoc.accepted_contexts}
        request = Request(
            service,
            str(sop_class),
            str(uid),
            view,
            encoding,
            action_type,
            color=makes_color(str(event.context.abstract_syntax), accepted),
            annotated=SOPClass.ANNOTATION_BOX in accepted,
            caps=self.caps,
        )
        try:
            do = SERVICES.get((service, request.sop_class))
            if do is None:
                raise unserved(service, request.sop_class)
            work = self.work_of(event)
        except PrintError as error:
            return refusal(error, request.name, request.sop_class), None
        with work.lock:
            return answer(work, do, request)

    def work_of(self, event: evt.Event) -> Work:
        """What the association has going; begun with its first request."""
        work = self.work.get(event.assoc)
        if work is None:
            printer = self.printer_of(event)
            caller = caller_of(event)
            quirks = self.port.quirks(caller)
            jobs = PrintJobs(self.port, event.assoc, printer.name or printer.ae_title, quirks)
            spool = self.port.open_spool(caller, printer)
            session = WorkingSession(printer, self.new_uid, self.caps)
            work = self.work[event.assoc] = Work(printer, session, spool, jobs, quirks)
        return work

    def printer_of(self, event: evt.Event) -> LogicalPrinter:
        """The logical printer that was called. Raises NoSuchInstance."""
        called_ae = called_ae_of(event)
        printer = self.port.printer(called_ae)
        if printer is None:
            raise NoSuchInstance("printer", called_ae)
        return printer

    def end(self, event: evt.Event) -> None:
        """Release and abort take everything that was not ordered (PS3.4 H.5)."""
        self.associations.pop(event.assoc, None)
        work = self.work.pop(event.assoc, None)
        if work is not None:
            work.jobs.end()
            with work.lock:
                work.spool.close()

    def connection_closed(self, event: evt.Event) -> None:
        """The connection went. Requests that came before may be under way still; then an abort follows them."""
        if not event.assoc.is_established:
            self.end(event)


def answer(work: Work, do: Callable[[Work, Request], Reply], request: Request) -> Answer:
    """Do a request of a working session and keep the status it is given."""
    try:
        reply = do(work, request)
    except PrintError as error:
        work.note(request.uid, request.name, status_of(error, request.sop_class))
        return refusal(error, request.name, request.sop_class), None
    status = work.status(reply.warnings)
    if request.service != "N-DELETE":
        work.note(request.uid, request.name, status)
    return status, reply.data_set


def refusal(error: PrintError, request: str, sop_class: str) -> Dataset:
    """The failure status with what was expected; the log names the attribute and never its value."""
    status = Dataset()
    status.Status = status_of(error, sop_class)
    status.ErrorComment = str(error).encode("ascii", "replace").decode().replace("\\", "/")[:MAX_ERROR_COMMENT]
    about = getattr(error, "keyword", "") or getattr(error, "uid", "")
    log.warning("%s answered %04XH: %s %r", request, status.Status, type(error).__name__, about)
    return status


def unserved(service: str, sop_class: str) -> PrintError:
    """Why a service of a class is not there: the class has none such, or is none of print."""
    if sop_class in CLASS_NAMES:
        return UnrecognizedOperation(service, CLASS_NAMES[sop_class])
    return NoSuchClass(sop_class)


def c_echo(event: evt.Event) -> int:
    return SUCCESS


def called_ae_of(event: evt.Event) -> str:
    primitive = event.assoc.requestor.primitive
    return str(primitive.called_ae_title).strip() if primitive else ""


def caller_of(event: evt.Event) -> Caller:
    requestor = event.assoc.requestor
    return Caller(
        calling_ae=str(requestor.ae_title).strip(),
        called_ae=called_ae_of(event),
        address=str(requestor.address),
        association=f"{time.time_ns():x}-{secrets.token_hex(4)}",
    )
