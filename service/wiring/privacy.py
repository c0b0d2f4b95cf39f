"""Orders of discs that do not say whose they are, or not to everybody."""

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from service.config import Settings

if TYPE_CHECKING:
    from media.fileset.confidentiality import Deidentify
    from media.fileset.encryption import Encrypt

KEY = "database"  # what an order calls the service's key of pseudonyms
NOBODY = "none"  # knows a password
SECRET = "pseudonyms"  # noqa: S105  # a name


def offer_pseudonym_key(settings: Settings) -> None:
    """Let the orders of this process use the service's key."""
    from media.pseudonym_key import connect_key, new_key
    from service.store.engine import Store, migrate
    from service.store.secrets import secret

    def give() -> bytes:
        migrate(settings.database)
        store = Store(settings.database)
        try:
            return secret(store, SECRET, new_key)
        finally:
            store.close()

    connect_key(KEY, give)


def deidentification(
    settings: Settings | None, options: str, key_file: Path | None = None, released: Iterable[str] = ()
) -> "Deidentify | None":
    """What an order asks for; None for no options. The masks are those of the settings. Raises BadOrder.

    The key is in the file named; without one in the service's database, or without settings in a file of the user's.
    """
    from media.fileset.confidentiality import Deidentify, mask_of, options_of
    from media.pseudonym_key import FILE

    if not options:
        return None
    if key_file is None and settings is None:
        key_file = Path.home() / ".local/share/printmgr/pseudonyms.key"
    if settings is not None:
        offer_pseudonym_key(settings)
    key = f"{FILE}{key_file.absolute()}" if key_file else KEY
    masks = tuple(mask_of(mask.model_dump()) for mask in (settings.masks if settings else ()))
    return Deidentify(key, options_of(options), frozenset(released), masks)


def encryption(method: str, password: str = "", recipients: Iterable[Path] = ()) -> "Encrypt | None":
    """How an order is encrypted; None for no method. Raises BadOrder.

    password  `made` (the same as nothing), `ask`, `env:NAME`, `file:PATH`, or `none` for certificates alone
    """
    from media.errors import BadOrder
    from media.fileset.encryption import MADE, Encrypt, Method
    from media.passwords import FILE, connect_password

    if not method:
        return None
    if method not in set(Method):
        raise BadOrder(f"--encrypt is {method!r}; expected one of {', '.join(Method)}")
    password = password or MADE
    if password == "ask":  # noqa: S105  # a word of ours
        connect_password(password, _ask)
    elif password.startswith("env:"):
        connect_password(password, partial(_in_environment, password.removeprefix("env:")))
    elif password.startswith(FILE):
        password = f"{FILE}{Path(password.removeprefix(FILE)).absolute()}"
    elif password not in (MADE, NOBODY):
        raise BadOrder("a password is not given on the command line; expected made, ask, env:NAME, file:PATH or none")
    certificates = tuple(str(one.absolute()) for one in recipients)
    return Encrypt(Method(method), password if password != NOBODY else "", certificates)


def _in_environment(name: str) -> str:
    return os.environ.get(name, "")


def _ask() -> str:
    """A password from the terminal, typed twice."""
    from getpass import getpass

    from media.errors import BadOrder

    first = getpass("Password for the disc: ")
    if getpass("Once more: ") != first:
        raise BadOrder("the passwords were not the same")
    return first
