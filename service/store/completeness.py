"""When a study is complete: by quiet time, by its procedure steps, or by count."""

import time
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from media.studies import ProcedureStep, Sender, StepStatus, StudyState
from service.store.study_models import InstanceRow, StepInstance, StepRow, StepStudy, StudyRow


class CompleteBy(StrEnum):
    """What makes a study complete."""

    QUIET = "quiet"
    MPPS = "mpps"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Rule:
    """As the settings say it. Quiet time ends every study, as incomplete when something announced has not come."""

    by: CompleteBy = CompleteBy.QUIET
    quiet_s: float = 120.0
    count: int = 0  # instances that every study has, for CompleteBy.COUNT; 0: only where it was announced


@dataclass(frozen=True, slots=True)
class Settled:
    """A study that arrives no more."""

    uid: str
    state: StudyState
    by: CompleteBy
    instances: int


def settle(connection: Connection, rule: Rule, now: float) -> tuple[list[Settled], float | None]:
    """End what arrives no more at the time `now`, seconds since 1970; and when to look again.

    None: not before something has changed.
    """
    query = select(StudyRow.id, StudyRow.uid, StudyRow.instances, StudyRow.expected, StudyRow.last_at)
    settled: list[Settled] = []
    look_at: float | None = None
    for row in connection.execute(query.where(StudyRow.state == StudyState.ARRIVING)).all():
        quiet_at = row.last_at / 1e6 + rule.quiet_s
        ended = _ended(connection, row, rule, quiet=quiet_at <= now)
        if ended is None:
            look_at = quiet_at if look_at is None else min(look_at, quiet_at)
            continue
        settled.append(Settled(row.uid, *ended, row.instances))
        values = {"state": ended[0], "completed_by": ended[1]}
        unchanged = (StudyRow.last_at == row.last_at, StudyRow.state == StudyState.ARRIVING)
        connection.execute(update(StudyRow).where(StudyRow.id == row.id, *unchanged).values(values))
    return settled, look_at


def _ended(
    connection: Connection, row: Row[int, str, int, int | None, int], rule: Rule, *, quiet: bool
) -> tuple[StudyState, CompleteBy] | None:
    """How a study that arrives has ended; None when it goes on."""
    whole = None  # whether all that was announced is there; None: nothing was announced
    if rule.by is CompleteBy.MPPS:
        whole = _all_performed(connection, row.uid)
    elif rule.by is CompleteBy.COUNT and (expected := row.expected or rule.count):
        whole = row.instances >= expected
    if whole:
        return StudyState.COMPLETE, rule.by
    if not quiet:
        return None
    return (StudyState.COMPLETE if whole is None else StudyState.INCOMPLETE), CompleteBy.QUIET


def proof(connection: Connection, study_uid: str) -> str:
    """What says that all of a study is there: user, mpps or count; "" when nothing does."""
    query = select(StudyRow.completed_by, StudyRow.expected, StudyRow.instances)
    row = connection.execute(query.where(StudyRow.uid == study_uid)).one_or_none()
    if row is None:
        return ""
    if row.completed_by == "user":
        return "user"
    performed = _all_performed(connection, study_uid)
    if performed is not None:
        return CompleteBy.MPPS if performed else ""
    return CompleteBy.COUNT if row.expected and row.instances >= row.expected else ""


def _all_performed(connection: Connection, study_uid: str) -> bool | None:
    """Whether the study's procedure steps have ended and all their instances are there; None without steps."""
    steps = select(StepRow.uid, StepRow.status).join(StepStudy, StepStudy.step_uid == StepRow.uid)
    found = connection.execute(steps.where(StepStudy.study_uid == study_uid)).all()
    if not found:
        return None
    if any(step.status == StepStatus.IN_PROGRESS for step in found):
        return False
    there = select(InstanceRow.id).where(InstanceRow.sop_instance_uid == StepInstance.sop_instance_uid)
    missing = select(func.count()).where(StepInstance.step_uid.in_([step.uid for step in found]), ~there.exists())
    return connection.execute(missing).scalar_one() == 0


def begin_step(connection: Connection, step: ProcedureStep, sender: Sender) -> bool:
    """False when the step is known already."""
    if connection.execute(select(StepRow.uid).where(StepRow.uid == step.uid)).first():
        return False
    now = time.time_ns() // 1000
    values = {"uid": step.uid, "status": step.status, "calling_ae": sender.calling_ae}
    connection.execute(insert(StepRow).values(**values, created_at=now, changed_at=now))
    connection.execute(insert(StepStudy), [{"step_uid": step.uid, "study_uid": uid} for uid in step.study_uids])
    _look_again(connection, step)
    return True


def step(connection: Connection, uid: str) -> ProcedureStep | None:
    """What is known of a step."""
    status = connection.execute(select(StepRow.status).where(StepRow.uid == uid)).scalar_one_or_none()
    if status is None:
        return None
    studies = connection.execute(select(StepStudy.study_uid).where(StepStudy.step_uid == uid)).scalars()
    instances = connection.execute(select(StepInstance.sop_instance_uid).where(StepInstance.step_uid == uid)).scalars()
    return ProcedureStep(uid, StepStatus(status), tuple(studies), tuple(instances))


def change_step(connection: Connection, step: ProcedureStep) -> None:
    """What a step has become; its studies are looked at again."""
    values = {"status": step.status, "changed_at": time.time_ns() // 1000}
    connection.execute(update(StepRow).where(StepRow.uid == step.uid).values(values))
    connection.execute(delete(StepInstance).where(StepInstance.step_uid == step.uid))
    if step.instance_uids:
        rows = [{"step_uid": step.uid, "sop_instance_uid": uid} for uid in dict.fromkeys(step.instance_uids)]
        connection.execute(insert(StepInstance), rows)
    _look_again(connection, step)


def forget_steps(connection: Connection, microseconds: int) -> None:
    """Delete steps that did not change since then."""
    connection.execute(delete(StepRow).where(StepRow.changed_at < microseconds))


def _look_again(connection: Connection, step: ProcedureStep) -> None:
    change = update(StudyRow).where(StudyRow.uid.in_(step.study_uids), StudyRow.completed_by != "user")
    connection.execute(change.values(state=StudyState.ARRIVING, completed_by=""))
