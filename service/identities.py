"""Confirming whose film it is and taking that back, with all that follows; for commands and pages."""

from dataclasses import dataclass

from printmgr.film.identity import Identity
from service.store import identities, prints
from service.store.engine import Store
from service.store.identities import ActRecord


@dataclass(frozen=True, slots=True)
class Undone:
    """A confirmation that was taken back."""

    act: ActRecord
    delivered: tuple[prints.DeliveryRecord, ...]  # what went out before it was


def confirm(store: Store, print_id: str, by: str, identity: Identity | None = None) -> ActRecord:
    """A person says whose film it is: `identity`, or what the findings propose. Raises NoSuchPrint, NotSo."""
    with store.write() as connection:
        return identities.confirm(connection, print_id, by, identity)


def undo(store: Store, print_id: str, by: str, why: str = "") -> Undone:
    """A person takes that back. Raises NoSuchPrint, NotSo."""
    with store.write() as connection:
        act = identities.undo(connection, print_id, by, why)
        delivered = tuple(one for one in prints.one(connection, print_id).deliveries if one.state == "done")
    return Undone(act, delivered)
