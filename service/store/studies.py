"""Receiving: a group of instances becomes one transaction, each SOP Instance UID compared with what is there."""

import threading
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from media.studies import Receipt, Received
from service.store.dialects import RawConnection
from service.store.engine import Store, limits_named
from service.store.study_search import words_of

# Plain statements on one driver connection that stays open, as in service.store.orders: every instance comes this way.
FIND = "SELECT id, sop_instance_uid, copy, file, size_bytes, data_set_at FROM instances WHERE sop_instance_uid IN ({})"
PUT_STUDY = """INSERT INTO studies (uid, patient_id, issuer, patient_name, birth_date, sex, date, time, study_id,
 accession_number, description, calling_ae, state, instances, conflicts, other_patients, size_bytes, first_at, last_at)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'arriving', ?, ?, 0, ?, ?, ?)
 ON CONFLICT (uid) DO UPDATE SET instances = studies.instances + excluded.instances,
 conflicts = studies.conflicts + excluded.conflicts, other_patients = studies.other_patients
 + CASE WHEN studies.patient_id = excluded.patient_id THEN 0 ELSE excluded.instances END,
 size_bytes = studies.size_bytes + excluded.size_bytes, last_at = excluded.last_at, state = excluded.state,
 completed_by = '' RETURNING id, instances"""
PUT_SERIES = """INSERT INTO series (study_id, uid, number, modality, description, instances) VALUES (?, ?, ?, ?, ?, ?)
 ON CONFLICT (study_id, uid) DO UPDATE SET instances = series.instances + excluded.instances
 RETURNING id"""
PUT_INSTANCES = """INSERT INTO instances (series_id, sop_instance_uid, copy, sop_class_uid, transfer_syntax_uid, number,
 file, size_bytes, data_set_at, calling_ae, address, received_at) VALUES {} ON CONFLICT DO NOTHING"""
AN_INSTANCE = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
FILES = "SELECT file FROM instances WHERE sop_instance_uid IN ({})"
REPLACE_FILE = "UPDATE instances SET file = ?, size_bytes = ?, data_set_at = ?, received_at = ? WHERE id = ?"
PUT_WORD = "INSERT INTO study_words (study_id, word) VALUES (?, ?) ON CONFLICT DO NOTHING"
UNCOUNT_STUDY = """UPDATE studies SET instances = instances - 1, conflicts = conflicts - ?, size_bytes = size_bytes - ?
 WHERE id = ?"""
UNCOUNT_SERIES = "UPDATE series SET instances = instances - 1 WHERE id = ?"
PUT_TRANSFER = """INSERT INTO transfers (id, study_uid, calling_ae, called_ae, address, begun_at)
 VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
MOST_PARAMETERS = 500
MOST_ROWS = MOST_PARAMETERS // AN_INSTANCE.count("?")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """The file of an instance that is there."""

    id: int
    copy: int
    file: str
    size_bytes: int
    data_set_at: int


@dataclass(slots=True)
class Entry:
    """An instance that waits to be taken into the catalogue; `receipt` says what became of it."""

    file: str  # below the inbox
    received: Received
    receipt: Receipt | None = None
    copy: int = 0
    replaces: int | None = None  # the row whose file is gone


Same = Callable[[Entry, StoredFile], bool]
"""Whether a new file and one that is there have the same data set. Raises FileNotFoundError without the latter."""


class StudyWriter:
    """Writes groups of instances, one after the other, from any thread."""

    def __init__(self, store: Store, same: Same) -> None:
        self._store = store
        self._same = same
        self._lock = threading.Lock()
        self._raw: RawConnection | None = None

    def add(self, group: Sequence[Entry]) -> None:
        """Commit the group and set the receipt of each. Raises ResourceLimit; what has no receipt then is not there."""
        with self._lock, limits_named():
            if self._raw is None:
                self._raw = RawConnection(self._store.engine)
            while some := [one for one in group if one.receipt is None]:
                self._round(self._raw, some)

    def _round(self, raw: RawConnection, entries: Sequence[Entry]) -> None:
        try:
            self._compare(raw, entries)
            self._write(raw, [one for one in entries if one.receipt is None])
        except BaseException:
            if not raw.rollback():
                self._raw = None
            for one in entries:
                one.receipt = None
            raise

    def _compare(self, raw: RawConnection, entries: Sequence[Entry]) -> None:
        """Find out which entries are there already; before the transaction, for it reads files."""
        there: dict[str, list[StoredFile]] = {}
        uids = list({one.received.sop_instance_uid for one in entries})
        for at in range(0, len(uids), MOST_PARAMETERS):
            some = uids[at : at + MOST_PARAMETERS]
            found = raw.execute(FIND.format(",".join("?" * len(some))), some)
            for id_, uid, *rest in found.fetchall():
                there.setdefault(uid, []).append(StoredFile(id_, *rest))
        for one in entries:
            known = there.setdefault(one.received.sop_instance_uid, [])
            self._judge(one, known)
            if one.receipt is None and one.replaces is None:
                received = one.received
                known.append(StoredFile(0, one.copy, one.file, received.size_bytes, received.data_set_at))

    def _judge(self, one: Entry, known: Iterable[StoredFile]) -> None:
        one.copy, one.replaces = 0, None
        for stored in known:
            try:
                if self._same(one, stored):
                    one.receipt = Receipt.AGAIN
                    return
            except FileNotFoundError:
                if stored.id:
                    one.replaces = stored.id
                    return
            one.copy = max(one.copy, stored.copy + 1)

    def _write(self, raw: RawConnection, entries: Sequence[Entry]) -> None:
        """Insert what is new; an entry whose UID another process took meanwhile keeps no receipt."""
        if not entries:
            return
        now = time.time_ns() // 1000
        raw.begin()
        done: list[tuple[Entry, Receipt]] = []
        for study_entries in _by(entries, lambda one: one.received.study):
            done += _write_study(raw, study_entries, now)
        raw.commit()
        for one, receipt in done:
            one.receipt = receipt

    def close(self) -> None:
        with self._lock:
            if self._raw is not None:
                self._raw.close()
                self._raw = None


def _write_study(raw: RawConnection, entries: Sequence[Entry], now: int) -> list[tuple[Entry, Receipt]]:
    """The entries of one study; what each became."""
    study = entries[0].received.study
    about = (study.patient_id, study.issuer, study.patient_name, study.birth_date, study.sex, study.date, study.time)
    more = (study.id, study.accession_number, study.description, entries[0].received.sender.calling_ae)
    added = [one for one in entries if one.replaces is None]
    conflicts = sum(one.copy > 0 for one in added)
    size = sum(one.received.size_bytes for one in added)
    ((study_id, instances),) = raw.execute(
        PUT_STUDY, (study.uid, *about, *more, len(added), conflicts, size, now, now)
    ).fetchall()
    if instances == len(added):
        words = words_of(study.patient_name, study.patient_id, study.birth_date, study.accession_number)
        raw.execute_many(PUT_WORD, [(study_id, word) for word in words])
    for found in (one.received for one in entries if one.received.transfer):
        sender = found.sender
        values = (found.transfer, study.uid, sender.calling_ae, sender.called_ae, sender.address, now)
        raw.execute(PUT_TRANSFER, values)
    done: list[tuple[Entry, Receipt]] = []
    for series_entries in _by(entries, lambda one: one.received.series.uid):
        series_id = _put_series(raw, study_id, series_entries)
        written = _put_instances(raw, series_id, series_entries, now)
        done += [(one, Receipt.OTHER_BYTES if one.copy else Receipt.NEW) for one in written]
        for one in _without(series_entries, written):
            _uncount(raw, study_id, series_id, one)
    return done


def _put_series(raw: RawConnection, study_id: int, entries: Sequence[Entry]) -> int:
    series = entries[0].received.series
    number = sum(one.replaces is None for one in entries)
    ((series_id,),) = raw.execute(
        PUT_SERIES, (study_id, series.uid, series.number, series.modality, series.description, number)
    ).fetchall()
    return int(series_id)


def _put_instances(raw: RawConnection, series_id: int, entries: Sequence[Entry], now: int) -> list[Entry]:
    """Those whose rows were written; not those whose UID and copy are another's."""
    written = [one for one in entries if one.replaces is not None and _replace_file(raw, one, now)]
    added = [one for one in entries if one.replaces is None]
    # many rows a statement: each statement is a change of threads with the one that receives
    for at in range(0, len(added), MOST_ROWS):
        written += _added(raw, series_id, added[at : at + MOST_ROWS], now)
    return written


def _added(raw: RawConnection, series_id: int, entries: Sequence[Entry], now: int) -> Sequence[Entry]:
    values: list[object] = []
    for one in entries:
        found = one.received
        values += (series_id, found.sop_instance_uid, one.copy, found.sop_class_uid, found.transfer_syntax_uid)
        values += (found.number, one.file, found.size_bytes, found.data_set_at)
        values += (found.sender.calling_ae, found.sender.address, now)
    put = raw.execute(PUT_INSTANCES.format(", ".join([AN_INSTANCE] * len(entries))), values)
    if put.rowcount == len(entries):
        return entries
    files = raw.execute(
        FILES.format(", ".join("?" * len(entries))), [one.received.sop_instance_uid for one in entries]
    ).fetchall()
    there = {file for (file,) in files}
    return [one for one in entries if one.file in there]


def _replace_file(raw: RawConnection, one: Entry, now: int) -> bool:
    found = one.received
    return raw.execute(REPLACE_FILE, (one.file, found.size_bytes, found.data_set_at, now, one.replaces)).rowcount > 0


def _without(entries: Sequence[Entry], written: Sequence[Entry]) -> list[Entry]:
    there = {id(one) for one in written}
    return [one for one in entries if id(one) not in there]


def _uncount(raw: RawConnection, study_id: int, series_id: int, one: Entry) -> None:
    """Take back what was counted ahead of an entry that was not written."""
    if one.replaces is not None:
        return
    raw.execute(UNCOUNT_STUDY, (int(one.copy > 0), one.received.size_bytes, study_id))
    raw.execute(UNCOUNT_SERIES, (series_id,))


def _by(entries: Sequence[Entry], key: Callable[[Entry], Hashable]) -> list[list[Entry]]:
    """Entries with the same key together, in the order they came."""
    if len(entries) == 1:
        return [list(entries)]
    groups: dict[Hashable, list[Entry]] = {}
    for one in entries:
        groups.setdefault(key(one), []).append(one)
    return list(groups.values())
