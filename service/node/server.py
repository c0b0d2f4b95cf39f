"""The front door: takes connections, reads each one's A-ASSOCIATE-RQ without a thread, then starts its association."""

import contextlib
import errno
import logging
import os
import select
import socket
import ssl
import threading
import time
from collections import Counter, OrderedDict
from struct import Struct
from typing import Any, NamedTuple

from pynetdicom import AE, evt
from pynetdicom._globals import MODE_ACCEPTOR
from pynetdicom.association import Association
from pynetdicom.transport import AssociationServer, RequestHandler

from service.node.access import Access, Slots
from service.node.association import NodeAssociation
from service.node.refusals import Refusals
from service.node.settings import NodeSettings
from service.node.transport import AGAIN, NodeSocket
from service.node.upper_layer import NodeDUL

log = logging.getLogger(__name__)

_PDU_HEADER = Struct(">BxL")
_A_ABORT = bytes((7, 0, 0, 0, 0, 4, 0, 0, 0, 0))  # AA-1 of PS3.8 table 9-10: abort source, the service user
_BACKLOG = 512
_MAX_WAITING_BYTES = 16 << 20  # of all connections that are not associations yet


class NodeAE(AE):
    """The application entity, and what its server and associations share."""

    def __init__(self, settings: NodeSettings, access: Access, refusals: Refusals) -> None:
        super().__init__(settings.ae_title)
        self.settings, self.access, self.refusals = settings, access, refusals
        self.slots = Slots(settings.max_associations, settings.reserved_associations)
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
        ae.began(assoc)
        return assoc


class HalfOpen:
    """A connection that has not sent its first PDU whole."""

    __slots__ = ("address", "began_at", "handshake", "opened_at", "received", "sock")

    def __init__(self, sock: socket.socket, address: tuple[Any, ...]) -> None:
        self.sock, self.address = sock, address
        self.opened_at = time.monotonic()
        self.began_at: float | None = None
        self.received = bytearray()
        self.handshake = isinstance(sock, ssl.SSLSocket)

    @property
    def host(self) -> str:
        return str(self.address[0])


class NodeServer(AssociationServer):
    """pynetdicom's server with a loop that a connection cannot hold up."""

    request_queue_size = _BACKLOG

    def __init__(self, ae: NodeAE, address: Any, *args: Any, **options: Any) -> None:
        self.node_ae = ae
        self._half_open: OrderedDict[int, HalfOpen] = OrderedDict()  # by file descriptor, oldest first
        self._hosts: Counter[str] = Counter()
        self._waiting_bytes = 0
        self._stop = threading.Event()
        self._stopped = threading.Event()
        self._shutting_down = threading.Lock()
        self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        options.setdefault("request_handler", NodeRequestHandler)
        super().__init__(ae, address, *args, **options)

    def _bind_defaults(self) -> None:
        for event in evt._INTERVENTION_EVENTS:
            self.bind(event, evt.get_default_handler(event))

    @property
    def active_associations(self) -> list[Association]:
        return self.node_ae.active_associations

    def server_bind(self) -> None:
        assert self.socket is not None
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit it
        self.socket.setblocking(False)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    # the loop

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Serve until `shutdown`. `poll_interval` has no meaning here: nothing is polled."""
        assert self.socket is not None
        poller = select.poll()
        self._poller = poller
        poller.register(self.socket, select.POLLIN)
        poller.register(self._wake_fd, select.POLLIN)
        listening = self.socket.fileno()
        try:
            while not self._stop.is_set():
                for fd, _ in poller.poll(self._time_left_ms()):
                    if fd == listening:
                        self._accept()
                    elif fd in self._half_open:
                        self._read(self._half_open[fd])
                self._drop_late()
        finally:
            self.server_close()
            for connection in list(self._half_open.values()):
                self._drop(connection)
            self._stopped.set()

    def shutdown(self) -> None:
        """Take no more connections; running associations go on."""
        self._stop.set()
        with self._shutting_down:
            if self._wake_fd >= 0:
                os.eventfd_write(self._wake_fd, 1)
                self._stopped.wait()
                os.close(self._wake_fd)
                self._wake_fd = -1

    def _accept(self) -> None:
        assert self.socket is not None
        for _ in range(64):
            try:
                sock, address = self.socket.accept()
            except AGAIN:
                return
            except OSError as wrong:
                if wrong.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    self.node_ae.refusals.add("no file handles left", "this machine", wrong)
                    self._drop_oldest()
                    time.sleep(0.05)  # the connection stays in the backlog; do not spin on it
                return
            self._admit(sock, address)

    def _admit(self, sock: socket.socket, address: tuple[Any, ...]) -> None:
        settings = self.node_ae.settings
        host = str(address[0])
        if self._hosts[host] >= settings.max_half_open_per_address:
            self._make_room("too many connections from one address", host)
        elif len(self._half_open) >= settings.max_half_open:
            self._make_room("too many connections", None)
        sock.setblocking(False)
        sock = self._wrap(sock)
        connection = HalfOpen(sock, address)
        self._half_open[sock.fileno()] = connection
        self._hosts[host] += 1
        self._poller.register(sock, select.POLLIN)
        self._read(connection)

    def _wrap(self, sock: socket.socket) -> socket.socket:
        if self.ssl_context is None:
            return sock
        return self.ssl_context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)

    def _make_room(self, reason: str, host: str | None) -> None:
        """Close the oldest connection (of `host`): a caller that means it asks for its association at once.

        Without `host`, connections from addresses nobody is expected from go first.
        """
        expects = self.node_ae.access.expects
        candidates = [each for each in self._half_open.values() if host is None or each.host == host]
        victim = next((each for each in candidates if host is None and not expects(each.host)), candidates[0])
        self.node_ae.refusals.add(reason, victim.host)
        self._drop(victim)

    def _drop_oldest(self) -> None:
        if self._half_open:
            self._drop(next(iter(self._half_open.values())))

    def _read(self, connection: HalfOpen) -> None:
        try:
            if connection.handshake:
                connection.sock.do_handshake()  # type: ignore[attr-defined]  # set on TLS sockets only
                connection.handshake = False
                self._poller.modify(connection.sock, select.POLLIN)
            whole = self._receive(connection)
        except ssl.SSLWantWriteError:
            self._poller.modify(connection.sock, select.POLLOUT)
            return
        except AGAIN:
            return
        except (OSError, ValueError) as wrong:
            if isinstance(wrong, ssl.SSLError):
                self.node_ae.refusals.add("TLS handshake failed", connection.host, wrong.reason)
            self._drop(connection)
            return
        if whole:
            self._hand_over(connection)

    def _receive(self, connection: HalfOpen) -> bool:
        """Read what is there; whether the first PDU is whole. Raises BlockingIOError when more has to come."""
        received = connection.received
        while True:
            wanted = 6 - len(received)
            if wanted <= 0:
                kind, length = _PDU_HEADER.unpack_from(received)
                limit = self.node_ae.settings.max_request_bytes
                if not 1 <= kind <= 7 or length > limit:
                    self._abort(connection, f"PDU type {kind:02X}H of {length} bytes; at most {limit} are taken")
                    return False
                wanted += length
                if wanted <= 0:
                    return True
            data = connection.sock.recv(min(wanted, 65_536))
            if not data:
                self._drop(connection)
                return False
            if connection.began_at is None:
                connection.began_at = time.monotonic()
            received += data
            self._waiting_bytes += len(data)
            if self._waiting_bytes > _MAX_WAITING_BYTES:
                self._drop_largest()
                if connection.sock.fileno() < 0:
                    return False

    def _abort(self, connection: HalfOpen, detail: str) -> None:
        self.node_ae.refusals.add("bad first PDU", connection.host, detail)
        with contextlib.suppress(OSError):
            connection.sock.send(_A_ABORT)
        self._drop(connection)

    def _drop_largest(self) -> None:
        largest = max(self._half_open.values(), key=lambda each: len(each.received))
        self.node_ae.refusals.add("too many bytes before an association", largest.host)
        self._drop(largest)

    def _drop_late(self) -> None:
        now, settings = time.monotonic(), self.node_ae.settings
        for connection in list(self._half_open.values()):
            if self._deadline(connection, settings) < now:
                began = connection.began_at is not None
                reason = "association request not complete in time" if began else "no association request in time"
                self.node_ae.refusals.add(reason, connection.host)
                self._drop(connection)

    def _deadline(self, connection: HalfOpen, settings: NodeSettings) -> float:
        latest = connection.opened_at + settings.acse_timeout_s
        if connection.began_at is None:
            return latest
        return min(latest, connection.began_at + settings.request_pdu_timeout_s)

    def _time_left_ms(self) -> float | None:
        if not self._half_open:
            return None
        settings = self.node_ae.settings
        first = min(self._deadline(connection, settings) for connection in self._half_open.values())
        return max(0.0, first - time.monotonic()) * 1000 + 1

    def _forget(self, connection: HalfOpen) -> None:
        fd = connection.sock.fileno()
        if self._half_open.pop(fd, None) is None:
            return
        self._poller.unregister(fd)
        self._waiting_bytes -= len(connection.received)
        self._hosts[connection.host] -= 1
        if not self._hosts[connection.host]:
            del self._hosts[connection.host]

    def _drop(self, connection: HalfOpen) -> None:
        self._forget(connection)
        connection.sock.close()

    def _hand_over(self, connection: HalfOpen) -> None:
        self._forget(connection)
        greeting = Greeting(connection.sock, bytes(connection.received))
        try:
            self.RequestHandlerClass(greeting, connection.address, self)  # type: ignore[arg-type]
        except Exception:
            log.exception("no association could be made of a connection from %s", connection.host)
            connection.sock.close()
