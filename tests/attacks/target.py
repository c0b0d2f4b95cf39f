"""The service that is attacked, the modality that must not notice, and what the attack left behind."""

import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from service.config import Settings, load
from service.store import jobs
from service.store.engine import Store
from service.store.jobs import JobState
from tests.serving import Serving
from tests.soak.checks import Checks
from tests.soak.films import KINDS
from tests.soak.ledger import Ledger
from tests.soak.modalities import Printing, Service
from tests.soak.watch import Usage, usages

MODALITY, BAD = "CT1", "BAD"
WAIT_S = 2.0  # the modality never waits longer for an answer
HANG_S = 2.0  # from the end of what is sent to the end of the connection
PATIENCE_S = 30.0  # a connection that does not end by then hangs, however busy the machine is
GROWTH_BYTES = 50_000_000
ATTACKERS = 8  # at once, where an attack is many small ones: most of their time they wait for the service


class Modality(threading.Thread):
    """Prints a film every two seconds."""

    def __init__(self, service: Service, every_s: float) -> None:
        super().__init__(name="modality")
        small = tuple(kind for kind in KINDS if kind.rows < 400)
        self.print_one, self._every_s = Printing(service, small), every_s
        self.done = threading.Event()
        self.films = 0
        self.failures: list[str] = []

    def run(self) -> None:
        while not self.done.is_set():
            began = time.monotonic()
            try:
                self.print_one()
                self.films += 1
            except Exception as wrong:  # the top of this thread; the test looks at it
                self.failures.append(repr(wrong))
            self.done.wait(max(0.05, self._every_s - (time.monotonic() - began)))


def _sources() -> Iterator[str]:
    while True:
        for last in range(2, 250):
            yield f"127.0.0.{last}"


@dataclass(slots=True)
class Target:
    """The running service."""

    serving: Serving
    settings: Settings
    ledger: Ledger
    before: list[Usage] = field(default_factory=list)
    sources: Iterator[str] = field(default_factory=_sources)
    highest_rss: int = 0
    slowest_end_s: float = 0.0
    busy: float = 0.0  # the most processes that wanted to run, a processor
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.serving.port)

    def connect(self, source: str = "") -> socket.socket:
        """A connection from another address than the modality's."""
        return socket.create_connection(self.address, PATIENCE_S, (source or self.source(), 0))

    def source(self) -> str:
        """The next address to come from."""
        with self._turn:
            return next(self.sources)

    def hang_up(self, sock: socket.socket) -> bytes:
        """Say that nothing more comes; what came back. Fails when the service never ends the connection."""
        began = time.monotonic()
        data = b""
        with sock:
            try:
                sock.settimeout(PATIENCE_S)
                sock.shutdown(socket.SHUT_WR)
                while more := sock.recv(65_536):
                    data += more
                    assert time.monotonic() - began < PATIENCE_S, "the service talks on and on"
            except TimeoutError:
                raise AssertionError(f"the service did not end the connection in {PATIENCE_S} s") from None
            except OSError:  # it ended it
                pass
        with self._turn:
            self.slowest_end_s = max(self.slowest_end_s, time.monotonic() - began)
        return data

    def lasting(self) -> list[Usage]:
        """The processes of the service; looks at the machine too."""
        self.busy = max(self.busy, os.getloadavg()[0] / (os.cpu_count() or 1))
        found = [one for one in usages(self.serving.process.pid) if one.role != "child"]
        self.highest_rss = max(self.highest_rss, sum(one.rss_bytes for one in found))
        return found


def together(attack: Callable[[Any], object], items: Iterable[Any]) -> None:
    """Have all items attacked with, ATTACKERS at a time. Raises what the first that fails raises."""
    waiting = iter(items)
    with ThreadPoolExecutor(ATTACKERS) as pool:
        while turn := list(islice(waiting, 50 * ATTACKERS)):
            for _ in pool.map(attack, turn):
                pass


def serving(folder: Path, dicom: str = "", quota: int = 16) -> Serving:
    """A service that knows the modality and the attacker. `dicom`: more of its settings; `quota`: the attacker's."""
    partners = [
        {"ae_title": MODALITY, "address": "127.0.0.1"},
        {"ae_title": BAD, "address": "127.0.0.0/8", "quota": quota},
    ]
    environment = {"PRINTMGR_DICOM": f'{{"port": 0{dicom}}}', "PRINTMGR_PARTNERS": json.dumps(partners)}
    return Serving(folder / "data", environment)


@contextmanager
def under_attack(serving: Serving, *, long: bool, every_s: float = 2.0) -> Iterator[Target]:
    """A service beside its modality; afterwards: nothing failed, nothing waited, nothing stayed, nothing grew."""
    ledger, settings = Ledger(tell=lambda _: None), load(data_dir=serving.data_dir, partners=[])
    service = Service(serving.port, serving.data_dir, {}, ledger, seed=1, first=time.time_ns() // 1000)
    target = Target(serving, settings, ledger)
    modality = Modality(service, every_s)
    for _ in range(1 if settings.films_dir.exists() else 8):
        modality.print_one()  # whatever the first films load is loaded
    _settled(lambda: not unfinished(settings))
    target.before = target.lasting()
    ledger.slowest_s = 0.0
    modality.start()
    try:
        yield target
    finally:
        modality.done.set()
        modality.join()
    _judge(target, modality, long)


FEW_HANDLES = 5  # a file or a thread's pipe that is open just now, the second film child's; a leak is of hundreds here


def _judge(target: Target, modality: Modality, long: bool) -> None:
    before, settings = target.before, target.settings
    checks = Checks(settings, target.ledger, keep_s=3600)
    _settled(lambda: not unfinished(settings))
    checks.at_the_end(time.sleep, 60)
    checks.close()
    handles = {one.pid: own(one) for one in before}
    _settled(lambda: all(own(one) <= handles.get(one.pid, 0) + FEW_HANDLES for one in target.lasting()))
    after = target.lasting()
    grown = sum(one.rss_bytes for one in after) - sum(one.rss_bytes for one in before)
    print(
        f"{modality.films} films beside it, longest wait {target.ledger.slowest_s:.2f} s, slowest end of an attack "
        f"{target.slowest_end_s:.2f} s, load {target.busy:.1f} a processor; RSS "
        f"{_mb(before)} MB before, {target.highest_rss / 1e6:.0f} highest, {_mb(after)} after; handles "
        f"{sum(map(own, before))} before, {sum(map(own, after))} after"
    )
    assert not modality.failures, modality.failures
    assert modality.films > 0
    if long and target.busy < 2:  # a machine that has no time says nothing about ours
        assert target.ledger.slowest_s < WAIT_S
        assert target.slowest_end_s < HANG_S
    faults = [fault for fault in target.ledger.faults if "nobody ordered" not in fault]  # an attack may print too
    assert faults == [], faults[:10]  # told in words: this module is not rewritten
    assert [one.pid for one in after] == [one.pid for one in before], "a process ended"
    assert grown < GROWTH_BYTES
    assert {one.role: own(one) for one in after if own(one) > handles[one.pid] + FEW_HANDLES} == {}
    assert failed(settings) == [], "a film was answered and cannot be made"
    log = target.serving.log.read_text(errors="replace")
    assert "Traceback" not in log and " CRITICAL " not in log, log[log.find("Traceback") - 500 :][:3000]


def _settled(is_so: Callable[[], bool], patience_s: float = 60.0) -> None:
    end = time.monotonic() + patience_s
    while not is_so() and time.monotonic() < end:
        time.sleep(0.2)


def own(one: Usage) -> int:
    """Handles without those of pooled connections to the database, which stay open once they were needed."""
    return one.handles - one.pooled


def _mb(found: list[Usage]) -> str:
    return f"{sum(one.rss_bytes for one in found) / 1e6:.0f}"


def unfinished(settings: Settings) -> list[str]:
    return _in_state(settings, lambda state: state not in (JobState.DONE, JobState.FAILED))


def failed(settings: Settings) -> list[str]:
    return _in_state(settings, lambda state: state is JobState.FAILED)


def _in_state(settings: Settings, wanted: Callable[[JobState], bool]) -> list[str]:
    store = Store(settings.database)
    try:
        with store.read() as connection:
            return [f"{job.id}: {job.error}" for job in jobs.listed(connection, limit=100_000) if wanted(job.state)]
    finally:
        store.close()


def seeded(number: int) -> random.Random:
    return random.Random(20261126 + number)
