"""`printmgr serve`: the parent of the role processes, which starts, watches, restarts and stops them.

It passes on what one process has to tell the others, and holds what they share: the port, so that it stays ours while
a process starts again, and the lock of the data directory.
"""

import json
import logging
import os
import secrets
import selectors
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from service.children import Child, Role
from service.config import Settings
from service.slots import Slot, Taken

if TYPE_CHECKING:
    from service.health import Check
    from service.monitoring import Monitoring
    from service.shared_counts import SharedCounts

log = logging.getLogger(__name__)

TAKEN_PATIENCE_S = 5.0  # the processes of a killed service need a moment to end
STOP_S = 60.0
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
COUNTED_KEYS = 1024  # addresses and totals; partners come on top
READY_S = 60.0


class ServeFailed(Exception):
    """The service could not start."""


@dataclass(slots=True)
class Supervisor:
    """The service of one data directory."""

    settings: Settings
    roles: tuple[Role, ...]
    say: Callable[[str], None] = print
    on_ready: Callable[[str], None] = lambda address: None  # once, when all roles are up
    address: str = ""
    _slot: Slot | None = None
    _ports: list[socket.socket] = field(default_factory=list)
    _counts: "SharedCounts | None" = None
    _children: list[Child] = field(default_factory=list)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _environment: dict[str, str] = field(default_factory=dict)
    _health_title: str = field(default_factory=lambda: f"HEALTH{secrets.token_hex(5)}")
    _monitoring: "Monitoring | None" = None
    _stopping: bool = False
    _reload: bool = False
    _was_ready: bool = False

    def run(self) -> None:
        """Serve until SIGTERM, SIGINT or `stop`. Raises ServeFailed, Taken."""
        from service.store.engine import migrate

        os.umask(0o077)
        self.settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if Role.NODE in self.roles:
            self._slot = self._take_slot()
        wake, woken = socket.socketpair()
        wake.setblocking(False)
        self._selector.register(woken, selectors.EVENT_READ, None)
        previous = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        previous_fd = signal.set_wakeup_fd(wake.fileno())
        try:
            migrate(self.settings.database)
            if Role.NODE in self.roles:
                self._share()
            self._monitor()
            self._children = [Child(role, number) for role in self.roles for number in range(self._processes(role))]
            self._watch(woken)
        finally:
            if self._monitoring is not None:
                self._monitoring.stop()
            self._stop_children()
            signal.set_wakeup_fd(previous_fd)
            for number, handler in previous.items():
                signal.signal(number, handler)
            self._selector.close()
            for each in (wake, woken, *self._ports):
                each.close()
            if self._slot:
                self._slot.release()

    def _monitor(self) -> None:
        from service import metrics
        from service.monitoring import Monitoring

        if Role.NODE not in self.roles:  # the numbers are those of the nodes' service
            return
        self._environment = metrics.begin(self.settings)
        told = self.settings.monitoring
        if told.port:
            try:
                self._monitoring = Monitoring(self.settings, self._health_title, self._processes_up)
            except OSError as error:
                raise ServeFailed(f"cannot listen on {told.host} port {told.port}: {error.strerror}") from None
            self._monitoring.start()

    def _processes_up(self) -> "list[Check]":
        from service.health import Check

        return [Check(child.name, child.ready, f"{child.restarts} restarts") for child in self._children]

    def stop(self) -> None:
        """End `run` at its next turn."""
        self._stopping = True

    def _take_slot(self) -> Slot:
        patience = time.monotonic() + TAKEN_PATIENCE_S
        while True:
            try:
                return Slot(self.settings.data_dir / "node.lock", "node")
            except Taken:
                if time.monotonic() > patience:
                    raise
                time.sleep(0.1)

    def _processes(self, role: Role) -> int:
        return self.settings.dicom.processes if role is Role.NODE else 1

    def _share(self) -> None:
        """Hold what the node processes share: their ports ("any free one" becomes one for all), and what they count."""
        from service.shared_counts import SharedCounts, new_table

        dicom = self.settings.dicom
        if dicom.processes > 1:
            keys = COUNTED_KEYS + dicom.max_associations + dicom.max_unnegotiated
            self._counts = SharedCounts(new_table(dicom.processes, keys), column=0)
        tls = dicom.tls
        if tls is None or not tls.only:
            dicom = dicom.model_copy(update={"port": self._hold(dicom.host, dicom.port)})
        if tls is not None:
            self._check_certificate()
            tls = tls.model_copy(update={"port": self._hold(dicom.host, tls.port)})
        self.settings = self.settings.model_copy(update={"dicom": dicom.model_copy(update={"tls": tls})})

    def _hold(self, host: str, port: int) -> int:
        try:
            self._ports.append(reserved(host, port))
        except OSError as error:
            raise ServeFailed(f"cannot listen on {host} port {port}: {error.strerror}") from None
        return int(self._ports[-1].getsockname()[1])

    def _check_certificate(self) -> None:
        from service.node.tls import context_of
        from service.wiring.node import tls_of

        tls = tls_of(self.settings)
        assert tls is not None
        try:
            context_of(tls)
        except OSError as error:
            raise ServeFailed(f"[dicom.tls] cannot be used: {error}; expected a certificate and its key") from None

    def _on_signal(self, number: int, frame: object) -> None:
        if number == signal.SIGHUP:
            self._reload = True
        else:
            self._stopping = True

    def _watch(self, woken: socket.socket) -> None:
        first_start = time.monotonic()
        while not self._stopping:
            for child in self._children:
                self._tend(child)
            if self._reload:
                self._reload = False
                self._tell_nodes({"reload": True})
            if not self._was_ready and time.monotonic() - first_start > READY_S:
                raise ServeFailed(f"not ready after {READY_S:.0f} s")
            for key, _ in self._selector.select(timeout=0.5):
                if key.data is None:
                    woken.recv(64)
                else:
                    self._hear(key.data)

    def _tend(self, child: Child) -> None:
        """Start a role that does not run; notice one that ended."""
        now = time.monotonic()
        if child.process is not None and child.process.poll() is not None:
            self._bury(child, now)
        if child.process is None and now >= child.start_at:
            child.start(self._order(child), self._inherited(), self._environment)
            self._selector.register(child.output, selectors.EVENT_READ, child)

    def _order(self, child: Child) -> dict[str, Any]:
        """What a process is told at its start."""
        return {
            "settings": self.settings.model_dump_json(),
            "number": child.number,
            "health_title": self._health_title,
            "counts_fd": None if self._counts is None else self._counts.descriptor,
        }

    def _inherited(self) -> list[int]:
        return [each.descriptor for each in (self._slot, self._counts) if each is not None]

    def _bury(self, child: Child, now: float) -> None:
        from service import metrics

        self._deafen(child)
        if self._environment and child.process is not None:
            metrics.forget(self.settings, child.process.pid)
        code = child.bury(now)
        if child.role is Role.NODE and self._counts is not None:
            self._counts.forget(child.number)
        if not self._was_ready:
            raise ServeFailed(f"the {child.role} ended with exit code {code} before it was ready")
        log.error("the %s ended with exit code %s; starting it again in %.1f s", child.name, code, child.wait_s)

    def _deafen(self, child: Child) -> None:
        if child.output.fileno() in self._selector.get_map():
            self._selector.unregister(child.output)

    def _hear(self, child: Child) -> None:
        """Lines from a child: it is ready, or something for the others."""
        told = child.hear()
        if told is None:
            self._deafen(child)
            return
        for message in told:
            if "job" in message:
                self._pass_on(child, message)
            elif "ready" in message:
                self._is_ready(child, message)

    def _tell_nodes(self, message: dict[str, Any]) -> None:
        for child in self._children:
            if child.role is Role.NODE:
                child.say(json.dumps(message).encode() + b"\n")

    def _pass_on(self, sender: Child, message: dict[str, Any]) -> None:
        from service.job_events import JobChange

        line = JobChange.of(message["job"]).encode()
        for child in self._children:
            if child is not sender and child.role is not Role.WORKER:
                child.say(line)

    def _is_ready(self, child: Child, message: dict[str, Any]) -> None:
        child.ready = True
        if "address" in message and not self.address:
            self.address = message["address"]
            self.say(f"printmgr: listening on {self.address}")
            if (tls := self.settings.dicom.tls) and not tls.only:
                self.say(f"printmgr: with TLS on port {tls.port}")
        for line in message.get("say", ()):
            self.say(str(line))
        if not self._was_ready and all(each.ready for each in self._children):
            self._was_ready = True
            self.say("printmgr: ready")
            self.on_ready(self.address)

    def _stop_children(self) -> None:
        """The nodes first, so that nothing new is answered; then the others."""
        for roles in ([Role.NODE], [role for role in Role if role is not Role.NODE]):
            running = [child for child in self._children if child.role in roles and child.process is not None]
            for child in running:
                if child.process is not None:
                    child.process.terminate()
            deadline = time.monotonic() + STOP_S
            for child in running:
                child.end(deadline)
                self._deafen(child)
                child.bury(time.monotonic())


def reserved(host: str, port: int) -> socket.socket:
    """A socket that holds a port without listening, for processes that share it (SO_REUSEPORT). Raises OSError.

    It is bound as if it would not be shared: who else listens there, another service of ours too, makes it fail.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    held = socket.socket(family, kind, protocol)
    try:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(address)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except OSError:
        held.close()
        raise
    return held
