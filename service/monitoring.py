"""A small HTTP port for whoever watches the service: /metrics and /healthz."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from service import health, metrics
from service.config import Settings
from service.store.engine import Store

log = logging.getLogger(__name__)

HOLDS_S = 1.0  # so long a look at the health holds, however many ask


class Monitoring:
    """Answers GET /metrics and GET /healthz."""

    def __init__(self, settings: Settings, title: str, others: Callable[[], list[health.Check]]) -> None:
        """`others`: what the caller itself knows of the health. Raises OSError when the port is taken."""
        self._settings, self._title, self._others = settings, title, others
        self._store = Store(settings.database)
        self._turn = threading.Lock()
        self._looked, self._checks = -HOLDS_S, list[health.Check]()
        told = settings.monitoring
        self._server = make_server(told.host, told.port, self.answer, Server, Quiet)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, name="monitoring", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._store.close()

    def answer(self, environ: dict[str, Any], begin: Callable[..., Any]) -> Iterable[bytes]:
        """A WSGI application."""
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            begin("200 OK", [("Content-Type", metrics.CONTENT_TYPE)])
            return [metrics.exposition(self._settings, self._store)]
        if path == "/healthz":
            found = self._look()
            well = all(check.ok for check in found)
            begin("200 OK" if well else "503 Service Unavailable", [("Content-Type", "application/json")])
            return [json.dumps({c.name: {"ok": c.ok, "detail": c.detail} for c in found}, indent=2).encode() + b"\n"]
        begin("404 Not Found", [("Content-Type", "text/plain")])
        return [b"expected /metrics or /healthz\n"]

    def _look(self) -> list[health.Check]:
        with self._turn:
            if time.monotonic() - self._looked > HOLDS_S:
                self._checks = health.checks(self._settings, self._store, self._title) + self._others()
                self._looked = time.monotonic()
            return self._checks


class Server(ThreadingMixIn, WSGIServer):
    """One thread a request: a slow one holds up nobody."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """No log line a request, and no connection that stays for ever."""

    timeout = 10

    def log_message(self, *args: object) -> None: ...
