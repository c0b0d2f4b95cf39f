"""What rules have ordered of which study, and how far: a later instance is of a supplementary disc."""

import time
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from media.studies import StudyState
from service.store.completeness import proof
from service.store.disc_models import RuleDiscRow, RuleWaitRow
from service.store.jobs import iso
from service.store.study_models import InstanceRow, SeriesRow, StudyRow


@dataclass(frozen=True, slots=True)
class CompleteStudy:
    """A study that has ended as complete."""

    uid: str
    calling_ae: str
    last_at: int
    completed_by: str


def complete(connection: Connection) -> list[CompleteStudy]:
    """Studies of which no more is awaited."""
    query = select(StudyRow.uid, StudyRow.calling_ae, StudyRow.last_at, StudyRow.completed_by)
    rows = connection.execute(query.where(StudyRow.state == StudyState.COMPLETE).order_by(StudyRow.id))
    return [CompleteStudy(*row) for row in rows]


def proof_of(connection: Connection, study_uid: str) -> str:
    """How it is known that all of a study is there, "" when it is only quiet."""
    return proof(connection, study_uid)


def done_up_to(connection: Connection, rule: str, study_uid: str) -> int:
    """The last instance that a disc of this rule has; 0: there is none."""
    query = select(func.max(RuleDiscRow.last_instance))
    found = connection.execute(query.where(RuleDiscRow.rule == rule, RuleDiscRow.study_uid == study_uid))
    return found.scalar_one() or 0


def instances_after(connection: Connection, study_uid: str, last: int) -> list[tuple[int, str, str]]:
    """Instances that came after `last`: number, file, modality."""
    query = (
        select(InstanceRow.id, InstanceRow.file, SeriesRow.modality)
        .join(SeriesRow, SeriesRow.id == InstanceRow.series_id)
        .join(StudyRow, StudyRow.id == SeriesRow.study_id)
        .where(StudyRow.uid == study_uid, InstanceRow.id > last)
        .order_by(InstanceRow.id)
    )
    return [(row.id, row.file, row.modality) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A study that is held back; `since` is ISO 8601 in UTC."""

    rule: str
    study_uid: str
    reason: str
    since: str


def hold_back(connection: Connection, rule: str, study_uid: str, reason: str) -> bool:
    """Note why a study is held back; False when that was known."""
    row = (RuleWaitRow.rule == rule, RuleWaitRow.study_uid == study_uid)
    known = connection.execute(select(RuleWaitRow.reason).where(*row)).scalar_one_or_none()
    if known == reason:
        return False
    if known is None:
        now = time.time_ns() // 1000
        connection.execute(insert(RuleWaitRow).values(rule=rule, study_uid=study_uid, reason=reason, since=now))
    else:
        connection.execute(update(RuleWaitRow).where(*row).values(reason=reason))
    return True


def let_go(connection: Connection, rule: str, study_uid: str) -> None:
    """The study is not held back any more."""
    connection.execute(delete(RuleWaitRow).where(RuleWaitRow.rule == rule, RuleWaitRow.study_uid == study_uid))


def waiting(connection: Connection) -> list[Waiting]:
    """What is held back, the longest first."""
    rows = connection.execute(select(RuleWaitRow.__table__).order_by(RuleWaitRow.since))
    return [Waiting(row.rule, row.study_uid, row.reason, iso(row.since)) for row in rows]


def held(connection: Connection, study_uid: str) -> list[str]:
    """The SOP Instance UIDs of a study that are here."""
    query = select(InstanceRow.sop_instance_uid).join(SeriesRow, SeriesRow.id == InstanceRow.series_id)
    query = query.join(StudyRow, StudyRow.id == SeriesRow.study_id).where(StudyRow.uid == study_uid)
    return list(connection.execute(query).scalars())


def add(connection: Connection, rule: str, study_uid: str, last: int, disc_id: str, proof: str) -> None:
    """Note a disc beside its job."""
    values = {"rule": rule, "study_uid": study_uid, "last_instance": last, "disc_id": disc_id, "proof": proof}
    connection.execute(insert(RuleDiscRow).values(**values))
