"""What the commands share: the settings option, opening the data, tables, JSON, errors as exit codes."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from service.config import Settings
    from service.store.engine import Store

SettingsFile = Annotated[Path | None, typer.Option("--settings", help="Settings file (TOML).", show_default=False)]
AsJSON = Annotated[bool, typer.Option("--json", help="For scripts: JSON on standard output.")]

WRONG_CALL = ("ConfigError",)
UNKNOWN = ("NoSuchJob", "NoSuchPrint", "NoSuchStudy", "NoSuchDelivery", "NoSuchPerson")
PEOPLE = ("NameTaken", "BadName", "BadPassword")
FAILED = (
    *("PrintError", "MediaError", *UNKNOWN, *PEOPLE, "NotNow", "NotSo", "ServeFailed", "Taken", "NoData", "OSError"),
    *("BackupFailed", "SnapshotFailed", "ArchiveDown"),
)
"""Kinds of errors that are told in words, by name: importing them all would make every command slow."""


class NoData(Exception):
    """There is no service's data where the settings say."""


def settings_of(file: Path | None) -> "Settings":
    """The settings. Raises ConfigError."""
    from service.config import load

    return load(file)


@contextmanager
def store_of(settings: "Settings") -> "Iterator[Store]":
    """The database of a service that has run. Raises NoData."""
    from service.store.dialects import SQLITE, file_of, kind_of
    from service.store.engine import Store, migrate

    file = file_of(settings.database)
    if kind_of(settings.database) == SQLITE and not file.exists():
        raise NoData(f"{file} does not exist; expected the database of a service that was started with these settings")
    migrate(settings.database)
    store = Store(settings.database)
    try:
        yield store
    finally:
        store.close()


def print_json(value: object) -> None:
    """Values, records and lists of them as JSON."""
    print(json.dumps(value, default=_plain, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """A table on a terminal, tab-separated lines elsewhere."""
    lines = [[str(cell) for cell in row] for row in rows]
    if not lines:
        print(empty, file=sys.stderr)
    elif sys.stdout.isatty():
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

        table = Table(*columns, box=None, header_style="bold", pad_edge=False)
        for line in lines:
            table.add_row(*map(escape, line))
        Console().print(table)
    else:
        for line in [list(columns), *lines]:
            print("\t".join(line))


def fail(error: Exception) -> NoReturn:
    """Tell an error that was foreseen and end with its exit code; raise any other."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds.isdisjoint(WRONG_CALL + FAILED):
        raise error
    print(f"printmgr: {error}", file=sys.stderr)
    raise SystemExit(1 if kinds.isdisjoint(WRONG_CALL) else 2)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)
