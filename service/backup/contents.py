"""What of an installation goes into a backup."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from service.config import Settings
from service.inbox_folder import SETTLED

PRINT_ID = re.compile(r"\d{8}-\d{6}-\d{6}-[0-9a-f]{8}")
NOT_KEPT = re.compile(r"lock|.*\.lock|.*\.migrating|\.arriving-.*|\..*\.part|\..*\.(restoring|writing)")
"""Locks, and what is not whole."""
IMAGE_IN_THE_MAKING = re.compile(r"volume_.*")
PLAIN_SECRET = re.compile(r"""^(\s*client_secret\s*=[ \t]*+)(?!["'](?:file:|env:|["'])).*$""", re.MULTILINE)


def data_files(settings: Settings, known_prints: set[str]) -> Iterator[Path]:
    """The files of the data folder, associations first; without the database, locks and prints ordered meanwhile."""
    root = settings.data_dir
    database = Path(settings.database.removeprefix("sqlite:///"))
    for path in _walk(root):
        parts = path.relative_to(root).parts
        if parts[0] == "metrics" or (path.name.startswith(database.name) and path.parent == database.parent):
            continue
        if NOT_KEPT.fullmatch(path.name) or (parts[0] == "inbox" and path.name == SETTLED):
            continue  # without the mark a run of the inbox is looked through once more
        if path.parent.name == ".job" and IMAGE_IN_THE_MAKING.fullmatch(path.name):
            continue  # made again from the plan
        print_id = _print_of(parts)
        if not print_id or print_id in known_prints:
            yield path


def _print_of(parts: tuple[str, ...]) -> str:
    """The print that a file is of; '' when it is of none."""
    if parts[:2] == ("spool", "prints") and len(parts) > 3:
        return parts[2]
    found = PRINT_ID.match(parts[-1]) if parts[0] == "films" else None
    return found.group() if found else ""


def _walk(root: Path) -> Iterator[Path]:
    """Regular files; folders that vanish meanwhile have none.

    Settling moves data sets from associations to prints: what is gone from the former is in the latter if read after.
    """
    first = sorted(root.glob("spool/associations*"))
    later = [path for path in (root / "spool", root / "inbox", root) if path.is_dir()]
    seen: set[Path] = set()
    for top in [*first, *later]:
        for folder, folders, files in os.walk(top):
            here = Path(folder)
            folders[:] = sorted(name for name in folders if here / name not in seen)
            paths = (here / name for name in sorted(files))
            yield from (path for path in paths if path.is_file() and not path.is_symlink())
        seen.add(top)


def settings_text(file: Path) -> str:
    """The settings file, a secret that stands in it by mistake left out."""
    return PLAIN_SECRET.sub(r'\1""  # left out of the backup', file.read_text(encoding="utf-8"))


def key_files(settings: Settings) -> list[Path]:
    """Files that the settings name outside the data folder: certificates, keys."""
    named = {path.absolute() for path in _paths(settings) if path.is_file()}
    return sorted(path for path in named if not path.is_relative_to(settings.data_dir))


def _paths(value: Any) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value.expanduser()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _paths(getattr(value, name))
    elif isinstance(value, dict):
        yield from (path for one in value.values() for path in _paths(one))
    elif isinstance(value, list | tuple):
        yield from (path for one in value for path in _paths(one))
    elif hasattr(value, "__dataclass_fields__"):
        yield from (path for name in value.__dataclass_fields__ for path in _paths(getattr(value, name)))
