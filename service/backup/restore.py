"""`printmgr restore`: a backup becomes the data folder of an installation, whole or not at all."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from printmgr.files import sync_folder
from printmgr.sinks import FolderSink
from service.backup import ABOUT, DATA, FORMAT, OUTSIDE, RESTORED, SETTINGS, BackupFailed, hidden_beside
from service.backup.archive import read_into
from service.config import Settings
from service.store import snapshot
from service.store.dialects import kind_of
from service.store.engine import Store, migrate


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored folder has, compared with what its database says."""

    files: int
    received: int
    films: int
    missing: tuple[str, ...]  # named by the database, not in the backup
    settings: bool  # whether there are settings and keys in RESTORED


def restore(archive: Path, settings: Settings) -> Restored:
    """Make `settings.data_dir`, and the database, from a backup. Raises BackupFailed, SnapshotFailed.

    Every byte is checked against the manifest before the folder gets its name; then database and files are compared.
    """
    target = settings.data_dir
    if not archive.is_file():
        raise BackupFailed(f"{archive} does not exist; expected a backup")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackupFailed(f"{target} is not empty; expected an empty folder, or a name that is free")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    making = hidden_beside(target, ".restoring")
    shutil.rmtree(making, ignore_errors=True)
    work = making / ".backup"
    try:
        work.mkdir(parents=True, mode=0o700)
        files = read_into(archive, lambda name: _place(making, work, name))
        copy = _checked(archive, work, settings)
        made = Settings.model_copy(settings, update={"data_dir": making})
        snapshot.load(copy, made.database)
        shutil.rmtree(work)
        os.sync()
        if target.exists():
            target.rmdir()
        making.rename(target)
        sync_folder(target.parent)
    except BaseException as error:
        shutil.rmtree(making, ignore_errors=True)
        if isinstance(error, OSError):
            raise BackupFailed(f"{archive} cannot be restored: {error.strerror or error}") from error
        raise
    return _compared(settings, files)


def _place(making: Path, work: Path, name: str) -> Path:
    if name.startswith(DATA):
        return making / name.removeprefix(DATA)
    return making / RESTORED / name if name == SETTINGS or name.startswith(OUTSIDE) else work / name


def _checked(archive: Path, work: Path, settings: Settings) -> Path:
    """The database's copy, when this is a backup that these settings can take."""
    try:
        about = json.loads((work / ABOUT).read_bytes())
        format_, kind = about["format"], about["database"]
    except (OSError, ValueError, KeyError, TypeError):
        raise BackupFailed(f"{archive} has no {ABOUT}; expected a backup of printmgr") from None
    if format_ != FORMAT:
        raise BackupFailed(f"{archive} has the format {format_}; expected {FORMAT}")
    wanted = kind_of(settings.database)
    if kind != wanted:
        raise BackupFailed(f"{archive} has a database of {kind}; expected {wanted}, as database_url says")
    return work / snapshot.NAMES[kind]


def _compared(settings: Settings, files: int) -> Restored:
    """Count what the database names and look for each."""
    migrate(settings.database)
    own = {sink.name for sink in settings.sinks if isinstance(sink, FolderSink) and sink.root is None}
    keep = {printer.ae_title for printer in settings.printers if own.intersection(printer.sinks)}
    missing: list[str] = []
    received = films = 0
    store = Store(settings.database)
    try:
        with store.read() as connection:
            for named in snapshot.received_files(connection):
                received += 1
                path = settings.inbox_dir / named.file
                if not path.is_file() or path.stat().st_size != named.size_bytes:
                    missing.append(str(path))
            for named in snapshot.film_files(connection, keep):
                films += 1
                path = settings.films_dir / named.file
                if not path.is_file():
                    missing.append(str(path))
    finally:
        store.close()
    return Restored(files, received, films, tuple(missing), (settings.data_dir / RESTORED).is_dir())
