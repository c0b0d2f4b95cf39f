"""A role's process as its parent sees it: started, spoken to through pipes, buried.

Both directions carry lines of JSON. A line to a child that does not read is lost rather than waited for; so is one
that is longer than the system writes at once.
"""

import contextlib
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Any

from service.config import Settings

log = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
HEALTHY_S = 60.0  # a process that lived so long starts again without waiting
MAX_LINE = 1 << 20
ALLOCATION = {"MALLOC_ARENA_MAX": "2"}
"""For glibc: by default threads that come and go get up to eight arenas a processor, each with holes of its own."""


class Role(StrEnum):
    """What a process of the service does."""

    NODE = "node"
    WORKER = "worker"
    WEB = "web"


def all_roles(settings: Settings) -> tuple[Role, ...]:
    """What one machine runs."""
    return (Role.NODE, Role.WORKER, Role.WEB) if settings.web.enabled else (Role.NODE, Role.WORKER)


@dataclass(slots=True)
class Child:
    """One process and its fortune; `number` tells those of one role apart."""

    role: Role
    number: int = 0
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait_s: float = FIRST_WAIT_S
    start_at: float = 0.0
    ready: bool = False
    restarts: int = 0
    _heard: bytes = b""

    @property
    def name(self) -> str:
        return f"{self.role} {self.number}"

    @property
    def output(self) -> IO[bytes]:
        assert self.process is not None and self.process.stdout is not None
        return self.process.stdout

    def start(self, order: Mapping[str, Any], descriptors: Sequence[int], environment: Mapping[str, str]) -> None:
        """A process that ends with this one; its first line of input is the order. It inherits the descriptors."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service.roles", self.role, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=descriptors,
            env={**ALLOCATION, **os.environ, **environment},
        )
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it ended already: its exit code will be found
            self.process.stdin.write(json.dumps(dict(order)).encode() + b"\n")
            self.process.stdin.flush()
        os.set_blocking(self.process.stdin.fileno(), False)
        self.started, self.ready, self._heard = time.monotonic(), False, b""

    def hear(self) -> list[dict[str, Any]] | None:
        """What the child has said since; None when it will not say more."""
        data = os.read(self.output.fileno(), 65_536)
        if not data:
            return None
        *lines, self._heard = (self._heard + data).split(b"\n")
        self._heard = self._heard[:MAX_LINE]
        return [told for told in map(_parsed, lines) if told is not None]

    def say(self, line: bytes) -> None:
        """Write a line to the child, or lose it."""
        if self.process is None or self.process.stdin is None or not self.ready:
            return
        try:
            os.write(self.process.stdin.fileno(), line)
        except (BlockingIOError, BrokenPipeError):
            log.warning("the %s does not listen; a message to it is lost", self.name)

    def bury(self, now: float) -> int | None:
        """Forget a process that ended; its exit code. When the next one may start is in `start_at`."""
        assert self.process is not None
        code = self.process.returncode
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self.process, self.ready = None, False
        self.wait_s = FIRST_WAIT_S if now - self.started > HEALTHY_S else min(self.wait_s * 2, LONGEST_WAIT_S)
        self.start_at = now + self.wait_s
        self.restarts += 1
        return code

    def end(self, deadline: float) -> None:
        """Wait for a process that was told to end, and kill it when it is too late."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.error("the %s does not end; killing it", self.name)
            self.process.kill()
            self.process.wait()


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        log.warning("a process said something that is no message: %d bytes", len(line))
        return None
    return told
