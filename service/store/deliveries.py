"""A print's ways into its sinks: what waits, who delivers it, how it ended."""

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, Update, select, update

from printmgr.film.identity import Identity
from service.store import audit
from service.store.audit import Entry
from service.store.dialects import insert_on
from service.store.models import Delivery, Executor


class DeliveryState(StrEnum):
    """Where a delivery stands. A row that waits, is held or runs is never lost."""

    WAITING = "waiting"
    HELD = "held"  # until it is known whose film it is
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # given up; kept until somebody delivers it again or cancels it
    CANCELLED = "cancelled"
    CORRECTED = "corrected"  # the receiver was told that the film is not that patient's
    UNCORRECTED = "uncorrected"  # it cannot be told: a person has to


OPEN = (DeliveryState.WAITING, DeliveryState.HELD, DeliveryState.RUNNING)
UNSETTLED = (*OPEN, DeliveryState.FAILED)  # their print's files are still needed


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """A print's way into one sink as the database knows it."""

    sink: str
    state: str
    attempts: int
    place: str
    error: str
    number: int = 1
    next_at: int = 0  # microseconds since 1970
    asked_at: int = 0
    correction: str = ""
    patient: Identity | None = None  # under whom it went out


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that the caller has taken and must end."""

    print_id: str
    delivery: DeliveryRecord


class NoSuchDelivery(Exception):
    """The print has no such way, or not in such a state."""

    def __init__(self, print_id: str, sink: str, found: str, expected: str) -> None:
        self.print_id, self.sink = print_id, sink
        super().__init__(f"the delivery of {print_id} to {sink!r} {found}; expected {expected}")


def hand_over(connection: Connection, print_id: str, sinks: Iterable[str]) -> None:
    """Promise the deliveries; those that are promised already stay as they are."""
    now = _now()
    values = {"state": DeliveryState.WAITING, "attempts": 0, "changed_at": now, "asked_at": now, "next_at": now}
    for sink in sinks:
        row = insert_on(connection, Delivery).values(print_id=print_id, sink=sink, **values)
        connection.execute(row.on_conflict_do_nothing(index_elements=["print_id", "sink"]))


def ask_again(connection: Connection, print_id: str, sink: str) -> None:
    """Deliver once more, or at once what waits or was given up. Raises NoSuchDelivery while it is being delivered."""
    hand_over(connection, print_id, [sink])
    now = _now()
    repeated = {DeliveryState.DONE, DeliveryState.CORRECTED, DeliveryState.UNCORRECTED}
    found = one(connection, print_id, sink)
    if found.state == DeliveryState.RUNNING:
        raise NoSuchDelivery(print_id, sink, "is running", "to wait until it has ended")
    values = {
        "state": DeliveryState.WAITING,
        "number": found.number + (found.state in repeated),
        "asked_at": now,
        "next_at": now,
        "changed_at": now,
        "error": "",
        "correction": "",
    }
    connection.execute(_at(print_id, sink).values(**values))


def cancel(connection: Connection, print_id: str, sink: str) -> None:
    """Let a delivery not go on; an attempt that runs ends first. Raises NoSuchDelivery."""
    change = _at(print_id, sink).where(Delivery.state.in_(UNSETTLED))
    if connection.execute(change.values(state=DeliveryState.CANCELLED, changed_at=_now())).rowcount == 0:
        found = one(connection, print_id, sink)
        raise NoSuchDelivery(print_id, sink, f"is {found.state}", "one that waits, is held, runs or has failed")


def is_due(connection: Connection, sink: str) -> bool:
    """Whether there is anything to claim."""
    return connection.execute(_due(sink)).first() is not None


def claim(connection: Connection, sink: str, executor: str) -> Claim | None:
    """Take the oldest delivery of this sink that is due."""
    row = connection.execute(_due(sink)).one_or_none()
    if row is None:
        return None
    values = {"state": DeliveryState.RUNNING, "executor": executor, "changed_at": _now()}
    connection.execute(_at(row.print_id, sink).values(**values, attempts=row.attempts + 1))
    return Claim(row.print_id, _record(row))


def delivered(
    connection: Connection, claim: Claim, place: str, patient: Identity | None, transaction_uid: str = ""
) -> None:
    """It got there, even if it was cancelled meanwhile. `transaction_uid`: a commitment that is still to be told."""
    said = json.dumps(asdict(patient)) if patient else ""
    _end(
        connection,
        claim,
        DeliveryState.DONE,
        place=place,
        error="",
        patient=said,
        transaction_uid=transaction_uid,
    )
    patients = ((patient.patient_id, patient.patient_name),) if patient else ()
    detail = f"to {claim.delivery.sink}"
    audit.append(connection, Entry("export", "system", "", "", "film", claim.print_id, patients, detail))


def tried(connection: Connection, print_id: str, sink: str, place: str = "", error: str = "") -> None:
    """A job's own step tried to deliver: it got there, or did not."""
    state = DeliveryState.FAILED if error else DeliveryState.DONE
    values = {"state": state, "place": place, "error": error, "changed_at": _now()}
    connection.execute(_at(print_id, sink).values(**values, attempts=Delivery.attempts + 1))


def corrected(connection: Connection, claim: Claim, how: str, told: bool) -> None:
    """The receiver was told that what it has is wrong, or cannot be told."""
    state = DeliveryState.CORRECTED if told else DeliveryState.UNCORRECTED
    _end(connection, claim, state, place=claim.delivery.place, error=how, correction="")


def wait(connection: Connection, claim: Claim, error: str, seconds: float, held: bool = False) -> None:
    """It did not get there this time."""
    state = DeliveryState.HELD if held else DeliveryState.WAITING
    attempts = {"attempts": claim.delivery.attempts} if held else {}  # nothing was attempted
    change = _at(claim.print_id, claim.delivery.sink).where(Delivery.state == DeliveryState.RUNNING)
    now = _now()
    values = {"state": state, "error": error, "executor": "", "changed_at": now, "next_at": now + int(seconds * 1e6)}
    connection.execute(change.values(**values, **attempts))


def give_up(connection: Connection, claim: Claim, error: str) -> None:
    """It will not be tried again by itself."""
    change = _at(claim.print_id, claim.delivery.sink).where(Delivery.state == DeliveryState.RUNNING)
    values = {"state": DeliveryState.FAILED, "error": error, "executor": "", "changed_at": _now()}
    connection.execute(change.values(**values))


def expire_held(connection: Connection, microseconds: int) -> int:
    """Nobody said whose film it is since before then: it does not go out; how many."""
    change = update(Delivery).where(Delivery.state == DeliveryState.HELD, Delivery.asked_at < microseconds)
    values = {"state": DeliveryState.CANCELLED, "changed_at": _now()}
    error = "nobody said whose film it is while its data were kept"
    return connection.execute(change.values(**values, error=error)).rowcount


def explain(connection: Connection, sink: str, error: str) -> None:
    """Why everything that waits for this sink waits."""
    change = update(Delivery).where(Delivery.sink == sink, Delivery.state == DeliveryState.WAITING)
    connection.execute(change.values(error=error))


def explain_strays(connection: Connection, sinks: Iterable[str]) -> None:
    """Why what is meant for any other sink waits."""
    change = update(Delivery).where(Delivery.sink.not_in(list(sinks)), Delivery.state == DeliveryState.WAITING)
    connection.execute(change.values(error="the settings have no such sink any more; expected it in [[sinks]]"))


def release(connection: Connection, executor: str) -> int:
    """Deliveries that a process which is gone had taken wait again; how many."""
    change = update(Delivery).where(Delivery.state == DeliveryState.RUNNING, Delivery.executor == executor)
    return connection.execute(change.values(state=DeliveryState.WAITING, executor="")).rowcount


def release_sink(connection: Connection, executor: str, sink: str) -> None:
    """The same for one sink of a process that lives."""
    running = update(Delivery).where(Delivery.state == DeliveryState.RUNNING, Delivery.executor == executor)
    connection.execute(running.where(Delivery.sink == sink).values(state=DeliveryState.WAITING, executor=""))


def release_silent(connection: Connection, silent_for_s: float) -> int:
    """The same for every process that was not heard of for so long."""
    alive = select(Executor.id).where(Executor.seen_at >= _now() - int(silent_for_s * 1e6))
    change = update(Delivery).where(Delivery.state == DeliveryState.RUNNING, Delivery.executor.not_in(alive))
    return connection.execute(change.values(state=DeliveryState.WAITING, executor="")).rowcount


def identity_confirmed(connection: Connection, print_id: str) -> None:
    """It is known whose the film is: what was held, or corrected, goes out (again) now."""
    release_held(connection, print_id)
    taken_back = update(Delivery).where(Delivery.print_id == print_id)
    taken_back = taken_back.where(Delivery.state.in_([DeliveryState.CORRECTED, DeliveryState.UNCORRECTED]))
    connection.execute(
        taken_back.values(state=DeliveryState.WAITING, next_at=_now(), asked_at=_now(), number=Delivery.number + 1)
    )


def release_held(connection: Connection, print_id: str) -> None:
    """Have it asked again now whose film it is."""
    held = update(Delivery).where(Delivery.print_id == print_id, Delivery.state == DeliveryState.HELD)
    connection.execute(held.values(next_at=_now()))


def identity_undone(connection: Connection, print_id: str, why: str) -> list[DeliveryRecord]:
    """Have corrected what went out under a patient; what that is."""
    query = select(Delivery.__table__).where(
        Delivery.print_id == print_id, Delivery.state == DeliveryState.DONE, Delivery.patient != ""
    )
    found = [_record(row) for row in connection.execute(query)]
    now = _now()
    values = {"state": DeliveryState.WAITING, "correction": why, "next_at": now, "asked_at": now, "changed_at": now}
    for each in found:
        connection.execute(_at(print_id, each.sink).values(**values))
    return found


def one(connection: Connection, print_id: str, sink: str) -> DeliveryRecord:
    """Raises NoSuchDelivery."""
    query = select(Delivery.__table__).where(Delivery.print_id == print_id, Delivery.sink == sink)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NoSuchDelivery(print_id, sink, "was never asked for", "one that `printmgr film show` shows")
    return _record(row)


def of_print(connection: Connection, print_id: str) -> tuple[DeliveryRecord, ...]:
    """All ways of a print, by sink."""
    query = select(Delivery.__table__).where(Delivery.print_id == print_id).order_by(Delivery.sink)
    return tuple(_record(row) for row in connection.execute(query))


def _due(sink: str) -> Select[Any]:
    """The first in the order they were asked for, so that a receiver gets films as they were printed."""
    return (
        select(Delivery.__table__)
        .where(Delivery.sink == sink, Delivery.state.in_([DeliveryState.WAITING, DeliveryState.HELD]))
        .where(Delivery.next_at <= _now())
        .order_by(Delivery.asked_at, Delivery.print_id)
        .limit(1)
    )


def listed(connection: Connection, states: Iterable[str], limit: int = 50) -> list[tuple[str, DeliveryRecord]]:
    """Deliveries in these states as (print id, delivery), newest first."""
    query = select(Delivery.__table__).where(Delivery.state.in_(list(states)))
    query = query.order_by(Delivery.print_id.desc(), Delivery.sink).limit(limit)
    return [(row.print_id, _record(row)) for row in connection.execute(query)]


def _end(connection: Connection, claim: Claim, state: DeliveryState, **values: str) -> None:
    change = _at(claim.print_id, claim.delivery.sink)
    connection.execute(change.values(state=state, executor="", changed_at=_now(), **values))


def _at(print_id: str, sink: str) -> Update:
    return update(Delivery).where(Delivery.print_id == print_id, Delivery.sink == sink)


def _record(row: Row[Any]) -> DeliveryRecord:
    patient = Identity(**json.loads(row.patient)) if row.patient else None
    return DeliveryRecord(
        sink=row.sink,
        state=row.state,
        attempts=row.attempts,
        place=row.place,
        error=row.error,
        number=row.number,
        next_at=row.next_at,
        asked_at=row.asked_at,
        correction=row.correction,
        patient=patient,
    )


def _now() -> int:
    return time.time_ns() // 1000
