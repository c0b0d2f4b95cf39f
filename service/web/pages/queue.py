"""The queue: every job, how far it is, what to do about it."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from service.store.jobs import ENDED, OPEN, JobState
from service.web.callers import caller_of, site_of
from service.web.queue import about, advice_for, cancel, jobs, retry, set_priority
from service.web.rendering import render
from service.web.values import After, JobId, Word

router = APIRouter(include_in_schema=False)

PAGE = 50
SHOWN: dict[str, tuple[JobState, ...]] = {
    "": (),
    "open": OPEN,
    "failed": (JobState.FAILED,),
    "ended": ENDED,
}
FIRST = 9


@router.get("/queue")
def queue(request: Request, show: Word = "", after: After = "") -> Response:
    """The list; to the page itself its rows only."""
    site = site_of(request)
    found = jobs(site.store, SHOWN.get(show, ()), after=after, limit=PAGE)
    values = {
        "jobs": found,
        "about": about(site.store, found),
        "show": show if show in SHOWN else "",
        "next": found[-1].id if len(found) == PAGE else "",
        "open_states": OPEN,
        "advice": advice_for,
    }
    part = request.headers.get("hx-request") and not request.headers.get("hx-boosted")
    return render(request, "queue_rows.html" if part else "queue.html", **values)


@router.post("/queue/{job_id}/cancel")
def stop(request: Request, job_id: JobId) -> Response:
    cancel(site_of(request).store, caller_of(request), job_id)
    return _again(request)


@router.post("/queue/{job_id}/retry")
def again(request: Request, job_id: JobId) -> Response:
    retry(site_of(request).store, caller_of(request), job_id)
    return _again(request)


@router.post("/queue/{job_id}/first")
def first(request: Request, job_id: JobId) -> Response:
    set_priority(site_of(request).store, caller_of(request), job_id, FIRST)
    return _again(request)


def _again(request: Request) -> Response:
    """The list anew."""
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Trigger": "again"})
    return RedirectResponse("/queue", 303)
