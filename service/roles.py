"""A role's process: `python -m service.roles ROLE PARENT_PID`, run by the supervisor, its order on the first line."""

import ctypes
import gc
import json
import logging
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from service import logs
from service.children import Role
from service.config import Settings
from service.spool import Place

log = logging.getLogger(__name__)

MOST_HANDLES = 65_536
PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(slots=True)
class Post:
    """What a role process knows of itself, and how it speaks with the supervisor."""

    settings: Settings
    place: Place
    counts_fd: int | None
    health_title: str
    said: IO[bytes]
    heard: Iterator[bytes]
    stop: threading.Event = field(default_factory=threading.Event)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, line: bytes) -> None:
        """Write a line to the supervisor."""
        with self._turn:
            self.said.write(line)
            self.said.flush()

    def ready(self, **facts: str) -> None:
        """Tell the supervisor that this role is ready."""
        self.tell(json.dumps({"ready": True} | facts).encode() + b"\n")

    def listen(self, hear: Callable[[dict[str, Any]], None]) -> None:
        """Have `hear` called with what the supervisor says, from a thread of its own."""
        threading.Thread(target=self._listen, args=[hear], name="supervisor", daemon=True).start()

    def _listen(self, hear: Callable[[dict[str, Any]], None]) -> None:
        for line in self.heard:
            try:
                hear(json.loads(line))
            except Exception:  # the top of the thread: the next line may be understood
                log.exception("a message of the supervisor could not be heard")


def main(role: Role, parent: int) -> None:
    """Run a role until SIGTERM or the parent's end."""
    gc.disable()  # until `keep_what_is_there`: to look for garbage among what stays costs a tenth of the start
    end_with_parent(parent)
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent tells us in its order
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    said = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no message
    heard = iter(os.fdopen(0, "rb", buffering=0).readline, b"")  # a buffer's lock would be held at the end
    order = json.loads(next(heard))
    settings = Settings.model_validate_json(order["settings"])
    logs.configure(settings.log.format, settings.log.level)
    place = Place(order["number"], settings.dicom.processes)
    post = Post(settings, place, order["counts_fd"], order["health_title"], said, heard, stop)
    ROLES[role](post)


def run_node(post: Post) -> None:
    """Take orders."""
    from service.job_events import JobChange
    from service.shared_counts import SharedCounts
    from service.wiring.node import NodeRole

    allow_handles()
    counts = SharedCounts(post.counts_fd, post.place.number) if post.counts_fd is not None else None
    node = NodeRole(post.settings, post.place, counts, post.health_title)
    address = node.start()

    def hear(told: dict[str, Any]) -> None:
        if "job" in told:
            node.events.heard(JobChange.of(told["job"]))
        elif told.get("reload"):
            node.reload_tls()

    post.listen(hear)
    keep_what_is_there()
    post.ready(address=address)
    post.stop.wait()
    node.stop()


def run_worker(post: Post) -> None:
    """Do jobs."""
    from service.slots import first_free
    from service.wiring.worker import WorkerRole

    slot = first_free(post.settings.data_dir, "worker")
    worker = WorkerRole(post.settings, slot.name, lambda change: post.tell(change.encode()))
    worker.start()
    keep_what_is_there()
    post.ready()
    post.stop.wait()
    worker.stop()
    logging.shutdown()
    os._exit(0)  # the engine's threads wait for ever at their step boundaries; the next start goes on there


def run_web(post: Post) -> None:
    """Serve the pages."""
    from service.wiring.web import CannotListen, WebRole

    web = WebRole(post.settings)
    try:
        lines = web.start()
    except CannotListen as error:
        log.error("%s", error)
        raise SystemExit(1) from None
    post.listen(lambda told: None)  # changes of jobs: the pages look at the database
    keep_what_is_there()
    post.tell(json.dumps({"ready": True, "say": lines}).encode() + b"\n")
    post.stop.wait()
    web.stop()


def keep_what_is_there() -> None:
    """Have the garbage collector not look again at what the start made: it lives as long as the process.

    A whole collection then looks at what work made alone, in a moment, and so comes often: garbage does not gather up
    to a quarter of all objects there are.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # counts how many objects are left, which decides when the next one comes
    gc.enable()


def allow_handles() -> None:
    """As many file handles as this process may have: an association takes four and more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_HANDLES if most == resource.RLIM_INFINITY else min(most, MOST_HANDLES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


ROLES: dict[Role, Callable[[Post], None]] = {Role.NODE: run_node, Role.WORKER: run_worker, Role.WEB: run_web}


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    main(Role(sys.argv[1]), int(sys.argv[2]))
