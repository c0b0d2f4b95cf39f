"""Whether everything that was answered is there, once, whole and right; and the removal of what is old."""

import time
from collections.abc import Callable
from pathlib import Path

from service.config import Settings
from service.retention import Retention
from service.store import study_queries
from service.store.engine import Store
from tests.printed import images_in_order
from tests.receiving import data_set_of
from tests.soak import studies
from tests.soak.films import digest_of
from tests.soak.ledger import Film, Ledger, Study

DAY_S = 86_400
PATIENCE_S = 300.0  # from a film's answer to its PDF, with the machine busy elsewhere


class Checks:
    """Looks again and again; what it finds wrong are faults of the ledger."""

    def __init__(self, settings: Settings, ledger: Ledger, keep_s: float) -> None:
        """keep_s  how long films and studies stay"""
        self._settings, self._ledger, self._keep_s = settings, ledger, keep_s
        self._seen: dict[str, float] = {}  # films by print id, and when they were seen
        self._store = Store(settings.database)
        self._retention = Retention(settings, self._store, lambda _job_ids: None)

    def close(self) -> None:
        self._store.close()

    # films

    def films(self) -> None:
        """Compare every new PDF with what was ordered; miss what should be there by now."""
        for pdf in self._settings.films_dir.glob("*/*/*.pdf"):
            if pdf.stem not in self._seen:
                self._film(pdf)
        now = time.monotonic()
        with self._ledger.lock:
            films = list(self._ledger.films.items())
        for digest, film in films:
            if not film.print_ids and film.answered and now - film.answered > PATIENCE_S:
                self._ledger.fault(f"{film.name} was answered {now - film.answered:.0f} s ago and is not there")
                film.print_ids.append("missing")
            if now - film.asked > 2 * self._keep_s + PATIENCE_S:  # long gone
                with self._ledger.lock:
                    del self._ledger.films[digest]

    def _film(self, pdf: Path) -> None:
        if not pdf.with_suffix(".json").exists():  # comes first (printmgr.sinks.folder)
            self._ledger.fault(f"{pdf} has no JSON beside it")
        try:
            digest = digest_of(images_in_order(pdf))
        except Exception as wrong:  # a PDF that is not whole raises anything
            self._ledger.fault(f"{pdf} cannot be read: {wrong!r}")
            return
        self._seen[pdf.stem] = time.monotonic()
        with self._ledger.lock:
            film = self._ledger.films.get(digest)
            if film is not None:
                film.print_ids.append(pdf.stem)
        if film is None:
            self._ledger.fault(f"{pdf} holds what nobody ordered")
        elif len(film.print_ids) > 1:
            self._ledger.fault(f"{film.name} is there {len(film.print_ids)} times: {film.print_ids}")
        else:
            self._ledger.count("films checked")

    def outstanding(self) -> list[Film]:
        """Films that were answered and are not there yet."""
        with self._ledger.lock:
            return [film for film in self._ledger.films.values() if film.answered and not film.print_ids]

    # studies

    def studies(self) -> None:
        """Every answered instance of the studies that retention has not reached is in the catalogue, and its bytes."""
        for study in list(self._ledger.studies.values()):
            age = time.monotonic() - study.ended
            if study.ended and age > self._keep_s * 0.8:
                self._ledger.count("studies checked" if study.checked else "studies that went unchecked")
                del self._ledger.studies[study.uid]
            elif study.ended:
                self._study(study)

    def _study(self, study: Study) -> None:
        number = int(study.uid.rpartition(".")[2])
        expected = {studies.instance_uid(number, each): each for each in study.numbers}
        with self._store.read() as connection:
            held = study_queries.files(connection, study.uid)
        if sorted(one.sop_instance_uid for one in held) != sorted(expected):
            self._ledger.fault(f"study {study.uid} has {len(held)} instances instead of {len(expected)}")
            return
        for one in held:
            sent = studies.data_set(number, expected[one.sop_instance_uid])
            if data_set_of(self._settings.inbox_dir / one.file) != sent:
                self._ledger.fault(f"{one.file} is not what was sent")
        if not study.checked:
            self._ledger.count("instances checked", len(held))
        study.checked = True

    # retention

    def remove_old(self) -> None:
        """The nightly removal, as if it were a day later less the time that things are kept here."""
        removed = self._retention.run(time.time() + DAY_S - self._keep_s)
        for kind, number in removed.items():
            self._ledger.count(f"{kind} removed", number)
        gone = time.monotonic() - 3 * self._keep_s
        self._seen = {id_: seen for id_, seen in self._seen.items() if seen > gone}

    def at_the_end(self, wait: Callable[[float], object], patience_s: float = PATIENCE_S) -> None:
        """Wait for the last films, then look at everything once more."""
        end = time.monotonic() + patience_s
        self.films()
        while self.outstanding() and time.monotonic() < end:
            wait(0.2)
            self.films()
        for film in self.outstanding():
            self._ledger.fault(f"{film.name} was answered and is not there")
        self.studies()
        self.remove_old()
