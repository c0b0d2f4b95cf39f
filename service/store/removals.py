"""What retention deleted, and which rows it may delete."""

import time
from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from service.store import audit
from service.store.audit import Entry
from service.store.deliveries import OPEN
from service.store.jobs import ENDED, JobState, iso
from service.store.models import Delivery, Job, PrintRow, Removal

TOLD = {"films": "film", "studies": "study"}  # what the audit ledger calls them


def record(connection: Connection, kind: str, name: str, size_bytes: int) -> None:
    """Something was deleted."""
    row = Removal(kind=kind, name=name, size_bytes=size_bytes, removed_at=time.time_ns() // 1000)
    values = {"kind": row.kind, "name": row.name, "size_bytes": row.size_bytes, "removed_at": row.removed_at}
    connection.execute(Removal.__table__.insert().values(values))  # type: ignore[attr-defined]  # a Table has insert
    if kind in TOLD:
        audit.append(connection, Entry("delete", "system", "", "", TOLD[kind], name, detail="its time was over"))


def listed(connection: Connection, limit: int = 100) -> list[tuple[str, str, int, str]]:
    """Removals as (kind, name, bytes, when), newest first."""
    rows = connection.execute(select(Removal.__table__).order_by(Removal.id.desc()).limit(limit))
    return [(row.kind, row.name, row.size_bytes, iso(row.removed_at)) for row in rows]


def old_jobs(connection: Connection, microseconds: int) -> list[str]:
    """Jobs that ended before then and have no film (any more), nor one on its way."""
    query = (
        select(Job.id)
        .outerjoin(PrintRow, PrintRow.id == Job.id)
        .where(Job.state.in_(ENDED), Job.changed_at < microseconds)
        .where(PrintRow.id.is_(None) | PrintRow.deleted_at.is_not(None) | (Job.state != JobState.DONE))
        .where(~select(Delivery.sink).where(Delivery.print_id == Job.id, Delivery.state.in_(OPEN)).exists())
    )
    return list(connection.execute(query).scalars())


def delete_jobs(connection: Connection, ids: Iterable[str]) -> None:
    """Delete jobs with their steps, prints, films and deliveries."""
    connection.execute(delete(Job).where(Job.id.in_(list(ids))))
