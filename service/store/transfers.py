"""Received instances in the ledger: an entry for each association and study (PS3.15 A.5.3.7), not one an instance.

The first new instance of an association and study leaves a row with it, in its own transaction; the entry takes the
row's place when the association has ended, or when the next process finds that the one before died.
"""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, delete, func, select

from media.studies import Commitment, Receipt, Sender, Transfer
from service.store import audit
from service.store.audit import Entry
from service.store.study_models import InstanceRow, SeriesRow, StudyRow, TransferRow


def ended(connection: Connection, transfers: Iterable[Transfer]) -> None:
    """Note what associations have brought."""
    for one in transfers:
        for study_uid, counts in one.studies.items():
            action = "repeat" if counts[Receipt.AGAIN] == counts.total() else "receive"
            _note(connection, action, one.sender, study_uid, told(counts))
        connection.execute(delete(TransferRow).where(TransferRow.id == one.id))


def broken_off(connection: Connection, run: str) -> int:
    """Note what came with associations that ended with their process; for how many studies."""
    below: ColumnElement[bool] = (TransferRow.id >= f"{run}/") & (TransferRow.id < f"{run}0")
    rows = connection.execute(select(TransferRow.__table__).where(below)).all()
    for row in rows:
        number = _received_since(connection, row.study_uid, row.calling_ae, row.address, row.begun_at)
        detail = f"{_instances(number)} before the service ended and the association with it"
        _note(connection, "receive", Sender(row.calling_ae, row.called_ae, row.address), row.study_uid, detail)
    connection.execute(delete(TransferRow).where(below))
    return len(rows)


def committed(connection: Connection, commitment: Commitment) -> None:
    """Note that somebody asked whether instances are kept."""
    sender, number = commitment.sender, len(commitment.instances)
    detail = f"asked {sender.called_ae} to commit itself to {_instances(number)}"
    values = ("transaction", commitment.transaction_uid)
    audit.append(connection, Entry("commit", sender.calling_ae, "", sender.address, *values, detail=detail))


def told(counts: Counter[Receipt]) -> str:
    """In words.

    >>> told(Counter({Receipt.NEW: 2, Receipt.AGAIN: 1}))
    '3 instances, of these 1 as it was there already'
    """
    more = [
        f"{counts[receipt]} {words}"
        for receipt, words in (
            (Receipt.AGAIN, "as it was there already"),
            (Receipt.OTHER_BYTES, "with other bytes than the one that was there"),
        )
        if counts[receipt]
    ]
    return _instances(counts.total()) + (f", of these {', '.join(more)}" if more else "")


def _instances(number: int) -> str:
    return f"{number} instance{'' if number == 1 else 's'}"


def _note(connection: Connection, action: str, sender: Sender, study_uid: str, detail: str) -> None:
    query = select(StudyRow.patient_id, StudyRow.patient_name).where(StudyRow.uid == study_uid)
    patients = tuple((row.patient_id, row.patient_name) for row in connection.execute(query))
    into = f"{detail}, into {sender.called_ae}" if sender.called_ae else detail
    entry = Entry(action, sender.calling_ae, "", sender.address, "study", study_uid, patients, into)
    audit.append(connection, entry)


def _received_since(connection: Connection, study_uid: str, calling_ae: str, address: str, begun_at: int) -> int:
    query = (
        select(func.count())
        .select_from(InstanceRow)
        .join(SeriesRow, SeriesRow.id == InstanceRow.series_id)
        .join(StudyRow, StudyRow.id == SeriesRow.study_id)
        .where(StudyRow.uid == study_uid, InstanceRow.calling_ae == calling_ae)
        .where(InstanceRow.address == address, InstanceRow.received_at >= begun_at)
    )
    return int(connection.execute(query).scalar_one())
