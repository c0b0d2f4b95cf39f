"""Films as the pages and the REST interface ask for them: by pages of a keyset, newest first."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, or_, select

from printmgr.film.identity import IdentityState
from printmgr.film.patient_names import plain_identifier, words
from service.store.identity_models import IdentityRow
from service.store.identity_search import named
from service.store.models import Job, PrintRow
from service.store.prints import PrintRecord, all_prints, recorded

ANY_UNSURE = "unsure"  # any of
UNSURE = (IdentityState.UNKNOWN, IdentityState.PROPOSED, IdentityState.CONFLICT)


def page(
    connection: Connection,
    before: str = "",
    limit: int = 50,
    *,
    down_to: str = "",
    printer: str = "",
    calling_ae: str = "",
    date: str = "",
    state: str = "",
    whose: str = "",
    patient_id: str = "",
    name: str = "",
) -> list[PrintRecord]:
    """Prints with a smaller id than `before` ('': the newest), films not yet removed; ids are by time.

    down_to     the id of the oldest wanted
    patient_id  the whole identifier; case and blanks do not matter
    name        words that the patient's name begins its words with
    """
    query = all_prints().where(PrintRow.deleted_at.is_(None)).order_by(PrintRow.id.desc()).limit(limit)
    if before:
        query = query.where(PrintRow.id < before)
    if down_to:
        query = query.where(PrintRow.id >= down_to)
    pairs = ((PrintRow.printer, printer), (PrintRow.calling_ae, calling_ae), (PrintRow.date, date), (Job.state, state))
    for column, value in pairs:
        if value:
            query = query.where(column == value)
    open_ = whose in (ANY_UNSURE, IdentityState.UNKNOWN)  # so is a film that nothing was found about yet
    if whose or patient_id:
        query = query.join(IdentityRow, IdentityRow.print_id == PrintRow.id, isouter=open_)
    if whose:
        known = IdentityRow.state.in_(UNSURE) if whose == ANY_UNSURE else IdentityRow.state == whose
        query = query.where(or_(known, IdentityRow.state.is_(None)) if open_ else known)
    if patient_id:
        query = query.where(IdentityRow.patient_id == plain_identifier(patient_id))
    query = named(connection, query, PrintRow.id, words(name))
    return [recorded(row) for row in connection.execute(query)]


def these(connection: Connection, print_ids: Sequence[str]) -> list[PrintRecord]:
    """The prints of these ids that are there."""
    return [recorded(row) for row in connection.execute(all_prints().where(PrintRow.id.in_(list(print_ids))))]


def stations(connection: Connection, limit: int = 200) -> list[str]:
    """Who printed lately, by AE title."""
    lately = select(PrintRow.calling_ae).order_by(PrintRow.id.desc()).limit(limit).subquery()
    return sorted(set(connection.execute(select(lately.c.calling_ae)).scalars()))


def count_unsure(connection: Connection, most: int) -> int:
    """Films nobody knows whose they are, of the newest; counted up to `most`."""
    some = select(IdentityRow.print_id).where(IdentityRow.state.in_(UNSURE)).limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())
