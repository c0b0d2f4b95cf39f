"""Keys that the service keeps for itself, such as that of pseudonyms."""

from collections.abc import Callable

from sqlalchemy import String, Text, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from service.store.engine import Store
from service.store.models import Base


class SecretRow(Base):
    """A key by its name; it never changes, for what was made with it would not be found again."""

    __tablename__ = "secrets"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)  # hexadecimal


def secret(store: Store, name: str, make: Callable[[], bytes]) -> bytes:
    """The key of that name; a new one is committed before it is used."""
    wanted = select(SecretRow.value).where(SecretRow.name == name)
    with store.write() as connection:
        found = connection.execute(wanted).scalar()
        if found is None:
            found = make().hex()
            connection.execute(insert(SecretRow).values(name=name, value=found))
    return bytes.fromhex(found)
