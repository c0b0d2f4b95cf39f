"""What becomes of a job, told to whoever waits for it in another process.

The worker tells a change when it is in the database; the supervisor passes it on to every other process through the
pipes it has with them anyway (`service.supervisor`); there `JobEvents` calls those who follow the job:

    stop_following = events.follow(job_id, changed)     # changed(JobChange), in order, until the job has ended

A message may get lost, as when a process dies: the database is the truth, and is looked at now and then for the jobs
that are followed, and only while there are any.
"""

import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field

from service.store.jobs import ENDED, JobState

log = logging.getLogger(__name__)

LOOK_S = 3.0  # between two looks at the database
TELLERS = 4  # followers that may be slow at one time
MAX_ERROR = 300  # characters: with its escapes a message must fit into one write of a pipe


@dataclass(frozen=True, slots=True)
class JobChange:
    """A job came into this state."""

    job_id: str
    state: JobState
    error: str = ""

    def encode(self) -> bytes:
        """As a line for a pipe."""
        return json.dumps({"job": asdict(self) | {"error": self.error[:MAX_ERROR]}}).encode() + b"\n"

    @classmethod
    def of(cls, told: Mapping[str, str]) -> "JobChange":
        return cls(told["job_id"], JobState(told["state"]), told["error"])


Changed = Callable[[JobChange], None]
"""Is called on a thread of its own and may block: only its own later calls wait for it."""

States = Callable[[Sequence[str]], Mapping[str, JobChange]]
"""What the database has of these jobs; what it does not know is left out."""


@dataclass(slots=True, eq=False)
class Follower:
    """One who waits for a job's changes."""

    changed: Changed
    rank: int = 0
    waiting: deque[JobChange] = field(default_factory=deque)
    is_called: bool = False


class JobEvents:
    """Tells the followers of one process what becomes of their jobs."""

    def __init__(self, states: States, look_s: float = LOOK_S) -> None:
        self._states, self._look_s = states, look_s
        self._lock = threading.Lock()
        self._followers: dict[str, list[Follower]] = {}
        self._pool = ThreadPoolExecutor(TELLERS, "job events")
        self._some = threading.Event()
        self._stopping = threading.Event()
        self._looker = threading.Thread(target=self._look_loop, name="job events", daemon=True)

    def start(self) -> None:
        self._looker.start()

    def stop(self) -> None:
        """Tell nobody anything any more."""
        self._stopping.set()
        self._some.set()
        with self._lock:
            self._followers.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._looker.is_alive():
            self._looker.join()

    def follow(self, job_id: str, changed: Changed) -> Callable[[], None]:
        """Have `changed` called when the job runs and when it has ended, each once; what ends that earlier.

        To be called right after the job was ordered. A job that was quicker is found at the next look.
        """
        follower = Follower(changed)
        with self._lock:
            self._followers.setdefault(job_id, []).append(follower)
        self._some.set()
        return lambda: self._forget(job_id, follower)

    def heard(self, change: JobChange) -> None:
        """A change was told, or found; what is known already is not told again."""
        rank = _rank(change.state)
        with self._lock:
            for follower in list(self._followers.get(change.job_id, [])):
                if rank > follower.rank:
                    follower.rank = rank
                    follower.waiting.append(change)
                    self._call(follower)
            if rank == _rank(JobState.DONE):
                self._followers.pop(change.job_id, None)

    def _forget(self, job_id: str, follower: Follower) -> None:
        with self._lock:
            follower.waiting.clear()
            left = [each for each in self._followers.pop(job_id, []) if each is not follower]
            if left:
                self._followers[job_id] = left

    def _call(self, follower: Follower) -> None:
        """With the lock held: have what waits told, one after the other."""
        if not follower.is_called and not self._stopping.is_set():
            follower.is_called = True
            self._pool.submit(self._tell, follower)

    def _tell(self, follower: Follower) -> None:
        while True:
            with self._lock:
                if not follower.waiting:
                    follower.is_called = False
                    return
                change = follower.waiting.popleft()
            try:
                follower.changed(change)
            except Exception:  # the top of a thread: the next change may go well
                log.exception("the change of job %s could not be told", change.job_id)

    def _look_loop(self) -> None:
        while not self._stopping.is_set():
            self._some.wait()
            if self._stopping.wait(self._look_s):
                return
            with self._lock:
                wanted = list(self._followers)
                if not wanted:
                    self._some.clear()
                    continue
            try:
                found = self._states(wanted)
            except Exception:  # the top of the thread: the database may be free at the next look
                log.exception("could not look for changes of jobs")
                continue
            for change in found.values():
                self.heard(change)


def _rank(state: JobState) -> int:
    """Later states have higher ones: 0 nothing done yet, 1 running, 2 ended."""
    return 2 if state in ENDED else int(state is JobState.RUNNING)
