"""What SQLite and PostgreSQL do differently."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    Connection,
    Engine,
    Executable,
    Select,
    String,
    Text,
    create_engine,
    event,
    intersect,
    make_url,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.ext.compiler import compiles

SQLITE, POSTGRESQL = "sqlite", "postgresql"
FULL_CODES = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_CANTOPEN}
FULL_STATE = "53100"  # PostgreSQL's disk_full
BUSY_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_BUSY_RECOVERY, sqlite3.SQLITE_LOCKED}
BUSY_STATES = {"55P03", "40P01", "40001", "53300"}  # lock_not_available, deadlock, serialization, too many connections
WRITERS = 0x7072696E74  # the advisory lock of whoever writes: one after the other, as in SQLite
WRITTEN = "printmgr_written"  # the channel on which every writer tells that something changed
LOCK_WRITERS = f"SELECT pg_advisory_xact_lock({WRITERS}), pg_notify('{WRITTEN}', '')"  # told when it is committed
BUSY_MS = 30_000
ASK_AGAIN_S = 0.001


class Durability(StrEnum):
    """What a commit promises after a power cut (docs/adr/0002-outbox.md)."""

    ANSWERED = "FULL"  # it is there: an answer on the wire depends on it
    REPEATABLE = "NORMAL"  # it may be missing with all that followed it: the work is done again


def kind_of(url: str) -> str:
    """SQLITE or POSTGRESQL."""
    return make_url(url).get_backend_name()


def file_of(url: str) -> Path:
    """SQLite's file."""
    return Path(make_url(url).database or "")


def open_engine(url: str, durability: Durability, **pool: int) -> Engine:
    """Connections of a store: transactions begin as `begin` says."""
    if kind_of(url) == POSTGRESQL:
        engine = _postgresql(url, durability, **pool)
    else:
        engine = create_engine(url, **pool)
        event.listen(engine, "connect", lambda raw, _: _prepare(raw, None, durability))
    event.listen(engine, "begin", begin)
    return engine


def engine_for_jobs(url: str) -> Engine:
    """Connections as the job engine wants them: the driver's own transactions; in SQLite IMMEDIATE, WAL."""
    if kind_of(url) == POSTGRESQL:
        return _postgresql(url, Durability.ANSWERED, pool_size=20, max_overflow=0)
    engine = create_engine(url, pool_size=20, max_overflow=0)
    event.listen(engine, "connect", lambda raw, _: _prepare(raw, "IMMEDIATE", Durability.REPEATABLE))
    return engine


def _postgresql(url: str, durability: Durability, **pool: int) -> Engine:
    commit = "on" if durability is Durability.ANSWERED else "off"
    options = f"-c synchronous_commit={commit} -c lock_timeout={BUSY_MS}"
    return create_engine(url, pool_pre_ping=True, connect_args={"options": options, "connect_timeout": 10}, **pool)


def _prepare(raw: Any, isolation_level: str | None, durability: Durability) -> None:
    raw.isolation_level = isolation_level
    raw.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute(f"PRAGMA synchronous={durability}")
    raw.execute("PRAGMA foreign_keys=ON")


def begin(connection: Connection) -> None:
    """Begin as the connection's options say: to read, or to write, which one at a time may."""
    readonly = connection.get_execution_options().get("readonly")
    if connection.dialect.name == POSTGRESQL:
        view = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
        connection.exec_driver_sql(view if readonly else LOCK_WRITERS)
    else:
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")


def insert_on(connection: Connection, table: Any) -> sqlite.Insert:
    """An INSERT that may have ON CONFLICT, which both spell the same and SQLAlchemy does not."""
    if connection.dialect.name == POSTGRESQL:
        from sqlalchemy.dialects import postgresql

        return cast(sqlite.Insert, postgresql.insert(table))
    return sqlite.insert(table)


def greatest_of_all(connection: Connection, parts: Sequence[Select[Any]], limit: int) -> Executable:
    """The greatest values that each of these queries of one column has, all walked beside each other in index order.

    SQLite does so for INTERSECT, PostgreSQL for a join: it would sort or hash all of an INTERSECT first.
    """
    if connection.dialect.name != POSTGRESQL:
        both = intersect(*parts)
        return both.order_by(both.selected_columns[0].desc()).limit(limit)
    first, *others = (part.subquery() for part in parts)
    query = select(first.c[0]).order_by(first.c[0].desc()).limit(limit)
    for other in others:
        query = query.join_from(first, other, first.c[0] == other.c[0])
    return query


def limit_of(error: BaseException | None) -> str:
    """What a driver's error says that there is too little of for now: room, or turns to write. Else nothing."""
    code, state = getattr(error, "sqlite_errorcode", None), getattr(error, "sqlstate", None)
    if code in FULL_CODES or state == FULL_STATE:
        return "the database has no room"
    if code in BUSY_CODES or state in BUSY_STATES:
        return f"the database is busy: no turn to write in {BUSY_MS // 1000} s"
    return ""


class RawConnection:
    """One driver connection that stays open, for statements that every image and order waits for.

    Statements have `?` where values go. Outside `begin` and `commit` each is its own transaction.
    """

    def __init__(self, engine: Engine) -> None:
        raw = engine.raw_connection()
        self._is_postgresql = engine.dialect.name == POSTGRESQL
        self._raw: Any = raw
        if self._is_postgresql:
            self._raw = raw.driver_connection
            raw.detach()
            self._raw.autocommit = True
        self._cursor: DBAPICursor = self._raw.cursor()

    def execute(self, statement: str, values: Any = ()) -> DBAPICursor:
        self._run(self._cursor.execute, statement, self._plain(values))
        return self._cursor

    def execute_many(self, statement: str, rows: list[Any]) -> None:
        self._run(self._cursor.executemany, statement, [self._plain(row) for row in rows])

    def listen(self) -> None:
        """Have the server tell of what others commit (PostgreSQL)."""
        self._cursor.execute(f"LISTEN {WRITTEN}")

    def was_told(self) -> bool:
        """Whether it told since it was asked last; asks nobody. Raises the driver's error when it is gone."""
        return bool(list(self._raw.notifies(timeout=0)))

    def begin(self) -> None:
        """Begin to write; nobody else does until `commit` or `rollback`."""
        if self._is_postgresql:
            self._cursor.execute("BEGIN")
            self._cursor.execute(LOCK_WRITERS)
            return
        self._cursor.execute("PRAGMA busy_timeout=0")
        try:
            self._begin_soon()
        finally:
            self._cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")

    def _begin_soon(self) -> None:
        """Ask for the turn every millisecond: SQLite rests up to 100 ms, and again when somebody else was quicker.

        Beside five busy writers 1 in 20 waited for 90 to 140 ms and some for a second; so 12 to 50 ms.
        """
        until = time.monotonic() + BUSY_MS / 1000
        while True:
            try:
                self._cursor.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode not in BUSY_CODES or time.monotonic() > until:
                    raise
            time.sleep(ASK_AGAIN_S)

    def commit(self) -> None:
        self._cursor.execute("COMMIT")

    def rollback(self) -> bool:
        """Take back what was begun; False when the connection is of no use any more."""
        try:
            self._raw.rollback()
        except Exception:  # noqa: BLE001  # the driver's: the server is gone
            return False
        return not (self._is_postgresql and self._raw.closed)

    def close(self) -> None:
        self._cursor.close()
        self._raw.close()

    def _run(self, do: Callable[[Any, Any], object], statement: str, values: Any) -> None:
        do(statement.replace("?", "%s") if self._is_postgresql else statement, values)

    def _plain(self, values: Any) -> Any:
        """PostgreSQL has no NUL in text."""
        if not self._is_postgresql:
            return values
        return [value.replace("\0", "") if isinstance(value, str) else value for value in values]


@compiles(String, POSTGRESQL)
@compiles(Text, POSTGRESQL)
def _text(type_: String, compiler: Any, type_expression: Any = None, **more: Any) -> str:
    """Text of any length, compared by its code points: as in SQLite, and as keysets and prefixes need it."""
    return 'TEXT COLLATE "C"' if type_expression is not None else "TEXT"
