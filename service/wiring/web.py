"""The process that serves the pages."""

import logging
import socket
import threading
import time

import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from service.audit import Action, note
from service.audit_syslog import Forwarder
from service.config import Settings
from service.settings.web import Web
from service.store.audit import Entry
from service.web.app import create_app, wrapped
from service.web.proxy import only_from
from service.web.server import Server
from service.web.site import open_site

log = logging.getLogger(__name__)

START_S, STOP_S = 30.0, 10.0
BACKLOG = 256


class CannotListen(Exception):
    """The pages' address is not ours to have."""


class WebRole:
    """The pages, the REST interface, and the audit trail's way out."""

    def __init__(self, settings: Settings) -> None:
        web = settings.web
        self._settings = settings
        self._site = open_site(settings)
        app = wrapped(create_app(self._site), self._site)
        if web.proxy:
            app = only_from(ProxyHeadersMiddleware(app, trusted_hosts=list(web.proxy)), web.proxy)  # type: ignore[arg-type]
        self._server = Server(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=True,
                timeout_graceful_shutdown=3,
                timeout_keep_alive=30,
                h11_max_incomplete_event_size=32_768,
                ssl_certfile=str(web.certificate) if web.certificate else None,
                ssl_keyfile=str(web.key) if web.key else None,
            )
        )
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)
        self._socket: socket.socket | None = None
        self._forwarder = Forwarder(settings.audit, self._site.store) if settings.audit.host else None

    def start(self) -> list[str]:
        """Listen; what is to be said on the console. Raises CannotListen."""
        web = self._settings.web
        try:
            self._socket = _listen(web)
        except OSError as error:
            raise CannotListen(f"the pages cannot listen on {web.host} port {web.port}: {error.strerror}") from None
        self._note(Action.START)
        self._thread.start()
        patience = time.monotonic() + START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > patience:
                raise CannotListen("the pages did not start; the log says why")
            time.sleep(0.01)
        if self._forwarder:
            self._forwarder.start()
        url = _url(web, self._socket)
        lines = [f"printmgr: pages at {url}/"]
        if secret := self._site.first_administrator.secret:
            lines.append(f"printmgr: nobody can sign in yet: become the administrator at {url}/setup")
            lines.append(f"printmgr: the secret for it, this once: {secret}")
        return lines

    def stop(self) -> None:
        """Let what is being answered end."""
        self._site.live.stop()
        self._server.stop()
        self._thread.join(STOP_S)
        self._note(Action.STOP)
        if self._forwarder:
            self._forwarder.stop()
        self._site.store.close()

    def _serve(self) -> None:
        assert self._socket is not None
        self._server.run(sockets=[self._socket])

    def _note(self, action: Action) -> None:
        with self._site.store.write() as connection:
            note(connection, Entry(action, "system"))


def _listen(web: Web) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(web.host, web.port, type=socket.SOCK_STREAM)[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def _url(web: Web, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    host = f"[{web.host}]" if ":" in web.host else web.host
    return f"{'https' if web.tls else 'http'}://{host}:{port}"
