"""What was sent and answered; faults. Shared by all threads of the soak."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Film:
    """A film that was ordered: N-ACTION went out, and perhaps its answer came."""

    name: str
    asked: float
    answered: float | None = None
    print_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Study:
    """A study that was sent: the numbers of the instances that were answered with success."""

    uid: str
    numbers: list[int] = field(default_factory=list)
    ended: float = 0.0
    checked: bool = False


class Ledger:
    """Thread-safe."""

    def __init__(self, tell: Callable[[str], None] = print) -> None:
        self.lock = threading.Lock()
        self.films: dict[str, Film] = {}  # by the hash of all images
        self.studies: dict[str, Study] = {}
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.slowest_s = 0.0
        self._tell = tell

    def count(self, what: str, number: int = 1) -> None:
        with self.lock:
            self.counts[what] += number

    def slowest(self, seconds: float) -> None:
        """An answer took so long."""
        with self.lock:
            self.slowest_s = max(self.slowest_s, seconds)

    def fault(self, what: str) -> None:
        with self.lock:
            self.counts["faults"] += 1
            if len(self.faults) < 1000:
                self.faults.append(what)
        self._tell(f"FAULT {what}")

    def ask(self, digest: str, name: str) -> None:
        """N-ACTION goes out: from now on the film may be there."""
        with self.lock:
            self.films[digest] = Film(name, time.monotonic())

    def answered(self, digest: str) -> None:
        """The film was answered with success: it must be there."""
        with self.lock:
            self.films[digest].answered = time.monotonic()
            self.counts["films answered"] += 1
