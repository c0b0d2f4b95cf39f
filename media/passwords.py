"""PLUGIN POINT. Where the password of an encrypted disc comes from; it is in no order and on no command line."""

import secrets
from collections.abc import Callable
from pathlib import Path

from media.errors import BadOrder
from media.fileset.encryption import MADE, checked_password

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken for another when it is read or typed
GROUPS, GROUP_LETTERS = 4, 5  # 99 bits
FILE = "file:"

PASSWORDS: dict[str, Callable[[], str]] = {}
"""Givers of passwords by what an order calls them."""


def connect_password(name: str, give: Callable[[], str]) -> None:
    """Let orders of this process name a password."""
    PASSWORDS[name] = give


def new_password() -> str:
    """A password that can be read out: groups of letters and digits.

    >>> len(new_password())
    23
    """
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP_LETTERS)) for _ in range(GROUPS))


def password_of(name: str) -> str:
    """The password an order names. Raises BadOrder."""
    if name == MADE:
        return new_password()
    if name.startswith(FILE):
        path = Path(name.removeprefix(FILE))
        try:
            lines = path.read_text("ascii", "replace").splitlines()
        except OSError as error:
            raise BadOrder(f"password file {path}: {error.strerror or type(error).__name__}") from error
        return checked_password(lines[0] if lines else "")
    if name not in PASSWORDS:
        raise BadOrder(f"password {name!r} is not known here; expected {MADE} or file:PATH")
    return checked_password(PASSWORDS[name]())
