"""Whether anything changed, cheaply enough to be asked several times a second as long as the service lives."""

import hashlib
import json
import math
import threading
import time
from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from service.store.dialects import POSTGRESQL, RawConnection
from service.store.disc_models import DiscRow
from service.store.engine import Store
from service.store.identity_models import IdentityActRow
from service.store.jobs import OPEN
from service.store.models import Job
from service.store.study_models import StudyRow

MOST_OPEN = 300
ASKED_EACH = 60  # looks: a server that nothing comes from may be gone


class Watch:
    """A connection of its own that sees whether others wrote anything: SQLite counts, PostgreSQL tells by itself.

    It is the driver's: SQLAlchemy's way to so small a statement costs many times the statement.
    """

    def __init__(self, store: Store) -> None:
        self._raw = RawConnection(store.engine)
        self._is_told = store.engine.dialect.name == POSTGRESQL
        self._looks = 0
        self._version: object = None
        if self._is_told:
            self._raw.listen()

    def has_changed(self) -> bool:
        """Whether anybody wrote since it was asked last; the first time always, now and then for nothing."""
        if not self._is_told:
            before = self._version
            (self._version,) = self._raw.execute("PRAGMA data_version").fetchall()[0]
            return self._version != before
        self._looks += 1
        if self._looks % ASKED_EACH == 1:
            self._raw.execute("SELECT 1")
            return True
        return self._raw.was_told()

    def changes(self, stopping: threading.Event, look_s: float, anyway_s: float = math.inf) -> Iterator[None]:
        """One for each look that saw a change, until `stopping`; and when there was none for so long."""
        told_at = -math.inf
        while not stopping.wait(look_s):
            if self.has_changed() or time.monotonic() - told_at > anyway_s:
                told_at = time.monotonic()
                yield

    def close(self) -> None:
        self._raw.close()


def marks(connection: Connection) -> dict[str, str]:
    """A mark a subject that changes when its pages look different."""
    newest = connection.execute(select(func.max(Job.ordered_at))).scalar()
    query = select(Job.id, Job.state, Job.changed_at).where(Job.state.in_(OPEN)).order_by(Job.ordered_at)
    at_work = [tuple(row) for row in connection.execute(query.limit(MOST_OPEN))]
    states = [(job_id, state) for job_id, state, _ in at_work]
    last = connection.execute(select(func.max(StudyRow.last_at))).scalar()
    arriving = connection.execute(select(func.count()).where(StudyRow.state == "arriving")).scalar()
    acts = connection.execute(select(func.max(IdentityActRow.id))).scalar()
    discs = connection.execute(select(func.max(DiscRow.id))).scalar()
    return {
        "films": mark(newest, states, acts),
        "jobs": mark(newest, at_work, discs),
        "studies": mark(last, arriving),
    }


def mark(*values: object) -> str:
    """Short, and another one when a value is another."""
    return hashlib.sha256(json.dumps(values, default=str).encode()).hexdigest()[:16]
