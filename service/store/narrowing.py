"""Which keys of a list meet all that is asked, the newest first, whatever the list's length.

Each thing asked says where its keys stand: in the list's order in an index, where it can. What fewest keys meet leads;
the rest is looked up for each of its keys. So the work grows with the page and with the rarest thing asked, and nothing
is left out.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice, product
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    String,
    Table,
    bindparam,
    func,
    literal,
    or_,
    select,
    union_all,
)

from service.store.dialects import greatest_of_all

FEW = 1000  # keys that are worth sorting
LOOKED_THROUGH = 500  # of the list's newest, before all keys of something common are sorted
MOST_WAYS = 6  # to take one index for each thing asked
MOST_COMPLETIONS = 12  # words that begin as the one asked for and are followed one by one

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of a list: a column of a table, and which of its rows."""

    table: Table
    column: str
    where: Callable[[FromClause], Condition] | None = None  # given the table or an alias of it

    def of(self, table: FromClause) -> Select[Any]:
        query = select(table.c[self.column])
        return query if self.where is None else query.where(self.where(table))

    def has(self, key: ColumnElement[Any]) -> Condition:
        """Whether it has a key of another table."""
        table = _other(self.table)
        return self.of(table).where(table.c[self.column] == key).exists()


@cache
def _other(table: Table) -> FromClause:
    """The table under another name, for a look at it from within a look at it; made once, for that is slow."""
    return table.alias()


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a key has to meet: to be among any of these.

    in_order  each stands in the list's order in an index
    test      the same keys, more easily looked up
    """

    any_of: tuple[Keys, ...]
    in_order: bool = True
    test: Keys | None = None

    def met_by(self, key: ColumnElement[Any]) -> Condition:
        return or_(*(keys.has(key) for keys in ((self.test,) if self.test else self.any_of)))


@dataclass(frozen=True, slots=True)
class Page:
    """Keys smaller than `before` and not smaller than `down_to` (None: no bound), `limit` of them."""

    limit: int
    before: Any = None
    down_to: Any = None

    def of(self, key: ColumnElement[Any], query: Select[Any]) -> Select[Any]:
        return self.bounded(key, query).order_by(key.desc()).limit(self.limit)

    def bounded(self, key: ColumnElement[Any], query: Select[Any]) -> Select[Any]:
        if self.before is not None:
            query = query.where(key < self.before)
        if self.down_to is not None:
            query = query.where(key >= self.down_to)
        return query


def one_of(table: Table, column: str, values: Iterable[object], key: str, test: Keys | None = None) -> Asked:
    """That a column has one of these values; its index goes on with the key."""
    return Asked(tuple(Keys(table, key, partial(_is, column, value)) for value in values), test=test)


def _is(column: str, value: object, rows: FromClause) -> Condition:
    return rows.c[column] == value


def begins(connection: Connection, table: Table, word: str, key: str) -> Asked:
    """That a key has a word that begins so; the words' index goes on with the key."""
    end = word + "\U0010ffff"
    every = Keys(table, key, lambda rows: (rows.c.word >= word) & (rows.c.word < end))
    spelt = _completions(connection, table, word, end)
    if len(spelt) > MOST_COMPLETIONS:
        return Asked((every,), in_order=False)
    return one_of(table, "word", spelt, key, test=every)


def found(connection: Connection, whole: Keys, asked: Sequence[Asked], page: Page) -> list[Any]:
    """A page of the keys of `whole` that meet all that is asked, the greatest first."""
    if any(not one.any_of for one in asked):
        return []
    lead, is_common = _lead(connection, whole, asked)
    if is_common and not lead.in_order:
        newest = _among_the_newest(connection, whole, asked, page)
        if len(newest) == page.limit:
            return newest
    common = _in_all(connection, whole, asked, page) if is_common else None
    if common is not None:
        return common
    return _all_of(connection, whole, lead, [one for one in asked if one is not lead], page)


def _all_of(connection: Connection, whole: Keys, lead: Asked, others: Sequence[Asked], page: Page) -> list[Any]:
    """Every key of the lead is looked at until the page is full."""
    queries = [_some(whole, keys, others, page) for keys in lead.any_of]
    if not lead.in_order:
        queries = [query.distinct() for query in queries]
    if len(queries) == 1:
        return list(connection.execute(queries[0]).scalars())
    every = union_all(*(select(query.subquery()) for query in queries))
    return sorted(set(connection.execute(every).scalars()), reverse=True)[: page.limit]


def _lead(connection: Connection, whole: Keys, asked: Sequence[Asked]) -> tuple[Asked, bool]:
    """What fewest keys meet, as far as that is worth counting, and whether these are many."""
    if len(asked) == 1 and asked[0].in_order:
        return asked[0], False
    counts = connection.execute(select(*(_count(whole, one) for one in asked))).one()
    ranked = [(count, not one.in_order, number) for number, (count, one) in enumerate(zip(counts, asked, strict=True))]
    count, _, number = min(ranked)
    return asked[number], count >= FEW


def _count(whole: Keys, one: Asked) -> ColumnElement[int]:
    total: ColumnElement[int] = literal(0)
    for keys in one.any_of:
        some = _own(whole, keys).limit(FEW).subquery()
        total = total + select(func.count()).select_from(some).scalar_subquery()
    return total


def _own(whole: Keys, keys: Keys) -> Select[Any]:
    """Keys that stand in the list's own table, as far as they are the list's; others as they are."""
    query = keys.of(keys.table)
    return query.where(whole.where(keys.table)) if keys.table is whole.table and whole.where else query


def _some(whole: Keys, keys: Keys, others: Sequence[Asked], page: Page) -> Select[Any]:
    key = keys.table.c[keys.column]
    query = _own(whole, keys).where(*(one.met_by(key) for one in others))
    return page.of(key, query if keys.table is whole.table or whole.where is None else query.where(whole.has(key)))


def _among_the_newest(connection: Connection, whole: Keys, asked: Sequence[Asked], page: Page) -> list[Any]:
    newest = _some(whole, whole, (), replace(page, limit=LOOKED_THROUGH)).subquery()
    key = newest.c[0]
    query = select(key).where(*(one.met_by(key) for one in asked)).order_by(key.desc()).limit(page.limit)
    return list(connection.execute(query).scalars())


def _in_all(connection: Connection, whole: Keys, asked: Sequence[Asked], page: Page) -> list[Any] | None:
    """All keys in their indexes' order beside each other; None where they cannot be had so."""
    ways = list(islice(product(*(one.any_of for one in asked)), MOST_WAYS + 1))
    if len(asked) == 1 or len(ways) > MOST_WAYS or not all(one.in_order for one in asked):
        return None
    found_: set[Any] = set()
    for way in ways:
        parts = [page.bounded(keys.table.c[keys.column], _own(whole, keys)) for keys in way]
        found_.update(connection.execute(greatest_of_all(connection, parts, page.limit)).scalars())
    keys = sorted(found_, reverse=True)[: page.limit]
    if whole.where is None or all(any(keys.table is whole.table for keys in way) for way in ways):
        return keys
    there = whole.of(whole.table).where(whole.table.c[whole.column].in_(keys))
    return keys if len(connection.execute(there).all()) == len(keys) else None


def _completions(connection: Connection, table: Table, word: str, end: str) -> list[str]:
    """The words there are that begin so, one more than are followed at most."""
    return list(connection.execute(_walk(table), {"word": word, "end": end, "most": MOST_COMPLETIONS}).scalars())


@cache
def _walk(table: Table) -> Select[Any]:
    """From word to word, one step in the index each."""
    word, end = bindparam("word", type_=String), bindparam("end", type_=String)
    first = select(func.min(table.c.word).label("word"), literal(1).label("number"))
    walk = first.where(table.c.word >= word, table.c.word < end).cte("walk", recursive=True)
    following = select(func.min(table.c.word)).where(table.c.word > walk.c.word, table.c.word < end).scalar_subquery()
    goes_on = (walk.c.word.is_not(None), walk.c.number <= bindparam("most", type_=Integer))
    walk = walk.union_all(select(following, walk.c.number + 1).where(*goes_on))
    return select(walk.c.word).where(walk.c.word.is_not(None))
