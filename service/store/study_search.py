"""Finding received studies while somebody types: words of a study by their beginnings, whatever their order."""

import re
import unicodedata

from sqlalchemy import Connection, Row, Select, and_, exists, func, select

from service.store.disc_models import StudyWord
from service.store.study_models import StudyRow
from service.store.study_queries import StudyRecord, recorded

MOST_WORDS = 6
FEW = 500  # studies of one word that are worth sorting; of a word that more have, the newest are looked through
LOOKED_THROUGH = 4000
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
    return [_date(word) or word for word in words_of(text)][:MOST_WORDS]


def plain(text: str) -> str:
    """Lower case, without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def _date(word: str) -> str:
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
    """Studies that have all words of `text`, the last to receive something first.

    before  (last_at, id) of the last one of the page before
    """
    query = select(StudyRow.__table__).order_by(StudyRow.last_at.desc(), StudyRow.id.desc()).limit(limit)
    if before is not None:
        last_at, id_ = before
        query = query.where((StudyRow.last_at <= last_at) & ((StudyRow.last_at < last_at) | (StudyRow.id < id_)))
    if state:
        query = query.where(StudyRow.state == state)
    if words := asked_words(text):
        query = _narrowed(connection, query, words)
    return [recorded(row) for row in connection.execute(query)]


def key_of(connection: Connection, uid: str) -> tuple[int, int] | None:
    """Where a study stands in the list."""
    row = connection.execute(select(StudyRow.last_at, StudyRow.id).where(StudyRow.uid == uid)).one_or_none()
    return None if row is None else (row.last_at, row.id)


def _narrowed(connection: Connection, query: Select[tuple[object]], words: list[str]) -> Select[tuple[object]]:
    """Begin at the rarest word; where all are common, look through the newest studies only."""
    counted = [(_count(connection, word), word) for word in words]
    fewest, rarest = min(counted)
    others = list(words)
    if fewest < FEW:
        others.remove(rarest)
        query = query.where(StudyRow.id.in_(select(StudyWord.study_id).where(_begins(rarest))))
    elif len(words) > 1:
        newest = select(StudyRow.last_at).order_by(StudyRow.last_at.desc()).offset(LOOKED_THROUGH).limit(1)
        query = query.where(StudyRow.last_at >= func.coalesce(newest.scalar_subquery(), 0))
    for word in others:
        query = query.where(exists().where(and_(StudyWord.study_id == StudyRow.id, _begins(word))))
    return query


def _count(connection: Connection, word: str) -> int:
    some = select(StudyWord.study_id).where(_begins(word)).limit(FEW).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def _begins(word: str) -> "Row[tuple[bool]]":
    return and_(StudyWord.word >= word, StudyWord.word < word + "\U0010ffff")  # type: ignore[return-value]
