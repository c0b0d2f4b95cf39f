"""Whether anything changed, cheaply enough to be asked several times a second."""

import hashlib
import json

from sqlalchemy import Connection, func, select, text

from service.store.disc_models import DiscRow
from service.store.identity_models import IdentityActRow
from service.store.jobs import OPEN
from service.store.models import Job
from service.store.study_models import StudyRow

MOST_OPEN = 300


def version(connection: Connection) -> int:
    """A number that changes when somebody else's transaction did; a new one each time where it cannot be known."""
    if connection.dialect.name == "sqlite":
        return int(connection.execute(text("PRAGMA data_version")).scalar_one())
    return int(connection.execute(text("SELECT txid_snapshot_xmax(txid_current_snapshot())")).scalar_one())


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
        "films": _mark(newest, states, acts),
        "jobs": _mark(newest, at_work, discs),
        "studies": _mark(last, arriving),
    }


def _mark(*values: object) -> str:
    return hashlib.sha256(json.dumps(values, default=str).encode()).hexdigest()[:16]
