"""What one association has going: its working session, its place on disk, and the statuses it was given."""

import threading
from dataclasses import dataclass, field

from printmgr.film.model import FilmBox, PrintOrder
from printmgr.film.printer import LogicalPrinter, Warnings
from printmgr.film.quirks import NO_QUIRKS, Quirk
from printmgr.film.session import Outcome, WorkingSession
from printmgr.film.status import foremost
from printmgr.ports import PrintSpool
from printmgr.scp.events import PrintJobs

MAX_STATUSES = 1000  # kept of one request's on one film


@dataclass(slots=True)
class Work:
    """One association's work. The lock makes an end that another thread notices wait for the request under way."""

    printer: LogicalPrinter
    session: WorkingSession
    spool: PrintSpool
    jobs: PrintJobs
    quirks: frozenset[Quirk] = NO_QUIRKS
    lock: threading.RLock = field(default_factory=threading.RLock)
    statuses: dict[str, dict[str, list[int]]] = field(default_factory=dict)  # by film box UID, "" for all; by request
    printed: dict[str, FilmBox] = field(default_factory=dict)  # films as they were printed last, by UID

    @property
    def specific_character_set(self) -> str:
        """That of the film session, which is its films' too (PS3.4 H.4.1.2.1); the printer's own where it has none."""
        said = self.session.session.specific_character_set if self.session.session else ""
        return said or self.printer.character_set

    def status(self, warnings: tuple[int, ...]) -> int:
        """The status to give for these warnings, as the printer's settings have it."""
        quiet = self.printer.warnings is Warnings.AS_SUCCESS or Quirk.WARNINGS_AS_SUCCESS in self.quirks
        return 0 if quiet else foremost(warnings)

    def note(self, uid: str, request: str, status: int) -> None:
        """Keep a status with the film it is about, by the UID that the request names."""
        film_uid = self.session.film_uid_of(uid)
        given = self.statuses.setdefault(film_uid, {}).setdefault(request, [])
        if len(given) < MAX_STATUSES:
            given.append(status)

    def forget(self, film_uids: list[str]) -> None:
        for uid in film_uids:
            self.statuses.pop(uid, None)

    def print(self, outcome: Outcome[PrintOrder], request: str) -> str:
        """Hand an order over; when this returns, it is safe. Gives the print's id."""
        status = self.status(outcome.warnings)
        print_id = self.spool.order(outcome.value, self.statuses_of(outcome.value, request, status))
        films = self.session.films
        self.printed.update((film.uid, films[film.uid]) for film in outcome.value.films)
        return print_id

    def is_printed(self) -> bool:
        """Whether every film of the session was printed as it is now, and there was one."""
        return bool(self.printed) and all(self.printed.get(uid) == film for uid, film in self.session.films.items())

    def statuses_of(self, order: PrintOrder, request: str, status: int) -> dict[str, list[int]]:
        """All statuses given on the way to this order, by request, with the one about to be given."""
        found: dict[str, list[int]] = {}
        for uid in ("", *(film.uid for film in order.films)):
            for name, given in self.statuses.get(uid, {}).items():
                found.setdefault(name, []).extend(given)
        found.setdefault(request, []).append(status)
        return found
