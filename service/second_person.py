"""A disc of several patients is made when somebody else than who ordered it says that this is meant."""

from sqlalchemy import Connection

from service.audit import Action, note
from service.store import discs, jobs
from service.store.audit import Entry
from service.store.engine import Store
from service.store.jobs import JobState


class CannotConfirm(Exception):
    """A disc does not wait for this person."""


def confirm(store: Store, disc_id: str, who: str, role: str, address: str) -> None:
    """Let a disc be made that waits for a second person. Raises NoSuchDisc, CannotConfirm."""
    with store.write() as connection:
        disc = _waiting(connection, disc_id)
        if who == disc.ordered_by:
            raise CannotConfirm(f"disc {disc_id} was ordered by {who}; expected somebody else to confirm it")
        discs.confirm(connection, disc_id, who)
        jobs.move(connection, disc_id, JobState.ORDERED, only_from=[JobState.UNCONFIRMED])
        detail = f"confirmed for {disc.patients} patients, ordered by {disc.ordered_by or 'nobody'}"
        note(connection, _entry(disc, who, role, address, detail))
    if disc.state is JobState.FAILED:
        from service.jobs import retry

        retry(store, disc_id)


def refuse(store: Store, disc_id: str, who: str, role: str, address: str, why: str = "") -> None:
    """Let a disc not be made that waits for a second person. Raises NoSuchDisc, CannotConfirm."""
    with store.write() as connection:
        disc = _waiting(connection, disc_id)
        said = f"refused by {who}{f': {why}' if why else ''}"
        jobs.move(connection, disc_id, JobState.CANCELLED, only_from=[disc.state], error=said)
        detail = f"{said}; {disc.patients} patients, ordered by {disc.ordered_by or 'nobody'}"
        note(connection, _entry(disc, who, role, address, detail))


def waits(disc: discs.DiscRecord) -> bool:
    """Whether a disc waits for a second person: before it is begun, or since its studies came and are of several."""
    unconfirmed = disc.patients > 1 and not disc.confirmed_by
    return disc.state is JobState.UNCONFIRMED or (disc.state is JobState.FAILED and unconfirmed)


def _waiting(connection: Connection, disc_id: str) -> discs.DiscRecord:
    disc = discs.one(connection, disc_id)
    if not waits(disc):
        raise CannotConfirm(f"disc {disc_id} is {disc.state}; expected one that waits for a second person")
    return disc


def _entry(disc: discs.DiscRecord, who: str, role: str, address: str, detail: str) -> Entry:
    return Entry(Action.CHANGE, who, role, address, "disc", disc.id, ((disc.patient_id, disc.patient_name),), detail)
