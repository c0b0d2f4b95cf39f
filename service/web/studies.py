"""Received studies as pages and the REST interface show them."""

from collections.abc import Sequence

from service.audit import Action, note
from service.store import study_queries, study_search
from service.store.engine import Store
from service.store.study_queries import StudyRecord
from service.web.callers import Caller
from service.web.errors import BadValue


def studies(
    store: Store, text: str = "", state: str = "", after: str = "", limit: int = 50, caller: Caller | None = None
) -> list[StudyRecord]:
    """Studies that have all words of `text`, the last to receive something first. A search is noted for `caller`."""
    with store.read() as connection:
        found = study_search.search(connection, text, _before(after), limit, state)
    if caller is not None and text.strip():
        with store.write() as connection:
            note(connection, caller.entry(Action.SEARCH, "studies", text.strip()[:200], patients_of(found)))
    return found


def study(store: Store, study_uid: str) -> StudyRecord:
    """A study with its series. Raises NoSuchStudy."""
    with store.read() as connection:
        return study_queries.one(connection, study_uid)


def cursor_of(store: Store, last: StudyRecord) -> str:
    """Where the next page begins."""
    with store.read() as connection:
        key = study_search.key_of(connection, last.uid)
    return "" if key is None else f"{key[0]}-{key[1]}"


def looked_at(store: Store, caller: Caller, found: Sequence[StudyRecord]) -> None:
    """Note that somebody looked at studies."""
    with store.write() as connection:
        for one in found:
            note(connection, caller.entry(Action.VIEW, "study", one.uid, patients_of([one])))


def declare_complete(store: Store, caller: Caller, study_uid: str) -> None:
    """Somebody says that all of a study is there. Raises NoSuchStudy."""
    with store.write() as connection:
        found = study_queries.one(connection, study_uid)
        study_queries.declare_complete(connection, study_uid)
        note(connection, caller.entry(Action.CHANGE, "study", study_uid, patients_of([found]), "declared complete"))


def patients_of(found: Sequence[StudyRecord]) -> tuple[tuple[str, str], ...]:
    """Of whom studies are, for the ledger."""
    return tuple(sorted({(one.patient_id, one.patient_name) for one in found}))


def _before(after: str) -> tuple[int, int] | None:
    if not after:
        return None
    last_at, _, id_ = after.partition("-")
    if not (last_at.isdigit() and id_.isdigit()):
        raise BadValue(f"after is {after!r}; expected what `next` of the page before has")
    return int(last_at), int(id_)
