"""The process that takes orders, and studies."""

import logging
import socket
from typing import TYPE_CHECKING

from printmgr.film.quirks import Quirk
from service.config import Settings
from service.job_events import JobEvents
from service.printer_state import PrinterStates, PrinterWatch, Switches
from service.settings.dicom import Partner
from service.spool import Place, Spool
from service.store import orders, prints
from service.wiring import SOFTWARE_VERSION
from service.wiring.archives import add_archive_reports
from service.wiring.inbox import commitment_reports, open_inbox, received_studies
from service.wiring.media_requests import Requests
from service.wiring.reception import Orders, Reception

if TYPE_CHECKING:
    from service.commitment_reports import CommitmentReports
    from service.node import Rule, TLSSettings
    from service.recorder import Recorder
    from service.shared_counts import Counts

log = logging.getLogger(__name__)


class NodeRole:
    """The process that takes orders."""

    def __init__(
        self, settings: Settings, place: Place, counts: "Counts | None" = None, health_title: str = ""
    ) -> None:
        """`counts`: shared with the other processes of the port. `health_title`: a secret; who calls so may call."""
        from printmgr.scp.contexts import presentation_contexts
        from printmgr.scp.handlers import PrintSCP
        from service.meter import NodeMeter
        from service.node import Node, NodeSettings, PartnerList, Rule
        from service.titles import Application, Titles

        self._orders = Orders(settings)
        self.events = JobEvents(self._orders.states)
        self._spool = Spool(settings.spool_dir, self._orders, settings.dicom.max_data_bytes, place=place)
        dicom = settings.dicom
        node_settings = NodeSettings(
            host=dicom.host,
            port=None if dicom.tls and dicom.tls.only else dicom.port,
            max_associations=dicom.max_associations,
            reserved_associations=reserved_of(settings),
            max_half_open=dicom.max_unnegotiated,
            max_half_open_per_address=dicom.max_unnegotiated_per_address,
            max_pdu_bytes=dicom.max_pdu_bytes,
            share_port=True,  # with the supervisor, which holds it
            pdu_timeout_s=dicom.pdu_timeout_s,
            acse_timeout_s=dicom.acse_timeout_s,
            idle_timeout_s=dicom.idle_timeout_s,
            stream_folder=self._spool.associations,
            max_data_set_bytes=settings.limits.data_set_bytes,
            max_memory_bytes=dicom.max_memory_bytes // dicom.processes,
        )
        rules = [(partner, rule_of(partner)) for partner in settings.partners]
        printers = [printer.logical() for printer in settings.printers]
        states = PrinterStates(
            settings.data_dir,
            dicom.min_free_bytes,
            dicom.max_queue,
            self._orders.queue_and_worker,
            Switches(settings.switches_dir),
        )

        def quirks_of(title: str, address: str) -> frozenset[Quirk]:
            """Those of the first partner that may call so."""
            matching = (p for p, rule in rules if rule.ae_title == title and rule.allows(address))
            return frozenset(next((partner.quirks for partner in matching), []))

        reception = Reception(printers, self._spool, self.events, self._orders, states, quirks_of)
        scp = PrintSCP(reception, SOFTWARE_VERSION, caps=settings.limits.caps)
        self._watch = PrinterWatch(states, printers, lambda: bool(scp.associations), scp.tell_printer_status)
        film = Application(presentation_contexts(), [*scp.handlers(), *recorder_of(settings).handlers()])
        applications = {printer.ae_title: film for printer in settings.printers}
        self._reports: CommitmentReports | None = None
        self._inbox = open_inbox(settings) if settings.inbox.ae_title else None
        if self._inbox:
            self._requests = Requests(settings)
            applications[settings.inbox.ae_title] = received_studies(settings, self._inbox, self._requests)
            self._reports = commitment_reports(settings, self._inbox) if place.is_first else None
        add_archive_reports(settings, applications, self._orders.store)
        titles = Titles(applications)
        health = [Rule.of(health_title, quota=4)] if health_title else []
        access = PartnerList(list(applications), [rule for _, rule in rules] + health, open_to_all=dicom.open)
        self._node = Node(
            node_settings, titles.contexts(), titles.handlers(), access, tls_of(settings), counts, NodeMeter()
        )
        self._tls_only = bool(dicom.tls and dicom.tls.only)
        if place.is_first:
            self._warn_of_access(settings)

    def start(self) -> str:
        """Listen; on which address."""
        with self._orders.store.read() as connection:
            unsettled = orders.unsettled(connection)
        if removed := self._spool.recover(unsettled, self._known_prints):
            log.info("removed %d folders of associations that ended with an earlier process", len(removed))
        self._spool.start()
        self.events.start()
        if self._inbox:
            self._inbox.start()
        if self._reports:
            self._reports.start()
        self._node.start()
        self._watch.start()
        host, port = self._node.tls_address if self._tls_only else self._node.address
        return f"{host}:{port}"

    def reload_tls(self) -> None:
        """Read certificates and keys again; when they cannot be used, go on with the old ones."""
        try:
            self._node.reload_tls()
        except OSError as error:
            log.error("certificates stay as they were: %s", error)
        else:
            log.info("certificates read again")

    def _known_prints(self) -> set[str]:
        with self._orders.store.read() as connection:
            return prints.ids(connection)

    def stop(self) -> None:
        """Let running associations end, settle what they ordered."""
        self._watch.stop()
        self._node.stop()
        self.events.stop()
        if self._reports:
            self._reports.stop()
        if self._inbox:
            self._inbox.stop()
            self._requests.close()
        self._spool.stop()
        self._orders.close()

    def _warn_of_access(self, settings: Settings) -> None:
        if settings.dicom.open:
            log.warning("open = true: any calling AE title may print and store here")
        elif not settings.partners:
            log.warning("nobody may call: the settings have no [[partners]] and open = false")


def tls_of(settings: Settings) -> "TLSSettings | None":
    """The port with TLS, if there is one."""
    from service.node import Profile, TLSSettings

    tls = settings.dicom.tls
    if tls is None:
        return None
    profile = Profile(tls.profile)
    return TLSSettings(tls.certificate, tls.key, tls.authorities, tls.port, profile, tls.require_certificate)


def reserved_of(settings: Settings) -> int:
    """Associations that are kept for listed partners: never more than half, none when nobody is listed."""
    dicom = settings.dicom
    return min(dicom.reserved_associations, dicom.max_associations // 2) if settings.partners else 0


def recorder_of(settings: Settings) -> "Recorder":
    """The flight recorder of associations with printers."""
    from printmgr.recording import DataSet
    from printmgr.scp.encoded import ENCODINGS, IMPLICIT
    from printmgr.scp.recorded import masked, recorded
    from service.recorder import Recorder
    from service.recordings import Record

    def describe(data: memoryview, transfer_syntax: str, plain: bool) -> DataSet:
        return recorded(data, ENCODINGS.get(transfer_syntax, IMPLICIT), plain, settings.limits.caps)

    by_settings = {partner.ae_title: Record(partner.record) for partner in settings.partners}
    bounds = (settings.recorder.max_bytes, settings.recorder.max_files)
    return Recorder(settings.recordings_dir, by_settings, describe, masked, *bounds)


def rule_of(partner: Partner) -> "Rule":
    from service.node import Rule

    return Rule.of(partner.ae_title, addresses_of(partner), partner.quota, partner.certificates)


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
