"""The node against DCMTK's dcmprscp and stock pynetdicom, each a process of its own, one raw-socket client for all.

Both sides write what they get to files and fsync nothing. dcmprscp runs with TCP_NODELAY=1: without, each of its
answers waits 40 ms. Wall time, the median of films sent in turns to both; CPU of the server a film beside it.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from benchmarks import Row
from benchmarks.node_client import FILM_BOX, PrintClient, film_request, image_request
from benchmarks.node_servers import Server, dcmprscp, our_node, stock_pynetdicom, two_nodes

NAME = "DICOM node: wall time and CPU of a print request"
ROUNDS = 30
IDLE = 200
SCUS, SHEETS = 8, 1
_IDLE_SECONDS = 5.0


@dataclass(slots=True)
class Side:
    """One server with its client, and what was measured."""

    server: Server
    client: PrintClient
    session: str
    wall_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    def take(self, work: Callable[["Side"], float]) -> None:
        before = self.server.cpu_s()
        self.wall_s.append(work(self))
        self.cpu_s += self.server.cpu_s() - before

    @property
    def wall_ms(self) -> float:
        return statistics.median(self.wall_s) * 1000

    @property
    def cpu_ms(self) -> float:
        return self.cpu_s / len(self.wall_s) * 1000


def run() -> list[Row]:
    big = image_request(1, 2560, 2048, 12)
    small = [image_request(position + 1, 512, 512, 8) for position in range(20)]
    return [
        *film("film 2048x2560, 12 bit", "STANDARD\\1,1", [big], at_least=1.5),
        *film("sheet 4x5 of 512x512, 8 bit", "STANDARD\\4,5", small, at_least=1.0),
        eight_at_once(small),
        *short_set(small[0]),
        *large_set(big),
        action(),
        *idle(),
    ]


@contextmanager
def sides(*servers: Callable[[], object]) -> Iterator[list[Side]]:
    with ExitStack() as stack:
        running = [stack.enter_context(server()) for server in servers]  # type: ignore[arg-type, var-annotated]
        clients = [PrintClient(server.address) for server in running]
        yield [Side(server, c, c.create_session()) for server, c in zip(running, clients, strict=True)]
        for client in clients:
            client.release()


def in_turns(both: list[Side], work: Callable[[Side], float], rounds: int = ROUNDS) -> None:
    for side in both:
        work(side)
    for _ in range(rounds):
        for side in both:
            side.take(work)


def film(what: str, image_display_format: str, images: list[bytes], at_least: float) -> list[Row]:
    """Film box N-CREATE to the last N-SET."""

    def work(side: Side) -> float:
        request, framed = film_request(side.session, image_display_format), [side.client.framed(i) for i in images]
        began = time.perf_counter()
        uid, boxes = side.client.create_film(request)
        for box, image in zip(boxes[-len(images) :], framed, strict=True):
            side.client.set_image(box, image)
        took = time.perf_counter() - began
        side.client.delete(FILM_BOX, uid)
        return took

    with sides(our_node, dcmprscp) as both:
        in_turns(both, work)
        ours, theirs = both
        return [
            Row(what, "dcmprscp", ours.wall_ms, theirs.wall_ms, "ms", at_least=at_least),
            Row(what, "dcmprscp", ours.cpu_ms, theirs.cpu_ms, "CPU ms"),
        ]


def eight_at_once(images: list[bytes]) -> Row:
    """Eight SCUs print sheets at the same time, from association to release; dcmprscp serves one after the other."""

    def scu(address: tuple[str, int]) -> None:
        client = PrintClient(address)
        session = client.create_session()
        framed = [client.framed(image) for image in images]
        for _ in range(SHEETS):
            uid, boxes = client.create_film(film_request(session, "STANDARD\\4,5"))
            for box, image in zip(boxes[-len(images) :], framed, strict=True):
                client.set_image(box, image)
            client.delete(FILM_BOX, uid)
        client.release()

    def took_ms(server: Server) -> float:
        began = time.perf_counter()
        for done in [executor.submit(scu, server.address) for _ in range(SCUS)]:
            done.result()
        return (time.perf_counter() - began) * 1000 / (SCUS * SHEETS)

    with two_nodes() as ours, dcmprscp() as theirs, ThreadPoolExecutor(SCUS) as executor:
        took_ms(ours), took_ms(theirs)
        walls = [(took_ms(ours), took_ms(theirs)) for _ in range(5)]
    ours_ms, theirs_ms = (statistics.median(side) for side in zip(*walls, strict=True))
    what = f"sheet 4x5, {SCUS} associations, processes = 2"
    return Row(what, "dcmprscp", ours_ms, theirs_ms, "ms a sheet", at_least=2.0)


def one_set(image: bytes) -> Callable[[Side], float]:
    """One N-SET into a new film box."""

    def work(side: Side) -> float:
        framed = side.client.framed(image)
        uid, boxes = side.client.create_film(film_request(side.session, "STANDARD\\1,1"))
        began = time.perf_counter()
        side.client.set_image(boxes[-1], framed)
        took = time.perf_counter() - began
        side.client.delete(FILM_BOX, uid)
        return took

    return work


def short_set(image: bytes) -> list[Row]:
    """The shortest round trip of an N-SET of 256 kB."""
    with sides(our_node, dcmprscp) as both:
        in_turns(both, one_set(image), rounds=100)
        ours, theirs = (min(side.wall_s) * 1000 for side in both)
        return [Row("N-SET of 256 kB, shortest", "dcmprscp", ours, theirs, "ms", at_most=1.0)]


def large_set(image: bytes) -> list[Row]:
    """An N-SET of 10 MB, spooled and fsynced, against stock pynetdicom dropping it plus one write and fsync."""
    with sides(lambda: our_node("fsync"), lambda: stock_pynetdicom("drop")) as both:
        in_turns(both, one_set(image), rounds=10)
        ours, theirs = both
        written = statistics.median(write_and_fsync(image) for _ in range(10)) * 1000
        what = "N-SET of 10 MB, fsynced"
        return [Row(what, "stock + write + fsync", ours.wall_ms, theirs.wall_ms + written, "ms", at_most=1.5)]


def write_and_fsync(data: bytes) -> float:
    with tempfile.NamedTemporaryFile(buffering=0) as file:
        began = time.perf_counter()
        for start in range(0, len(data), 1 << 20):
            file.write(data[start : start + (1 << 20)])
        os.fsync(file.fileno())
        return time.perf_counter() - began


def action() -> Row:
    """N-ACTION with a handler that does nothing: the node's own latency."""

    def work(side: Side) -> float:
        began = time.perf_counter()
        side.client.print_film("1.2.3")
        return time.perf_counter() - began

    with sides(lambda: our_node("drop"), lambda: stock_pynetdicom("drop")) as both:
        in_turns(both, work, rounds=200)
        ours, theirs = both
        return Row("N-ACTION round trip", "stock pynetdicom", ours.wall_ms, theirs.wall_ms, "ms", at_least=3.0)


def idle() -> list[Row]:
    """What idle associations cost, over a node without any."""
    with our_node("drop") as server:
        first = PrintClient(server.address)
        rss = server.rss_mb()
        clients = [PrintClient(server.address) for _ in range(IDLE)]
        time.sleep(1)
        before = server.cpu_s()
        time.sleep(_IDLE_SECONDS)
        share = (server.cpu_s() - before) / _IDLE_SECONDS * 100
        memory = server.rss_mb() - rss
        for client in [first, *clients]:
            client.release()
    return [
        Row(f"{IDLE} idle associations", "goal", share, 2.0, "% of a core", at_most=1.0),
        Row(f"{IDLE} idle associations", "goal", memory, 60.0, "MB", at_most=1.0),
    ]
