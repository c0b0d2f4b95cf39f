"""Confirming whose film it is and taking that back, with all that follows; for commands and pages."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection

from printmgr.film.identity import Identity, Release
from service.audit import Action, note
from service.store import deliveries, identities, orders
from service.store.audit import Entry
from service.store.deliveries import DeliveryRecord
from service.store.engine import Store
from service.store.identities import ActRecord, NotSo


@dataclass(frozen=True, slots=True)
class SaidBy:
    """Who says so."""

    name: str
    role: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Undone:
    """A confirmation that was taken back."""

    act: ActRecord
    delivered: tuple[DeliveryRecord, ...]  # what went out under it, and is corrected where the sink can


def confirm(store: Store, print_id: str, by: SaidBy, identity: Identity | None = None) -> ActRecord:
    """A person says whose film it is: `identity`, or what the findings propose. Raises NoSuchPrint, NotSo.

    What was held for it goes out, and a job draws the film with its patient.
    """
    with store.write() as connection:
        act = identities.confirm(connection, print_id, by.name, identity)
        deliveries.identity_confirmed(connection, print_id)
        request = json.dumps({"print": print_id, "do": "render"})
        orders.add_job_once(connection, f"{print_id}-act{act.id}", orders.IDENTITY, request)
        _note(connection, by, print_id, act.identity, "confirmed whose film it is")
    return act


def undo(store: Store, print_id: str, by: SaidBy, why: str = "", confirmation: int | None = None) -> Undone:
    """A person takes that back; what went out under it is corrected where the sink can. Raises NoSuchPrint, NotSo."""
    with store.write() as connection:
        act = identities.undo(connection, print_id, by.name, why, confirmation)
        delivered = deliveries.identity_undone(connection, print_id, why or "the patient's identity was taken back")
        _note(
            connection,
            by,
            print_id,
            act.identity,
            f"undid whose film it is: {why}" if why else "undid whose film it is",
        )
    return Undone(act, tuple(delivered))


def confirmed(store: Store, print_id: str) -> Identity:
    """The patient whose film somebody confirmed it to be. Raises NotSo."""
    with store.read() as connection:
        identity = identities.released(connection, print_id, Release.CONFIRMED)
    if identity is None:
        raise NotSo(print_id, "is not confirmed", "a confirmed one before the film bears a name")
    return identity


def _note(connection: Connection, by: SaidBy, print_id: str, identity: Identity, what: str) -> None:
    who = ((identity.patient_id, identity.patient_name),)
    note(connection, Entry(Action.CHANGE, by.name, by.role, by.address, "film", print_id, who, what))
