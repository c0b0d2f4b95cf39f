"""Finished prints get to their sinks, each sink at its own pace, over failures and restarts."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from printmgr.errors import DeliveryFailed, SinkDown, Undeliverable
from printmgr.film.identity import Identity, Release
from printmgr.ports import Print, Sending
from printmgr.sinks import SinkSettings
from samples.prints import print_of
from service import identities
from service.deliveries import Deliveries, Finished, NotYet
from service.store import archive_reports, deliveries, jobs, orders
from service.store import identities as stored_identities
from service.store.deliveries import DeliveryRecord, NoSuchDelivery
from service.store.engine import Store
from tests.service.test_store import a_print, add

PATIENT = Identity(patient_id="4711", patient_name="Doe^Jane")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(SinkSettings):
    """A sink that takes films only when it is told to, and remembers what it was given."""

    retry_first_s: float = 0.01
    retry_longest_s: float = 0.05
    gated: bool = False
    errors: list[Exception] = field(default_factory=list)  # raised one after the other, before films are taken
    taken: list[tuple[str, int, Identity | None]] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)

    @property
    def needs_patient(self) -> bool:
        return self.gated

    def deliver(self, print_: Print, pdf: Path, document: Path, sending: Sending) -> str:
        self.entered.set()
        assert self.open.wait(20)
        if self.errors:
            raise self.errors.pop(0)
        self.taken.append((print_.id, sending.number, sending.patient))
        return f"taken as {sending.name(print_)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correctable(Gate):
    """One that can also be told of an error."""

    corrections: list[tuple[str, str]] = field(default_factory=list)

    def correct(self, print_: Print, sending: Sending, why: str) -> str:
        assert sending.patient is not None
        self.corrections.append((sending.patient.patient_id, why))
        return "told"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = Store(database_url)
    yield made
    made.close()


@dataclass
class House:
    """A store with prints, and the worker process that delivers them."""

    store: Store
    folder: Path
    running: list[Deliveries] = field(default_factory=list)
    patients: dict[str, Identity] = field(default_factory=dict)

    def start(self, *sinks: Gate, executor: str = "worker-0") -> Deliveries:
        made = Deliveries(self.store, executor, sinks, self.finished, self.patient)  # type: ignore[arg-type]
        made.start()
        self.running.append(made)
        return made

    def finished(self, print_id: str) -> Finished:
        print_ = print_of(self.folder, [])
        if print_id == "gone":
            raise FileNotFoundError("order.json")
        return Finished(replace(print_, id=print_id), self.folder / "film.pdf", self.folder / "film.json")

    def patient(self, print_: Print) -> Identity:
        if print_.id not in self.patients:
            raise NotYet("nobody has confirmed whose it is")
        return self.patients[print_.id]

    def order(self, print_id: str, *sinks: str) -> None:
        add(self.store, a_print(print_id))
        with self.store.write() as connection:
            orders.settle(connection, print_id)
            deliveries.hand_over(connection, print_id, sinks)

    def one(self, print_id: str, sink: str) -> DeliveryRecord:
        with self.store.read() as connection:
            return deliveries.one(connection, print_id, sink)

    def wait(self, print_id: str, sink: str, state: str) -> DeliveryRecord:
        until(lambda: self.one(print_id, sink).state == state)
        return self.one(print_id, sink)


def until(condition: Callable[[], object]) -> None:
    patience = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < patience, "it did not come to pass"
        time.sleep(0.01)


@pytest.fixture
def house(store: Store, tmp_path: Path) -> Iterator[House]:
    made = House(store, tmp_path)
    yield made
    for one in made.running:
        assert one.stop(20)


def opened(sink: Gate) -> Gate:
    sink.open.set()
    return sink


def test_a_slow_sink_holds_up_no_other(house: House) -> None:
    slow, quick = Gate(name="slow"), opened(Gate(name="quick"))
    house.start(slow, quick)
    for number in range(3):
        house.order(str(number), "slow", "quick")
    for number in range(3):
        house.wait(str(number), "quick", "done")
    assert house.one("0", "slow").state == "running" and slow.taken == []
    slow.open.set()
    house.wait("2", "slow", "done")
    assert [id_ for id_, _, _ in slow.taken] == ["0", "1", "2"]


def test_a_sink_that_is_down_takes_all_later_in_their_order(house: House) -> None:
    down = [SinkDown("nobody answers") for _ in range(4)]
    sink = opened(Gate(name="printer", errors=down))
    for number in range(3):
        house.order(str(number), "printer")
    house.start(sink)
    assert house.wait("2", "printer", "done").attempts == 1, "while it is down only the first film knocks"
    assert house.one("0", "printer").attempts == 5
    assert [id_ for id_, _, _ in sink.taken] == ["0", "1", "2"]


def test_why_all_wait_is_told(house: House) -> None:
    sink = opened(Gate(name="printer", errors=[SinkDown("the printer is off")] * 1000, retry_first_s=5))
    for number in range(2):
        house.order(str(number), "printer")
    house.start(sink)
    until(lambda: house.one("1", "printer").error)
    assert {house.one(number, "printer").error for number in "01"} == {"the printer is off"}
    assert house.one("1", "printer").state == "waiting"


def test_a_film_that_is_refused_holds_up_no_other(house: House) -> None:
    sink = opened(Gate(name="archive", errors=[DeliveryFailed("not this one now")], retry_first_s=1.0))
    for number in range(2):
        house.order(str(number), "archive")
    house.start(sink)
    house.wait("0", "archive", "done")
    assert [id_ for id_, _, _ in sink.taken] == ["1", "0"]


def test_what_never_goes_is_not_tried_again(house: House) -> None:
    sink = opened(Gate(name="mail", errors=[Undeliverable("too large")]))
    house.order("0", "mail")
    house.start(sink)
    found = house.wait("0", "mail", "failed")
    assert (found.error, found.attempts) == ("too large", 1)


def test_it_is_given_up_after_the_time_of_the_settings(house: House) -> None:
    sink = opened(Gate(name="mail", errors=[SinkDown("off")] * 10_000, retry_for_h=0.5 / 3600))
    house.order("0", "mail")
    house.start(sink)
    found = house.wait("0", "mail", "failed")
    assert found.attempts > 1 and "off (tried for" in found.error


def test_an_error_nobody_foresaw_keeps_the_film(house: House) -> None:
    sink = opened(Gate(name="odd", errors=[ZeroDivisionError("a library")]))
    house.order("0", "odd")
    house.start(sink)
    assert house.wait("0", "odd", "done").attempts == 2


def test_a_print_whose_files_are_gone_says_so(house: House) -> None:
    house.order("gone", "odd")
    house.start(opened(Gate(name="odd")))
    assert "order.json" in house.wait("gone", "odd", "failed").error


def test_a_process_that_dies_leaves_its_deliveries_to_the_next(house: House, store: Store) -> None:
    house.order("0", "archive")
    house.order("1", "archive")
    with store.write() as connection:
        deliveries.claim(connection, "archive", "worker-0")
        deliveries.claim(connection, "archive", "worker-7")
    sink = opened(Gate(name="archive"))
    house.start(sink)
    house.wait("0", "archive", "done")
    assert house.one("1", "archive").state == "running", "worker-7 may be alive"
    with store.write() as connection:
        jobs.beat(connection, "worker-7", 1)
        assert deliveries.release_silent(connection, 60) == 0
        assert deliveries.release_silent(connection, -1) == 1
    house.wait("1", "archive", "done")


def test_a_cancelled_delivery_does_not_go_on(house: House, store: Store) -> None:
    slow = Gate(name="slow", errors=[DeliveryFailed("no")])
    house.order("0", "slow")
    house.order("1", "slow")
    house.start(slow)
    slow.entered.wait(20)
    with store.write() as connection:
        deliveries.cancel(connection, "0", "slow")
        deliveries.cancel(connection, "1", "slow")
    slow.open.set()
    house.order("2", "slow")
    house.wait("2", "slow", "done")
    assert [house.one(number, "slow").state for number in "01"] == ["cancelled", "cancelled"]
    with store.write() as connection, pytest.raises(NoSuchDelivery, match="is cancelled"):
        deliveries.cancel(connection, "0", "slow")


def test_what_got_there_while_it_was_cancelled_is_done(house: House, store: Store) -> None:
    slow = Gate(name="slow")
    house.order("0", "slow")
    house.start(slow)
    slow.entered.wait(20)
    with store.write() as connection:
        deliveries.cancel(connection, "0", "slow")
    slow.open.set()
    assert house.wait("0", "slow", "done").place == "taken as 0"


def test_once_more_on_demand_has_a_name_of_its_own(house: House, store: Store) -> None:
    sink = opened(Gate(name="paper"))
    house.order("0", "paper")
    house.start(sink)
    house.wait("0", "paper", "done")
    with store.write() as connection:
        deliveries.ask_again(connection, "0", "paper")
    until(lambda: len(sink.taken) == 2)
    house.wait("0", "paper", "done")
    assert [number for _, number, _ in sink.taken] == [1, 2]
    assert house.one("0", "paper").place == "taken as 0-2"


def test_what_waits_goes_at_once_on_demand_under_its_name(house: House, store: Store) -> None:
    sink = opened(Gate(name="paper", errors=[DeliveryFailed("jam")], retry_first_s=3600, retry_longest_s=3600))
    house.order("0", "paper")
    house.start(sink)
    until(lambda: house.one("0", "paper").error == "jam")
    with store.write() as connection:
        deliveries.ask_again(connection, "0", "paper")
    house.wait("0", "paper", "done")
    assert sink.taken == [("0", 1, None)]


def test_handing_over_again_changes_nothing(house: House, store: Store) -> None:
    house.order("0", "paper")
    house.start(opened(Gate(name="paper")))
    house.wait("0", "paper", "done")
    with store.write() as connection:
        deliveries.hand_over(connection, "0", ["paper"])
    assert house.one("0", "paper").state == "done"


def test_a_film_is_held_until_it_is_known_whose_it_is(house: House, store: Store) -> None:
    sink = opened(Gate(name="archive", gated=True))
    house.order("0", "archive")
    house.order("1", "archive")
    house.start(sink)
    held = house.wait("0", "archive", "held")
    assert (held.attempts, held.error) == (0, "nobody has confirmed whose it is")
    house.patients["0"] = PATIENT
    with store.write() as connection:
        deliveries.identity_confirmed(connection, "0")
    assert house.wait("0", "archive", "done").patient == PATIENT
    assert sink.taken == [("0", 1, PATIENT)] and house.wait("1", "archive", "held")


@pytest.mark.parametrize("kind", [Gate, Correctable])
def test_an_identity_that_was_wrong_is_corrected_where_that_can_be(
    house: House, store: Store, kind: type[Gate]
) -> None:
    sink, unnamed = opened(kind(name="archive", gated=True)), opened(Gate(name="paper"))
    house.patients["0"] = PATIENT
    house.order("0", "archive", "paper")
    house.start(sink, unnamed)
    house.wait("0", "archive", "done")
    house.wait("0", "paper", "done")
    del house.patients["0"]
    with store.write() as connection:
        (out,) = deliveries.identity_undone(connection, "0", "confirmed in error")
    assert (out.sink, out.place, out.patient) == ("archive", "taken as 0", PATIENT)
    if isinstance(sink, Correctable):
        assert house.wait("0", "archive", "corrected").error == "told"
        assert sink.corrections == [("4711", "confirmed in error")]
    else:
        found = house.wait("0", "archive", "uncorrected")
        assert "confirmed in error" in found.error and "taken as 0" in found.error
    assert house.one("0", "paper").state == "done"
    right = Identity(patient_id="4712", patient_name="Doe^John")
    house.patients["0"] = right
    with store.write() as connection:
        deliveries.identity_confirmed(connection, "0")
    assert house.wait("0", "archive", "done").patient == right
    assert [(number, patient) for _, number, patient in sink.taken] == [(1, PATIENT), (2, right)]


def test_a_sink_that_is_gone_from_the_settings_says_so(house: House) -> None:
    house.order("0", "old")
    house.start(opened(Gate(name="new")))
    assert "no such sink" in house.one("0", "old").error


def test_a_confirmation_taken_back_while_the_film_goes_out_is_corrected(house: House) -> None:
    sink = Correctable(name="archive", gated=True)
    house.patients["0"] = PATIENT
    house.order("0", "archive")
    house.start(sink)
    assert sink.entered.wait(20)
    del house.patients["0"]  # the undo comes too early to find a delivery
    sink.open.set()
    house.wait("0", "archive", "corrected")
    assert [patient for patient, _ in sink.corrections] == ["4711"]


def test_confirming_sends_and_undoing_corrects(house: House, store: Store) -> None:
    sink = opened(Correctable(name="archive", gated=True))
    house.order("0", "archive")

    def patient(print_: Print) -> Identity:
        with store.read() as connection:
            found = stored_identities.released(connection, print_.id, Release.CONFIRMED)
        if found is None:
            raise NotYet("it is not confirmed")
        return found

    house.patient = patient  # type: ignore[method-assign]
    house.start(sink)
    house.wait("0", "archive", "held")
    identities.confirm(store, "0", identities.SaidBy("dr.x"), PATIENT)
    assert house.wait("0", "archive", "done").patient == PATIENT
    undone = identities.undo(store, "0", identities.SaidBy("dr.y"), "the wrong Jane")
    assert [(one.sink, one.place) for one in undone.delivered] == [("archive", "taken as 0")]
    house.wait("0", "archive", "corrected")
    assert sink.corrections == [("4711", "the wrong Jane")]
    right = Identity(patient_id="4712", patient_name="Doe^John")
    identities.confirm(store, "0", identities.SaidBy("dr.y"), PATIENT)
    house.wait("0", "archive", "done")
    with store.write() as connection:  # undone and confirmed as another before the sink comes to correct
        stored_identities.undo(connection, "0", "dr.y")
        deliveries.identity_undone(connection, "0", "again the wrong one")
        stored_identities.confirm(connection, "0", "dr.y", right)
        deliveries.identity_confirmed(connection, "0")
    until(lambda: sink.taken[-1][2] == right)
    assert sink.corrections[-1] == ("4711", "again the wrong one")
    assert house.wait("0", "archive", "done").patient == right


def stored(house: House, store: Store, transaction_uid: str) -> None:
    """A film that an archive has, and was asked to commit itself to."""
    house.order("0", "archive")
    with store.write() as connection:
        claim = deliveries.claim(connection, "archive", "worker-0")
        assert claim is not None
        deliveries.delivered(connection, claim, "ARCHIVE 1.2 commitment asked for", PATIENT, transaction_uid)
        archive_reports.match(connection, transaction_uid)


@pytest.mark.parametrize("report_first", [False, True])
def test_a_report_of_commitment_finds_its_delivery(house: House, store: Store, report_first: bool) -> None:
    if not report_first:
        stored(house, store, "1.2.3")
    with store.write() as connection:
        archive_reports.reported(connection, "1.2.3", failed=False)
        archive_reports.reported(connection, "1.2.4", failed=True)  # of somebody else's
    if report_first:
        stored(house, store, "1.2.3")
    found = house.one("0", "archive")
    assert (found.state, found.place) == ("done", "ARCHIVE 1.2 committed")


def test_what_an_archive_cannot_keep_goes_there_again(house: House, store: Store) -> None:
    stored(house, store, "1.2.3")
    with store.write() as connection:
        archive_reports.reported(connection, "1.2.3", failed=True)
    found = house.one("0", "archive")
    assert found.state == "waiting" and "commit" in found.error
    sink = opened(Gate(name="archive"))
    house.start(sink)
    house.wait("0", "archive", "done")
    assert sink.taken == [("0", 1, None)], "under the name it had"


def test_a_confirmation_during_an_attempt_is_not_missed(house: House, store: Store) -> None:
    """It is looked for again once the film is held: between the look and that, a person may confirm."""
    sink = opened(Gate(name="archive", gated=True))
    looks = []

    def patient(print_: Print) -> Identity:
        looks.append(print_.id)
        if len(looks) == 1:
            raise NotYet("nobody yet")
        return PATIENT

    house.patient = patient  # type: ignore[method-assign]
    house.order("0", "archive")
    house.start(sink)
    house.wait("0", "archive", "done")
    assert len(looks) >= 3 and sink.taken == [("0", 1, PATIENT)]
