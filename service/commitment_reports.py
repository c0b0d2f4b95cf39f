"""Reports of storage commitment that could not go back on the association that asked for them."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from media.studies import Commitment
from service.store import commitments
from service.store.commitments import Outstanding
from service.store.engine import Store

log = logging.getLogger(__name__)

FIRST_WAIT_S = 5.0  # the association that asked has so long for its own report; doubled at every attempt
MOST_ATTEMPTS = 12
LOOK_S = 2.0

Deliver = Callable[[Commitment], bool]
"""Reports on a new association; whether the partner took it."""


class CommitmentReports:
    """Delivers outstanding reports to the partners that listen for them."""

    def __init__(self, store: Store, deliver: Mapping[str, Deliver]) -> None:
        """`deliver` by the AE title of each partner that listens."""
        self._store = store
        self._deliver = deliver
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="commitment reports", daemon=True)

    def start(self) -> None:
        """Begin, if any partner listens at all."""
        if self._deliver:
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _loop(self) -> None:
        while not self._stopping.wait(LOOK_S):
            try:
                self._report_all()
            except Exception:  # the top of the thread: what is outstanding stays so
                log.exception("reports of storage commitment stumbled")

    def _report_all(self) -> None:
        with self._store.read() as connection:
            outstanding = commitments.outstanding(connection, MOST_ATTEMPTS)
        for one in outstanding:
            if is_due(one, time.time()) and not self._stopping.is_set():
                self._report(one.commitment)

    def _report(self, commitment: Commitment) -> None:
        deliver = self._deliver.get(commitment.sender.calling_ae)
        if deliver is None:
            return
        taken = deliver(commitment)
        with self._store.write() as connection:
            (commitments.reported if taken else commitments.tried)(connection, commitment)
        outcome = "took" if taken else "did not take"
        log.info("%s %s the report of %s", commitment.sender.calling_ae, outcome, commitment.transaction_uid)


def is_due(one: Outstanding, now: float) -> bool:
    """Whether to try (again) at the time `now`, seconds since 1970."""
    return now >= one.requested_at + FIRST_WAIT_S * 2.0**one.attempts
