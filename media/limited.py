"""Work that a hostile file may break, in a child process with limits: it takes the child with it, and nothing else.

    child = LimitedChild("media.build.child", Limits(memory_bytes=6 << 30))      # `python -m media.build.child`
    answer = child.ask({"source": ...})                                          # raises Lost

The module calls `serve` with what it does with an order. Orders and answers are lines of JSON.
"""

import json
import os
import queue
import resource
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one order may cost."""

    memory_bytes: int = 6 << 30
    cpu_s: int = 600
    wall_s: float = 900.0


class Lost(Exception):
    """The child process ended or did not answer in time."""


class LimitedChild:
    """One child process; it is started when it is first needed, and again after it was lost."""

    def __init__(self, module: str, limits: Limits) -> None:
        self._module, self._limits = module, limits
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, order: Mapping[str, Any]) -> dict[str, str]:
        """Have one order done. Raises Lost; the next order gets a new child then."""
        limits = {"memory_bytes": self._limits.memory_bytes, "cpu_s": self._limits.cpu_s}
        if self._process is not None and self._process.poll() is not None:
            self.close()  # it ended between two orders: this one is not to blame
        try:
            return self._ask(json.dumps({**limits, **order}).encode() + b"\n")
        except Lost:
            self.close()
            raise

    def start(self) -> "subprocess.Popen[bytes]":
        """The child, started if there is none."""
        if self._process is not None:
            return self._process
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # decoders write values of the file there
            env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=True,  # Ctrl-C is for the parent, which closes the child
        )
        return self._process

    def _ask(self, line: bytes) -> dict[str, str]:
        process = self.start()
        assert process.stdin and process.stdout
        try:
            process.stdin.write(line)
            process.stdin.flush()
        except BrokenPipeError:
            raise Lost(_end(process)) from None
        answer, deadline = b"", time.monotonic() + self._limits.wall_s
        while not answer.endswith(b"\n"):
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise Lost(f"the decoder took more than {self._limits.wall_s:g} s")
            part = os.read(process.stdout.fileno(), 1 << 16)
            if not part:
                raise Lost(_end(process))
            answer += part
        found: dict[str, str] = json.loads(answer)
        return found

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):  # closing flushes what the dead child did not take
                        pipe.close()


def _end(process: "subprocess.Popen[bytes]") -> str:
    code = process.wait(10)
    return f"the decoder was ended by signal {-code}" if code < 0 else f"the decoder ended with code {code}"


def limit(memory_bytes: int, cpu_s: int) -> None:
    """Bound this process from now on: address space, and processor time from what it has used already."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, resource.getrlimit(resource.RLIMIT_AS)[1]))
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + cpu_s
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def serve(do: Callable[[Mapping[str, Any]], dict[str, str]]) -> None:
    """The child's side: do each order under its limits; end at once when the parent is gone, whatever is half done."""
    answers = os.fdopen(os.dup(1), "w")  # apart from what decoders print
    os.dup2(2, 1)
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=[orders], daemon=True).start()
    while True:
        order = json.loads(orders.get())
        limit(order["memory_bytes"], order["cpu_s"])
        answers.write(json.dumps(do(order)) + "\n")
        answers.flush()


def _read(orders: "queue.SimpleQueue[bytes]") -> None:
    for line in os.fdopen(0, "rb"):
        orders.put(line)
    os._exit(0)  # nobody waits for the rest: the next parent has it done anew


def describe(error: Exception) -> str:
    """What went wrong in a line; decoders' texts name attributes and sizes, not patients."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
