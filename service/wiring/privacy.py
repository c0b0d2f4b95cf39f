"""Orders of discs that do not say whose they are."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from service.config import Settings

if TYPE_CHECKING:
    from media.fileset.confidentiality import Deidentify

KEY = "database"  # what an order calls the service's key of pseudonyms
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
