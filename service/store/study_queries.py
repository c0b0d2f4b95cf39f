"""Questions about received studies, and their removal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, delete, func, select, update

from media.studies import StudyState
from service.store.disc_models import RuleDiscRow
from service.store.jobs import iso
from service.store.study_models import InstanceRow, SeriesRow, StudyRow

MOST_PARAMETERS = 500
_SAME = [
    "uid",
    "patient_id",
    "patient_name",
    "birth_date",
    "sex",
    "date",
    "time",
    "study_id",
    "accession_number",
    "description",
    "calling_ae",
    "completed_by",
    "expected",
    "instances",
    "conflicts",
    "other_patients",
    "size_bytes",
]


class NoSuchStudy(Exception):
    """No instance of this study is there."""

    def __init__(self, study_uid: str) -> None:
        self.study_uid = study_uid
        super().__init__(f"no study {study_uid!r} was received; expected one that `printmgr study list` shows")


@dataclass(frozen=True, slots=True)
class SeriesRecord:
    """One series of a study."""

    uid: str
    number: str
    modality: str
    description: str
    instances: int


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """One study as the database knows it."""

    uid: str
    patient_id: str
    patient_name: str
    birth_date: str
    sex: str
    date: str
    time: str
    study_id: str
    accession_number: str
    description: str
    calling_ae: str
    state: StudyState
    completed_by: str
    expected: int | None
    instances: int
    conflicts: int
    other_patients: int
    size_bytes: int
    first_at: str
    last_at: str
    series: tuple[SeriesRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldFile:
    """An instance and its file."""

    sop_instance_uid: str
    sop_class_uid: str
    file: str
    size_bytes: int


def state(connection: Connection, study_uid: str) -> StudyState | None:
    """None when nothing of the study was received."""
    found = connection.execute(select(StudyRow.state).where(StudyRow.uid == study_uid)).scalar_one_or_none()
    return None if found is None else StudyState(found)


def files(connection: Connection, study_uid: str) -> list[HeldFile]:
    """The files of a study, those of one UID with other bytes too, in the order they came."""
    query = (
        select(InstanceRow.sop_instance_uid, InstanceRow.sop_class_uid, InstanceRow.file, InstanceRow.size_bytes)
        .join(SeriesRow, SeriesRow.id == InstanceRow.series_id)
        .join(StudyRow, StudyRow.id == SeriesRow.study_id)
        .where(StudyRow.uid == study_uid)
        .order_by(InstanceRow.id)
    )
    return [HeldFile(*row) for row in connection.execute(query)]


def held(connection: Connection, sop_instance_uids: Sequence[str]) -> list[HeldFile]:
    """The first file of each of these instances that is there."""
    found = []
    for at in range(0, len(sop_instance_uids), MOST_PARAMETERS):
        some = sop_instance_uids[at : at + MOST_PARAMETERS]
        query = select(
            InstanceRow.sop_instance_uid, InstanceRow.sop_class_uid, InstanceRow.file, InstanceRow.size_bytes
        ).where(InstanceRow.sop_instance_uid.in_(some), InstanceRow.copy == 0)
        found += [HeldFile(*row) for row in connection.execute(query)]
    return found


def studies_of(connection: Connection, sop_instance_uids: Sequence[str]) -> list[str]:
    """The studies that have these instances."""
    found: dict[str, None] = {}
    for at in range(0, len(sop_instance_uids), MOST_PARAMETERS):
        query = (
            select(StudyRow.uid)
            .distinct()
            .join(SeriesRow, SeriesRow.study_id == StudyRow.id)
            .join(InstanceRow, InstanceRow.series_id == SeriesRow.id)
            .where(InstanceRow.sop_instance_uid.in_(sop_instance_uids[at : at + MOST_PARAMETERS]))
        )
        found |= dict.fromkeys(connection.execute(query).scalars())
    return list(found)


def files_below(connection: Connection, folder: str) -> set[str]:
    """The files the catalogue has in a folder of the inbox."""
    query = select(InstanceRow.file).where(InstanceRow.file >= f"{folder}/", InstanceRow.file < f"{folder}0")
    return set(connection.execute(query).scalars())


def one(connection: Connection, study_uid: str) -> StudyRecord:
    """A study with its series. Raises NoSuchStudy."""
    row = connection.execute(select(StudyRow.__table__).where(StudyRow.uid == study_uid)).one_or_none()
    if row is None:
        raise NoSuchStudy(study_uid)
    query = select(SeriesRow.__table__).where(SeriesRow.study_id == row.id).order_by(SeriesRow.id)
    series = [
        SeriesRecord(one.uid, one.number, one.modality, one.description, one.instances)
        for one in connection.execute(query)
    ]
    return recorded(row, tuple(series))


def these(connection: Connection, study_uids: Sequence[str]) -> list[StudyRecord]:
    """The studies of these UIDs that are there, in their order, without series."""
    query = select(StudyRow.__table__).where(StudyRow.uid.in_(list(study_uids)))
    there = {row.uid: recorded(row) for row in connection.execute(query)}
    return [there[uid] for uid in study_uids if uid in there]


def series_of(connection: Connection, study_uids: Sequence[str]) -> dict[str, list[SeriesRecord]]:
    """The series of these studies."""
    query = (
        select(StudyRow.uid.label("study_uid"), SeriesRow.__table__)
        .join(StudyRow, StudyRow.id == SeriesRow.study_id)
        .where(StudyRow.uid.in_(list(study_uids)))
        .order_by(SeriesRow.id)
    )
    found: dict[str, list[SeriesRecord]] = {uid: [] for uid in study_uids}
    for row in connection.execute(query):
        one = SeriesRecord(row.uid, row.number, row.modality, row.description, row.instances)
        found[row.study_uid].append(one)
    return found


def listed(connection: Connection, states: Iterable[str] = (), limit: int = 50) -> list[StudyRecord]:
    """Studies without their series, the last to receive something first."""
    query = select(StudyRow.__table__).order_by(StudyRow.last_at.desc()).limit(limit)
    if wanted := list(states):
        query = query.where(StudyRow.state.in_(wanted))
    return [recorded(row) for row in connection.execute(query)]


def count(connection: Connection) -> dict[str, int]:
    """How many studies are in each state."""
    rows = connection.execute(select(StudyRow.state, func.count().label("n")).group_by(StudyRow.state))
    return {row.state: row.n for row in rows}


def declare_complete(connection: Connection, study_uid: str) -> None:
    """Somebody says that all of the study is there. Raises NoSuchStudy."""
    change = update(StudyRow).where(StudyRow.uid == study_uid)
    if not connection.execute(change.values(state=StudyState.COMPLETE, completed_by="user")).rowcount:
        raise NoSuchStudy(study_uid)


def fetched(connection: Connection, study_uid: str, instances: int) -> None:
    """All that an archive has of the study is there. Raises NoSuchStudy."""
    change = update(StudyRow).where(StudyRow.uid == study_uid)
    values = {"state": StudyState.COMPLETE, "completed_by": "archive", "expected": instances}
    if not connection.execute(change.values(**values)).rowcount:
        raise NoSuchStudy(study_uid)


def expect(connection: Connection, study_uid: str, instances: int) -> None:
    """Somebody announces how many instances the study has. Raises NoSuchStudy."""
    change = update(StudyRow).where(StudyRow.uid == study_uid)
    if not connection.execute(change.values(expected=instances, state=StudyState.ARRIVING)).rowcount:
        raise NoSuchStudy(study_uid)


def untouched_since(connection: Connection, microseconds: int, study_uid: str = "") -> list[str]:
    """Studies that received nothing since then; all of them, or that one."""
    query = select(StudyRow.uid).where(StudyRow.last_at < microseconds)
    return list(connection.execute(query.where(StudyRow.uid == study_uid) if study_uid else query).scalars())


def remove(connection: Connection, study_uid: str) -> None:
    """Delete a study with its series and instances; sent again it is a new one to the rules."""
    connection.execute(delete(RuleDiscRow).where(RuleDiscRow.study_uid == study_uid))
    connection.execute(delete(StudyRow).where(StudyRow.uid == study_uid))


def recorded(row: Row[tuple[object, ...]], series: tuple[SeriesRecord, ...] = ()) -> StudyRecord:
    """A row of the studies."""
    values = {name: getattr(row, name) for name in _SAME}
    return StudyRecord(
        **values, state=StudyState(row.state), first_at=iso(row.first_at), last_at=iso(row.last_at), series=series
    )


def of_station(connection: Connection, calling_ae: str, first: int, last: int, limit: int) -> list[StudyRecord]:
    """Studies that a station was sending at some time between `first` and `last`, the newest first."""
    query = (
        select(StudyRow.__table__)
        .where(StudyRow.calling_ae == calling_ae, StudyRow.last_at >= first, StudyRow.first_at <= last)
        .order_by(StudyRow.last_at.desc())
        .limit(limit)
    )
    return [recorded(row) for row in connection.execute(query)]
