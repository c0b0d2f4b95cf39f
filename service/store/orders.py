"""Taking an order: the one transaction N-ACTION waits for (docs/adr/0002-outbox.md), and settling it afterwards."""

import json
import threading
import time

from sqlalchemy import Connection, insert, select, update

from printmgr.errors import QueueFull
from printmgr.film.identity import IdentityState
from printmgr.ports import Print
from service.store import audit
from service.store.audit import Entry
from service.store.dialects import RawConnection
from service.store.engine import Store, limits_named
from service.store.jobs import JobState
from service.store.models import Job, PrintRow

FILM = "film"  # the kind of job that prints are
IDENTITY = "identity"  # the kind of job that asks whose film it is, or draws it with its patient

# Plain statements on one driver connection that stays open: SQLAlchemy's own share was a quarter of the transaction.
COUNT_OPEN = "SELECT count(*) FROM jobs WHERE state IN ('answered', 'ordered', 'queued', 'running')"
COUNT_OF_CALLER = f"{COUNT_OPEN} AND id IN (SELECT id FROM prints WHERE calling_ae = ?)"  # noqa: S608  # ours alone
INSERT_JOB = "INSERT INTO jobs (id, kind, state, request, ordered_at, changed_at) VALUES (?, ?, ?, ?, ?, ?)"
INSERT_PRINT = """INSERT INTO prints (id, kind, printer, slug, date, ordered_at, calling_ae, address, films, images,
 copies, statuses, print_priority) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
INSERT_FILM = """INSERT INTO films (print_id, number, film_size_id, film_orientation, image_display_format, boxes,
 images) VALUES (?, ?, ?, ?, ?, ?, ?)"""


# Whose film it is, until somebody looked: lists by it need a row of every film.
INSERT_IDENTITY = """INSERT INTO identities (print_id, state, patient_id, identity, verdict, changed_at)
 VALUES (?, ?, '', '{}', '{"candidates": [], "disagree": []}', ?)"""


class OrderWriter:
    """Writes orders from any thread, one after the other."""

    def __init__(self, store: Store, max_queue: int) -> None:
        self._store = store
        self._max_queue = max_queue
        self._lock = threading.Lock()
        self._raw: RawConnection | None = None

    def add(self, print_: Print, document: bytes) -> None:
        """Commit the print, its order as JSON, and its job. Raises QueueFull, ResourceLimit."""
        films = _film_rows(print_)
        print_row = _print_row(print_, images=sum(row[-1] for row in films))
        now = time.time_ns() // 1000
        with self._lock, limits_named():
            if self._raw is None:
                self._raw = RawConnection(self._store.engine)
            raw = self._raw
            try:
                raw.begin()
                self._check_room(raw, print_.caller.calling_ae)
                raw.execute(INSERT_JOB, (print_.id, FILM, JobState.ANSWERED, document.decode("ascii"), now, now))
                raw.execute(INSERT_PRINT, print_row)
                raw.execute_many(INSERT_FILM, films)
                raw.execute(INSERT_IDENTITY, (print_.id, IdentityState.UNKNOWN, now))
                raw.commit()
            except BaseException:
                if not raw.rollback():
                    self._raw = None
                raise

    def _check_room(self, raw: RawConnection, calling_ae: str) -> None:
        """One caller may fill half of the queue, all together the whole."""
        (waiting,) = raw.execute(COUNT_OPEN).fetchall()[0]
        if waiting >= self._max_queue:
            raise QueueFull(f"{waiting} jobs are waiting; expected fewer than {self._max_queue}")
        share = (self._max_queue + 1) // 2
        if waiting >= share:  # only now it is worth counting
            (own,) = raw.execute(COUNT_OF_CALLER, (calling_ae,)).fetchall()[0]
            if own >= share:
                raise QueueFull(f"{own} jobs of {calling_ae} are waiting; expected fewer than {share} of one caller")

    def close(self) -> None:
        with self._lock:
            if self._raw is not None:
                self._raw.close()
                self._raw = None


def add_job(connection: Connection, job_id: str, kind: str, request: str) -> None:
    """A job that is no print, ready to be taken."""
    now = time.time_ns() // 1000
    values = {"id": job_id, "kind": kind, "state": JobState.ORDERED, "request": request}
    connection.execute(insert(Job).values(**values, ordered_at=now, changed_at=now))


def add_job_once(connection: Connection, job_id: str, kind: str, request: str) -> None:
    """The same, unless a job has this id already."""
    if connection.execute(select(Job.id).where(Job.id == job_id)).first() is None:
        add_job(connection, job_id, kind, request)


def unsettled(connection: Connection) -> list[tuple[str, bytes]]:
    """Prints answered whose files still lie with their association, oldest first, as (id, order as JSON)."""
    query = select(Job.id, Job.request).where(Job.state == JobState.ANSWERED).order_by(Job.ordered_at)
    return [(row.id, row.request.encode("ascii")) for row in connection.execute(query)]


def settle(connection: Connection, print_id: str) -> None:
    """The print's folder is whole: it may be taken. The ledger learns of the print with it."""
    change = update(Job).where(Job.id == print_id, Job.state == JobState.ANSWERED)
    values = {"state": JobState.ORDERED, "request": "", "changed_at": time.time_ns() // 1000}
    if connection.execute(change.values(**values)).rowcount:
        query = select(PrintRow.calling_ae, PrintRow.address, PrintRow.printer).where(PrintRow.id == print_id)
        row = connection.execute(query).one()
        entry = Entry("print", row.calling_ae, "", row.address, "film", print_id, detail=f"on {row.printer}")
        audit.append(connection, entry)


def _print_row(print_: Print, images: int) -> tuple[object, ...]:
    caller, order = print_.caller, print_.order
    return (
        print_.id,
        str(order.kind),
        print_.printer.ae_title,
        print_.printer.slug,
        print_.date,
        print_.ordered_at,
        caller.calling_ae,
        caller.address,
        len(order.films),
        images,
        order.session.number_of_copies,
        json.dumps(dict(print_.statuses)),
        order.session.print_priority,
    )


def _film_rows(print_: Print) -> list[tuple[str, int, str, str, str, int, int]]:
    return [
        (
            print_.id,
            number,
            film.film_size_id,
            str(film.film_orientation),
            film.image_display_format,
            len(film.image_boxes),
            sum(box.image is not None for box in film.image_boxes),
        )
        for number, film in enumerate(print_.order.films, start=1)
    ]
