"""What a job is made of, as the one who wires it says it and the engine runs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Progress = Callable[[str, int, int], None]
"""progress(unit, done, total)"""


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job."""

    name: str
    run: Callable[[Progress], None]
    attempts: int = 1
    wait_s: float = 2.0  # before the second attempt; twice as long before each further one
    worth_retrying: tuple[type[Exception], ...] = ()
    waits_for: tuple[type[Exception], ...] = ()  # tried again until it goes, however often: what was promised is kept
    given_up: Callable[[], None] = _nothing  # when it was cancelled while it waited: what lies outside is taken back


@dataclass(frozen=True, slots=True)
class JobKind:
    """What a kind of job does. `steps` gives the same steps for the same job, whenever it is asked."""

    name: str
    concurrency: int  # jobs at a time in one worker
    steps: Callable[[str], Sequence[Step]]
    outside: int = 0  # further ones that wait for things outside; then none is taken up before there is room
