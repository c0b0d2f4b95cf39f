"""One soak: a real service, the actors at their pace, the checks, the watch, the verdict."""

import os
import random
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from service.config import Settings, load
from tests.serving import Serving
from tests.soak import modalities
from tests.soak.checks import Checks
from tests.soak.ledger import Ledger
from tests.soak.watch import QUARTER_HOUR_S, Watch

LOOK_S = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how fast."""

    folder: Path
    seconds: float
    pace: float = 1.0  # 2: everything twice as often
    seed: int = 1
    keep_s: float = 900.0  # films and studies
    line_s: float = 60.0  # of the CSV
    part_s: float = QUARTER_HOUR_S

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    def environment(self) -> dict[str, str]:
        """The service's settings."""
        partners = ", ".join(f'{{"ae_title": "{ae}", "address": "127.0.0.0/8"}}' for ae in ("CT1", "CT2", "MR1"))
        return {
            "PRINTMGR_DATA_DIR": str(self.data_dir),
            "PRINTMGR_DICOM": '{"port": 0, "open": true, "idle_timeout_s": 120}',
            "PRINTMGR_INBOX": '{"quiet_s": 2}',
            "PRINTMGR_PARTNERS": f"[{partners}]",
            "PRINTMGR_RETENTION": '{"films": 1, "spool": 1, "studies": 1, "jobs": 1}',
        }

    def settings(self) -> Settings:
        """The same settings for this process; the engine's records are left to the service's own nights."""
        return load(data_dir=self.data_dir, retention={"films": 1, "spool": 1, "studies": 1, "jobs": 0})


@dataclass(frozen=True, slots=True)
class Actor:
    """Something that is done again and again."""

    name: str
    every_s: float
    act: Callable[[], object]


def actors(service: modalities.Service, checks: Checks, idle: modalities.Idle) -> list[Actor]:
    """Who does what, how often at pace 1."""
    alone = [
        Actor("connect and close", 30, partial(modalities.connect_and_close, service)),
        Actor("echo", 20, partial(modalities.echo, service)),
        Actor("bad requests", 30, partial(modalities.ask_badly, service)),
        Actor("abort", 20, partial(modalities.abort_a_film, service)),
        Actor("idle", 20, idle),
        Actor("stock", 60, partial(modalities.print_as_stock, service)),
        Actor("store", 45, partial(modalities.store_a_study, service)),
        Actor("discs", 400, partial(modalities.build_a_disc, service)),
        Actor("check films", 20, checks.films),
        Actor("check studies", 120, checks.studies),
        Actor("retention", 300, checks.remove_old),
    ]
    return [*alone, *[Actor(f"print {n}", 16, modalities.Printing(service, start=4 * n)) for n in range(2)]]


@dataclass(slots=True)
class Soak:
    """Runs a plan."""

    plan: Plan
    tell: Callable[[str], None] = print
    stopping: threading.Event = field(default_factory=threading.Event)
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.tell)

    def run(self) -> Sequence[str]:
        """The faults."""
        plan = self.plan
        plan.folder.mkdir(parents=True, exist_ok=True)
        with Serving(plan.data_dir, plan.environment()) as serving, ExitStack() as stack:
            service = modalities.Service(
                serving.port, plan.data_dir, os.environ | plan.environment(), self.ledger, plan.seed
            )
            checks, idle = Checks(plan.settings(), self.ledger, plan.keep_s), modalities.Idle(service)
            stack.callback(checks.close)
            stack.callback(idle.close)
            watch = Watch(plan.folder / "usage.csv", serving.process.pid, plan.part_s)
            self._while_acting(actors(service, checks, idle), watch)
            checks.at_the_end(time.sleep)
            idle.close()
            self._look_at_the_log(serving.log)
            if code := serving.stop():
                self.ledger.fault(f"the service ended with exit code {code}")
        for line in watch.told():
            self.tell(line)
        for wrong in watch.judge():
            self.ledger.fault(wrong)
        for left in (plan.data_dir / "spool" / "associations").iterdir():
            self.ledger.fault(f"{left} stayed")
        self.tell(self.summary())
        return self.ledger.faults

    def _while_acting(self, all_: list[Actor], watch: Watch) -> None:
        began, next_line, next_word = time.monotonic(), 0.0, 0.0
        threads = [threading.Thread(target=self._act, args=[actor], name=actor.name) for actor in all_]
        for thread in threads:
            thread.start()
        while (elapsed := time.monotonic() - began) < self.plan.seconds and not self.stopping.is_set():
            found = watch.look(elapsed)
            if elapsed >= next_line:
                watch.write(elapsed, found)
                for role in watch.restarted(found):
                    self.ledger.fault(f"the {role} ended and was started again")
                next_line += self.plan.line_s
            if elapsed >= next_word:
                self.tell(f"{elapsed / 60:.0f} min: {self.summary()}")
                next_word += max(600.0, self.plan.line_s)
            self.stopping.wait(min(LOOK_S, self.plan.line_s))
        self.stopping.set()
        for thread in threads:
            thread.join()
        watch.write(elapsed, watch.look(elapsed))

    def _act(self, actor: Actor) -> None:
        chance = random.Random(f"{actor.name} {self.plan.seed}")
        mean = actor.every_s / self.plan.pace
        self.stopping.wait(chance.uniform(0, min(mean, 20)))
        while not self.stopping.is_set():
            try:
                actor.act()
            except Exception as wrong:  # the top of the thread: whatever it is, it is a fault, and the soak goes on
                where = traceback.extract_tb(wrong.__traceback__)[-1]
                self.ledger.fault(f"{actor.name}: {wrong!r} at {Path(where.filename).name}:{where.lineno}")
            self.stopping.wait(chance.uniform(0.5, 1.5) * mean)

    def _look_at_the_log(self, log: Path) -> None:
        text = log.read_text(errors="replace")
        for word in ("Traceback", " CRITICAL "):
            if word in text:
                self.ledger.fault(f"{log} has {text.count(word)} times {word.strip()}")

    def summary(self) -> str:
        with self.ledger.lock:
            counts = ", ".join(f"{number} {what}" for what, number in sorted(self.ledger.counts.items()))
        return f"{counts}; slowest answer to a print request {self.ledger.slowest_s:.2f} s"
