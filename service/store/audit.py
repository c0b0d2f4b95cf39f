"""The audit ledger: appended to, never changed; each row hashed with the one before it."""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Row, insert, select, update

from service.store.audit_models import AuditHead, AuditRow
from service.store.jobs import iso
from service.store.models import Base
from service.store.narrowing import Keys, Page, found, one_of

START = "0" * 64
HEAD = 1
PIECE = 1000
AUDIT = Base.metadata.tables[AuditRow.__tablename__]
EVERY = Keys(AUDIT, "number")
HASHED = ("number", "at", "action", "good", "who", "role", "address", "object_kind", "object_id", "patients", "detail")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written down."""

    action: str  # of service.audit.Action
    who: str
    role: str = ""
    address: str = ""
    object_kind: str = ""
    object_id: str = ""
    patients: tuple[tuple[str, str], ...] = ()  # Patient ID, name
    detail: str = ""
    good: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the ledger."""

    number: int
    at: str
    action: str
    good: bool
    who: str
    role: str
    address: str
    object_kind: str
    object_id: str
    patients: tuple[tuple[str, str], ...]
    detail: str
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of checking the chain."""

    rows: int
    head: str
    faults: tuple[str, ...]


def append(connection: Connection, entry: Entry) -> None:
    """Write an entry in the transaction that does what it tells of."""
    row: dict[str, object] = asdict(entry)
    row |= {"good": int(entry.good), "patients": json.dumps(entry.patients, ensure_ascii=False)}
    # Taking the head first makes writers wait for each other in every database.
    taken = update(AuditHead).where(AuditHead.id == HEAD).values(number=AuditHead.number + 1)
    connection.execute(taken)
    head = connection.execute(select(AuditHead.number, AuditHead.hash).where(AuditHead.id == HEAD)).one()
    row |= {"number": head.number, "at": time.time_ns() // 1000, "previous": head.hash}
    row["hash"] = chained(head.hash, row)
    connection.execute(insert(AuditRow).values(**row))
    connection.execute(update(AuditHead).where(AuditHead.id == HEAD).values(hash=row["hash"]))


def chained(previous: str, row: dict[str, object]) -> str:
    """The hash of a row that follows `previous`."""
    text = json.dumps([previous, *[row[name] for name in HASHED]], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def verify(connection: Connection, noted: str = "") -> Verdict:
    """Check every row, and that one of them has the hash `noted` that somebody wrote down before."""
    faults, previous, expected = [], START, 1
    seen = not noted
    for row in _rows(connection):
        values = row._asdict()
        if row.number != expected:
            faults.append(f"row {row.number} follows row {expected - 1}; expected {expected}")
        if row.previous != previous:
            faults.append(f"row {row.number} does not follow the row before it")
        if row.hash != chained(row.previous, values):
            faults.append(f"row {row.number} was changed")
        previous, expected = row.hash, row.number + 1
        seen = seen or row.hash == noted
    head = connection.execute(select(AuditHead.number, AuditHead.hash).where(AuditHead.id == HEAD)).one()
    if (head.number, head.hash) != (expected - 1, previous):
        faults.append(f"the ledger ends with row {expected - 1}; expected row {head.number}")
    if not seen:
        faults.append(f"no row has the hash {noted}")
    return Verdict(expected - 1, previous, tuple(faults))


def listed(
    connection: Connection, before: int = 0, limit: int = 50, who: str = "", action: str = "", object_id: str = ""
) -> list[Record]:
    """Records with a smaller number than `before` (0: the newest), newest first."""
    pairs = (("who", who), ("action", action), ("object_id", object_id))
    asked = [one_of(AUDIT, column, [value], "number") for column, value in pairs if value]
    page = Page(limit, before or None)
    query = page.of(AUDIT.c.number, select(AUDIT))
    if asked:
        query = query.where(AUDIT.c.number.in_(found(connection, EVERY, asked, page)))
    return [_record(row) for row in connection.execute(query)]


def unsent(connection: Connection, limit: int) -> list[Record]:
    """What the collector does not have yet, oldest first."""
    sent = select(AuditHead.sent).where(AuditHead.id == HEAD).scalar_subquery()
    query = select(AuditRow.__table__).where(AuditRow.number > sent).order_by(AuditRow.number).limit(limit)
    return [_record(row) for row in connection.execute(query)]


def mark_sent(connection: Connection, number: int) -> None:
    """The collector has all up to this row."""
    connection.execute(update(AuditHead).where(AuditHead.id == HEAD).values(sent=number))


def _rows(connection: Connection) -> Iterator[Row[tuple[object, ...]]]:
    at = 0
    while True:
        query = select(AuditRow.__table__).where(AuditRow.number > at).order_by(AuditRow.number).limit(PIECE)
        rows = connection.execute(query).all()
        yield from rows
        if len(rows) < PIECE:
            return
        at = rows[-1].number


def _record(row: Row[tuple[object, ...]]) -> Record:
    return Record(
        number=row.number,
        at=iso(row.at),
        action=row.action,
        good=bool(row.good),
        who=row.who,
        role=row.role,
        address=row.address,
        object_kind=row.object_kind,
        object_id=row.object_id,
        patients=tuple((patient_id, name) for patient_id, name in json.loads(row.patients)),
        detail=row.detail,
        hash=row.hash,
    )
