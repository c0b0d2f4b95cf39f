"""Jobs and their steps: what state each is in, what comes next."""

import math
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, delete, func, select, update

from service.store.dialects import insert_on
from service.store.models import Executor, Job, JobStep, PrintRow


class JobState(StrEnum):
    """Where a job stands. From `answered` on it is never lost; the job engine has it from `queued` on."""

    ANSWERED = "answered"  # a print whose files still lie with their association
    UNCONFIRMED = "unconfirmed"  # a disc that waits for a second person (service.second_person)
    ORDERED = "ordered"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (JobState.ANSWERED, JobState.UNCONFIRMED, JobState.ORDERED, JobState.QUEUED, JobState.RUNNING)
ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of a job as it was last told."""

    number: int
    name: str
    state: str
    attempts: int
    unit: str
    done: int
    total: int
    error: str
    started_at: str
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job as the database knows it."""

    id: str
    kind: str
    state: JobState
    error: str
    request: str
    ordered_at: str
    changed_at: str
    priority: int = 0
    awaits: str = ""
    held: bool = False
    steps: tuple[StepRecord, ...] = ()


class NoSuchJob(Exception):
    """No job has this id."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"no job has the id {job_id!r}; expected one that `printmgr jobs list` shows")


def iso(microseconds: int) -> str:
    """A time of the database as ISO 8601 in UTC.

    >>> iso(1_700_000_000_000_000)
    '2023-11-14T22:13:20.000000+00:00'
    """
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat(timespec="microseconds")


def ordered(connection: Connection, kinds: Mapping[str, int], outside: Collection[str] = ()) -> list[tuple[str, str]]:
    """Jobs nobody has taken yet as (id, kind), the highest priority first, then in turns: one of each caller's prints.

    A caller of whom the engine has fewer comes first, then the oldest job: nobody's flood delays the others' films.

    kinds    how many of each kind the engine may have waiting: what waits here can still be put first
    outside  kinds whose jobs wait for things outside: of them the engine may have as many, those that run included,
             but not those that wait outside
    """
    found: list[tuple[str, str]] = []
    for kind, most in kinds.items():
        taken = Job.state == JobState.QUEUED
        if kind in outside:
            taken |= (Job.state == JobState.RUNNING) & (Job.awaits == "")
        room = most - int(connection.execute(select(func.count()).where(taken, Job.kind == kind)).scalar_one())
        if room > 0:
            found += _ordered(connection, kind, room)
    return found


def _ordered(connection: Connection, kind: str, limit: int) -> list[tuple[str, str]]:
    caller = func.coalesce(PrintRow.calling_ae, "")
    with_callers = select(caller.label("caller")).select_from(Job).outerjoin(PrintRow, PrintRow.id == Job.id)
    engine_has = Job.state.in_([JobState.QUEUED, JobState.RUNNING])
    taken = with_callers.add_columns(func.count().label("jobs")).where(engine_has, Job.kind == kind).group_by(caller)
    taken_by = taken.subquery()
    turn = func.row_number().over(partition_by=caller, order_by=(Job.priority.desc(), Job.ordered_at))
    query = (
        with_callers.with_only_columns(Job.id, Job.kind)
        .outerjoin(taken_by, taken_by.c.caller == caller)
        .where(Job.state == JobState.ORDERED, Job.kind == kind)
        .order_by(Job.priority.desc(), turn + func.coalesce(taken_by.c.jobs, 0), Job.ordered_at)
        .limit(limit)
    )
    return [(row.id, row.kind) for row in connection.execute(query)]


def move(connection: Connection, job_id: str, to: JobState, *, only_from: Iterable[JobState], error: str = "") -> bool:
    """Change a job's state if it is in one of `only_from`; whether it was."""
    change = (
        update(Job)
        .where(Job.id == job_id, Job.state.in_(list(only_from)))
        .values(state=to, error=error, changed_at=_now())
    )
    if to is JobState.CANCELLED:
        change = change.where(Job.held.is_(False))
    if to in ENDED:
        change = change.values(awaits="", held=False)
    return connection.execute(change).rowcount > 0


def hold(connection: Connection, job_id: str) -> bool:
    """Let a job not be cancelled from now on; False when it was."""
    change = update(Job).where(Job.id == job_id, Job.state.in_([JobState.QUEUED, JobState.RUNNING]))
    return connection.execute(change.values(held=True)).rowcount > 0


def note_wait(connection: Connection, job_id: str, awaits: str, held: bool = False) -> None:
    """What a job waits for outside, "" for nothing, and whether it can be cancelled meanwhile."""
    running = (Job.id == job_id, Job.state == JobState.RUNNING)
    connection.execute(update(Job).where(*running).values(awaits=awaits, held=held))


def set_priority(connection: Connection, job_id: str, priority: int) -> bool:
    """Give a waiting job a priority; False when it does not wait. Raises NoSuchJob."""
    state_of(connection, job_id)
    waiting = [JobState.ANSWERED, JobState.ORDERED]
    change = update(Job).where(Job.id == job_id, Job.state.in_(waiting))
    return connection.execute(change.values(priority=priority)).rowcount > 0


def state_of(connection: Connection, job_id: str) -> JobState:
    """Raises NoSuchJob."""
    state = connection.execute(select(Job.state).where(Job.id == job_id)).scalar_one_or_none()
    if state is None:
        raise NoSuchJob(job_id)
    return JobState(state)


def states_of(connection: Connection, job_ids: Iterable[str]) -> dict[str, tuple[JobState, str]]:
    """State and error of the jobs there are, by id."""
    query = select(Job.id, Job.state, Job.error).where(Job.id.in_(list(job_ids)))
    return {row.id: (JobState(row.state), row.error) for row in connection.execute(query)}


def request_of(connection: Connection, job_id: str) -> str:
    """What the job is to do, as it was given. Raises NoSuchJob."""
    request = connection.execute(select(Job.request).where(Job.id == job_id)).scalar_one_or_none()
    if request is None:
        raise NoSuchJob(job_id)
    return request


def unfinished(connection: Connection, silent_for_s: float) -> list[str]:
    """Jobs the engine has and nobody told anything of for so long."""
    silent = _now() - int(silent_for_s * 1e6)
    query = select(Job.id).where(Job.state.in_([JobState.QUEUED, JobState.RUNNING]), Job.changed_at < silent)
    return list(connection.execute(query).scalars())


def begin_step(connection: Connection, job_id: str, number: int, name: str) -> None:
    """A step starts, perhaps not for the first time."""
    now = _now()
    row = insert_on(connection, JobStep).values(
        job_id=job_id, number=number, name=name, state=JobState.RUNNING, attempts=1, started_at=now
    )
    again = {"name": name, "state": JobState.RUNNING, "attempts": JobStep.attempts + 1, "error": "", "ended_at": None}
    connection.execute(row.on_conflict_do_update(index_elements=["job_id", "number"], set_=again))
    connection.execute(
        update(Job)
        .where(Job.id == job_id, Job.state.in_([JobState.ORDERED, JobState.QUEUED, JobState.RUNNING]))
        .values(state=JobState.RUNNING, changed_at=now)
    )


def progress(connection: Connection, job_id: str, number: int, unit: str, done: int, total: int) -> None:
    """How far a step is."""
    step = update(JobStep).where(JobStep.job_id == job_id, JobStep.number == number)
    connection.execute(step.values(unit=unit, done=done, total=total))
    connection.execute(update(Job).where(Job.id == job_id).values(changed_at=_now()))


def end_step(connection: Connection, job_id: str, number: int, state: JobState, error: str = "") -> None:
    """A step ended, well or with an error."""
    step = update(JobStep).where(JobStep.job_id == job_id, JobStep.number == number)
    connection.execute(step.values(state=state, error=error, ended_at=_now()))


def one(connection: Connection, job_id: str) -> JobRecord:
    """A job with its steps. Raises NoSuchJob."""
    row = connection.execute(select(Job.__table__).where(Job.id == job_id)).one_or_none()
    if row is None:
        raise NoSuchJob(job_id)
    steps = connection.execute(select(JobStep.__table__).where(JobStep.job_id == job_id).order_by(JobStep.number)).all()
    return _record(row, steps)


def listed(
    connection: Connection, states: Iterable[str] = (), kind: str = "", limit: int = 50, after: str = ""
) -> list[JobRecord]:
    """Jobs with their steps, newest first; those ordered before the job `after`."""
    query = select(Job.__table__).order_by(Job.ordered_at.desc(), Job.id.desc()).limit(limit)
    if kind:
        query = query.where(Job.kind == kind)
    if after:
        at = select(Job.ordered_at).where(Job.id == after).scalar_subquery()
        query = query.where((Job.ordered_at <= at) & ((Job.ordered_at < at) | (Job.id < after)))
    queries = [query.where(Job.state == state) for state in states] or [query]  # each in its index's order
    rows = [row for one in queries for row in connection.execute(one)]
    rows = sorted(rows, key=lambda row: (row.ordered_at, row.id), reverse=True)[:limit]
    steps: dict[str, list[Row[tuple[object, ...]]]] = {row.id: [] for row in rows}
    query_steps = select(JobStep.__table__).where(JobStep.job_id.in_(list(steps))).order_by(JobStep.number)
    for step in connection.execute(query_steps):
        steps[step.job_id].append(step)
    return [_record(row, steps[row.id]) for row in rows]


def count(connection: Connection) -> dict[str, int]:
    """How many jobs are in each state."""
    return {
        row.state: row.n for row in connection.execute(select(Job.state, func.count().label("n")).group_by(Job.state))
    }


def waiting(connection: Connection) -> int:
    """How many jobs are not done yet."""
    return int(connection.execute(select(func.count()).where(Job.state.in_(OPEN))).scalar_one())


def last_beat_s(connection: Connection) -> float:
    """Seconds since any worker was heard of; without end when none ever was."""
    seen_at = connection.execute(select(func.max(Executor.seen_at))).scalar_one()
    return math.inf if seen_at is None else (_now() - int(seen_at)) / 1e6


def count_by_kind(connection: Connection) -> dict[tuple[str, str], int]:
    """How many jobs of each kind are in each state."""
    query = select(Job.kind, Job.state, func.count().label("n")).group_by(Job.kind, Job.state)
    return {(row.kind, row.state): row.n for row in connection.execute(query)}


def oldest_open(connection: Connection) -> int | None:
    """When the oldest job that is not done was ordered, in microseconds since 1970."""
    return connection.execute(select(func.min(Job.ordered_at)).where(Job.state.in_(OPEN))).scalar_one_or_none()


def with_steps(connection: Connection, microseconds: int) -> list[str]:
    """Jobs that ended before then and whose steps are still known."""
    query = select(Job.id).where(Job.state.in_(ENDED), Job.changed_at < microseconds)
    query = query.where(select(JobStep.number).where(JobStep.job_id == Job.id).exists())
    return list(connection.execute(query).scalars())


def delete_steps(connection: Connection, job_ids: Iterable[str]) -> None:
    connection.execute(delete(JobStep).where(JobStep.job_id.in_(list(job_ids))))


def beat(connection: Connection, executor: str, pid: int) -> None:
    """The worker in this slot lives."""
    row = insert_on(connection, Executor).values(id=executor, pid=pid, seen_at=_now())
    connection.execute(
        row.on_conflict_do_update(
            index_elements=["id"], set_={"pid": row.excluded.pid, "seen_at": row.excluded.seen_at}
        )
    )


def silent_executors(connection: Connection, silent_for_s: float) -> list[str]:
    """Slots nobody was heard in for so long."""
    return list(
        connection.execute(select(Executor.id).where(Executor.seen_at < _now() - int(silent_for_s * 1e6))).scalars()
    )


def living_executors(connection: Connection, silent_for_s: float) -> list[str]:
    """Slots somebody was heard in since."""
    seen = Executor.seen_at >= _now() - int(silent_for_s * 1e6)
    return list(connection.execute(select(Executor.id).where(seen).order_by(Executor.id)).scalars())


def forget_executor(connection: Connection, executor: str) -> None:
    connection.execute(delete(Executor).where(Executor.id == executor))


def _record(row: Row[tuple[object, ...]], steps: Iterable[Row[tuple[object, ...]]]) -> JobRecord:
    return JobRecord(
        id=row.id,
        kind=row.kind,
        state=JobState(row.state),
        error=row.error,
        request=row.request,
        ordered_at=iso(row.ordered_at),
        changed_at=iso(row.changed_at),
        priority=row.priority,
        awaits=row.awaits,
        held=row.held,
        steps=tuple(_step(step) for step in steps),
    )


def _step(row: Row[tuple[object, ...]]) -> StepRecord:
    ended = None if row.ended_at is None else iso(row.ended_at)
    return StepRecord(
        number=row.number,
        name=row.name,
        state=row.state,
        attempts=row.attempts,
        unit=row.unit,
        done=row.done,
        total=row.total,
        error=row.error,
        started_at=iso(row.started_at),
        ended_at=ended,
    )


def _now() -> int:
    return time.time_ns() // 1000
