"""pynetdicom's server with a door of ours, and the application entity that its associations share."""

import logging
import socket
import ssl
import threading
from typing import Any, NamedTuple

from pynetdicom import AE, evt
from pynetdicom._globals import MODE_ACCEPTOR
from pynetdicom.association import Association
from pynetdicom.transport import AssociationServer, RequestHandler

from service.node.access import Access, Slots
from service.node.association import NodeAssociation
from service.node.door import Door
from service.node.held import MemoryBudget
from service.node.metering import Meter
from service.node.refusals import Refusals
from service.node.settings import NodeSettings
from service.node.transport import NodeSocket
from service.node.upper_layer import NodeDUL
from service.shared_counts import Counts

log = logging.getLogger(__name__)

_BACKLOG = 512


class NodeAE(AE):
    """The application entity, and what its server and associations share."""

    def __init__(
        self, settings: NodeSettings, access: Access, refusals: Refusals, counts: Counts, meter: Meter
    ) -> None:
        super().__init__(settings.ae_title)
        self.settings, self.access, self.refusals = settings, access, refusals
        self.memory = MemoryBudget(settings.max_memory_bytes)
        self.counts, self.meter = counts, meter
        self.slots = Slots(settings.max_associations, settings.reserved_associations, counts)
        self.associations: set[NodeAssociation] = set()
        self.changed = threading.Condition()
        self.maximum_associations = 1_000_000  # counted by `slots`
        self.maximum_pdu_size = settings.max_pdu_bytes
        self.acse_timeout = settings.acse_timeout_s
        self.dimse_timeout = settings.dimse_timeout_s
        self.network_timeout = settings.idle_timeout_s
        self.implementation_class_uid = settings.implementation_class_uid
        self.implementation_version_name = settings.implementation_version_name

    @property
    def active_associations(self) -> list[Association]:
        with self.changed:
            return list(self.associations)

    def began(self, assoc: NodeAssociation) -> None:
        with self.changed:
            self.associations.add(assoc)

    def ended(self, assoc: NodeAssociation) -> None:
        with self.changed:
            self.associations.discard(assoc)
            self.changed.notify_all()


class Greeting(NamedTuple):
    """A connection that has sent its first PDU."""

    sock: socket.socket
    first_pdu: bytes


class NodeRequestHandler(RequestHandler):
    """Makes an association of a greeting."""

    request: Greeting
    server: "NodeServer"

    def _create_association(self) -> NodeAssociation:
        ae = self.server.node_ae
        assoc = NodeAssociation(ae, MODE_ACCEPTOR, ae.ended)
        assoc._server = self.server
        assoc.name = f"Association@{self.client_address[0]}:{self.client_address[1]}"
        sock = NodeSocket(assoc, client_socket=self.request.sock)
        sock.prepare(ae.settings.pdu_timeout_s)
        assoc.set_socket(sock)
        assoc.acceptor.maximum_length = ae.maximum_pdu_size
        assoc.acceptor.ae_title = self.server.ae_title
        assoc.acceptor.address_info = self.local
        assoc.acceptor.implementation_class_uid = ae.implementation_class_uid
        assoc.acceptor.implementation_version_name = ae.implementation_version_name
        assoc.acceptor.supported_contexts = self.server.contexts  # read only: no copy for each
        assoc.requestor.address_info = self.remote
        for event, bound in self.server._handlers.items():
            assoc._handlers[event] = bound if event.is_intervention else list(bound)  # type: ignore[arg-type]
        if isinstance(self.request.sock, ssl.SSLSocket):
            assoc.certificate = self.request.sock.getpeercert(binary_form=True)
        assert isinstance(assoc.dul, NodeDUL)
        assoc.dul.begin_with(self.request.first_pdu)
        return assoc

    def handle(self) -> None:
        ae, assoc = self.server.node_ae, self._create_association()
        evt.trigger(assoc, evt.EVT_CONN_OPEN, {"address": self.client_address})
        ae.began(assoc)
        try:
            assoc.start()
        except RuntimeError:  # no thread to be had
            ae.ended(assoc)
            raise


class NodeServer(AssociationServer):
    """pynetdicom's server with a loop that a connection cannot hold up."""

    request_queue_size = _BACKLOG

    def __init__(self, ae: NodeAE, address: Any, *args: Any, **options: Any) -> None:
        self.node_ae = ae
        self._stopped = threading.Event()
        options.setdefault("request_handler", NodeRequestHandler)
        super().__init__(ae, address, *args, **options)
        assert self.socket is not None
        self._door = Door(self.socket, ae.settings, ae.access, ae.refusals, self._wrap, self._greet, ae.counts)

    def _bind_defaults(self) -> None:
        for event in evt._INTERVENTION_EVENTS:
            self.bind(event, evt.get_default_handler(event))

    @property
    def active_associations(self) -> list[Association]:
        return self.node_ae.active_associations

    def server_bind(self) -> None:
        assert self.socket is not None
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.node_ae.settings.share_port:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit it
        self.socket.setblocking(False)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Serve until `shutdown`. `poll_interval` has no meaning here: nothing is polled."""
        try:
            self._door.run()
        finally:
            self._stopped.set()

    def shutdown(self) -> None:
        """Take no more connections; running associations go on."""
        self._door.close()
        self._stopped.wait()

    def _wrap(self, sock: socket.socket) -> socket.socket:
        if self.ssl_context is None:
            return sock
        return self.ssl_context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)

    def _greet(self, sock: socket.socket, first_pdu: bytes, address: tuple[Any, ...]) -> None:
        try:
            self.RequestHandlerClass(Greeting(sock, first_pdu), address, self)  # type: ignore[arg-type]
        except Exception:
            log.exception("no association could be made of a connection from %s", address[0])
            sock.close()
