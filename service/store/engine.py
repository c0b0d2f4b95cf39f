"""Opening the database: connections, transactions, migrations."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from printmgr.errors import ResourceLimit
from service.store.dialects import POSTGRESQL, Durability, engine_for_jobs, file_of, kind_of, limit_of, open_engine

__all__ = ["Durability", "Store", "engine_for_jobs", "limits_named", "locked", "migrate"]

MIGRATIONS = Path(__file__).parent / "migrations"


class Store:
    """The database of one process."""

    def __init__(self, url: str, durability: Durability = Durability.ANSWERED) -> None:
        self.url = url
        self.durability = durability
        self.engine = open_engine(url, durability, pool_size=8, max_overflow=24)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write. Raises ResourceLimit when there is no room or no turn for it."""
        with limits_named(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; it never waits for a writer."""
        with self.engine.connect().execution_options(readonly=True) as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def limits_named() -> Iterator[None]:
    """A database that cannot grow, or lets others write all the time, is told as ResourceLimit."""
    try:
        yield
    except Exception as error:
        if limit := limit_of(error.orig if isinstance(error, DBAPIError) else error):
            raise ResourceLimit(limit) from error
        raise


def migrate(url: str) -> None:
    """Bring the database to the newest schema; one process at a time."""
    store = Store(url)
    with _alone(url):
        if _version(store) != newest():
            _upgrade(store)
    store.close()


def newest() -> str:
    """The newest schema's number, with which its migration's file name begins."""
    return max(file.name for file in (MIGRATIONS / "versions").glob("*.py"))[:4]


def _version(store: Store) -> str:
    """The schema's number; nothing when there is none. Importing Alembic for it would slow down each command."""
    try:
        with store.read() as connection:
            return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar())
    except DBAPIError:
        return ""


def _upgrade(store: Store) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)

    def upgrade(revision: Any, _: Any) -> Any:
        return scripts._upgrade_revs("head", revision)

    with EnvironmentContext(config, scripts, fn=upgrade) as context, store.engine.connect() as connection:
        context.configure(connection=connection, transactional_ddl=True)
        with connection.begin():
            context.run_migrations()


@contextmanager
def _alone(url: str) -> Iterator[None]:
    """Be the only one that migrates; in PostgreSQL whoever writes is alone already."""
    if kind_of(url) == POSTGRESQL:
        yield
        return
    file = file_of(url)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not file.exists():  # closing a file that SQLite has open would drop this process's locks on it (POSIX)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))  # SQLite's other files take its mode
    with locked(file.with_name(file.name + ".migrating")):
        yield


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Wait for and hold an exclusive lock on `file`."""
    descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
