"""`printmgr backup` and `printmgr restore`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from service.terminal import AsJSON, SettingsFile, print_json, settings_of

MOST_NAMED = 20


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A name that is free; the file is a tar.")],
    settings: SettingsFile = None,
    as_json: AsJSON = False,
) -> None:
    """Write database, films, spool, inbox, discs, settings and keys to one file, while the service runs."""
    import os

    from service.backup.write import backup as write
    from service.config import SETTINGS_FILE_VARIABLE
    from service.terminal import store_of

    known = settings_of(settings)
    with store_of(known):
        named = settings or (Path(os.environ[SETTINGS_FILE_VARIABLE]) if SETTINGS_FILE_VARIABLE in os.environ else None)
        made = write(known, file.absolute(), named)
    if as_json:
        print_json(made)
    else:
        print(f"{file}: {made.files} files, {made.size_bytes} bytes, manifest SHA-256 {made.manifest_sha256}")
    _end(made.missing, "was not there, though the database has it")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `printmgr backup` wrote.")],
    data_dir: Annotated[Path, typer.Option(help="An empty folder, or a name that is free.")],
    settings: SettingsFile = None,
    as_json: AsJSON = False,
) -> None:
    """Make a data folder, and its database, from a backup; every byte is checked, then files and database compared."""
    from service.backup import RESTORED
    from service.backup.restore import restore as read
    from service.config import load

    known = load(settings, data_dir=data_dir.absolute())
    made = read(file.absolute(), known)
    if as_json:
        print_json(made)
    else:
        print(f"{data_dir}: {made.files} files; {made.received} received instances, {made.films} films compared")
        if made.settings:
            print(f"settings and keys as they were: {data_dir / RESTORED}")
    _end(made.missing, "is not in the backup, though its database has it")


def _end(missing: tuple[str, ...], what: str) -> None:
    """Name what is missing; exit code 1 when something is."""
    for name in missing[:MOST_NAMED]:
        print(f"printmgr: {name} {what}", file=sys.stderr)
    if len(missing) > MOST_NAMED:
        print(f"printmgr: and {len(missing) - MOST_NAMED} more; --json has all", file=sys.stderr)
    if missing:
        raise SystemExit(1)
