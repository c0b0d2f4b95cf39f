"""The job engine in real processes: a finished step never runs again, whatever happens to the worker."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from service import jobs as engine
from service.store import jobs, orders
from service.store.engine import Store
from service.store.jobs import JobState
from tests.databases import new_database

# A worker whose jobs have three steps that write down when they run. Files steer it: `slow` holds the second step,
# `broken` makes it fail; a job named retry* may try again, one named patient* waits until it is mended.
WORKER = """
    import sys, threading, time
    from pathlib import Path
    from service.jobs import Engine
    from service.slots import first_free
    from service.steps import JobKind, Step
    from service.store.engine import Store

    folder = Path(sys.argv[1])

    class Broken(Exception):
        pass

    def write(job_id, what):
        with (folder / "ran").open("a") as file:
            file.write(f"{job_id} {what}\\n")

    def second(job_id, progress):
        write(job_id, "second begins")
        progress("parts", 1, 2)
        while (folder / "slow").exists():
            time.sleep(0.01)
        if (folder / "broken").exists():
            raise Broken("it is broken")
        write(job_id, "second ends")

    def steps(job_id):
        again = {"attempts": 20, "wait_s": 0.05, "worth_retrying": (Broken,)} if job_id.startswith("retry") else {}
        if job_id.startswith("patient"):
            again = {"wait_s": 0.01, "waits_for": (Broken,)}
        return [
            Step("first", lambda progress: write(job_id, "first")),
            Step("second", lambda progress: second(job_id, progress), **again),
            Step("third", lambda progress: write(job_id, "third")),
        ]

    slot = first_free(folder, "worker")
    engine = Engine(Store(f"sqlite:///{folder}/printmgr.db"), [JobKind("film", 2, steps)], slot.name, beat_s=0.3)
    engine.start()
    print("ready", flush=True)
    threading.Event().wait()
"""


class Work:
    """A database, and workers on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'printmgr.db'}"
        new_database(self.url)
        self.store = Store(self.url)
        self.running: list[subprocess.Popen[bytes]] = []

    def worker(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WORKER), str(self.folder)], stdout=subprocess.PIPE
        )
        self.running.append(process)
        assert process.stdout.readline() == b"ready\n"
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        self.running.remove(process)

    def add(self, *job_ids: str) -> None:
        with self.store.write() as connection:
            for job_id in job_ids:
                orders.add_job(connection, job_id, "film", "{}")

    def state(self, job_id: str) -> JobState:
        with self.store.read() as connection:
            return jobs.state_of(connection, job_id)

    def wait(self, job_id: str, state: JobState) -> None:
        self.until(lambda: self.state(job_id) is state)

    def until(self, condition) -> None:
        patience = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < patience, self.ran()
            time.sleep(0.02)

    def ran(self) -> list[str]:
        file = self.folder / "ran"
        return file.read_text().splitlines() if file.exists() else []

    def hold(self, what: str) -> None:
        (self.folder / what).touch()

    def let_go(self, what: str) -> None:
        (self.folder / what).unlink()


@pytest.fixture
def work(tmp_path):
    work = Work(tmp_path)
    yield work
    for process in list(work.running):
        work.kill(process)
    work.store.close()


def test_a_job_goes_through_its_steps_once(work):
    work.add("a", "b")
    work.worker()
    work.wait("a", JobState.DONE)
    work.wait("b", JobState.DONE)
    assert sorted(work.ran()) == sorted(
        f"{job} {step}" for job in "ab" for step in ("first", "second begins", "second ends", "third")
    )
    with work.store.read() as connection:
        steps = jobs.one(connection, "a").steps
    assert [(step.name, step.state, step.attempts) for step in steps] == [
        ("first", "done", 1),
        ("second", "done", 1),
        ("third", "done", 1),
    ]
    assert (steps[1].unit, steps[1].done, steps[1].total) == ("parts", 1, 2)


def test_a_killed_worker_goes_on_where_it_was(work):
    work.hold("slow")
    work.add("a")
    first = work.worker()
    work.until(lambda: "a second begins" in work.ran())
    work.kill(first)
    work.let_go("slow")
    work.worker()
    work.wait("a", JobState.DONE)
    assert work.ran() == ["a first", "a second begins", "a second begins", "a second ends", "a third"]


def test_a_worker_killed_again_and_again_loses_and_doubles_nothing(work):
    names = [f"job{number:02}" for number in range(20)]
    work.add(*names)
    for _ in range(3):
        worker = work.worker()
        time.sleep(0.3)
        work.kill(worker)
    work.worker()
    for name in names:
        work.wait(name, JobState.DONE)
    assert {name: work.ran().count(f"{name} third") >= 1 for name in names} == dict.fromkeys(names, True)


def test_a_failed_job_tells_why_and_goes_on_at_that_step_when_retried(work):
    work.hold("broken")
    work.add("a")
    work.worker()
    work.wait("a", JobState.FAILED)
    with work.store.read() as connection:
        assert jobs.one(connection, "a").error == "second: it is broken"
    work.let_go("broken")
    engine.retry(work.store, "a")
    work.wait("a", JobState.DONE)
    assert work.ran() == ["a first", "a second begins", "a second begins", "a second ends", "a third"]
    with pytest.raises(engine.NotNow, match="done"):
        engine.retry(work.store, "a")


def test_what_may_pass_is_tried_again(work):
    work.hold("broken")
    work.add("retry")
    work.worker()
    work.until(lambda: work.ran().count("retry second begins") >= 2)
    work.let_go("broken")
    work.wait("retry", JobState.DONE)


def test_a_cancelled_job_stops_after_its_step_and_can_go_on(work):
    work.hold("slow")
    work.add("a")
    work.worker()
    work.until(lambda: "a second begins" in work.ran())
    engine.cancel(work.store, "a")
    assert work.state("a") is JobState.CANCELLED
    work.let_go("slow")
    work.until(lambda: "a second ends" in work.ran())
    time.sleep(0.5)
    assert "a third" not in work.ran()
    with pytest.raises(engine.NotNow, match="cancelled already"):
        engine.cancel(work.store, "a")
    engine.retry(work.store, "a")
    work.wait("a", JobState.DONE)
    assert work.ran().count("a first") == 1


def test_a_job_nobody_has_taken_is_cancelled_without_a_worker(work):
    work.add("a")
    engine.cancel(work.store, "a")
    work.add("b")
    work.worker()
    work.wait("b", JobState.DONE)
    assert not any(line.startswith("a ") for line in work.ran())


def test_workers_side_by_side_are_different_executors_and_share_the_jobs(work):
    names = [f"job{number:02}" for number in range(12)]
    work.worker()
    work.worker()
    work.add(*names)
    for name in names:
        work.wait(name, JobState.DONE)
    assert sorted(line for line in work.ran() if line.endswith("third")) == [f"{name} third" for name in names]
    with work.store.read() as connection:
        assert sorted(jobs.silent_executors(connection, -60.0)) == ["worker-0", "worker-1"]


def test_the_slot_of_a_dead_worker_is_taken_by_the_next(work):
    first = work.worker()
    second = work.worker()
    work.kill(first)
    third = work.worker()
    assert int((work.folder / "worker-0.lock").read_text()) == third.pid
    assert int((work.folder / "worker-1.lock").read_text()) == second.pid
    assert os.getpid() not in (second.pid, third.pid)


def test_a_worker_takes_over_from_one_that_is_silent(work):
    work.hold("slow")
    first = work.worker()
    work.add("a")
    work.until(lambda: "a second begins" in work.ran())
    work.worker()
    work.kill(first)
    work.let_go("slow")
    with work.store.write() as connection:
        connection.exec_driver_sql("UPDATE executors SET seen_at = seen_at - 61000000 WHERE id = 'worker-0'")
    work.wait("a", JobState.DONE)
    assert work.ran() == ["a first", "a second begins", "a second begins", "a second ends", "a third"]


def test_a_job_the_engine_has_lost_is_offered_again(work):
    work.add("a")
    with work.store.write() as connection:
        jobs.move(connection, "a", JobState.QUEUED, only_from=[JobState.ORDERED])
        connection.exec_driver_sql("UPDATE jobs SET changed_at = changed_at - 61000000")
    work.worker()
    work.wait("a", JobState.DONE)


def test_a_step_waits_for_what_will_come_however_often_it_fails(work):
    work.worker()
    work.hold("broken")
    work.add("patient")
    work.until(lambda: work.ran().count("patient second begins") >= 7)
    assert work.state("patient") is JobState.RUNNING
    (work.folder / "broken").unlink()
    work.wait("patient", JobState.DONE)
    assert work.ran().count("patient third") == 1


def test_a_step_that_waits_can_be_cancelled(work):
    work.worker()
    work.hold("broken")
    work.add("patient")
    work.until(lambda: "patient second begins" in work.ran())
    engine.cancel(work.store, "patient")
    work.wait("patient", JobState.CANCELLED)
    count = len(work.ran())
    time.sleep(0.5)
    assert len(work.ran()) <= count + 1
    assert "patient third" not in work.ran()
