"""The job engine: queues, durable steps, progress, cancel, retry, recovery. The only importer of dbos.

The database's rows say what is to be done and how far it is; the engine decides who does it and never does a finished
step again. A step may run twice: same input, same files, same bytes.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from dbos import DBOS, DBOSClient, SetWorkflowID
from dbos import error as engine_error

from printmgr.errors import ResourceLimit
from service.job_events import JobChange
from service.steps import JobKind, Progress, Step
from service.store import jobs
from service.store.changes import Watch
from service.store.engine import Store, engine_for_jobs
from service.store.jobs import JobState

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger(__name__)

APPLICATION = "printmgr"
APPLICATION_VERSION = "1"  # fixed: with a version of its own each upgrade would strand the jobs of the last one
P = ParamSpec("P")
POLL_S = 0.25  # each look costs four statements a queue: at 0.1 s an idle worker took 9 % of a core
LOOK_ANYWAY_S = 5.0  # for new jobs though nothing changed
BEAT_S = 15.0
SILENT_S = 60.0  # an executor not heard of for so long is dead
LONGEST_WAIT_S = 30.0
CANCELLED_S = 1.0  # what is cancelled while it waits is given up so soon
STUCK_S = 900.0  # a job not heard of for so long is worth a warning
PROGRESS_S = 0.5
AHEAD = 4  # jobs of a kind that the engine has waiting for each that runs; the others can still be put first
NOT_BEGUN = (JobState.ANSWERED, JobState.UNCONFIRMED, JobState.ORDERED)  # the engine does not know them
FROM_THE_START = {"disc"}  # kinds whose retry reads its sources anew; finished steps find their files and do nothing


class StepFailed(Exception):
    """A step's error as the engine keeps it; `again` when another attempt may help."""

    def __init__(self, text: str, again: bool = False) -> None:
        super().__init__(text, again)
        self.text, self.again = text, again

    def __str__(self) -> str:
        return self.text


class NotNow(Exception):
    """The job's state does not allow what was asked."""


class EndedAlready(NotNow):
    """The job has ended."""


class Engine:
    """The engine of one worker process."""

    def __init__(
        self,
        store: Store,
        kinds: Sequence[JobKind],
        executor: str,
        beat_s: float = BEAT_S,
        told: Callable[[JobChange], None] = lambda change: None,
    ) -> None:
        """`told` is called when a job has begun or ended, after the database has it."""
        self._store = store
        self._told = told
        self._beat_s = beat_s
        self._kinds = {kind.name: kind for kind in kinds}
        self._executor = executor
        self._workflows = {kind.name: self._register(kind) for kind in kinds}
        self._stopping = threading.Event()
        self._running = 0
        self._ended = threading.Condition()

    def start(self) -> None:
        """Take up what is unfinished and what is new."""
        DBOS(
            config={
                "name": APPLICATION,
                "application_version": APPLICATION_VERSION,
                "executor_id": self._executor,
                "system_database_engine": engine_for_jobs(self._store.url),
                "system_database_url": self._store.url,
                "log_level": "WARNING",
            }
        )
        DBOS.listen_queues(list(self._kinds))
        DBOS.launch()
        for kind in self._kinds.values():
            DBOS.register_queue(
                kind.name,
                worker_concurrency=kind.concurrency + kind.outside,
                polling_interval_sec=POLL_S,
                on_conflict="always_update",
            )
        self._beat()
        threading.Thread(target=self._dispatch_loop, name="dispatch", daemon=True).start()
        threading.Thread(target=self._watch_loop, name="watch", daemon=True).start()

    def stop(self, timeout_s: float) -> bool:
        """Start no further step and wait for those that run; whether they ended. The process is to end then.

        What is unfinished goes on at the next start, from its last finished step.
        """
        self._stopping.set()
        with self._ended:
            return self._ended.wait_for(lambda: self._running == 0, timeout_s)

    def forget(self, job_ids: Sequence[str]) -> None:
        """Delete what the engine kept of ended jobs."""
        DBOS.delete_workflows(list(job_ids))

    # A job

    def _register(self, kind: JobKind) -> Callable[[str], None]:
        def job(job_id: str) -> None:
            try:
                self._do(kind, job_id)
            except StepFailed:
                raise
            except Exception:
                # The engine could not write down what it did, as on a full disk. A new process recovers the job.
                log.critical("job %s cannot go on in this process; ending it", job_id, exc_info=True)
                os._exit(os.EX_TEMPFAIL)

        job.__qualname__ = job.__name__ = kind.name
        return DBOS.workflow(name=kind.name)(job)

    def _do(self, kind: JobKind, job_id: str) -> None:
        """Run a job's steps; an error of a step, or of an order that cannot be read, ends this job alone."""
        try:
            for number, step in enumerate(_steps(kind, job_id), start=1):
                self._durably(job_id, number, step)
        except (StepFailed, engine_error.DBOSMaxStepRetriesExceeded) as error:
            self._finish(job_id, JobState.FAILED, _text(error))
            raise StepFailed(_text(error)) from None
        self._finish(job_id, JobState.DONE)

    def _durably(self, job_id: str, number: int, step: Step) -> None:
        if self._stopping.is_set():
            threading.Event().wait()  # the process is about to end; the job goes on in the next one
        DBOS.run_step(
            {
                "name": step.name,
                "retries_allowed": step.attempts > 1,
                "max_attempts": max(step.attempts, 2),
                "interval_seconds": step.wait_s,
                "backoff_rate": 2.0,
                "should_retry": lambda error: isinstance(error, StepFailed) and error.again,
            },
            self._run,
            job_id,
            number,
            step,
        )

    def _run(self, job_id: str, number: int, step: Step) -> None:
        with self._ended:
            self._running += 1
        started = time.monotonic()
        try:
            self._tell(jobs.begin_step, job_id, number, step.name)
            if number == 1:
                self._told(JobChange(job_id, JobState.RUNNING))
            self._patiently(job_id, number, step)
            self._tell(jobs.end_step, job_id, number, JobState.DONE)
        except Exception as error:
            log.warning("job %s, %s: %s", job_id, step.name, error)
            self._tell(jobs.end_step, job_id, number, JobState.FAILED, str(error))
            raise StepFailed(f"{step.name}: {_text(error)}", isinstance(error, step.worth_retrying)) from error
        finally:
            with self._ended:
                self._running -= 1
                self._ended.notify_all()
        log.info("job %s, %s: done in %.0f ms", job_id, step.name, (time.monotonic() - started) * 1000)

    def _patiently(self, job_id: str, number: int, step: Step) -> None:
        """Run a step; what it waits for, such as room on the disk, it waits for until it is cancelled."""
        wait_s = step.wait_s
        while True:
            try:
                return step.run(self._progress_of(job_id, number))
            except step.waits_for as error:
                self._rest_when_stopping()
                log.warning("job %s, %s waits: %s", job_id, step.name, error)
                self._tell(jobs.end_step, job_id, number, JobState.FAILED, str(error))
                if self._cancelled_within(job_id, wait_s):
                    step.given_up()
                    raise
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)
                self._tell(jobs.begin_step, job_id, number, step.name)

    def _cancelled_within(self, job_id: str, seconds: float) -> bool:
        """Wait so long; whether the job was cancelled."""
        until = time.monotonic() + seconds
        while not (cancelled := self._is_cancelled(job_id)) and (left := until - time.monotonic()) > 0:
            if self._stopping.wait(min(left, CANCELLED_S)):
                break
        return cancelled

    def _rest_when_stopping(self) -> None:
        """Let the process end around a step that waits: the next one runs it again."""
        if self._stopping.is_set():
            with self._ended:
                self._running -= 1
                self._ended.notify_all()
            threading.Event().wait()

    def _is_cancelled(self, job_id: str) -> bool:
        with self._store.read() as connection:
            return jobs.state_of(connection, job_id) is JobState.CANCELLED

    def _progress_of(self, job_id: str, number: int) -> Progress:
        told = 0.0

        def tell(unit: str, done: int, total: int) -> None:
            nonlocal told
            if done < total and time.monotonic() - told < PROGRESS_S:
                return
            told = time.monotonic()
            self._tell(jobs.progress, job_id, number, unit, done, total)

        return tell

    def _tell(self, what: Callable[Concatenate["Connection", P], None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Write down how far a step is; without room or a turn for it nobody learns it, and the step goes on."""
        try:
            with self._store.write() as connection:
                what(connection, *args, **kwargs)
        except ResourceLimit as error:
            log.warning("job %s: %s", args[0], error)

    def _finish(self, job_id: str, state: JobState, error: str = "") -> None:
        was = (*jobs.OPEN, JobState.CANCELLED) if state is JobState.DONE else jobs.OPEN
        with self._store.write() as connection:
            jobs.move(connection, job_id, state, only_from=was, error=error)
        self._told(JobChange(job_id, state, error))
        if error:
            log.error("job %s failed: %s", job_id, error)

    # The loops

    def _dispatch_loop(self) -> None:
        """Look for new jobs when anything changed; now and then anyway: that a worker has gone changes nothing."""
        while not self._stopping.is_set():
            try:
                with closing(Watch(self._store)) as watch:
                    for _ in watch.changes(self._stopping, POLL_S, LOOK_ANYWAY_S):
                        self._dispatch()
            except Exception:
                log.exception("cannot take up new jobs; trying again")
                self._stopping.wait(self._beat_s)

    def _dispatch(self) -> None:
        """Hand the promised jobs to the engine, which takes each id once, however often it is offered."""
        with self._store.read() as connection:
            workers = max(len(jobs.living_executors(connection, SILENT_S)), 1)
            room = {kind.name: kind.concurrency * (workers if kind.outside else AHEAD) for kind in self._kinds.values()}
            waiting = jobs.ordered(connection, room, [kind.name for kind in self._kinds.values() if kind.outside])
        for job_id, kind in waiting:
            if self._stopping.is_set():
                return
            with SetWorkflowID(job_id):
                DBOS.enqueue_workflow(kind, self._workflows[kind], job_id)
            with self._store.write() as connection:
                taken = jobs.move(connection, job_id, JobState.QUEUED, only_from=[JobState.ORDERED])
                cancelled = not taken and jobs.state_of(connection, job_id) is JobState.CANCELLED
            if cancelled:
                DBOS.cancel_workflow(job_id)

    def _watch_loop(self) -> None:
        while not self._stopping.wait(self._beat_s):
            try:
                self._beat()
                self._recover_silent()
                self._reconcile()
            except Exception:
                log.exception("the watchdog stumbled; trying again")

    def _beat(self) -> None:
        with self._store.write() as connection:
            jobs.beat(connection, self._executor, os.getpid())

    def _recover_silent(self) -> None:
        """Take over from executors that are dead: the open engine does not notice by itself."""
        with self._store.read() as connection:
            silent = jobs.silent_executors(connection, SILENT_S)
        for executor in silent:
            if executor == self._executor:
                continue
            log.warning("executor %s is silent; taking over its jobs", executor)
            DBOS._recover_pending_workflows([executor])  # the engine's only door to recovery while running
            with self._store.write() as connection:
                jobs.forget_executor(connection, executor)

    def _reconcile(self) -> None:
        """Where database and engine disagree about a job that nobody tells of, the engine is right."""
        with self._store.read() as connection:
            quiet = jobs.unfinished(connection, SILENT_S)
            stuck = set(jobs.unfinished(connection, STUCK_S))
        for job_id in quiet:
            status = DBOS.get_workflow_status(job_id)
            state = _STATES.get(status.status if status else "")
            if state is not None:
                with self._store.write() as connection:
                    jobs.move(
                        connection, job_id, state, only_from=[JobState.QUEUED, JobState.RUNNING], error="recovered"
                    )
            elif job_id in stuck:
                log.warning("job %s has not moved for %.0f minutes", job_id, STUCK_S / 60)


def _steps(kind: JobKind, job_id: str) -> Sequence[Step]:
    try:
        return kind.steps(job_id)
    except Exception as error:
        raise StepFailed(_text(error)) from error


_STATES = {
    "": JobState.ORDERED,  # the engine does not know it: offer it again
    "SUCCESS": JobState.DONE,
    "ERROR": JobState.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": JobState.FAILED,
    "CANCELLED": JobState.CANCELLED,
}


def cancel(store: Store, job_id: str) -> None:
    """Let a job not go on; a step that runs ends first. Raises NoSuchJob, EndedAlready, NotNow for one that is held."""
    with store.write() as connection:
        state = jobs.state_of(connection, job_id)
        if state in jobs.ENDED:
            raise EndedAlready(f"job {job_id} is {state} already")
        if jobs.move(connection, job_id, JobState.CANCELLED, only_from=[*NOT_BEGUN]):
            return
        if not jobs.move(connection, job_id, JobState.CANCELLED, only_from=jobs.OPEN):
            raise NotNow(f"job {job_id} is in progress and cannot be interrupted: its medium is being made")
    client = DBOSClient(system_database_engine=engine_for_jobs(store.url))
    try:
        client.cancel_workflow(job_id)
        status = client.retrieve_workflow(job_id).get_status().status
    finally:
        client.destroy()
    if status not in ("CANCELLED", "ERROR"):
        raise EndedAlready(f"job {job_id} ended before it could be cancelled")


def retry(store: Store, job_id: str) -> None:
    """Let a failed or cancelled job go on at the step that did not end. Raises NoSuchJob, NotNow."""
    with store.write() as connection:
        kind = jobs.one(connection, job_id).kind
        if not jobs.move(connection, job_id, JobState.QUEUED, only_from=[JobState.FAILED, JobState.CANCELLED]):
            state = jobs.state_of(connection, job_id)
            raise NotNow(f"job {job_id} is {state}; expected a failed or cancelled one")
    client = DBOSClient(system_database_engine=engine_for_jobs(store.url))
    try:
        _go_on(client, job_id, kind)
    except engine_error.DBOSNonExistentWorkflowError:
        with store.write() as connection:
            jobs.move(connection, job_id, JobState.ORDERED, only_from=[JobState.QUEUED])
    finally:
        client.destroy()


def _go_on(client: DBOSClient, job_id: str, queue: str) -> None:
    status = client.retrieve_workflow(job_id).get_status().status
    if status == "ERROR":
        failed = [step["function_id"] for step in client.list_workflow_steps(job_id) if step["error"] is not None]
        start = 1 if queue in FROM_THE_START else min(failed, default=1)
        client.rewind_workflow(job_id, start_step=start, queue_name=queue)
    else:
        client.resume_workflow(job_id, queue_name=queue)


def _text(error: BaseException) -> str:
    """What went wrong, for people."""
    if isinstance(error, engine_error.DBOSMaxStepRetriesExceeded):
        return f"{error.errors[-1]} (tried {error.max_retries} times)"
    if isinstance(error, StepFailed | engine_error.DBOSException):
        return str(error)
    return f"{error}" if str(error) else type(error).__name__
