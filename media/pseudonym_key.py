"""PLUGIN POINT. Where the key of pseudonyms is: in a file of its owner's, or where the service says."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from media.errors import BadOrder

KEY_BYTES = 32
FILE = "file:"

KEYS: dict[str, Callable[[], bytes]] = {}
"""Givers of keys by what an order calls them; that of the service comes with `connect_key`."""


def connect_key(name: str, give: Callable[[], bytes]) -> None:
    """Let orders name a key."""
    KEYS[name] = give


def key_of(name: str) -> bytes:
    """The key an order names: `file:PATH`, made when there is none, or a connected one. Raises BadOrder."""
    if name.startswith(FILE):
        return _in_file(Path(name.removeprefix(FILE)))
    if name not in KEYS:
        raise BadOrder(f"key of pseudonyms {name!r} is not known here; expected file:PATH")
    return KEYS[name]()


def new_key() -> bytes:
    """A key nobody has."""
    return secrets.token_bytes(KEY_BYTES)


def _in_file(path: Path) -> bytes:
    """The key in a file that its owner alone may read; a new one is on the disk before it is used."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write(path)
        if path.stat().st_mode & 0o077:
            raise BadOrder(f"key file {path} can be read by others; expected mode 0600")
        key = bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        raise BadOrder(f"key file {path}: {error.strerror or type(error).__name__}") from error
    except ValueError:
        key = b""
    if len(key) < KEY_BYTES:
        raise BadOrder(f"key file {path} holds no key; expected {2 * KEY_BYTES} hexadecimal digits")
    return key


def _write(path: Path) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, new_key().hex().encode() + b"\n")
        os.fsync(file)
    finally:
        os.close(file)
    try:
        path.hardlink_to(part)  # the first of two at once wins
    except FileExistsError:
        pass
    finally:
        part.unlink()
