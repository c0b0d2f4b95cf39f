"""The whole database as one file, while it is used, and back; what it says must be there in files."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, inspect, make_url, select

from service.store.dialects import POSTGRESQL, SQLITE, file_of, kind_of
from service.store.engine import Store
from service.store.jobs import JobState
from service.store.models import Job, PrintRow
from service.store.study_models import InstanceRow

NAMES = {SQLITE: "database.sqlite", POSTGRESQL: "database.pgdump"}
"""What the snapshot of each kind of database is called in a backup."""


class SnapshotFailed(Exception):
    """The database could not be copied, or a copy not be used."""


class Named(NamedTuple):
    """A file that the database says is there, below the inbox or the films; -1 bytes: of any size."""

    file: str
    size_bytes: int


def save(url: str, target: Path) -> None:
    """Copy the database as it stands at one moment; writers go on. Raises SnapshotFailed."""
    if kind_of(url) == POSTGRESQL:
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={target}", _libpq(url))
        return
    with closing(sqlite3.connect(file_of(url))) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)  # in one piece: one consistent view, in WAL mode nobody waits


def load(snapshot: Path, url: str) -> None:
    """Make the database of a snapshot. Raises SnapshotFailed when one is there already, or the snapshot is damaged."""
    if kind_of(url) == POSTGRESQL:
        _check_empty(url)
        _run("pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={_libpq(url)}", snapshot)
        return
    file = file_of(url)
    if file.exists():
        raise SnapshotFailed(f"{file} exists; expected no database where one is restored")
    with closing(sqlite3.connect(snapshot)) as source:
        try:
            found = source.execute("PRAGMA quick_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            found = str(error)
    if found != "ok":
        raise SnapshotFailed(f"the database in the backup is damaged: {found}")
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(snapshot, file)
    file.chmod(0o600)


def received_files(connection: Connection) -> Iterator[Named]:
    """The files of the inbox."""
    query = select(InstanceRow.file, InstanceRow.size_bytes).order_by(InstanceRow.id)
    for row in connection.execute(query.execution_options(yield_per=1000)):
        yield Named(row.file, row.size_bytes)


def film_files(connection: Connection, printers: set[str]) -> Iterator[Named]:
    """The films that are made, of printers (AE titles) that keep them in the house's own folder."""
    query = (
        select(PrintRow.slug, PrintRow.date, PrintRow.id)
        .join(Job, Job.id == PrintRow.id)
        .where(Job.state == JobState.DONE, PrintRow.deleted_at.is_(None), PrintRow.printer.in_(sorted(printers)))
        .order_by(PrintRow.id)
    )
    for row in connection.execute(query.execution_options(yield_per=1000)):
        yield Named(f"{row.slug}/{row.date}/{row.id}.pdf", -1)


def _check_empty(url: str) -> None:
    store = Store(url)
    try:
        with store.read() as connection:
            if inspect(connection).has_table("jobs"):
                raise SnapshotFailed("the database has tables already; expected an empty one where one is restored")
    finally:
        store.close()


def _libpq(url: str) -> str:
    return make_url(url).set(drivername=POSTGRESQL).render_as_string(hide_password=False)


def _run(*command: str | Path) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        raise SnapshotFailed(f"the program {command[0]} is not there; expected PostgreSQL's client programs") from None
    except subprocess.CalledProcessError as error:
        raise SnapshotFailed(f"{command[0]} failed: {error.stderr.strip()[-500:]}") from None
