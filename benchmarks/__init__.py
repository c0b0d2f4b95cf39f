"""One module a claim: NAME says what is measured, `run()` gives the rows; each against a peer in the same run."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

MIN_ROUNDS = 5

_wanted: list[str] = []
"""Words of the rows to measure; none: all."""


def hide_namesakes() -> None:
    """Take the interpreter's own folder out of PATH: pynetdicom puts programs there that are named as DCMTK's."""
    own = os.path.dirname(sys.executable)  # not resolved: that of the virtual environment
    os.environ["PATH"] = os.pathsep.join(folder for folder in os.get_exec_path() if folder != own)


def choose(words: list[str]) -> None:
    """Measure only rows that have one of these words, where a benchmark can leave others out."""
    _wanted[:] = words


def is_chosen(what: str) -> bool:
    return not _wanted or any(word in what for word in _wanted)


@dataclass(frozen=True, slots=True)
class Row:
    """Our figure beside a peer's, and what the ratio must be."""

    what: str
    peer: str
    ours: float
    theirs: float
    unit: str = "CPU ms"
    at_least: float | None = None  # times less than the peer: theirs / ours
    at_most: float | None = None  # times the peer: ours / theirs

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours if self.at_most is None else self.ours / self.theirs

    @property
    def goal(self) -> str:
        if self.at_least is not None:
            return f">= {self.at_least:g}x less"
        return f"<= {self.at_most:g}x" if self.at_most is not None else "-"

    @property
    def met(self) -> bool:
        if self.at_least is not None:
            return self.ratio >= self.at_least
        return self.at_most is None or self.ratio <= self.at_most


def cpu_ms(*works: Callable[[], object], rounds: int = MIN_ROUNDS) -> list[float]:
    """Least CPU time of each work in ms, all threads together; taken in turns, so that a noisy machine is fair."""
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for index, work in enumerate(works):
            begin = time.process_time()
            work()
            best[index] = min(best[index], (time.process_time() - begin) * 1000)
    return best
