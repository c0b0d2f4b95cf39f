"""The process that does jobs."""

import logging
import threading
import time
from collections.abc import Callable

from media.limited import Limits
from service.config import Settings
from service.job_events import JobChange
from service.limited_films import LimitedFilms
from service.retention import Retention
from service.steps import JobKind
from service.store import jobs, orders
from service.store.engine import Durability, Store
from service.wiring.discs import DISC, disc_steps
from service.wiring.films import film_deliveries, film_steps
from service.wiring.identities import identity_steps
from service.wiring.inbox import offer_received_studies
from service.wiring.labels import offer_labels
from service.wiring.privacy import offer_pseudonym_key
from service.wiring.rules import DiscRules

log = logging.getLogger(__name__)

STOP_S = 45.0
FILMS_AT_A_TIME = 2
DISCS_OUTSIDE = 16  # that wait for a blank disc, a stick, a robot beside the one that is built
FIRST_WORKER = "worker-0"  # the one that removes what is old


class WorkerRole:
    """The process that does jobs."""

    def __init__(self, settings: Settings, executor: str, told: Callable[[JobChange], None]) -> None:
        """`told`: what becomes of jobs, for the other processes."""
        import printmgr.pipeline  # noqa: F401  # the first job must not wait for the libraries
        from service.jobs import Engine

        offer_received_studies(settings)
        self._settings = settings
        offer_pseudonym_key(settings)
        offer_labels()
        self.store = Store(settings.database, Durability.REPEATABLE)
        limits = settings.limits
        film_limits = Limits(limits.film_memory_bytes, limits.film_cpu_s, limits.film_wall_s)
        films = LimitedFilms(settings.spool_dir, film_limits, FILMS_AT_A_TIME)
        self.engine = Engine(self.store, job_kinds(settings, self.store, films), executor, told=told)
        self._deliveries = film_deliveries(settings, self.store, films, executor)
        self._retention = Retention(settings, self.store, self.engine.forget) if executor == FIRST_WORKER else None
        self._stopping = threading.Event()

    def start(self) -> None:
        self.engine.start()
        self._deliveries.start()
        if self._retention:
            self._retention.start(self._stopping)
            DiscRules(self._settings, self.store).start(self._stopping)

    def stop(self) -> None:
        self._stopping.set()
        self._deliveries.close()
        until = time.monotonic() + STOP_S
        if not self.engine.stop(STOP_S):
            log.warning("a step did not end in %.0f s; it will run again", STOP_S)
        if not self._deliveries.stop(max(until - time.monotonic(), 0.0)):
            log.warning("a delivery did not end in %.0f s; it will be tried again", STOP_S)


def job_kinds(settings: Settings, store: Store, films: LimitedFilms) -> list[JobKind]:
    """Every kind of job this installation can do."""
    return [
        JobKind(orders.FILM, FILMS_AT_A_TIME, lambda job_id: film_steps(settings, store, films, job_id)),
        JobKind(orders.IDENTITY, 1, lambda job_id: identity_steps(settings, store, films, request_of(store, job_id))),
        JobKind(DISC, 1, lambda job_id: disc_steps(settings, store, job_id), outside=DISCS_OUTSIDE),
    ]


def request_of(store: Store, job_id: str) -> str:
    """What a job is to do, as JSON."""
    with store.read() as connection:
        return jobs.request_of(connection, job_id)
