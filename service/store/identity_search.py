"""Finding films by their patient's name: words by their beginnings, whatever their order."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, func, insert, select
from sqlalchemy.orm import InstrumentedAttribute

from service.store.identity_models import IdentityWord

FEW = 500  # prints of one word that are worth collecting; of a word that more have, the newest come first anyway


def set_words(connection: Connection, print_id: str, words: Sequence[str]) -> None:
    """The words that a print is found by, instead of those before."""
    connection.execute(delete(IdentityWord).where(IdentityWord.print_id == print_id))
    rows = [{"print_id": print_id, "word": word} for word in dict.fromkeys(words)]
    if rows:
        connection.execute(insert(IdentityWord), rows)


def named(
    connection: Connection, query: Select[Any], print_id: InstrumentedAttribute[str], words: Sequence[str]
) -> Select[Any]:
    """Of a query of prints, newest first, those that have all of these words; it begins at the rarest."""
    counted = sorted((_count(connection, word), word) for word in words)
    for number, (count, word) in enumerate(counted):
        if number == 0 and count < FEW:
            query = query.where(print_id.in_(select(IdentityWord.print_id).where(_begins(word))))
        else:
            query = query.where(exists().where(and_(IdentityWord.print_id == print_id, _begins(word))))
    return query


def _count(connection: Connection, word: str) -> int:
    some = select(IdentityWord.print_id).where(_begins(word)).limit(FEW).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def _begins(word: str) -> ColumnElement[bool]:
    return and_(IdentityWord.word >= word, IdentityWord.word < word + "\U0010ffff")
