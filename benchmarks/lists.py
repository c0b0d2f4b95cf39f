"""Lists and searches of a large house, 1 000 000 instances, 100 000 studies and films, beside one of 1 000 studies."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from benchmarks import Row
from printmgr.film.patient_names import words
from service.store import discs, film_queries, identities, jobs, study_queries, study_search
from service.store.disc_models import StudyWord
from service.store.engine import Durability, Store, migrate
from service.store.identity_models import IdentityRow, IdentityWord
from service.store.models import Job, PrintRow
from service.store.study_models import InstanceRow, SeriesRow, StudyRow
from service.store.study_search import words_of

NAME = "Lists and searches, p95: wall time"
SMALL, LARGE = 1_000, 100_000
INSTANCES = 10  # of a study
ROUNDS = 40
BATCH = 20_000
VERDICT = '{"candidates": [], "disagree": []}'
FAMILY = ("Meier", "Müller", "Doe", "Nguyen", "Okafor", "Silva", "Ivanova", "Yamada", "Kim", "Haddad")
GIVEN = ("Anna", "John", "Jane", "Linh", "Ada", "Rosa", "Olga", "Ken", "Min", "Sami", "Mei")

Work = Callable[[Connection], object]


def run() -> list[Row]:
    """Every list and search on both, in turns."""
    with tempfile.TemporaryDirectory() as name:
        small, large = (filled(Path(name) / f"{count}.db", count) for count in (SMALL, LARGE))
        rows = []
        for what, work in works():
            theirs, ours = p95(work, small, large)
            rows.append(Row(what, f"with {SMALL}", ours, theirs, "ms", at_most=3))
        small.close()
        large.close()
    return rows


def works() -> list[tuple[str, Work]]:
    middle = a_print(SMALL // 2)
    return [
        ("films, first page", film_queries.page),
        ("films, a page in the middle", lambda c: film_queries.page(c, before=middle)),
        ("films by printer", lambda c: film_queries.page(c, printer="P3")),
        ("films by station", lambda c: film_queries.page(c, calling_ae="CT999")),
        ("films by day", lambda c: film_queries.page(c, date="2020-01-01")),
        ("films by state", lambda c: film_queries.page(c, state="failed")),
        ("films by whose", lambda c: film_queries.page(c, whose="conflict")),
        ("films by Patient ID", lambda c: film_queries.page(c, patient_id="P-000500")),
        ("films by a common name", lambda c: film_queries.page(c, name="mei")),
        ("films by a rare name", lambda c: film_queries.page(c, name="Unique500")),
        ("films by two words", lambda c: film_queries.page(c, name="meier an")),
        ("films by no one's name", lambda c: film_queries.page(c, name="qqqq")),
        ("films by two words never together", lambda c: film_queries.page(c, name="meier doe")),
        ("films by a letter", lambda c: film_queries.page(c, name="m")),
        ("films by two letters", lambda c: film_queries.page(c, name="m a")),
        ("films unsure", lambda c: film_queries.page(c, whose="unsure")),
        ("films unknown", lambda c: film_queries.page(c, whose="unknown")),
        ("films by printer and state", lambda c: film_queries.page(c, printer="P2", state="failed")),
        ("films by printer and state, none", lambda c: film_queries.page(c, printer="P3", state="failed")),
        ("films by station and name", lambda c: film_queries.page(c, calling_ae="CT3", name="meier")),
        ("films by day and whose", lambda c: film_queries.page(c, date="2020-01-01", whose="conflict")),
        ("films done and name", lambda c: film_queries.page(c, state="done", name="meier")),
        ("identities, by name", lambda c: identities.listed(c, name="Unique500")),
        ("studies, first page", study_search.search),
        ("studies by a common name", lambda c: study_search.search(c, "mei")),
        ("studies by a rare name", lambda c: study_search.search(c, "unique500")),
        ("studies by two words", lambda c: study_search.search(c, "meier an")),
        ("studies by Patient ID", lambda c: study_search.search(c, "P-000500")),
        ("studies by state", lambda c: study_search.search(c, state="incomplete")),
        ("studies by two words never together", lambda c: study_search.search(c, "meier doe")),
        ("studies by a letter", lambda c: study_search.search(c, "m")),
        ("studies by two letters", lambda c: study_search.search(c, "m a")),
        ("studies by old Patient IDs", lambda c: study_search.search(c, "P-0000")),
        ("studies by name and state", lambda c: study_search.search(c, "meier", state="incomplete")),
        ("studies by name and state, none", lambda c: study_search.search(c, "doe", state="incomplete")),
        ("a study with its series", lambda c: study_queries.one(c, "1.2.500")),
        ("a study's files", lambda c: study_queries.files(c, "1.2.500")),
        ("jobs, first page", jobs.listed),
        ("jobs failed", lambda c: jobs.listed(c, ["failed"])),
        ("jobs ended", lambda c: jobs.listed(c, ["done", "failed", "cancelled"])),
        ("jobs open", lambda c: jobs.listed(c, jobs.OPEN)),
        ("jobs, of a kind", lambda c: jobs.listed(c, kind="disc")),
        ("discs, first page", discs.listed),
    ]


def p95(work: Work, *stores: Store) -> list[float]:
    """The 95th percentile of each in ms, taken in turns."""
    times: list[list[float]] = [[] for _ in stores]
    for _ in range(ROUNDS):
        for store, taken in zip(stores, times, strict=True):
            with store.read() as connection:
                begin = time.perf_counter()
                work(connection)
                taken.append((time.perf_counter() - begin) * 1000)
    return [sorted(taken)[int(ROUNDS * 0.95) - 1] for taken in times]


def a_print(number: int) -> str:
    return f"20200101-{number:06}-000000-00000000"


def filled(file: Path, count: int) -> Store:
    """A database with so many studies and films."""
    migrate(f"sqlite:///{file}")
    store = Store(f"sqlite:///{file}", Durability.REPEATABLE)
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        with store.write() as connection:
            for table, rows in tables(numbers):
                connection.execute(insert(table), rows)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    return store


def name_of(number: int) -> str:
    return f"{FAMILY[number % 10]}^{GIVEN[number % 11]}^Unique{number}"


def tables(numbers: range) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    yield Job, [job_row(n) for n in numbers]
    yield PrintRow, [print_row(n) for n in numbers]
    yield IdentityRow, [identity_row(n) for n in numbers]
    yield IdentityWord, [{"print_id": a_print(n), "word": word} for n in numbers for word in words(name_of(n))]
    yield StudyRow, [study_row(n) for n in numbers]
    yield StudyWord, [{"study_id": n + 1, "word": word} for n in numbers for word in words_of(name_of(n), f"P-{n:06}")]
    yield SeriesRow, [series_row(n) for n in numbers]
    yield InstanceRow, [instance_row(n * INSTANCES + i, n + 1) for n in numbers for i in range(INSTANCES)]


def job_row(n: int) -> dict[str, Any]:
    state = "failed" if n % 50 == 0 else "done"
    return {"id": a_print(n), "kind": "film", "state": state, "ordered_at": n, "changed_at": n}


def print_row(n: int) -> dict[str, Any]:
    return {
        "id": a_print(n), "kind": "film", "printer": f"P{n % 8}", "slug": "p", "date": f"2020-01-{1 + n // 4000:02}",
        "ordered_at": "2020-01-01T00:00:00+00:00", "calling_ae": "CT999" if n % 500 == 7 else f"CT{n % 16}",
        "address": "10.0.0.1", "films": 1, "images": 1, "copies": 1, "statuses": "{}",
    }  # fmt: skip


def identity_row(n: int) -> dict[str, Any]:
    state = "conflict" if n % 40 == 0 else "identified"
    some = {"patient_id": f"p-{n:06}", "identity": "{}", "verdict": VERDICT}
    return {"print_id": a_print(n), "state": state, **some, "act_id": None, "changed_at": n}


def study_row(n: int) -> dict[str, Any]:
    state = "incomplete" if n % 40 == 0 else "complete"
    empty = dict.fromkeys(("issuer", "birth_date", "sex", "date", "time", "study_id", "description"), "")
    counts = {"instances": INSTANCES, "conflicts": 0, "other_patients": 0, "size_bytes": 1, "first_at": n, "last_at": n}
    about = {"patient_id": f"P-{n:06}", "patient_name": name_of(n), "accession_number": f"A{n}", "calling_ae": "CT"}
    return {"id": n + 1, "uid": f"1.2.{n}", "state": state, **empty, **about, **counts}


def series_row(n: int) -> dict[str, Any]:
    more = {"number": "1", "modality": "CT", "description": "", "instances": INSTANCES}
    return {"id": n + 1, "study_id": n + 1, "uid": f"1.2.{n}.1", **more}


def instance_row(n: int, series_id: int) -> dict[str, Any]:
    return {
        "series_id": series_id, "sop_instance_uid": f"1.3.{n}", "copy": 0, "sop_class_uid": "1.2", "number": "1",
        "transfer_syntax_uid": "1.2", "file": f"run/0/{n}.dcm", "size_bytes": 1, "data_set_at": 1, "calling_ae": "CT",
        "address": "10.0.0.1", "received_at": n,
    }  # fmt: skip
