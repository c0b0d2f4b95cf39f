"""People, their sessions, machine tokens and failed sign-ins."""

import hashlib
import secrets
import time
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from service.store.jobs import iso
from service.store.people_models import FailureRow, PersonRow, SessionRow, TokenRow


class PersonRole(StrEnum):
    """What somebody may do; service.web.matrix says what exactly."""

    VIEWER = "viewer"
    DESK = "desk"
    ARCHIVIST = "archivist"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in."""

    id: int
    name: str
    full_name: str
    role: PersonRole
    active: bool
    created_at: str


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that somebody is signed in with."""

    token_hash: str
    person: Person
    csrf: str
    address: str
    created_at: int
    seen_at: int


@dataclass(frozen=True, slots=True)
class Token:
    """A machine's way in; the token itself is known to the machine alone."""

    id: int
    name: str
    role: PersonRole
    created_by: str
    created_at: str
    used_at: str
    revoked_at: str


class NoSuchPerson(Exception):
    """Nobody has this name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"nobody is named {name!r}; expected a name that `printmgr user list` shows")


class NameTaken(Exception):
    """Somebody has this name already."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name!r} is somebody's name already; expected another one")


class NoSuchToken(Exception):
    """No machine token has this number."""

    def __init__(self, token_id: int) -> None:
        self.token_id = token_id
        super().__init__(f"no token has the number {token_id}")


def hash_of(secret: str) -> str:
    """What of a random secret is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


# People


def anybody(connection: Connection) -> bool:
    """Whether there is an administrator."""
    query = select(func.count()).where(PersonRow.role == PersonRole.ADMIN, PersonRow.active)
    return bool(connection.execute(query).scalar_one())


def add(connection: Connection, name: str, role: PersonRole, password_hash: str = "", full_name: str = "") -> Person:
    """A new person. Raises NameTaken."""
    name = name.strip().lower()
    if _row(connection, name) is not None:
        raise NameTaken(name)
    values = {"name": name, "full_name": full_name, "role": role, "password_hash": password_hash, "active": True}
    connection.execute(insert(PersonRow).values(**values, created_at=_now()))
    return one(connection, name)


def one(connection: Connection, name: str) -> Person:
    """Raises NoSuchPerson."""
    row = _row(connection, name)
    if row is None:
        raise NoSuchPerson(name)
    return _person(row)


def password_hash_of(connection: Connection, name: str) -> str:
    """'' of nobody, of who is locked out and of who signs in elsewhere."""
    row = _row(connection, name)
    return "" if row is None or not row.active else str(row.password_hash)


def listed(connection: Connection) -> list[Person]:
    """Everybody, by name."""
    return [_person(row) for row in connection.execute(select(PersonRow.__table__).order_by(PersonRow.name))]


def change(
    connection: Connection,
    name: str,
    *,
    role: PersonRole | None = None,
    active: bool | None = None,
    password_hash: str | None = None,
    full_name: str | None = None,
) -> Person:
    """Change what is given; every session of the person ends. Raises NoSuchPerson."""
    person = one(connection, name)
    given = {"role": role, "active": active, "password_hash": password_hash, "full_name": full_name}
    values = {key: value for key, value in given.items() if value is not None}
    if values:
        connection.execute(update(PersonRow).where(PersonRow.id == person.id).values(**values))
        end_sessions_of(connection, person.id)
    return one(connection, name)


def _row(connection: Connection, name: str) -> Row[tuple[object, ...]] | None:
    query = select(PersonRow.__table__).where(PersonRow.name == name.strip().lower())
    return connection.execute(query).one_or_none()


def _person(row: Row[tuple[object, ...]]) -> Person:
    return Person(row.id, row.name, row.full_name, PersonRole(row.role), bool(row.active), iso(row.created_at))


# Sessions


def begin_session(connection: Connection, person: Person, address: str) -> tuple[str, str]:
    """A new session; its token and its token against forged requests."""
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    now = _now()
    values = {"token_hash": hash_of(token), "person_id": person.id, "csrf": csrf, "address": address}
    connection.execute(insert(SessionRow).values(**values, created_at=now, seen_at=now))
    return token, csrf


def session_of(connection: Connection, token: str) -> Session | None:
    """The session of a token, while its person may sign in."""
    columns = [PersonRow.name, PersonRow.full_name, PersonRow.role, PersonRow.active, PersonRow.created_at]
    query = (
        select(SessionRow.__table__, *[column.label(f"person_{column.name}") for column in columns])
        .join(PersonRow, PersonRow.id == SessionRow.person_id)
        .where(SessionRow.token_hash == hash_of(token), PersonRow.active)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    person = Person(
        row.person_id,
        row.person_name,
        row.person_full_name,
        PersonRole(row.person_role),
        bool(row.person_active),
        iso(row.person_created_at),
    )
    return Session(row.token_hash, person, row.csrf, row.address, row.created_at, row.seen_at)


def touch_session(connection: Connection, token_hash: str, seen_at: int | None = None) -> None:
    """Somebody does something; or, with `seen_at`, has not since then."""
    change_ = update(SessionRow).where(SessionRow.token_hash == token_hash)
    connection.execute(change_.values(seen_at=_now() if seen_at is None else seen_at))


def end_session(connection: Connection, token_hash: str) -> None:
    connection.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash))


def end_sessions_of(connection: Connection, person_id: int) -> None:
    connection.execute(delete(SessionRow).where(SessionRow.person_id == person_id))


def end_old_sessions(connection: Connection, created_before: int) -> int:
    """Sessions that began before then; how many."""
    return connection.execute(delete(SessionRow).where(SessionRow.created_at < created_before)).rowcount


# Machine tokens


def add_token(connection: Connection, name: str, role: PersonRole, created_by: str) -> tuple[str, Token]:
    """A new token, which is told this once."""
    token = f"pm_{secrets.token_urlsafe(32)}"
    values = {"token_hash": hash_of(token), "name": name, "role": role, "created_by": created_by}
    connection.execute(insert(TokenRow).values(**values, created_at=_now()))
    row = connection.execute(select(TokenRow.__table__).where(TokenRow.token_hash == hash_of(token))).one()
    return token, _token(row)


def token_of(connection: Connection, token: str) -> Token | None:
    """The token's entry while it is not revoked."""
    query = select(TokenRow.__table__).where(TokenRow.token_hash == hash_of(token), TokenRow.revoked_at.is_(None))
    row = connection.execute(query).one_or_none()
    return None if row is None else _token(row)


def tokens(connection: Connection) -> list[Token]:
    return [_token(row) for row in connection.execute(select(TokenRow.__table__).order_by(TokenRow.id))]


def token_used(connection: Connection, token_id: int) -> None:
    connection.execute(update(TokenRow).where(TokenRow.id == token_id).values(used_at=_now()))


def revoke_token(connection: Connection, token_id: int) -> None:
    """Raises NoSuchToken."""
    change_ = update(TokenRow).where(TokenRow.id == token_id, TokenRow.revoked_at.is_(None))
    if not connection.execute(change_.values(revoked_at=_now())).rowcount:
        raise NoSuchToken(token_id)


def _token(row: Row[tuple[object, ...]]) -> Token:
    times = [iso(when) if when else "" for when in (row.created_at, row.used_at, row.revoked_at)]
    return Token(row.id, row.name, PersonRole(row.role), row.created_by, *times)


# Failed sign-ins


def failures_of(connection: Connection, keys: list[str]) -> list[tuple[int, int]]:
    """Failures in a row and the time of the last, for each key that has any."""
    query = select(FailureRow.failures, FailureRow.last_at).where(FailureRow.key.in_(keys))
    return [(row.failures, row.last_at) for row in connection.execute(query)]


def failed(connection: Connection, key: str) -> None:
    """One more failure."""
    again = update(FailureRow).where(FailureRow.key == key)
    if not connection.execute(again.values(failures=FailureRow.failures + 1, last_at=_now())).rowcount:
        connection.execute(insert(FailureRow).values(key=key, failures=1, last_at=_now()))


def forgive(connection: Connection, keys: list[str], before: int = 0) -> None:
    """Forget the failures of keys, or all whose last was before then."""
    connection.execute(delete(FailureRow).where(FailureRow.key.in_(keys) | (FailureRow.last_at < before)))


def _now() -> int:
    return time.time_ns() // 1000
