"""Confirming whose film it is and taking that back, with all that follows; for commands and pages."""

from dataclasses import dataclass

from printmgr.film.identity import Identity
from service.store import deliveries, identities
from service.store.deliveries import DeliveryRecord
from service.store.engine import Store
from service.store.identities import ActRecord


@dataclass(frozen=True, slots=True)
class Undone:
    """A confirmation that was taken back."""

    act: ActRecord
    delivered: tuple[DeliveryRecord, ...]  # what went out under it, and is corrected where the sink can


def confirm(store: Store, print_id: str, by: str, identity: Identity | None = None) -> ActRecord:
    """A person says whose film it is: `identity`, or what the findings propose. Raises NoSuchPrint, NotSo."""
    with store.write() as connection:
        act = identities.confirm(connection, print_id, by, identity)
        deliveries.identity_confirmed(connection, print_id)
    return act


def undo(store: Store, print_id: str, by: str, why: str = "") -> Undone:
    """A person takes that back. Raises NoSuchPrint, NotSo."""
    with store.write() as connection:
        act = identities.undo(connection, print_id, by, why)
        delivered = deliveries.identity_undone(connection, print_id, why or "the patient's identity was taken back")
    return Undone(act, tuple(delivered))
