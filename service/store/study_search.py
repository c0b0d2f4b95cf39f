"""Finding received studies while somebody types: words of a study by their beginnings, whatever their order."""

import re
import unicodedata

from sqlalchemy import Connection, select

from service.store.disc_models import StudyWord
from service.store.models import Base
from service.store.narrowing import Keys, Page, begins, found, one_of
from service.store.study_models import StudyRow
from service.store.study_queries import StudyRecord, recorded

STUDIES, WORDS = (Base.metadata.tables[one.__tablename__] for one in (StudyRow, StudyWord))
MOST_WORDS = 6
LONGEST = 64


def words_of(*values: str) -> list[str]:
    """The words of a study's values, as they are stored and looked for.

    >>> words_of("Müller^Anna=x", "P-0012", "19750131")
    ['muller', 'anna', 'x', 'p-0012', '19750131']
    """
    found: dict[str, None] = {}
    for value in values:
        for word in re.split(r"[\s^=,;]+", plain(value)):
            if word:
                found[word[:LONGEST]] = None
    return list(found)


def asked_words(text: str) -> list[str]:
    """The words somebody typed; a date in a usual spelling becomes DICOM's.

    >>> asked_words("Mül 31.1.1975")
    ['mul', '19750131']
    >>> asked_words("1975-01-31")
    ['19750131']
    """
    return [date_of(word) or word for word in words_of(text)][:MOST_WORDS]


def plain(text: str) -> str:
    """Lower case, without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def date_of(word: str) -> str:
    """A date in a usual spelling as DICOM writes it, '' for any other word."""
    if found := re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", word):
        day, month, year = found.groups()
    elif found := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", word):
        year, month, day = found.groups()
    else:
        return ""
    return f"{year}{int(month):02}{int(day):02}"


def search(
    connection: Connection, text: str = "", before: tuple[int, int] | None = None, limit: int = 50, state: str = ""
) -> list[StudyRecord]:
    """Studies, the last to receive something first; with `text` those that have all its words, the newest first.

    before  (last_at, id) of the last one of the page before
    """
    if words := asked_words(text):
        return _with_words(connection, words, None if before is None else before[1], limit, state)
    query = select(StudyRow.__table__).order_by(StudyRow.last_at.desc(), StudyRow.id.desc()).limit(limit)
    if before is not None:
        last_at, id_ = before
        query = query.where((StudyRow.last_at <= last_at) & ((StudyRow.last_at < last_at) | (StudyRow.id < id_)))
    if state:
        query = query.where(StudyRow.state == state)
    return [recorded(row) for row in connection.execute(query)]


def key_of(connection: Connection, uid: str) -> tuple[int, int] | None:
    """Where a study stands in the list."""
    row = connection.execute(select(StudyRow.last_at, StudyRow.id).where(StudyRow.uid == uid)).one_or_none()
    return None if row is None else (row.last_at, row.id)


def _with_words(
    connection: Connection, words: list[str], before: int | None, limit: int, state: str
) -> list[StudyRecord]:
    """In the order in which they began to arrive: it never changes, so the words' index has it."""
    asked = [begins(connection, WORDS, word, "study_id") for word in words]
    if state:
        asked.append(one_of(STUDIES, "state", [state], "id"))
    ids = found(connection, Keys(STUDIES, "id"), asked, Page(limit, before))
    query = select(StudyRow.__table__).where(StudyRow.id.in_(ids)).order_by(StudyRow.id.desc())
    return [recorded(row) for row in connection.execute(query)]
