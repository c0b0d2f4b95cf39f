"""`printmgr backup`: everything, while the service runs."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from service.backup import ABOUT, DATA, FORMAT, OUTSIDE, SETTINGS, BackupFailed
from service.backup.archive import writing
from service.backup.contents import data_files, key_files, settings_text
from service.config import Settings
from service.store import prints, snapshot
from service.store.dialects import SQLITE, kind_of
from service.store.engine import Store


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a backup."""

    files: int
    size_bytes: int
    manifest_sha256: str
    missing: tuple[str, ...]  # received files that the database names and nobody has


def backup(settings: Settings, target: Path, settings_file: Path | None = None) -> Written:
    """Write the backup; the service may run. Raises BackupFailed, SnapshotFailed.

    The database is copied first and the files after it. A file is there before the database says so, and what the
    database did not know at its moment is left out or, when the copy is started, taken in as after a crash.
    """
    if target.exists():
        raise BackupFailed(f"{target} exists; expected the name of a new file")
    if not target.parent.is_dir():
        raise BackupFailed(f"{target.parent} is no folder; expected the name of a new file in one that is there")
    now = time.time_ns()
    with _snapshot(settings, target.parent) as copy, writing(target) as out:
        kind = kind_of(settings.database)
        about = {"format": FORMAT, "made_at": now // 1000, "database": kind, "data_dir": str(settings.data_dir)}
        out.add_text(ABOUT, json.dumps(about), now)
        out.add(snapshot.NAMES[kind], copy)
        for path in data_files(settings, _known_prints(settings, copy)):
            out.add(DATA + path.relative_to(settings.data_dir).as_posix(), path)
        if settings_file is not None:
            out.add_text(SETTINGS, settings_text(settings_file), now)
        for path in key_files(settings):
            out.add(OUTSIDE + path.relative_to("/").as_posix(), path)
        missing = tuple(_missing(settings, copy))
    return Written(out.files, out.size_bytes, out.sha256, missing)


@contextmanager
def _snapshot(settings: Settings, beside: Path) -> Iterator[Path]:
    with TemporaryDirectory(prefix=".backup-", dir=beside) as folder:
        copy = Path(folder) / "database"
        snapshot.save(settings.database, copy)
        yield copy


def _known_prints(settings: Settings, copy: Path) -> set[str]:
    """The prints of the copy; PostgreSQL's is no database, and what came since is known too."""
    with _opened(settings, copy) as store, store.read() as connection:
        return prints.ids(connection)


def _missing(settings: Settings, copy: Path) -> Iterator[str]:
    with _opened(settings, copy) as store, store.read() as connection:
        for named in snapshot.received_files(connection):
            if not (settings.inbox_dir / named.file).is_file():
                yield named.file


@contextmanager
def _opened(settings: Settings, copy: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{copy}" if kind_of(settings.database) == SQLITE else settings.database)
    try:
        yield store
    finally:
        store.close()
