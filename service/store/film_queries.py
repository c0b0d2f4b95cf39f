"""Films as the pages and the REST interface ask for them: by pages of a keyset, newest first."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, FromClause, select

from printmgr.film.identity import IdentityState
from printmgr.film.patient_names import plain_identifier, words
from service.store.identity_models import IdentityRow, IdentityWord
from service.store.jobs import OPEN
from service.store.models import Base, Job, PrintRow
from service.store.narrowing import Keys, Page, begins, found, one_of
from service.store.prints import PrintRecord, all_prints, recorded

ANY_UNSURE = "unsure"  # any of
UNSURE = (IdentityState.UNKNOWN, IdentityState.PROPOSED, IdentityState.CONFLICT)
TABLES = Base.metadata.tables
PRINTS, JOBS = TABLES[PrintRow.__tablename__], TABLES[Job.__tablename__]
IDENTITIES, WORDS = TABLES[IdentityRow.__tablename__], TABLES[IdentityWord.__tablename__]


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
    pairs = (("printer", printer), ("calling_ae", calling_ae), ("date", date))
    asked = [one_of(PRINTS, column, [value], "id") for column, value in pairs if value]
    if state:
        asked.append(one_of(JOBS, "state", [state], "id"))
    if whose:
        states = UNSURE if whose == ANY_UNSURE else (IdentityState(whose),)
        asked.append(one_of(IDENTITIES, "state", states, "print_id"))
    if patient_id:
        asked.append(one_of(IDENTITIES, "patient_id", [plain_identifier(patient_id)], "print_id"))
    asked += [begins(connection, WORDS, word, "print_id") for word in words(name)]
    page_ = Page(limit, before or None, down_to or None)
    if not asked:
        query = page_.of(PRINTS.c.id, all_prints().where(_is_there(PRINTS)))
        return [recorded(row) for row in connection.execute(query)]
    found_ = these(connection, found(connection, EVERY, asked, page_))
    return sorted(found_, key=lambda one: one.id, reverse=True)


def _is_there(prints: FromClause) -> ColumnElement[bool]:
    """Retention has not removed the film."""
    return prints.c.deleted_at.is_(None)


def _has_ended(prints: FromClause) -> ColumnElement[bool]:
    return _is_there(prints) & ~Keys(JOBS, "id", lambda jobs: jobs.c.state.in_(OPEN)).has(prints.c.id)


EVERY, ENDED = Keys(PRINTS, "id", _is_there), Keys(PRINTS, "id", _has_ended)


def these(connection: Connection, print_ids: Sequence[str]) -> list[PrintRecord]:
    """The prints of these ids that are there."""
    return [recorded(row) for row in connection.execute(all_prints().where(PrintRow.id.in_(list(print_ids))))]


def stations(connection: Connection, limit: int = 200) -> list[str]:
    """Who printed lately, by AE title."""
    lately = select(PrintRow.calling_ae).order_by(PrintRow.id.desc()).limit(limit).subquery()
    return sorted(set(connection.execute(select(lately.c.calling_ae)).scalars()))


def count_unsure(connection: Connection, most: int) -> int:
    """Films nobody knows whose they are, of the newest; those at work may yet be found out. Counted up to `most`."""
    return len(found(connection, ENDED, [one_of(IDENTITIES, "state", UNSURE, "print_id")], Page(most)))
