"""The process that takes orders, and studies."""

import logging
import socket

from service.config import Settings
from service.job_events import JobEvents
from service.settings.dicom import Partner
from service.spool import Spool
from service.store import orders, prints
from service.wiring import SOFTWARE_VERSION
from service.wiring.inbox import commitment_reports, open_inbox, received_studies
from service.wiring.reception import Orders, Reception

log = logging.getLogger(__name__)


class NodeRole:
    """The process that takes orders."""

    def __init__(self, settings: Settings) -> None:
        from printmgr.scp.contexts import presentation_contexts
        from printmgr.scp.handlers import PrintSCP
        from service.node import Node, NodeSettings, PartnerList, Rule
        from service.titles import Application, Titles

        self._orders = Orders(settings)
        self.events = JobEvents(self._orders.states)
        self._spool = Spool(settings.spool_dir, self._orders, settings.dicom.max_data_bytes)
        dicom = settings.dicom
        node_settings = NodeSettings(
            host=dicom.host,
            port=dicom.port,
            max_associations=dicom.max_associations,
            max_pdu_bytes=dicom.max_pdu_bytes,
            share_port=True,  # with the supervisor, which holds it
            pdu_timeout_s=dicom.pdu_timeout_s,
            acse_timeout_s=dicom.acse_timeout_s,
            idle_timeout_s=dicom.idle_timeout_s,
        )
        scp = PrintSCP(Reception(settings, self._spool, self.events, self._orders.states), SOFTWARE_VERSION)
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
        self.events.start()
        if self._inbox:
            self._inbox.start()
            self._reports.start()
        self._node.start()
        host, port = self._node.address
        return f"{host}:{port}"

    def stop(self) -> None:
        """Let running associations end, settle what they ordered."""
        self._node.stop()
        self.events.stop()
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
