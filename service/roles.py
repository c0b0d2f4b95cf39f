"""A role's process: `python -m service.roles ROLE PARENT_PID`, run by the supervisor, settings on the first line."""

import ctypes
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

from service.config import Settings
from service.supervisor import Role

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(role: Role, parent: int) -> None:
    """Run a role until SIGTERM or the parent's end."""
    end_with_parent(parent)
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent tells us in its order
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    configure_logging()
    settings = Settings.model_validate_json(sys.stdin.buffer.readline())
    roles: dict[Role, Callable[[Settings, threading.Event, Callable[..., None]], None]] = {
        Role.NODE: run_node,
        Role.WORKER: run_worker,
    }
    roles[role](settings, stop, tell)


def run_node(settings: Settings, stop: threading.Event, ready: Callable[..., None]) -> None:
    """Take orders."""
    from service.wiring.node import NodeRole

    node = NodeRole(settings)
    ready(address=node.start())
    stop.wait()
    node.stop()


def run_worker(settings: Settings, stop: threading.Event, ready: Callable[..., None]) -> None:
    """Do jobs."""
    from service.slots import first_free
    from service.wiring.worker import WorkerRole

    slot = first_free(settings.data_dir, "worker")
    worker = WorkerRole(settings, slot.name)
    worker.start()
    ready()
    stop.wait()
    worker.stop()
    logging.shutdown()
    os._exit(0)  # the engine's threads wait for ever at their step boundaries; the next start goes on there


def tell(**facts: str) -> None:
    """Tell the parent that this role is ready."""
    sys.stdout.write(json.dumps({"ready": True} | facts) + "\n")
    sys.stdout.flush()


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def configure_logging() -> None:
    """One line an event, to standard error."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s", stream=sys.stderr
    )
    for noisy in ("pynetdicom", "alembic", "pydicom"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


if __name__ == "__main__":
    main(Role(sys.argv[1]), int(sys.argv[2]))
