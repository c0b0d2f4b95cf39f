"""The words of their patient's name that films are found by."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert

from service.store.identity_models import IdentityWord


def set_words(connection: Connection, print_id: str, words: Sequence[str]) -> None:
    """The words that a print is found by, instead of those before."""
    connection.execute(delete(IdentityWord).where(IdentityWord.print_id == print_id))
    rows = [{"print_id": print_id, "word": word} for word in dict.fromkeys(words)]
    if rows:
        connection.execute(insert(IdentityWord), rows)
