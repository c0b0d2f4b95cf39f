"""Signing in: passwords, the brake on guessing, the first administrator's secret."""

import hmac
import re
import secrets
import threading
import time
from typing import TYPE_CHECKING

from service.audit import Action, note
from service.store import people
from service.store.audit import Entry
from service.store.engine import Store
from service.store.people import Person, PersonRole

if TYPE_CHECKING:
    pass

SHORTEST, LONGEST = 10, 256
FREE_FAILURES = 5  # wrong passwords before anybody has to wait
FIRST_WAIT_S, LONGEST_WAIT_S = 4.0, 900.0
FORGET_S = 3600.0  # failures so long ago do not count
AT_ONCE = 2  # passwords hashed at the same time: each takes 64 MiB
NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


class BadPassword(Exception):
    """A new password that is too easily guessed, or none."""


class BadName(Exception):
    """A name nobody can sign in with."""

    def __init__(self, name: str) -> None:
        super().__init__(f"name is {name!r}; expected 1 to 64 of a-z, 0-9 and . _ @ - with a letter or digit first")


class WrongPassword(Exception):
    """Name and password are not somebody's who may sign in."""

    def __init__(self) -> None:
        super().__init__("name or password is wrong")


class TryLater(Exception):
    """Too many wrong passwords."""

    def __init__(self, wait_s: float) -> None:
        self.wait_s = wait_s
        super().__init__(f"too many wrong passwords; try again in {wait_s:.0f} s")


class WrongSecret(Exception):
    """The one-time secret is not the one on the console, or was used."""

    def __init__(self) -> None:
        super().__init__("this is not the secret that the service printed on its console, or it was used")


class Passwords:
    """Argon2id, a few at a time."""

    def __init__(self) -> None:
        from pwdlib import PasswordHash

        self._hashing: PasswordHash = PasswordHash.recommended()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys = self._hashing.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        """Raises BadPassword."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise BadPassword(f"the password has {len(password)} characters; expected {SHORTEST} to {LONGEST}")
        if len(set(password)) < 4:
            raise BadPassword("the password repeats a few characters; expected at least 4 different ones")
        with self._places:
            return self._hashing.hash(password)

    def fit(self, password: str, hashed: str) -> bool:
        """Whether a password is the one; as slow when nobody has one."""
        with self._places:
            good = self._hashing.verify(password[:LONGEST], hashed or self._nobodys)
        return bool(good and hashed)


class SignIn:
    """Signing in with name and password."""

    def __init__(self, store: Store, passwords: Passwords) -> None:
        self._store = store
        self._passwords = passwords

    def check(self, name: str, password: str, address: str) -> Person:
        """Who this is. Every attempt is noted in the ledger. Raises WrongPassword, TryLater."""
        name = name.strip().lower()[:64]
        keys = [f"name {name}", f"address {address}"]
        self._brake(keys)
        with self._store.read() as connection:
            hashed = people.password_hash_of(connection, name)
        good = self._passwords.fit(password, hashed)
        with self._store.write() as connection:
            if good:
                person = people.one(connection, name)
                people.forgive(connection, keys[:1], before=_ago(FORGET_S))
                note(connection, Entry(Action.LOGIN, person.name, person.role, address))
                return person
            for key in keys:
                people.failed(connection, key)
            note(connection, Entry(Action.LOGIN, name, "", address, good=False))
        raise WrongPassword

    def _brake(self, keys: list[str]) -> None:
        with self._store.read() as connection:
            found = people.failures_of(connection, keys)
        now = time.time()
        for failures, last_at in found:
            past = now - last_at / 1e6
            wait_s = min(FIRST_WAIT_S * 2.0 ** (min(failures, 60) - FREE_FAILURES), LONGEST_WAIT_S)
            if failures >= FREE_FAILURES and past < wait_s:
                raise TryLater(wait_s - past)


class FirstAdministrator:
    """While there is no administrator, who knows the secret on the console becomes the first."""

    def __init__(self, store: Store, passwords: Passwords) -> None:
        self._store = store
        self._passwords = passwords
        self._lock = threading.Lock()
        self._tries = 0
        self._secret = "" if self._exists() else "-".join(secrets.token_hex(2) for _ in range(5))

    @property
    def secret(self) -> str:
        """'' when there is an administrator."""
        return "" if self._secret and self._exists() else self._secret

    def become(self, secret: str, name: str, password: str, full_name: str, address: str) -> Person:
        """Make the first administrator. Raises WrongSecret, BadName, BadPassword, TryLater."""
        with self._lock:
            if self._tries >= 20:  # 80 bits cannot be guessed; a machine that tries is stopped anyway
                raise TryLater(LONGEST_WAIT_S)
            wanted = self.secret
            if not wanted or not hmac.compare_digest(wanted.encode(), secret.strip().lower().encode()):
                self._tries += 1
                raise WrongSecret
            hashed = self._passwords.hash(password)
            with self._store.write() as connection:
                if people.anybody(connection):
                    raise WrongSecret
                person = people.add(connection, known_name(name), PersonRole.ADMIN, hashed, full_name)
                note(
                    connection, changed(person.name, person.role, address, "person", person.name, "first administrator")
                )
            self._secret = ""
            return person

    def _exists(self) -> bool:
        with self._store.read() as connection:
            return people.anybody(connection)


def known_name(name: str) -> str:
    """The name as it is stored. Raises BadName."""
    lower = name.strip().lower()
    if not NAME.fullmatch(lower):
        raise BadName(name)
    return lower


def changed(who: str, role: str, address: str, kind: str, object_id: str, detail: str) -> Entry:
    """An entry that says what somebody changed."""
    return Entry(Action.CHANGE, who, role, address, kind, object_id, detail=detail)


def _ago(seconds: float) -> int:
    return int((time.time() - seconds) * 1e6)
