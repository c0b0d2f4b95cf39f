"""The whole installation as one file: `backup` writes it while the service runs, `restore` makes a folder of it.

The file is a tar (POSIX pax), without compression:

    backup.json      what it is
    database.*       the database at one moment
    data/...         the files of DATA_DIR, read after that moment; what the database does not know by then is left out
    settings.toml    the settings file; secrets stand there by reference only
    outside/...      certificates and keys that the settings name elsewhere
    manifest.jsonl   name, size and SHA-256 of each of these, in their order, then how many they are
"""

from pathlib import Path

FORMAT = 1
ABOUT, MANIFEST, SETTINGS = "backup.json", "manifest.jsonl", "settings.toml"
DATA, OUTSIDE = "data/", "outside/"
PIECE_BYTES = 1 << 20
RESTORED = "restored"
"""Below the restored data: settings and keys, for somebody to put where they belong."""


class BackupFailed(Exception):
    """A backup could not be written or restored."""


def hidden_beside(path: Path, suffix: str) -> Path:
    """A name beside `path` for what is not whole yet."""
    return path.with_name(f".{path.name}{suffix}")
