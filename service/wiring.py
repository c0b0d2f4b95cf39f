"""Who gets what: the one module that knows every component."""

import json
import logging
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from printmgr.errors import DeliveryFailed, ResourceLimit
from printmgr.files import whole
from printmgr.film.printer import LogicalPrinter
from printmgr.ports import Caller, Print, PrintSpool, Sink
from service.config import Partner, Settings
from service.retention import Retention
from service.spool import Spool, load_print, local_now, new_id
from service.steps import JobKind, Progress, Step
from service.store import jobs, orders, prints
from service.store.engine import Durability, Store, migrate
from service.store.jobs import JobState

if TYPE_CHECKING:
    from media.pipeline import BuildOrder
    from service.commitment_reports import CommitmentReports
    from service.inbox import StudyInbox
    from service.titles import Application

log = logging.getLogger(__name__)

SOFTWARE_VERSION = "0.1.0"
STOP_S = 45.0
DISC = "disc"  # the kind of job that builds discs
FIRST_WORKER = "worker-0"  # the one that removes what is old
STATUS_S = 1.0  # how long a look at the disk holds


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

    def close(self) -> None:
        self._writer.close()
        self._after.close()
        self.store.close()


class Reception:
    """The service as the print component sees it (printmgr.ports.PrintPort)."""

    def __init__(self, settings: Settings, spool: Spool) -> None:
        self._settings = settings
        self._spool = spool
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


class NodeRole:
    """The process that takes orders."""

    def __init__(self, settings: Settings) -> None:
        from printmgr.scp.contexts import presentation_contexts
        from printmgr.scp.handlers import PrintSCP
        from service.node import Node, NodeSettings, PartnerList, Rule
        from service.titles import Application, Titles

        self._orders = Orders(settings)
        self._spool = Spool(settings.spool_dir, self._orders, settings.dicom.max_data_bytes)
        dicom = settings.dicom
        node_settings = NodeSettings(
            host=dicom.host,
            port=dicom.port,
            max_associations=dicom.max_associations,
            max_pdu_bytes=dicom.max_pdu_bytes,
            pdu_timeout_s=dicom.pdu_timeout_s,
            acse_timeout_s=dicom.acse_timeout_s,
            idle_timeout_s=dicom.idle_timeout_s,
        )
        scp = PrintSCP(Reception(settings, self._spool), SOFTWARE_VERSION)
        film = Application(presentation_contexts(), scp.handlers())
        applications = {printer.ae_title: film for printer in settings.printers}
        self._inbox = open_inbox(settings) if settings.inbox.ae_title else None
        if self._inbox:
            applications[settings.inbox.ae_title] = received_studies(settings, self._inbox)
            self._reports = commitment_reports(settings, self._inbox)
        titles = Titles(applications)
        access = PartnerList(
            list(applications),
            [Rule.of(partner.ae_title, addresses_of(partner), partner.quota) for partner in settings.partners],
            open_to_all=dicom.open,
        )
        self._node = Node(node_settings, titles.contexts(), titles.handlers(), access)
        self._warn_of_access(settings)

    def start(self) -> str:
        """Listen; on which address."""
        with self._orders.store.read() as connection:
            unsettled, known = orders.unsettled(connection), prints.ids(connection)
        if removed := self._spool.recover(unsettled, known):
            log.info("removed %d folders of associations that ended with an earlier process", len(removed))
        self._spool.start()
        if self._inbox:
            self._inbox.start()
            self._reports.start()
        self._node.start()
        host, port = self._node.address
        return f"{host}:{port}"

    def stop(self) -> None:
        """Let running associations end, settle what they ordered."""
        self._node.stop()
        if self._inbox:
            self._reports.stop()
            self._inbox.stop()
        self._spool.stop()
        self._orders.close()

    def _warn_of_access(self, settings: Settings) -> None:
        if settings.dicom.open:
            log.warning("open = true: any calling AE title may print and store here")
        elif not settings.partners:
            log.warning("nobody may call: the settings have no [[partners]] and open = false")


def open_inbox(settings: Settings) -> "StudyInbox":
    """The study inbox of this process."""
    from media.scp import header
    from service.group_commit import Durable
    from service.inbox import InboxSettings, StudyInbox
    from service.store.completeness import CompleteBy, Rule

    inbox = settings.inbox
    rule = Rule(CompleteBy(inbox.complete_by), inbox.quiet_s, inbox.count)
    return StudyInbox(
        InboxSettings(
            root=settings.inbox_dir,
            durable=Durable(inbox.durable),
            rule=rule,
            min_free_bytes=settings.dicom.min_free_bytes,
            max_instance_bytes=inbox.max_instance_bytes,
        ),
        settings.database,
        header.read_again,
    )


def received_studies(settings: Settings, inbox: "StudyInbox") -> "Application":
    """What the inbox's AE title offers."""
    from media.scp.contexts import presentation_contexts
    from media.scp.handlers import InboxSCP
    from service.node import NodeSettings
    from service.titles import Application

    node = NodeSettings()
    scp = InboxSCP(inbox, (node.implementation_class_uid, node.implementation_version_name))
    return Application(presentation_contexts(settings.inbox.private_classes), scp.handlers())


def commitment_reports(settings: Settings, inbox: "StudyInbox") -> "CommitmentReports":
    """Reports for the partners that listen; one that is a network is called back where it called from."""
    from media.scp.commitment import result_of
    from media.scp.reporting import Listener, deliver
    from media.studies import Commitment
    from service.commitment_reports import CommitmentReports

    def to(partner: Partner, commitment: Commitment) -> bool:
        host = commitment.sender.address if "/" in partner.address else partner.address
        listener = Listener(partner.ae_title, host, partner.port)
        return deliver(result_of(commitment, inbox), settings.inbox.ae_title, listener)

    listening = [partner for partner in settings.partners if partner.port]
    return CommitmentReports(inbox.store, {partner.ae_title: partial(to, partner) for partner in listening})


def offer_received_studies(settings: Settings) -> None:
    """Let the orders of this process name received studies."""
    from media.sources import connect_inbox
    from service.store.catalogue import StudyCatalogue

    connect_inbox(StudyCatalogue(settings.database, settings.inbox_dir))


def addresses_of(partner: Partner) -> list[str]:
    """The hosts or networks a partner may call from; a host name is looked up once, at start."""
    if "/" in partner.address:
        return [partner.address]
    try:
        found = socket.getaddrinfo(partner.address, None, type=socket.SOCK_STREAM)
    except OSError as error:
        log.warning("partner %s: address %s is unknown: %s", partner.ae_title, partner.address, error)
        return ["255.255.255.255"]  # nobody calls from there
    return sorted({str(address[0]) for *_, address in found})


class WorkerRole:
    """The process that does jobs."""

    def __init__(self, settings: Settings, executor: str) -> None:
        import printmgr.pipeline  # noqa: F401  # the first job must not wait for the libraries
        from service.jobs import Engine

        offer_received_studies(settings)
        self.store = Store(settings.database, Durability.REPEATABLE)
        self.engine = Engine(self.store, job_kinds(settings, self.store), executor)
        self._retention = Retention(settings, self.store, self.engine.forget) if executor == FIRST_WORKER else None
        self._stopping = threading.Event()

    def start(self) -> None:
        self.engine.start()
        if self._retention:
            self._retention.start(self._stopping)

    def stop(self) -> None:
        self._stopping.set()
        if not self.engine.stop(STOP_S):
            log.warning("a step did not end in %.0f s; it will run again", STOP_S)


def job_kinds(settings: Settings, store: Store) -> list[JobKind]:
    """Every kind of job this installation can do."""
    return [
        JobKind(orders.FILM, 2, lambda job_id: film_steps(settings, store, job_id)),
        JobKind(DISC, 1, lambda job_id: disc_steps(store, job_id)),
    ]


def film_steps(settings: Settings, store: Store, print_id: str) -> Sequence[Step]:
    """What is done for a print; its order fixes the steps, whatever the settings have become since."""
    from printmgr import pipeline

    print_ = load_print(settings.spool_dir, print_id)

    def disk_step(name: str, run: Callable[[Print], object]) -> Step:
        return Step(name, lambda progress: _discard(run(print_)), waits_for=(ResourceLimit,))

    steps = [
        disk_step("lay out", pipeline.lay_out_step),
        disk_step("render", pipeline.render_step),
        disk_step("preview", pipeline.preview_step),
        disk_step("document", pipeline.document_step),
    ]
    return steps + [_delivery(settings, store, print_, name) for name in print_.printer.sinks]


def _delivery(settings: Settings, store: Store, print_: Print, name: str) -> Step:
    from printmgr import pipeline

    def deliver(progress: Progress) -> None:
        try:
            place = pipeline.deliver_step(print_, sink_named(settings, name))
        except (DeliveryFailed, ResourceLimit) as error:
            with store.write() as connection:
                prints.not_delivered(connection, print_.id, name, str(error))
            raise
        with store.write() as connection:
            prints.delivered(connection, print_.id, name, place)

    return Step(f"deliver to {name}", deliver, 8, 2.0, (DeliveryFailed,), waits_for=(ResourceLimit,))


def sink_named(settings: Settings, name: str) -> Sink:
    """The sink of this name. Raises DeliveryFailed when the settings have it no more."""
    from printmgr.sinks import SINKS

    found = next((sink for sink in settings.sinks if sink.name == name), None)
    if found is None:
        raise DeliveryFailed(f"the settings have no sink {name!r} any more; expected it in [[sinks]]")
    sink: Callable[..., Sink] = SINKS[found.kind]
    return sink(root=found.root or settings.films_dir)


def _discard(result: object) -> None:
    """A step's result is the file it left."""


def disc_steps(store: Store, job_id: str) -> Sequence[Step]:
    """What is done for a disc, in the job's folder beside its output."""
    from media.errors import MediaError
    from media.job_folder import job_in_output
    from media.pipeline import BuildOrder, steps, write_failure
    from media.pipeline import Step as BuildStep

    with store.read() as connection:
        order = BuildOrder.from_json(json.loads(jobs.request_of(connection, job_id)))

    def run(step: BuildStep, progress: Progress) -> None:
        with job_in_output(order, keep_created=True) as (taken_up, folder):
            try:
                step(taken_up, folder, progress)
            except MediaError as error:
                write_failure(taken_up, folder, error)
                raise

    return [Step(name, partial(run, step)) for name, step in steps()]


def order_disc(settings: Settings, order: "BuildOrder") -> str:
    """Have a disc built by the service, now or when it runs again; the job's id."""
    migrate(settings.database)
    job_id = new_id(local_now())
    store = Store(settings.database)
    with store.write() as connection:
        orders.add_job(connection, job_id, DISC, json.dumps(order.to_json()))
    store.close()
    return job_id


def render_again(settings: Settings, print_id: str, output: Path) -> None:
    """Make the PDF of a settled print anew from its order. Raises NoSuchPrint, DamagedSpool, BadPixels."""
    from printmgr import pipeline

    try:
        print_ = load_print(settings.spool_dir, print_id)
    except FileNotFoundError:
        raise prints.NoSuchPrint(print_id) from None
    with tempfile.TemporaryDirectory() as folder:
        for file in print_.folder.glob("*.ds"):
            (Path(folder) / file.name).symlink_to(file)
        again = replace(print_, folder=Path(folder))
        pipeline.lay_out_step(again)
        with whole(output.absolute()) as pdf:
            pdf.write(pipeline.render_step(again).read_bytes())
