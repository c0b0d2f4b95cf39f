"""`/api/v1/jobs`: what is being done; stop it, try it again, do it first."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response

from service.store.jobs import JobState
from service.web.answers import json_answer, list_answer
from service.web.callers import caller_of, site_of
from service.web.errors import BadValue
from service.web.matrix import API
from service.web.queue import cancel, job, jobs, retry, set_priority, told
from service.web.values import After, JobId, Limit, Word

router = APIRouter(prefix=f"{API}/jobs", tags=["jobs"])


@router.get("")
def list_jobs(
    request: Request,
    state: Annotated[list[str] | None, Query()] = None,
    kind: Word = "",
    after: After = "",
    limit: Limit = 50,
) -> Response:
    """Jobs with their steps, the newest first."""
    if unknown := sorted(set(state or ()) - set(JobState)):
        raise BadValue(f"state is {unknown[0]!r}; expected some of {', '.join(JobState)}")
    found = jobs(site_of(request).store, state or (), kind, after, limit)
    return list_answer(request, [told(one) for one in found], limit, found[-1].id if found else "")


@router.get("/{job_id}")
def show_job(request: Request, job_id: JobId) -> Response:
    """One job with its steps."""
    return json_answer(request, told(job(site_of(request).store, job_id)))


@router.post("/{job_id}/cancel", status_code=204)
def cancel_job(request: Request, job_id: JobId) -> Response:
    """Let a job not go on; a step that runs ends first."""
    cancel(site_of(request).store, caller_of(request), job_id)
    return Response(status_code=204)


@router.post("/{job_id}/retry", status_code=204)
def retry_job(request: Request, job_id: JobId) -> Response:
    """Let a failed or cancelled job go on at the step that did not end."""
    retry(site_of(request).store, caller_of(request), job_id)
    return Response(status_code=204)


@router.put("/{job_id}/priority", status_code=204)
def prioritise_job(
    request: Request, job_id: JobId, priority: Annotated[int, Body(embed=True, ge=-9, le=9)]
) -> Response:
    """Have a waiting job done before (up to 9) or after (down to -9) others of its kind; 0 is usual."""
    set_priority(site_of(request).store, caller_of(request), job_id, priority)
    return Response(status_code=204)
