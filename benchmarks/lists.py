"""Lists and searches of a large house, 1 000 000 instances, 100 000 studies and films, beside one of 1 000 studies.

Each beside the same with 1 000. A search that finds a fuller page among more stands beside the list's first page with
1 000, which is as full, where that takes longer than the same search.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from benchmarks import Row, is_chosen
from benchmarks.lists_data import a_print, filled
from benchmarks.lists_rest import AT_REST, PATHS, open_pages, serving
from service.store import audit, discs, film_queries, identities, jobs, study_queries, study_search
from service.store.engine import Store
from tests.postgres import cluster

NAME = "Lists and searches, p95: wall time"
SMALL, LARGE = 1_000, 100_000
ROUNDS, REST_ROUNDS = 40, 20
MIDDLE = a_print(SMALL // 2)

Work = Callable[[Connection], Sequence[Any]]
Question = Callable[[], int]  # gives how many rows it finds


def run() -> list[Row]:
    """Every list and search on both, in turns."""
    rows = []
    for kind in (sqlite, postgresql):
        with tempfile.TemporaryDirectory() as folder, kind(Path(folder)) as stores, ExitStack() as stack:
            for what, works in WORKS.items():
                rows += compared(f"{kind.__name__}: {what}, ", [(name, over(stores, work)) for name, work in works])
            servers = [stack.enter_context(serving(Path(folder) / str(n), one)) for n, one in enumerate(stores)]
            for paths in PATHS:
                ways = [(path, [partial(one.count, path) for one in servers]) for path in paths]
                rows += compared(f"{kind.__name__}: /api/v1/", ways, REST_ROUNDS)
            if is_chosen(AT_REST):
                rows.append(open_pages(servers[1]))
    return [row for row in rows if is_chosen(row.what)]


@contextmanager
def sqlite(folder: Path) -> Iterator[list[Store]]:
    stores = [filled(f"sqlite:///{folder / str(count)}.db", count) for count in (SMALL, LARGE)]
    yield stores
    for store in stores:
        store.close()


@contextmanager
def postgresql(_: Path) -> Iterator[list[Store]]:
    with cluster() as made:
        stores = [filled(made.new_database(), count) for count in (SMALL, LARGE)]
        yield stores
        for store in stores:
            store.close()


WORKS: dict[str, list[tuple[str, Work]]] = {
    "films": [
        ("first page", film_queries.page),
        ("a page in the middle", lambda c: film_queries.page(c, before=MIDDLE)),
        ("printer", lambda c: film_queries.page(c, printer="P3")),
        ("rare station", lambda c: film_queries.page(c, calling_ae="CT999")),
        ("day", lambda c: film_queries.page(c, date="2020-01-01")),
        ("state", lambda c: film_queries.page(c, state="failed")),
        ("conflict", lambda c: film_queries.page(c, whose="conflict")),
        ("unsure whose", lambda c: film_queries.page(c, whose="unsure")),
        ("unknown whose, none", lambda c: film_queries.page(c, whose="unknown")),
        ("Patient ID", lambda c: film_queries.page(c, patient_id="P-000500")),
        ("a letter", lambda c: film_queries.page(c, name="m")),
        ("common name", lambda c: film_queries.page(c, name="mei")),
        ("rare name", lambda c: film_queries.page(c, name="Unique500")),
        ("no one's name", lambda c: film_queries.page(c, name="qqqq")),
        ("two letters", lambda c: film_queries.page(c, name="m a")),
        ("two words", lambda c: film_queries.page(c, name="meier an")),
        ("two words, never together", lambda c: film_queries.page(c, name="meier doe")),
        ("printer and state", lambda c: film_queries.page(c, printer="P2", state="failed")),
        ("printer and state, none", lambda c: film_queries.page(c, printer="P3", state="failed")),
        ("station and name, none", lambda c: film_queries.page(c, calling_ae="CT3", name="meier")),
        ("day and whose", lambda c: film_queries.page(c, date="2020-01-01", whose="conflict")),
        ("state and name", lambda c: film_queries.page(c, state="done", name="meier")),
    ],
    "identities": [
        ("first page", identities.listed),
        ("rare name", lambda c: identities.listed(c, name="Unique500")),
        ("conflict", lambda c: identities.listed(c, ["conflict"])),
    ],
    "studies": [
        ("first page", study_search.search),
        ("state", lambda c: study_search.search(c, state="incomplete")),
        ("Patient ID", lambda c: study_search.search(c, "P-000500")),
        ("old Patient IDs", lambda c: study_search.search(c, "P-0000")),
        ("a letter", lambda c: study_search.search(c, "m")),
        ("common name", lambda c: study_search.search(c, "mei")),
        ("rare name", lambda c: study_search.search(c, "unique500")),
        ("two letters", lambda c: study_search.search(c, "m a")),
        ("two words", lambda c: study_search.search(c, "meier an")),
        ("two words, never together", lambda c: study_search.search(c, "meier doe")),
        ("name and state", lambda c: study_search.search(c, "meier", state="incomplete")),
        ("name and state, none", lambda c: study_search.search(c, "doe", state="incomplete")),
    ],
    "a study": [
        ("with its series", lambda c: [study_queries.one(c, "1.2.500")]),
        ("its files", lambda c: study_queries.files(c, "1.2.500")),
    ],
    "jobs": [
        ("first page", jobs.listed),
        ("failed", lambda c: jobs.listed(c, ["failed"])),
        ("ended", lambda c: jobs.listed(c, jobs.ENDED)),
        ("of a kind", lambda c: jobs.listed(c, kind="disc")),
    ],
    "discs": [
        ("first page", discs.listed),
        ("failed", lambda c: discs.listed(c, state="failed")),
        ("Patient ID", lambda c: discs.listed(c, patient_id="P-000500")),
        ("volumes", discs.volumes),
    ],
    "ledger": [
        ("first page", audit.listed),
        ("who", lambda c: audit.listed(c, who="person7")),
        ("who did what, none", lambda c: audit.listed(c, who="person7", action="print")),
        ("what was done with it", lambda c: audit.listed(c, object_id=MIDDLE)),
    ],
}


def over(stores: Sequence[Store], work: Work) -> list[Question]:
    """A question to each database."""

    def asked(store: Store) -> int:
        with store.read() as connection:
            return len(work(connection))

    return [partial(asked, store) for store in stores]


def compared(what: str, works: Sequence[tuple[str, Sequence[Question]]], rounds: int = ROUNDS) -> list[Row]:
    """Rows of one list, its first page first."""
    if not any(is_chosen(what + name) for name, _ in works):
        return []
    rows: list[Row] = []
    for number, (name, (small, large)) in enumerate(works):
        if number and not is_chosen(what + name):
            continue
        same, ours = p95(rounds, small, large)
        fuller = bool(rows) and large() > small()
        theirs, peer = max((same, "same"), (rows[0].theirs if fuller else 0.0, "first page"))
        rows.append(Row(f"{what}{name}", f"{peer}, {SMALL}", ours, theirs, "ms", at_most=3))
    return rows


def p95(rounds: int, *works: Question) -> list[float]:
    """The 95th percentile of each in ms, taken in turns."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, taken in zip(works, times, strict=True):
            begin = time.perf_counter()
            work()
            taken.append((time.perf_counter() - begin) * 1000)
    return [sorted(taken)[int(rounds * 0.95) - 1] for taken in times]
