"""Ordered discs, their volumes, and to whom they were handed out."""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, delete, insert, select, update

from service.store.disc_models import DiscRow, DiscStudy, ReleaseRow, VolumeRow
from service.store.jobs import JobState, iso
from service.store.models import Base, Job
from service.store.narrowing import Asked, Keys, Page, found, one_of

DISCS, JOBS = (Base.metadata.tables[one.__tablename__] for one in (DiscRow, Job))
EVERY = Keys(DISCS, "id")


@dataclass(frozen=True, slots=True)
class NewDisc:
    """What is noted of a disc when it is ordered."""

    id: str
    ordered_by: str
    medium: str
    profile: str
    output: str
    patient_id: str = ""
    patient_name: str = ""
    patients: int = 0
    study_uids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VolumeRecord:
    """A finished, verified volume."""

    disc_id: str
    number: int
    file_set_id: str
    file_set_uid: str
    written: tuple[str, ...]
    instances: int
    size_bytes: int
    verified_at: str


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """A disc that was handed out."""

    id: int
    to_whom: str
    relation: str
    reason: str
    identified_by: str
    released_by: str
    released_at: str


@dataclass(frozen=True, slots=True)
class DiscRecord:
    """An ordered disc as the database knows it."""

    id: str
    state: JobState
    error: str
    ordered_at: str
    ordered_by: str
    medium: str
    profile: str
    output: str
    patient_id: str
    patient_name: str
    patients: int
    confirmed_by: str = ""
    study_uids: tuple[str, ...] = ()
    volumes: tuple[VolumeRecord, ...] = ()
    releases: tuple[ReleaseRecord, ...] = ()


class NoSuchDisc(Exception):
    """No disc has this id."""

    def __init__(self, disc_id: str) -> None:
        self.disc_id = disc_id
        super().__init__(f"no disc has the id {disc_id!r}")


def add(connection: Connection, disc: NewDisc) -> None:
    """Note a disc beside its job."""
    same = ("id", "ordered_by", "medium", "profile", "output", "patient_id", "patient_name", "patients")
    values = {name: getattr(disc, name) for name in same}
    connection.execute(insert(DiscRow).values(**values, ordered_at=_now()))
    rows = [{"disc_id": disc.id, "study_uid": uid} for uid in dict.fromkeys(disc.study_uids)]
    if rows:
        connection.execute(insert(DiscStudy), rows)


def confirm(connection: Connection, disc_id: str, who: str) -> None:
    """Note who said that a disc is meant for several patients."""
    connection.execute(update(DiscRow).where(DiscRow.id == disc_id).values(confirmed_by=who))


def note_patients(connection: Connection, disc_id: str, patient_id: str, patient_name: str, patients: int) -> None:
    """Note the first patient and how many there are, once all studies are here."""
    values = {"patient_id": patient_id, "patient_name": patient_name, "patients": patients}
    connection.execute(update(DiscRow).where(DiscRow.id == disc_id).values(**values))


def waits_for_second_person(connection: Connection, disc_id: str) -> bool:
    """Whether a disc holds several patients and nobody confirmed it."""
    several = (DiscRow.id == disc_id, DiscRow.patients > 1, DiscRow.confirmed_by == "")
    return connection.execute(select(DiscRow.id).where(*several)).first() is not None


def note_volumes(connection: Connection, disc_id: str, volumes: Iterable[dict[str, Any]]) -> None:
    """Note the volumes of a report; again gives the same. A disc that nobody noted has none."""
    if connection.execute(select(DiscRow.id).where(DiscRow.id == disc_id)).one_or_none() is None:
        return
    connection.execute(delete(VolumeRow).where(VolumeRow.disc_id == disc_id))
    same = ("number", "file_set_id", "file_set_uid", "instances", "size_bytes")
    for volume in volumes:
        values = {name: volume[name] for name in same} | {"written": json.dumps(volume["written"])}
        connection.execute(insert(VolumeRow).values(disc_id=disc_id, verified_at=_now(), **values))


def release(
    connection: Connection,
    disc_id: str,
    *,
    to_whom: str,
    relation: str,
    reason: str,
    identified_by: str,
    released_by: str,
) -> None:
    """Note that a disc was handed out."""
    values = {"to_whom": to_whom, "relation": relation, "reason": reason, "identified_by": identified_by}
    row = insert(ReleaseRow).values(disc_id=disc_id, released_by=released_by, released_at=_now(), **values)
    connection.execute(row)


def one(connection: Connection, disc_id: str) -> DiscRecord:
    """A disc with its studies, volumes and releases. Raises NoSuchDisc."""
    row = connection.execute(_all().where(DiscRow.id == disc_id)).one_or_none()
    if row is None:
        raise NoSuchDisc(disc_id)
    studies = select(DiscStudy.study_uid).where(DiscStudy.disc_id == disc_id).order_by(DiscStudy.study_uid)
    released = select(ReleaseRow.__table__).where(ReleaseRow.disc_id == disc_id).order_by(ReleaseRow.id)
    return _record(
        row,
        tuple(connection.execute(studies).scalars()),
        tuple(volumes(connection, disc_id)),
        tuple(_release(found) for found in connection.execute(released)),
    )


def listed(
    connection: Connection, before: str = "", limit: int = 50, state: str = "", patient_id: str = ""
) -> list[DiscRecord]:
    """Discs with a smaller id than `before` ('': the newest), newest first; ids are by time."""
    page = Page(limit, before or None)
    query = page.of(DISCS.c.id, _all())
    asked = []
    if state:
        asked.append(Asked((Keys(JOBS, "id", partial(_of_a_disc, state)),)))
    if patient_id:
        asked.append(one_of(DISCS, "patient_id", [patient_id], "id"))
    if asked:
        query = query.where(DISCS.c.id.in_(found(connection, EVERY, asked, page)))
    return [_record(row) for row in connection.execute(query)]


def _of_a_disc(state: str, jobs: FromClause) -> ColumnElement[bool]:
    return (jobs.c.state == state) & EVERY.has(jobs.c.id)


def these(connection: Connection, disc_ids: Sequence[str]) -> list[DiscRecord]:
    """The discs of these ids that are there."""
    return [_record(row) for row in connection.execute(_all().where(DiscRow.id.in_(list(disc_ids))))]


def with_studies(connection: Connection, study_uids: Sequence[str], limit: int = 5) -> list[DiscRecord]:
    """The newest discs that hold one of these studies, or are to hold it."""
    of = select(DiscStudy.disc_id).where(DiscStudy.study_uid.in_(list(study_uids)))
    query = _all().where(DiscRow.id.in_(of), Job.state.not_in([JobState.FAILED, JobState.CANCELLED]))
    return [_record(row) for row in connection.execute(query.order_by(DiscRow.id.desc()).limit(limit))]


def volumes(connection: Connection, disc_id: str = "", before: str = "", limit: int = 50) -> list[VolumeRecord]:
    """Volumes of one disc in order, or of all, newest disc first, after the key `before` (DISC/NUMBER)."""
    query = select(VolumeRow.__table__)
    if disc_id:
        query = query.where(VolumeRow.disc_id == disc_id).order_by(VolumeRow.number)
    else:
        query = query.order_by(VolumeRow.disc_id.desc(), VolumeRow.number.desc()).limit(limit)
        if before:
            disc, _, number = before.partition("/")
            same = (VolumeRow.disc_id == disc) & (VolumeRow.number < int(number or 0))
            query = query.where((VolumeRow.disc_id < disc) | same)
    return [_volume(row) for row in connection.execute(query)]


def _all() -> Select[Any]:
    return select(DiscRow.__table__, Job.state, Job.error).join(Job, Job.id == DiscRow.id)


def _record(
    row: Row[Any],
    study_uids: tuple[str, ...] = (),
    found: tuple[VolumeRecord, ...] = (),
    releases: tuple[ReleaseRecord, ...] = (),
) -> DiscRecord:
    return DiscRecord(
        id=row.id,
        state=JobState(row.state),
        error=row.error,
        ordered_at=iso(row.ordered_at),
        ordered_by=row.ordered_by,
        medium=row.medium,
        profile=row.profile,
        output=row.output,
        patient_id=row.patient_id,
        patient_name=row.patient_name,
        patients=row.patients,
        confirmed_by=row.confirmed_by,
        study_uids=study_uids,
        volumes=found,
        releases=releases,
    )


def _volume(row: Row[Any]) -> VolumeRecord:
    return VolumeRecord(
        row.disc_id,
        row.number,
        row.file_set_id,
        row.file_set_uid,
        tuple(json.loads(row.written)),
        row.instances,
        row.size_bytes,
        iso(row.verified_at),
    )


def _release(row: Row[Any]) -> ReleaseRecord:
    return ReleaseRecord(
        row.id, row.to_whom, row.relation, row.reason, row.identified_by, row.released_by, iso(row.released_at)
    )


def _now() -> int:
    return time.time_ns() // 1000
