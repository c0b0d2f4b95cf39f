"""Takes finished prints to their sinks, each sink at its own pace: a printer that is off for a night holds up nobody.

The rows of `service.store.deliveries` are the promise; a thread a sink keeps it. What fails is tried again with backoff
for as long as the sink's settings say. While a sink is down its first film alone knocks, the others wait behind it in
their order. A process that dies leaves its deliveries to the next one.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from printmgr.errors import DamagedSpool, DeliveryFailed, ResourceLimit, SinkDown, Undeliverable
from printmgr.film.identity import Identity, IdentityState
from printmgr.ports import Committing, Correcting, Print, Sending
from printmgr.sinks import AnySink, SinkSettings
from service.store import archive_reports, deliveries, identities
from service.store.deliveries import Claim
from service.store.engine import Store

log = logging.getLogger(__name__)

LOOK_S = 0.5
HELD_S = 3600.0  # a confirmation releases what is held at once; this is for the one that got lost
WATCH_S = 15.0
SILENT_S = 60.0  # a process not heard of for so long is dead
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Finished:
    """A print with the files that are delivered."""

    print_: Print
    pdf: Path
    document: Path
    named: Callable[[Identity], Path] | None = None  # makes the PDF that names a patient


class NotYet(Exception):
    """It is not known yet whose film it is."""


FinishedOf = Callable[[str], Finished]
"""A print's files by its id. Raises DamagedSpool, FileNotFoundError."""
PatientOf = Callable[[Print], Identity]
"""Under whom a print may go out. Raises NotYet."""


class Deliveries:
    """The deliveries of one worker process."""

    def __init__(
        self, store: Store, executor: str, sinks: Sequence[AnySink], finished: FinishedOf, patient: PatientOf
    ) -> None:
        self._store, self._executor = store, executor
        self._finished, self._patient = finished, patient
        self._names = [sink.name for sink in sinks]
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._watch_loop, name="deliveries", daemon=True)]
        self._threads += [
            threading.Thread(target=self._sink_loop, args=[sink], name=f"sink {sink.name}", daemon=True)
            for sink in sinks
        ]

    def start(self) -> None:
        """Take up what is unfinished and what is new."""
        with self._store.write() as connection:
            deliveries.release(connection, self._executor)
            deliveries.explain_strays(connection, self._names)
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Begin no further attempt."""
        self._stopping.set()

    def stop(self, timeout_s: float) -> bool:
        """Begin no further attempt and wait for those that run; whether they ended."""
        self.close()
        until = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in self._threads)

    # The loops

    def _watch_loop(self) -> None:
        while not self._stopping.wait(WATCH_S):
            try:
                with self._store.write() as connection:
                    if released := deliveries.release_silent(connection, SILENT_S):
                        log.warning("%d deliveries of a silent process are taken over", released)
            except Exception:  # the top of the thread
                log.exception("the deliveries' watch stumbled; trying again")

    def _sink_loop(self, sink: AnySink) -> None:
        down_for = 0  # attempts in a row that found the sink down
        while not self._stopping.is_set():
            pause_s = LOOK_S
            try:
                while not self._stopping.is_set() and (claim := self._claim(sink)):
                    down_for = down_for + 1 if self._attempt(sink, claim) else 0
                    if down_for:
                        pause_s = backoff_s(sink, down_for)
                        break
            except Exception:  # the top of the thread: what it had taken is taken up again
                log.exception("sink %s stumbled; trying again", sink.name)
                pause_s = WATCH_S
                self._give_back()
            self._stopping.wait(pause_s)

    def _claim(self, sink: AnySink) -> Claim | None:
        with self._store.read() as connection:
            if not deliveries.is_due(connection, sink.name):
                return None
        with self._store.write() as connection:
            return deliveries.claim(connection, sink.name, self._executor)

    def _give_back(self) -> None:
        """After an error nobody foresaw: nothing of this thread's may stay taken."""
        try:
            with self._store.write() as connection:
                deliveries.release_sink(connection, self._executor, threading.current_thread().name[len("sink ") :])
        except Exception:
            log.exception("a delivery stays taken until the next start")

    # A delivery

    def _attempt(self, sink: AnySink, claim: Claim) -> bool:
        """Deliver once and write down how it ended; whether the sink is down."""
        try:
            finished = self._finished(claim.print_id)
        except (DamagedSpool, FileNotFoundError) as error:
            self._give_up(claim, str(error))
            return False
        try:
            (self._correct if claim.delivery.correction else self._deliver)(sink, claim, finished)
        except NotYet as error:
            self._hold(claim, finished.print_, str(error))
        except Undeliverable as error:
            self._give_up(claim, str(error))
        except SinkDown as error:
            self._again(sink, claim, str(error), 0.0)  # its turn comes first when the sink's pause is over
            with self._store.write() as connection:
                deliveries.explain(connection, sink.name, str(error))
            return True
        except (DeliveryFailed, ResourceLimit) as error:
            self._again(sink, claim, str(error), backoff_s(sink, claim.delivery.attempts + 1))
        except Exception as error:  # a library raised what nobody foresaw: this film alone waits
            log.exception("film %s to %s", claim.print_id, sink.name)
            text = f"{type(error).__name__}: {error}"
            self._again(sink, claim, text, backoff_s(sink, claim.delivery.attempts + 1))
        return False

    def _deliver(self, sink: AnySink, claim: Claim, finished: Finished) -> None:
        started = time.monotonic()
        patient = self._patient(finished.print_) if sink.needs_patient else None
        sending = Sending(patient, claim.delivery.number)
        pdf = finished.named(patient) if patient and finished.named else finished.pdf
        place = sink.deliver(finished.print_, pdf, finished.document, sending)
        transaction = sink.transaction_uid(finished.print_, sending) if isinstance(sink, Committing) else ""
        with self._store.write() as connection:
            deliveries.delivered(connection, claim, place, patient, transaction)
            archive_reports.match(connection, transaction)
        if patient and not self._is_still(finished.print_, patient):
            with self._store.write() as connection:
                deliveries.identity_undone(connection, claim.print_id, "it was taken back while the film went out")
        log.info("film %s is in %s after %.0f ms", claim.print_id, sink.name, (time.monotonic() - started) * 1000)

    def _is_still(self, print_: Print, patient: Identity) -> bool:
        """Whether the film may still go out under this patient."""
        try:
            return self._patient(print_) == patient
        except NotYet:
            return False

    def _correct(self, sink: AnySink, claim: Claim, finished: Finished) -> None:
        """Tell the receiver that what it has is another patient's, where the sink can."""
        delivery = claim.delivery
        told = isinstance(sink, Correcting)
        if isinstance(sink, Correcting):
            how = sink.correct(finished.print_, Sending(delivery.patient, delivery.number), delivery.correction)
        else:
            how = f"{delivery.correction}; it cannot be taken back there by itself: correct it at {delivery.place}"
        with self._store.write() as connection:
            deliveries.corrected(connection, claim, how, told)
            if identities.standing_of(connection, claim.print_id).state is IdentityState.CONFIRMED:  # as another by now
                deliveries.identity_confirmed(connection, claim.print_id)
        log.warning("film %s in %s: %s", claim.print_id, sink.name, "corrected" if told else "to be corrected by hand")

    def _again(self, sink: AnySink, claim: Claim, error: str, seconds: float) -> None:
        """Try again later, unless it was tried for long enough."""
        tried_h = (time.time() - claim.delivery.asked_at / 1e6) / HOUR_S
        if sink.retry_for_h and tried_h >= sink.retry_for_h:
            self._give_up(claim, f"{error} (tried for {sink.retry_for_h:g} hours)")
        else:
            self._wait(claim, error, seconds)

    def _hold(self, claim: Claim, print_: Print, error: str) -> None:
        """Wait to be released, unless that happened just now: while this transaction lasts nobody confirms anything."""
        with self._store.write() as connection:
            try:
                self._patient(print_)
                seconds = 0.0
            except NotYet:
                seconds = HELD_S
            deliveries.wait(connection, claim, error, seconds, held=True)

    def _wait(self, claim: Claim, error: str, seconds: float) -> None:
        log.warning("film %s to %s waits", claim.print_id, claim.delivery.sink)
        with self._store.write() as connection:
            deliveries.wait(connection, claim, error, seconds)

    def _give_up(self, claim: Claim, error: str) -> None:
        log.error("film %s does not get into %s", claim.print_id, claim.delivery.sink)
        with self._store.write() as connection:
            deliveries.give_up(connection, claim, error)


def backoff_s(sink: SinkSettings, attempts: int) -> float:
    """How long to wait after so many attempts failed in a row.

    >>> [backoff_s(SinkSettings(), attempts) for attempts in (1, 2, 3, 50)]
    [5.0, 10.0, 20.0, 600.0]
    """
    return min(sink.retry_first_s * 2.0 ** min(attempts - 1, 30), sink.retry_longest_s)
