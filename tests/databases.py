"""Empty databases with the newest schema: copies of one that was migrated once, for the time that this saves."""

import os
import tempfile
from functools import cache
from pathlib import Path

from service.store.dialects import file_of
from service.store.engine import migrate


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "printmgr.db"
        migrate(f"sqlite:///{file}")
        return file.read_bytes()


def new_database(url: str) -> None:
    """Make SQLite's database of this URL, unless it is there."""
    file = file_of(url)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_bytes(_migrated())
        os.chmod(file, 0o600)
