"""Orders of discs that do not say whose they are, or not to everybody."""

import os
import sys
from collections.abc import Iterable
from functools import partial
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from service.config import Settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

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


def encryption(
    method: str, password: str = "", recipients: Iterable[Path] = (), signer: Path | None = None
) -> "Encrypt | None":
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
    signs = str(signer.absolute()) if signer else ""
    return Encrypt(Method(method), password if password != NOBODY else "", certificates, signs)


def opening_password(whence: str) -> str:
    """The password of a disc to be opened, "" for none: `ask`, `env:NAME` or `file:PATH`. Raises BadOrder."""
    from media.errors import BadOrder

    if not whence:
        return ""
    try:
        if whence == "ask":
            found = getpass("Password of the disc: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
        elif whence.startswith("env:"):
            found = _in_environment(whence.removeprefix("env:"))
        elif whence.startswith("file:"):
            found = Path(whence.removeprefix("file:")).read_text("ascii", "replace").partition("\n")[0].rstrip("\r")
        else:
            raise BadOrder("a password is not given on the command line; expected ask, env:NAME or file:PATH")
    except OSError as error:
        raise BadOrder(f"password {whence}: {error.strerror or type(error).__name__}") from error
    if not found:
        raise BadOrder(f"password {whence}: is empty")
    return found


def opening_key(path: Path | None) -> "RSAPrivateKey | None":
    """The private key of a recipient. Raises BadOrder."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from media.errors import BadOrder

    if path is None:
        return None
    try:
        found = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise BadOrder(f"key {path}: {error}; expected a PEM file with a private key without password") from error
    if not isinstance(found, RSAPrivateKey):
        raise BadOrder(f"key {path}: expected an RSA key")
    return found


def _in_environment(name: str) -> str:
    return os.environ.get(name, "")


def _ask() -> str:
    """A password from the terminal, typed twice."""
    from media.errors import BadOrder

    first = getpass("Password for the disc: ")
    if getpass("Once more: ") != first:
        raise BadOrder("the passwords were not the same")
    return first
