"""A disc of several patients is made when somebody else than who ordered it says that this is meant."""

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
        disc = discs.one(connection, disc_id)
        if disc.state is not JobState.UNCONFIRMED:
            raise CannotConfirm(f"disc {disc_id} is {disc.state}; expected one that waits for a second person")
        if who == disc.ordered_by:
            raise CannotConfirm(f"disc {disc_id} was ordered by {who}; expected somebody else to confirm it")
        discs.confirm(connection, disc_id, who)
        jobs.move(connection, disc_id, JobState.ORDERED, only_from=[JobState.UNCONFIRMED])
        patients = ((disc.patient_id, disc.patient_name),)
        detail = f"confirmed for {disc.patients} patients, ordered by {disc.ordered_by or 'nobody'}"
        note(connection, Entry(Action.CHANGE, who, role, address, "disc", disc_id, patients, detail))
