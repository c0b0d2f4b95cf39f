"""Confirming whose film it is and taking that back, with all that follows; for commands and pages."""

import json
from dataclasses import dataclass

from printmgr.film.identity import Identity, Release
from service.store import deliveries, identities, orders
from service.store.deliveries import DeliveryRecord
from service.store.engine import Store
from service.store.identities import ActRecord, NotSo


@dataclass(frozen=True, slots=True)
class Undone:
    """A confirmation that was taken back."""

    act: ActRecord
    delivered: tuple[DeliveryRecord, ...]  # what went out under it, and is corrected where the sink can


def confirm(store: Store, print_id: str, by: str, identity: Identity | None = None) -> ActRecord:
    """A person says whose film it is: `identity`, or what the findings propose. Raises NoSuchPrint, NotSo.

    What was held for it goes out, and a job draws the film with its patient.
    """
    with store.write() as connection:
        act = identities.confirm(connection, print_id, by, identity)
        deliveries.identity_confirmed(connection, print_id)
        request = json.dumps({"print": print_id, "do": "render"})
        orders.add_job_once(connection, f"{print_id}-act{act.id}", orders.IDENTITY, request)
    return act


def undo(store: Store, print_id: str, by: str, why: str = "") -> Undone:
    """A person takes that back; what went out under it is corrected where the sink can. Raises NoSuchPrint, NotSo."""
    with store.write() as connection:
        act = identities.undo(connection, print_id, by, why)
        delivered = deliveries.identity_undone(connection, print_id, why or "the patient's identity was taken back")
    return Undone(act, tuple(delivered))


def confirmed(store: Store, print_id: str) -> Identity:
    """The patient whose film somebody confirmed it to be. Raises NotSo."""
    with store.read() as connection:
        identity = identities.released(connection, print_id, Release.CONFIRMED)
    if identity is None:
        raise NotSo(print_id, "is not confirmed", "a confirmed one before the film bears a name")
    return identity
