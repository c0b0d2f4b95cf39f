"""The DICOM node: one listening port, its handlers, and its orderly start and end."""

import logging
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pynetdicom import build_context
from pynetdicom.presentation import PresentationContext

from service.node.access import Access
from service.node.metering import Meter, NoMeter
from service.node.refusals import Refusals
from service.node.server import NodeAE, NodeServer
from service.node.settings import NodeSettings
from service.node.tls import TLSSettings, context_of
from service.shared_counts import Counts, OwnCounts

log = logging.getLogger(__name__)

Context = PresentationContext | tuple[str, Sequence[str]]
Handler = tuple[Any, Callable[..., Any]] | tuple[Any, Callable[..., Any], list[Any]]


class Node:
    """Listens for associations and gives their requests to pynetdicom event handlers."""

    def __init__(
        self,
        settings: NodeSettings,
        contexts: Iterable[Context],
        handlers: Sequence[Handler],
        access: Access,
        tls: TLSSettings | None = None,
        counts: Counts | None = None,
        meter: Meter | None = None,
    ) -> None:
        """`contexts`: what is accepted, pynetdicom's or (abstract syntax, transfer syntaxes in order of preference).

        `handlers`: (event, callable[, arguments]) as for pynetdicom's AE. An N-* handler may give its data set as
        bytes encoded in the context's transfer syntax. `event.assoc.notify` sends an N-EVENT-REPORT. With `tls` there
        is a second port that speaks TLS only; `settings.port` None leaves the plain one out. `counts` are shared with
        other processes that have the same limits.
        """
        self._settings, self._access, self._tls = settings, access, tls
        self._contexts = [each if isinstance(each, PresentationContext) else _context(*each) for each in contexts]
        self._handlers = list(handlers)
        meter = meter or NoMeter()
        self.refusals = Refusals(told=meter.refused)
        self._ae = NodeAE(settings, access, self.refusals, counts or OwnCounts(), meter)
        self._plain: NodeServer | None = None
        self._secure: NodeServer | None = None
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Listen. Raises OSError when an address is taken or a certificate cannot be read."""
        _quiet_libraries()
        context = None if self._tls is None else context_of(self._tls)
        if self._settings.port is not None:
            self._plain = self._listen(self._settings.port, None)
        if self._tls is not None:
            self._secure = self._listen(self._tls.port, context)

    def _listen(self, port: int, context: ssl.SSLContext | None) -> NodeServer:
        server = self._ae.make_server(
            (self._settings.host, port),
            contexts=self._contexts,
            ssl_context=context,
            evt_handlers=self._handlers,
            server_class=NodeServer,
        )
        assert isinstance(server, NodeServer)
        thread = threading.Thread(target=server.serve_forever, name=f"node port {port}", daemon=True)
        thread.start()
        self._threads.append(thread)
        log.info("listening on %s port %d%s", *_address(server), " with TLS" if context else "")
        return server

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens on, without TLS."""
        assert self._plain is not None, "the node does not listen without TLS"
        return _address(self._plain)

    @property
    def tls_address(self) -> tuple[str, int]:
        """Host and port it listens on, with TLS."""
        assert self._secure is not None, "the node does not listen with TLS"
        return _address(self._secure)

    def reload_tls(self) -> None:
        """Read certificates and authorities again, for connections from now on. Raises OSError: the old ones stay."""
        if self._secure is not None and self._tls is not None:
            self._secure.ssl_context = context_of(self._tls)

    @property
    def associations(self) -> int:
        """Associations running."""
        return len(self._ae.active_associations)

    def partners(self) -> dict[str, int]:
        """Associations running, by calling AE title."""
        return self._ae.slots.used()

    def stop(self, timeout: float | None = None) -> None:
        """Take no more connections, let running associations end, abort those that go on after `timeout` seconds."""
        for server in (self._plain, self._secure):
            if server is not None:
                server.shutdown()
        for thread in self._threads:
            thread.join()
        deadline = time.monotonic() + (self._settings.stop_timeout_s if timeout is None else timeout)
        if not self._wait_until_idle(deadline):
            for assoc in self._ae.active_associations:
                assoc.abort(block=False)
            self._wait_until_idle(time.monotonic() + 2)
            for assoc in self._ae.active_associations:
                assoc.kill()
        self.refusals.flush()

    def _wait_until_idle(self, deadline: float) -> bool:
        with self._ae.changed:
            while self._ae.associations:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return False
                self._ae.changed.wait(remaining)
        return True


def _quiet_libraries() -> None:
    """They log and warn a packet, with the peer's text as it came, and remember every text; the node counts."""
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"(pydicom|pynetdicom)\.")


def _address(server: NodeServer) -> tuple[str, int]:
    return str(server.server_address[0]), int(server.server_address[1])


def _context(abstract_syntax: str, transfer_syntaxes: Sequence[str]) -> PresentationContext:
    return build_context(abstract_syntax, list(transfer_syntaxes))
