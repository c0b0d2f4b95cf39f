"""Reports of storage commitment from archives, which may come before the delivery that asked is written down."""

import time

from sqlalchemy import Connection, delete, select, update

from service.store.deliveries import DeliveryState
from service.store.dialects import insert_on
from service.store.models import ArchiveReport, Delivery

KEPT_S = 7 * 86_400  # a report that nothing asked for
ASKED, COMMITTED = "commitment asked for", "committed"


def reported(connection: Connection, transaction_uid: str, failed: bool) -> None:
    """An archive commits itself to keep what the transaction names, or cannot."""
    now = time.time_ns() // 1000
    connection.execute(delete(ArchiveReport).where(ArchiveReport.reported_at < now - int(KEPT_S * 1e6)))
    row = insert_on(connection, ArchiveReport).values(
        transaction_uid=transaction_uid, failed=int(failed), reported_at=now
    )
    again = {"failed": row.excluded.failed, "reported_at": row.excluded.reported_at}
    connection.execute(row.on_conflict_do_update(index_elements=["transaction_uid"], set_=again))
    match(connection, transaction_uid)


def match(connection: Connection, transaction_uid: str) -> None:
    """Bring report and delivery together when both are there: it is committed, or goes there again."""
    report = select(ArchiveReport.failed).where(ArchiveReport.transaction_uid == transaction_uid)
    failed = connection.execute(report).scalar_one_or_none()
    asked = Delivery.transaction_uid == transaction_uid
    found = connection.execute(select(Delivery.place).where(asked, Delivery.state == DeliveryState.DONE)).first()
    if failed is None or found is None:
        return
    now = time.time_ns() // 1000
    values: dict[str, object] = {"transaction_uid": "", "changed_at": now}
    if failed:
        values |= {"state": DeliveryState.WAITING, "next_at": now, "asked_at": now}
        values |= {"error": "the archive could not commit itself to keep it"}
    else:
        values |= {"place": found.place.replace(ASKED, COMMITTED)}
    connection.execute(update(Delivery).where(asked).values(**values))
    connection.execute(delete(ArchiveReport).where(ArchiveReport.transaction_uid == transaction_uid))
