"""Opening the database: connections, transactions, migrations."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError

from printmgr.errors import ResourceLimit

MIGRATIONS = Path(__file__).parent / "migrations"
FULL_CODES = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_CANTOPEN}


class Durability(StrEnum):
    """What a commit promises after a power cut (docs/adr/0002-outbox.md)."""

    ANSWERED = "FULL"  # it is there: an answer on the wire depends on it
    REPEATABLE = "NORMAL"  # it may be missing with all that followed it: the work is done again


class Store:
    """The database of one process."""

    def __init__(self, url: str, durability: Durability = Durability.ANSWERED) -> None:
        self.url = url
        self.durability = durability
        self.engine = create_engine(url, pool_size=8, max_overflow=24)
        event.listen(self.engine, "connect", lambda raw, _: _prepare(raw, None, durability))
        event.listen(self.engine, "begin", _begin)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write. Raises ResourceLimit when there is no room for it."""
        with full_disk_named(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; it never waits for a writer."""
        with self.engine.connect().execution_options(readonly=True) as connection:
            yield connection

    @contextmanager
    def watching(self) -> Iterator[Connection]:
        """A connection without a transaction, to see that others changed something."""
        with self.engine.connect().execution_options(watching=True) as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def full_disk_named() -> Iterator[None]:
    """A database that cannot grow is told as ResourceLimit."""
    try:
        yield
    except (OperationalError, sqlite3.OperationalError) as error:
        driver_error = error.orig if isinstance(error, OperationalError) else error
        if getattr(driver_error, "sqlite_errorcode", None) in FULL_CODES:
            raise ResourceLimit("the database has no room") from error
        raise


def engine_for_jobs(url: str) -> Engine:
    """A database engine as the job engine wants it: pysqlite's own transactions, IMMEDIATE, WAL."""
    engine = create_engine(url, pool_size=20, max_overflow=0)
    event.listen(engine, "connect", lambda raw, _: _prepare(raw, "IMMEDIATE", Durability.REPEATABLE))
    return engine


def _prepare(raw: Any, isolation_level: str | None, durability: Durability) -> None:
    raw.isolation_level = isolation_level
    raw.execute("PRAGMA busy_timeout=30000")
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute(f"PRAGMA synchronous={durability}")
    raw.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("watching"):
        return
    readonly = options.get("readonly")
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")


def migrate(url: str) -> None:
    """Bring the database to the newest schema; one process at a time."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)

    def upgrade(revision: Any, _: Any) -> Any:
        return scripts._upgrade_revs("head", revision)

    file = Path(make_url(url).database or "")
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))  # SQLite's other files take its mode
    store = Store(url)
    with (
        locked(file.with_name(file.name + ".migrating")),
        EnvironmentContext(config, scripts, fn=upgrade) as context,
        store.engine.connect() as connection,
    ):
        context.configure(connection=connection, transactional_ddl=True)
        with connection.begin():
            context.run_migrations()
    store.close()


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Wait for and hold an exclusive lock on `file`."""
    descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
