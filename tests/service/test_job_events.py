"""Changes of jobs reach those who follow them: told, lost and found, in order, whoever is slow."""

import threading
import time

from service.job_events import JobChange, JobEvents
from service.store.jobs import JobState

PATIENCE_S = 20.0


class Heard:
    """Collects what it is told; may be made to wait."""

    def __init__(self) -> None:
        self.changes: list[JobChange] = []
        self.gate = threading.Event()
        self.gate.set()
        self.more = threading.Condition()

    def __call__(self, change: JobChange) -> None:
        self.gate.wait(PATIENCE_S)
        with self.more:
            self.changes.append(change)
            self.more.notify_all()

    def states(self, number: int) -> list[JobState]:
        with self.more:
            assert self.more.wait_for(lambda: len(self.changes) >= number, PATIENCE_S), self.changes
            return [change.state for change in self.changes]


def test_a_follower_hears_each_state_once_and_in_order() -> None:
    events, heard = JobEvents(lambda ids: {}), Heard()
    events.start()
    events.follow("a", heard)
    for state in (JobState.RUNNING, JobState.RUNNING, JobState.DONE, JobState.RUNNING, JobState.DONE):
        events.heard(JobChange("a", state))
    events.heard(JobChange("b", JobState.DONE))
    assert heard.states(2) == [JobState.RUNNING, JobState.DONE]
    events.stop()
    assert heard.states(2) == [JobState.RUNNING, JobState.DONE]


def test_what_was_not_told_is_found_in_the_database() -> None:
    truth: dict[str, JobChange] = {}
    events, heard = JobEvents(lambda ids: {i: truth[i] for i in ids if i in truth}, look_s=0.05), Heard()
    events.start()
    events.follow("a", heard)
    truth["a"] = JobChange("a", JobState.FAILED, "no room")
    heard.states(1)
    assert heard.changes == [truth["a"]]
    events.stop()


def test_the_database_is_not_asked_when_nobody_follows() -> None:
    asked = []
    events = JobEvents(lambda ids: asked.append(list(ids)) or {}, look_s=0.01)
    events.start()
    stop = events.follow("a", lambda change: None)
    deadline = time.monotonic() + PATIENCE_S
    while not asked and time.monotonic() < deadline:
        time.sleep(0.01)
    stop()
    time.sleep(0.1)
    number = len(asked)
    time.sleep(0.1)
    assert 0 < number == len(asked) and asked[0] == ["a"]
    events.stop()


def test_a_slow_follower_holds_up_nobody_else_and_loses_nothing() -> None:
    events, slow, quick = JobEvents(lambda ids: {}), Heard(), Heard()
    slow.gate.clear()
    events.start()
    events.follow("a", slow)
    events.follow("b", quick)
    for job_id in ("a", "b"):
        events.heard(JobChange(job_id, JobState.RUNNING))
        events.heard(JobChange(job_id, JobState.DONE))
    assert quick.states(2) == [JobState.RUNNING, JobState.DONE]
    assert slow.changes == []
    slow.gate.set()
    assert slow.states(2) == [JobState.RUNNING, JobState.DONE]
    events.stop()


def test_a_message_fits_into_one_write_of_a_pipe() -> None:
    change = JobChange("20261125-000000-000000-01234567", JobState.FAILED, "\x00é\U0001f600" * 1000)
    assert len(change.encode()) < 4096
