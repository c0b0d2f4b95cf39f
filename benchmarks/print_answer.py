"""How soon the whole service answers what must be safe: N-ACTION, and an N-SET of 10 MB."""

import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks import Row
from benchmarks.node_client import FILM_BOX, PrintClient, film_request, image_request
from benchmarks.node_servers import stock_pynetdicom
from tests.serving import Serving

NAME = "The service's answers: wall time"
FILMS = 40
SETS = 9
REST_S = 0.05  # before each: a modality takes its time, and what settles an order has ended


def run() -> list[Row]:
    """Medians; peers and service in turns, on the same disk."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        with Serving(folder / "data") as serving, stock_pynetdicom("drop") as stock:
            with printing(serving.port, "PRINTMGR") as film, committing(folder / "peer.db") as commit:
                action, one_commit = medians(FILMS, film.action_ms, commit)
            big = image_request(1, 2560, 2048, 12)
            with printing(serving.port, "PRINTMGR", big) as ours, printing(stock.address[1], "PRINTER", big) as theirs:
                n_set, dropped, written = medians(
                    SETS, ours.set_ms, theirs.set_ms, lambda: write_ms(folder / "peer.bin", big)
                )
    return [
        Row("N-ACTION, one image", "one fsynced SQLite commit", action, one_commit, "ms", at_most=6),
        Row("N-SET of 10 MB", "pynetdicom dropping it + write and fsync", n_set, dropped + written, "ms", at_most=1.5),
    ]


def medians(rounds: int, *works: Callable[[], float]) -> list[float]:
    """The median of each, taken in turns."""
    taken = [[work() for work in works] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


class Film:
    """A session in which films of one image are printed."""

    def __init__(self, port: int, called: str, image: bytes) -> None:
        self.client = PrintClient(("127.0.0.1", port), called)
        self.film = film_request(self.client.create_session(), "STANDARD\\1,1")
        self.image = self.client.framed(image)

    def set_ms(self) -> float:
        uid, (box,) = self.client.create_film(self.film)
        begin = time.perf_counter()
        self.client.set_image(box, self.image)
        took = (time.perf_counter() - begin) * 1000
        self.client.delete(FILM_BOX, uid)
        return took

    def action_ms(self) -> float:
        uid, (box,) = self.client.create_film(self.film)
        self.client.set_image(box, self.image)
        time.sleep(REST_S)
        begin = time.perf_counter()
        self.client.print_film(uid)
        return (time.perf_counter() - begin) * 1000


@contextmanager
def printing(port: int, called: str, image: bytes | None = None) -> Iterator[Film]:
    film = Film(port, called, image or image_request(1, 256, 256, 8))
    try:
        yield film
    finally:
        film.client.release()


@contextmanager
def committing(path: Path) -> Iterator[Callable[[], float]]:
    """One row, committed as durably as the service commits an order."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE t (document BLOB)")

        def commit() -> float:
            time.sleep(REST_S)
            begin = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO t VALUES (?)", [b"x" * 2000])
            connection.execute("COMMIT")
            return (time.perf_counter() - begin) * 1000

        yield commit


def write_ms(path: Path, data: bytes) -> float:
    """A new file written and fsynced."""
    begin = time.perf_counter()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(descriptor, data)
    os.fsync(descriptor)
    os.close(descriptor)
    took = (time.perf_counter() - begin) * 1000
    path.unlink()
    return took
