"""Prints, their films and where they were delivered."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select, update

from service.store import deliveries
from service.store.deliveries import UNSETTLED, DeliveryRecord
from service.store.jobs import JobState
from service.store.models import Delivery, FilmRow, Job, PrintRow


@dataclass(frozen=True, slots=True)
class FilmRecord:
    """One film of a print."""

    number: int
    film_size_id: str
    film_orientation: str
    image_display_format: str
    boxes: int
    images: int


@dataclass(frozen=True, slots=True)
class PrintRecord:
    """One print as the database knows it."""

    id: str
    state: JobState
    error: str
    kind: str
    printer: str
    slug: str
    date: str
    ordered_at: str
    calling_ae: str
    address: str
    film_count: int
    images: int
    copies: int
    statuses: dict[str, list[int]]
    deleted: bool
    print_priority: str
    films: tuple[FilmRecord, ...] = ()
    deliveries: tuple[DeliveryRecord, ...] = ()


class NoSuchPrint(Exception):
    """No print has this id."""

    def __init__(self, print_id: str) -> None:
        self.print_id = print_id
        super().__init__(f"no print has the id {print_id!r}; expected one that `printmgr film list` shows")


def listed(connection: Connection, limit: int = 50, state: str = "", printer: str = "") -> list[PrintRecord]:
    """Prints without films and deliveries, newest first."""
    query = all_prints().order_by(Job.ordered_at.desc()).limit(limit)
    if state:
        query = query.where(Job.state == state)
    if printer:
        query = query.where(PrintRow.printer == printer)
    return [recorded(row) for row in connection.execute(query)]


def one(connection: Connection, print_id: str) -> PrintRecord:
    """A print with its films and deliveries. Raises NoSuchPrint."""
    row = connection.execute(all_prints().where(PrintRow.id == print_id)).one_or_none()
    if row is None:
        raise NoSuchPrint(print_id)
    films = connection.execute(
        select(FilmRow.__table__).where(FilmRow.print_id == print_id).order_by(FilmRow.number)
    ).all()
    return recorded(row, films, deliveries.of_print(connection, print_id))


def without_films(connection: Connection, print_id: str) -> PrintRecord:
    """A print alone. Raises NoSuchPrint."""
    row = connection.execute(all_prints().where(PrintRow.id == print_id)).one_or_none()
    if row is None:
        raise NoSuchPrint(print_id)
    return recorded(row)


def delivered(connection: Connection, print_id: str, sink: str, place: str) -> None:
    """The sink has the print."""
    deliveries.hand_over(connection, print_id, [sink])
    deliveries.tried(connection, print_id, sink, place=place)


def not_delivered(connection: Connection, print_id: str, sink: str, error: str) -> None:
    """The sink could not take the print this time."""
    deliveries.hand_over(connection, print_id, [sink])
    deliveries.tried(connection, print_id, sink, error=error)


def ids(connection: Connection) -> set[str]:
    """Every print's id."""
    return set(connection.execute(select(PrintRow.id)).scalars())


def done_before(connection: Connection, microseconds: int) -> list[str]:
    """Prints that were delivered, or given up by someone, before then; oldest first."""
    query = (
        select(Job.id)
        .join(PrintRow, Job.id == PrintRow.id)
        .where(Job.state.in_([JobState.DONE, JobState.CANCELLED]), Job.changed_at < microseconds, ~_on_their_way())
        .order_by(Job.ordered_at)
    )
    return list(connection.execute(query).scalars())


def with_films(connection: Connection, microseconds: int) -> list[str]:
    """Prints that ended before then and whose films are not removed yet, oldest first."""
    query = (
        select(Job.id)
        .join(PrintRow, Job.id == PrintRow.id)
        .where(Job.state == JobState.DONE, Job.changed_at < microseconds, PrintRow.deleted_at.is_(None))
        .order_by(Job.ordered_at)
    )
    return list(connection.execute(query).scalars())


def _on_their_way() -> ColumnElement[bool]:
    """Whether a print has a delivery that still needs its files."""
    return select(Delivery.sink).where(Delivery.print_id == PrintRow.id, Delivery.state.in_(UNSETTLED)).exists()


def mark_deleted(connection: Connection, print_id: str) -> None:
    """Retention removed the print's films."""
    connection.execute(update(PrintRow).where(PrintRow.id == print_id).values(deleted_at=time.time_ns() // 1000))


def all_prints() -> Select[Any]:
    """Every print with the state of its job."""
    return select(PrintRow.__table__, Job.state, Job.error).join(Job, Job.id == PrintRow.id)


def recorded(
    row: Row[Any],
    films: Sequence[Row[Any]] = (),
    ways: tuple[DeliveryRecord, ...] = (),
) -> PrintRecord:
    """A row of `all_prints`."""
    return PrintRecord(
        id=row.id,
        state=JobState(row.state),
        error=row.error,
        kind=row.kind,
        printer=row.printer,
        slug=row.slug,
        date=row.date,
        ordered_at=row.ordered_at,
        calling_ae=row.calling_ae,
        address=row.address,
        film_count=row.films,
        images=row.images,
        copies=row.copies,
        statuses=json.loads(row.statuses),
        deleted=row.deleted_at is not None,
        print_priority=row.print_priority,
        films=tuple(
            FilmRecord(f.number, f.film_size_id, f.film_orientation, f.image_display_format, f.boxes, f.images)
            for f in films
        ),
        deliveries=ways,
    )
