"""Media creation requests (PS3.4 S) as they came, and the jobs they have become."""

import json
import time
from dataclasses import asdict

from sqlalchemy import Connection, delete, insert, select, update

from media.creation import MediaRequest, Objects
from service.store.disc_models import MediaRequestRow

KEPT_S = 7 * 86_400  # a request that nobody initiated


def add(connection: Connection, request: MediaRequest) -> bool:
    """False when its UID is known already. What was never initiated goes after a week."""
    now = time.time_ns() // 1000
    old = (MediaRequestRow.created_at < now - KEPT_S * 1_000_000, MediaRequestRow.job_id.is_(None))
    connection.execute(delete(MediaRequestRow).where(*old))
    if connection.execute(select(MediaRequestRow.uid).where(MediaRequestRow.uid == request.uid)).first():
        return False
    connection.execute(
        insert(MediaRequestRow).values(uid=request.uid, request=json.dumps(asdict(request)), created_at=now, failure="")
    )
    return True


def one(connection: Connection, uid: str) -> tuple[MediaRequest, str | None, str] | None:
    """A request, its job when it was initiated, and why it failed before it could become one."""
    query = select(MediaRequestRow.request, MediaRequestRow.job_id, MediaRequestRow.failure)
    row = connection.execute(query.where(MediaRequestRow.uid == uid)).one_or_none()
    return (_request(row.request), row.job_id, row.failure) if row else None


def of_job(connection: Connection, job_id: str) -> MediaRequest | None:
    """The request a job is of."""
    query = select(MediaRequestRow.request).where(MediaRequestRow.job_id == job_id)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else _request(found)


def initiated(connection: Connection, uid: str, job_id: str) -> None:
    connection.execute(update(MediaRequestRow).where(MediaRequestRow.uid == uid).values(job_id=job_id))


def failed(connection: Connection, uid: str, failure: str) -> None:
    connection.execute(update(MediaRequestRow).where(MediaRequestRow.uid == uid).values(failure=failure))


def remove(connection: Connection, uid: str) -> None:
    """A cancelled request is gone (PS3.4 S.3.2.2.2)."""
    connection.execute(delete(MediaRequestRow).where(MediaRequestRow.uid == uid))


def _request(text: str) -> MediaRequest:
    value = json.loads(text)
    value["references"] = tuple((class_uid, uid) for class_uid, uid in value["references"])
    value["profiles"] = tuple(value["profiles"])
    value["objects"] = Objects(value["objects"]) if value["objects"] else None
    return MediaRequest(**value)
