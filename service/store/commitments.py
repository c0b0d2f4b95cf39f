"""Requests for storage commitment, kept until their report was taken."""

import json
import time
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, select, update

from media.studies import Commitment, Sender
from service.store.dialects import insert_on
from service.store.study_models import CommitmentRow


class Outstanding(NamedTuple):
    """A request whose report nobody took yet."""

    commitment: Commitment
    attempts: int
    requested_at: float  # seconds since 1970


def add(connection: Connection, commitment: Commitment) -> bool:
    """Note a request; False when its transaction is known already, which is then to be reported again."""
    known = connection.execute(select(CommitmentRow.transaction_uid).where(*_key(commitment))).first()
    sender = commitment.sender
    row = insert_on(connection, CommitmentRow).values(
        calling_ae=sender.calling_ae,
        transaction_uid=commitment.transaction_uid,
        called_ae=sender.called_ae,
        address=sender.address,
        instances=json.dumps(commitment.instances),
        requested_at=time.time_ns() // 1000,
        attempts=0,
    )
    again: dict[str, Any] = {name: row.excluded[name] for name in ("instances", "requested_at", "address", "called_ae")}
    again |= {"reported_at": None, "attempts": 0}
    connection.execute(row.on_conflict_do_update(index_elements=["calling_ae", "transaction_uid"], set_=again))
    return known is None


def reported(connection: Connection, commitment: Commitment) -> None:
    """Its report was taken."""
    connection.execute(update(CommitmentRow).where(*_key(commitment)).values(reported_at=time.time_ns() // 1000))


def tried(connection: Connection, commitment: Commitment) -> None:
    """Its report could not be delivered once more."""
    connection.execute(update(CommitmentRow).where(*_key(commitment)).values(attempts=CommitmentRow.attempts + 1))


def outstanding(connection: Connection, most_attempts: int) -> list[Outstanding]:
    """Requests whose report nobody took yet, oldest first."""
    query = (
        select(CommitmentRow.__table__)
        .where(CommitmentRow.reported_at.is_(None), CommitmentRow.attempts < most_attempts)
        .order_by(CommitmentRow.requested_at)
    )
    return [
        Outstanding(
            Commitment(
                row.transaction_uid,
                Sender(row.calling_ae, row.called_ae, row.address),
                tuple((class_uid, uid) for class_uid, uid in json.loads(row.instances)),
            ),
            row.attempts,
            row.requested_at / 1e6,
        )
        for row in connection.execute(query)
    ]


def forget(connection: Connection, microseconds: int) -> None:
    """Delete requests from before then."""
    connection.execute(delete(CommitmentRow).where(CommitmentRow.requested_at < microseconds))


def _key(commitment: Commitment) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        CommitmentRow.calling_ae == commitment.sender.calling_ae,
        CommitmentRow.transaction_uid == commitment.transaction_uid,
    )
