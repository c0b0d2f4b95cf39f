"""The folder of recordings: who is recorded by command, and what is old. The recorder itself is in recorder.py."""

import json
import logging
from enum import StrEnum
from pathlib import Path

from printmgr.files import make_folder, whole

log = logging.getLogger(__name__)

WANTED = "wanted.json"


class Record(StrEnum):
    """What of a partner's associations is recorded."""

    OFF = "off"
    MASKED = "masked"  # texts are masked
    PLAIN = "plain"  # with names and all: nothing for a recording that leaves the house


def wanted(folder: Path) -> dict[str, Record]:
    """Who is recorded by command, by calling AE title; nobody when the file is missing or damaged."""
    try:
        said = json.loads((folder / WANTED).read_bytes())
        return {str(title): Record(record) for title, record in said.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError):
        log.warning("%s cannot be read; nobody is recorded by it", folder / WANTED)
        return {}


def want(folder: Path, calling_ae: str, record: Record | None) -> dict[str, Record]:
    """Record a partner's associations from now on, or not; None: as the settings say. Raises OSError, ResourceLimit."""
    make_folder(folder)
    all_wanted = wanted(folder)
    all_wanted.pop(calling_ae, None)
    if record is not None:
        all_wanted[calling_ae] = record
    with whole(folder / WANTED) as file:
        file.write(json.dumps(all_wanted).encode())
    return all_wanted


def remove_old(folder: Path, before: float) -> list[tuple[str, int]]:
    """Delete recordings that ended before then, seconds since 1970; names and sizes."""
    removed = []
    for file in sorted(folder.glob("*.jsonl")):
        status = file.stat()
        if status.st_mtime < before:
            file.unlink()
            removed.append((file.name, status.st_size))
    return removed
