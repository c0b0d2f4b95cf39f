"""The front door: takes connections and reads each one's first PDU without a thread of its own.

Whoever connects and says nothing, or little, costs a file handle and a few bytes; the oldest goes when there are many.
"""

import contextlib
import errno
import logging
import select
import socket
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from struct import Struct
from typing import Any

from service.node.access import Access
from service.node.refusals import Refusals
from service.node.settings import NodeSettings
from service.node.transport import AGAIN
from service.node.waking import Waker
from service.shared_counts import Counts, OwnCounts

log = logging.getLogger(__name__)

_PDU_HEADER = Struct(">BxL")
_A_ABORT = bytes((7, 0, 0, 0, 0, 4, 0, 0, 0, 0))  # AA-1 of PS3.8 table 9-10: abort source, the service user
_MAX_WAITING_BYTES = 16 << 20  # of all connections that are not associations yet

HALF_OPEN = "connections"  # a key of counts

Greet = Callable[[socket.socket, bytes, tuple[Any, ...]], None]


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


class Door:
    """One listening socket and the connections that have not said yet what they want."""

    def __init__(
        self,
        listener: socket.socket,
        settings: NodeSettings,
        access: Access,
        refusals: Refusals,
        wrap: Callable[[socket.socket], socket.socket],
        greet: Greet,
        counts: Counts | None = None,
    ) -> None:
        """`wrap` puts TLS round a new socket, or nothing; `greet` gets a connection with its first PDU.

        `counts` is shared with the other doors that have the same limits.
        """
        self._listener, self._settings, self._access, self._refusals = listener, settings, access, refusals
        self._wrap, self._greet = wrap, greet
        self._half_open: OrderedDict[int, HalfOpen] = OrderedDict()  # by file descriptor, oldest first
        self._counts: Counts = counts or OwnCounts()
        self._waiting_bytes = 0
        self._closing = threading.Event()
        self._waker = Waker()
        self._poller = select.poll()

    def run(self) -> None:
        """Take connections until `close`; then the listener and all that are half open are closed."""
        self._poller.register(self._listener, select.POLLIN)
        self._poller.register(self._waker, select.POLLIN)
        try:
            while not self._closing.is_set():
                self._turn()
        finally:
            self._listener.close()
            self._waker.close()
            for connection in list(self._half_open.values()):
                self._drop(connection)

    def close(self) -> None:
        """Make `run` return; from another thread."""
        self._closing.set()
        self._waker.wake()

    def _turn(self) -> None:
        for fd, _ in self._poller.poll(self._time_left_ms()):
            try:
                if fd == self._listener.fileno():
                    self._accept()
                elif fd in self._half_open:
                    self._read(self._half_open[fd])
            except Exception:  # the top of this thread: whatever is wrong with one connection, the others go on
                log.exception("a connection failed")
                if fd in self._half_open:
                    self._drop(self._half_open[fd])
        self._drop_late()

    def _accept(self) -> None:
        for _ in range(64):
            try:
                sock, address = self._listener.accept()
            except AGAIN:
                return
            except OSError as wrong:
                if wrong.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    self._refusals.add("no file handles left", "this machine", wrong)
                    self._drop_oldest()
                    time.sleep(0.05)  # the connection stays in the backlog; do not spin on it
                return
            self._admit(sock, address)

    def _admit(self, sock: socket.socket, address: tuple[Any, ...]) -> None:
        settings = self._settings
        host = str(address[0])
        of_host, of_all = self._count(host, 1)
        if of_host > settings.max_half_open_per_address:
            has_room = self._make_room("too many connections from one address", host)
        else:
            has_room = of_all <= settings.max_half_open or self._make_room("too many connections", None)
        if not has_room:
            self._count(host, -1)
            sock.close()
            return
        sock.setblocking(False)
        try:
            sock = self._wrap(sock)
        except (OSError, ValueError):  # gone already
            self._count(host, -1)
            sock.close()
            return
        connection = HalfOpen(sock, address)
        self._half_open[sock.fileno()] = connection
        self._poller.register(sock, select.POLLIN)
        self._read(connection)

    def _make_room(self, reason: str, host: str | None) -> bool:
        """Close the oldest connection (of `host`): a caller that means it asks for its association at once.

        False when there is none here: other processes have them all.

        Without `host`, connections from addresses nobody is expected from go first.
        """
        expects = self._access.expects
        candidates = [each for each in self._half_open.values() if host is None or each.host == host]
        if not candidates:
            self._refusals.add(reason, host or "")
            return False
        victim = next((each for each in candidates if host is None and not expects(each.host)), candidates[0])
        fd = victim.sock.fileno()
        self._read(victim)  # its request may be there since: who asked in time is not shut out because we were slow
        if self._half_open.get(fd) is victim:
            self._refusals.add(reason, victim.host)
            self._drop(victim)
        return True

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
                self._refusals.add("TLS handshake failed", connection.host, wrong.reason)
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
                limit = self._settings.max_request_bytes
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
        self._refusals.add("bad first PDU", connection.host, detail)
        with contextlib.suppress(OSError):
            connection.sock.send(_A_ABORT)
        self._drop(connection)

    def _drop_largest(self) -> None:
        largest = max(self._half_open.values(), key=lambda each: len(each.received))
        self._refusals.add("too many bytes before an association", largest.host)
        self._drop(largest)

    def _drop_late(self) -> None:
        now, settings = time.monotonic(), self._settings
        for connection in list(self._half_open.values()):
            if self._deadline(connection, settings) < now:
                began = connection.began_at is not None
                reason = "association request not complete in time" if began else "no association request in time"
                self._refusals.add(reason, connection.host)
                self._drop(connection)

    def _deadline(self, connection: HalfOpen, settings: NodeSettings) -> float:
        latest = connection.opened_at + settings.acse_timeout_s
        if connection.began_at is None:
            return latest
        return min(latest, connection.began_at + settings.request_pdu_timeout_s)

    def _time_left_ms(self) -> float | None:
        if not self._half_open:
            return None
        settings = self._settings
        first = min(self._deadline(connection, settings) for connection in self._half_open.values())
        return max(0.0, first - time.monotonic()) * 1000 + 1

    def _forget(self, connection: HalfOpen) -> None:
        fd = connection.sock.fileno()
        if self._half_open.pop(fd, None) is None:
            return
        self._poller.unregister(fd)
        self._waiting_bytes -= len(connection.received)
        self._count(connection.host, -1)

    def _count(self, host: str, by: int) -> tuple[int, int]:
        """One more or less; how many there are of this host, and altogether."""
        with self._counts.turn():
            self._counts.change(_key(host), by)
            self._counts.change(HALF_OPEN, by)
            return self._counts.total(_key(host)), self._counts.total(HALF_OPEN)

    def _drop(self, connection: HalfOpen) -> None:
        self._forget(connection)
        connection.sock.close()

    def _hand_over(self, connection: HalfOpen) -> None:
        self._forget(connection)
        self._greet(connection.sock, bytes(connection.received), connection.address)


def _key(host: str) -> str:
    return f"connections from {host}"
