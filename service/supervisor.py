"""`printmgr serve`: the parent of the role processes, which starts, watches, restarts and stops them."""

import json
import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from service.config import Settings
from service.slots import Slot, Taken

log = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
HEALTHY_S = 60.0  # a process that lived so long starts again without waiting
TAKEN_PATIENCE_S = 5.0  # the processes of a killed service need a moment to end
STOP_S = 60.0
READY_S = 60.0


class Role(StrEnum):
    """What a process of the service does."""

    NODE = "node"
    WORKER = "worker"


class ServeFailed(Exception):
    """The service could not start."""


@dataclass(slots=True)
class Child:
    """One role's process and its fortune."""

    role: Role
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait_s: float = FIRST_WAIT_S
    start_at: float = 0.0
    ready: bool = False


@dataclass(slots=True)
class Supervisor:
    """The service of one data directory."""

    settings: Settings
    roles: tuple[Role, ...]
    say: Callable[[str], None] = print
    on_ready: Callable[[str], None] = lambda address: None  # once, when all roles are up
    address: str = ""
    _slot: Slot | None = None
    _children: list[Child] = field(default_factory=list)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _stopping: bool = False
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
        previous = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        previous_fd = signal.set_wakeup_fd(wake.fileno())
        try:
            migrate(self.settings.database)
            self._children = [Child(role) for role in self.roles]
            self._watch(woken)
        finally:
            self._stop_children()
            signal.set_wakeup_fd(previous_fd)
            for number, handler in previous.items():
                signal.signal(number, handler)
            self._selector.close()
            wake.close()
            woken.close()
            if self._slot:
                self._slot.release()

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

    def _on_signal(self, number: int, frame: object) -> None:
        self._stopping = True

    def _watch(self, woken: socket.socket) -> None:
        first_start = time.monotonic()
        while not self._stopping:
            for child in self._children:
                self._tend(child)
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
            child.process = self._spawn(child.role)
            child.started, child.ready = now, False
            self._selector.register(_stdout(child), selectors.EVENT_READ, child)

    def _bury(self, child: Child, now: float) -> None:
        assert child.process is not None
        code = child.process.returncode
        self._close(child)
        if not self._was_ready:
            raise ServeFailed(f"the {child.role} ended with exit code {code} before it was ready")
        child.wait_s = FIRST_WAIT_S if now - child.started > HEALTHY_S else min(child.wait_s * 2, LONGEST_WAIT_S)
        child.start_at = now + child.wait_s
        log.error("the %s ended with exit code %s; starting it again in %.1f s", child.role, code, child.wait_s)

    def _close(self, child: Child) -> None:
        assert child.process is not None
        if _stdout(child).fileno() in self._selector.get_map():
            self._selector.unregister(_stdout(child))
        for pipe in (child.process.stdin, child.process.stdout):
            if pipe:
                pipe.close()
        child.process = None

    def _spawn(self, role: Role) -> subprocess.Popen[bytes]:
        """A process that ends with this one; its first line of input is the settings."""
        process = subprocess.Popen(
            [sys.executable, "-m", "service.roles", role, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[self._slot.descriptor] if self._slot else [],
        )
        assert process.stdin is not None
        process.stdin.write(self.settings.model_dump_json().encode() + b"\n")
        process.stdin.flush()
        return process

    def _hear(self, child: Child) -> None:
        """A line from a child: it is ready."""
        line = os.read(_stdout(child).fileno(), 65536)
        if not line:
            self._selector.unregister(_stdout(child))
            return
        told: dict[str, Any] = json.loads(line)
        child.ready = True
        if "address" in told:
            self.address = told["address"]
            self.say(f"printmgr: listening on {self.address}")
        if not self._was_ready and all(each.ready for each in self._children):
            self._was_ready = True
            self.say("printmgr: ready")
            self.on_ready(self.address)

    def _stop_children(self) -> None:
        """The node first, so that nothing new is answered; then the worker."""
        for child in self._children:
            if child.process is None:
                continue
            child.process.terminate()
            try:
                child.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                log.error("the %s does not end; killing it", child.role)
                child.process.kill()
                child.process.wait()
            self._close(child)


def _stdout(child: Child) -> Any:
    assert child.process is not None and child.process.stdout is not None
    return child.process.stdout
