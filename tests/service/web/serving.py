"""The pages of a data directory in this process, on a real port, with a person and a token of every role."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from service.config import Settings, load
from service.people import Passwords
from service.store import people
from service.store.engine import Store
from service.store.people import PersonRole
from service.wiring.web import WebRole
from tests.databases import new_database

PASSWORD = "correct horse 42"
HASH = Passwords().hash(PASSWORD)


class Pages:
    """The running pages."""

    def __init__(self, settings: Settings, lines: list[str]) -> None:
        self.settings = settings
        self.lines = lines
        self.url = next(line for line in lines if "pages at" in line).split()[-1].rstrip("/")
        self.store = Store(settings.database)
        self.tokens: dict[PersonRole, str] = {}

    @property
    def secret(self) -> str:
        return next((line.split()[-1] for line in self.lines if "this once" in line), "")

    def add_people(self) -> None:
        """One person and one token of each role, named as the role."""
        with self.store.write() as connection:
            for role in PersonRole:
                people.add(connection, role, role, HASH, f"A {role}")
                self.tokens[role], _ = people.add_token(connection, f"machine {role}", role, "test")

    def client(self, role: PersonRole | None = None) -> httpx.Client:
        """A machine with the token of a role, or without."""
        headers = {"authorization": f"Bearer {self.tokens[role]}"} if role else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def browser(self, name: str = "", password: str = PASSWORD) -> "Browser":
        """A browser without scripts; signed in when there is a name."""
        made = Browser(self.url)
        if name:
            assert made.sign_in(name, password).status_code == 303
        return made


class Browser(httpx.Client):
    """Posts forms as a page of ours does."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, headers={"origin": url}, timeout=30)

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        csrf = self.csrf() if self.get("/help").status_code == 200 else ""
        return self.post("/login", data={"name": name, "password": password, "csrf": csrf})

    def csrf(self) -> str:
        found = re.search(r'X-CSRF-Token": "([^"]+)"', self.get("/help").text)
        assert found
        return found.group(1)

    def submit(self, path: str, **fields: object) -> httpx.Response:
        return self.post(path, data={"csrf": self.csrf(), **fields})


@contextmanager
def pages(
    folder: Path,
    *,
    with_people: bool = True,
    archives: Sequence[object] = (),
    more: dict[str, object] | None = None,
    **web: object,
) -> Iterator[Pages]:
    """Pages that stop at the end. `more`: settings beside those of the pages."""
    others = {"archives": list(archives)} | (more or {})
    settings = load(data_dir=folder / "data", web={"port": 0, **web}, **others)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    new_database(settings.database)
    if with_people:
        store = Store(settings.database)
        with store.write() as connection:
            people.add(connection, "first", PersonRole.ADMIN, HASH)
        store.close()
    role = WebRole(settings)
    made = Pages(settings, role.start())
    try:
        if with_people:
            made.add_people()
        yield made
    finally:
        made.store.close()
        role.stop()
