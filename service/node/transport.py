"""The association's socket: never blocks in a read, writes with a deadline, is always closed."""

import contextlib
import select
import socket
import ssl
import threading
import time

from pynetdicom import evt
from pynetdicom.transport import AssociationSocket

AGAIN = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class NodeSocket(AssociationSocket):
    """A non-blocking socket (plain or TLS) behind pynetdicom's interface."""

    send_timeout_s: float = 30.0

    def prepare(self, send_timeout_s: float) -> None:
        """Settings of the accepted socket; called once, before the association starts."""
        self.send_timeout_s = send_timeout_s
        # whether there may be something to read though the kernel has nothing: TLS records come one at a time
        self.may_hold_back = isinstance(self.socket, ssl.SSLSocket)
        self._turn = threading.Lock()  # OpenSSL's connection object must not be read and written at the same time
        if self.socket is not None:
            self.socket.setblocking(False)

    @property
    def ready(self) -> bool:
        """Whether a read would give something: data, or the end of the connection."""
        sock = self.socket
        if sock is None or not self._is_connected or sock.fileno() < 0:
            return False
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        poller = select.poll()
        poller.register(sock, select.POLLIN)
        return bool(poller.poll(0))

    def receive_into(self, view: memoryview) -> int | None:
        """Read what is there into `view`; its size, 0 at the end of the connection, None when nothing is there."""
        sock = self.socket
        if sock is None:
            return 0
        try:
            with self._turn:
                return sock.recv_into(view)
        except AGAIN:
            return None
        except (OSError, ValueError):
            return 0

    def send(self, bytestream: bytes) -> None:
        """Send all of `bytestream`, or put Evt17 (connection closed) into the event queue."""
        if self.send_all(bytestream):
            evt.trigger(self.assoc, evt.EVT_DATA_SENT, {"data": bytestream})
        else:
            self.event_queue.put("Evt17")

    def send_all(self, data: bytes) -> bool:
        """Send all of `data` before the deadline; whether it worked."""
        sock = self.socket
        if sock is None:
            return False
        deadline = time.monotonic() + self.send_timeout_s
        at, size = 0, len(data)
        while at < size:
            try:
                with self._turn:
                    at += sock.send(memoryview(data)[at:] if at else data)
            except AGAIN as wait:
                if not _wait(sock, wait, deadline):
                    return False
            except (OSError, ValueError):
                return False
        return True

    def _shutdown_socket(self) -> None:
        sock = self.socket
        if sock is None:
            return
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            sock.close()


def _wait(sock: socket.socket, reason: BaseException, deadline: float) -> bool:
    remaining = deadline - time.monotonic()
    if remaining <= 0 or sock.fileno() < 0:
        return False
    poller = select.poll()
    poller.register(sock, select.POLLIN if isinstance(reason, ssl.SSLWantReadError) else select.POLLOUT)
    return bool(poller.poll(remaining * 1000))
