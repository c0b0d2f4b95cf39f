"""The studies, received and of archives: found while one types, ticked for a disc."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from service.archives import ArchiveDown, ArchiveRefused
from service.store import study_queries
from service.web.callers import caller_of, site_of
from service.web.rendering import render
from service.web.studies import cursor_of, declare_complete, looked_at, studies, study
from service.web.values import After, ArchiveName, Limit, StudyUid, Word

router = APIRouter(include_in_schema=False)

PAGE = 40


@router.get("/studies")
def found(request: Request, q: Word = "", state: Word = "", after: After = "", limit: Limit = PAGE) -> Response:
    """The list; to the page itself its rows only. A search is noted when somebody has stopped typing."""
    site = site_of(request)
    live = "live" in request.query_params
    most = max(PAGE, limit)
    shown = studies(site.store, q, state, after, most, None if live or after else caller_of(request))
    with site.store.read() as connection:
        series = study_queries.series_of(connection, [one.uid for one in shown])
    values = {
        "studies": shown,
        "modalities": {uid: sorted({one.modality for one in found if one.modality}) for uid, found in series.items()},
        "q": q,
        "state": state,
        "archives": site.archives.names,
        "next": cursor_of(site.store, shown[-1]) if len(shown) == most else "",
    }
    if request.headers.get("hx-request") and not request.headers.get("hx-boosted"):
        return render(request, "study_rows.html", **values)
    return render(request, "studies.html", **values)


@router.get("/studies/remote/{archive}")
async def remote(request: Request, archive: ArchiveName, q: Word = "") -> Response:
    """What an archive has, as a part of the list; why it does not say."""
    archives, caller = site_of(request).archives, caller_of(request)
    try:
        found = await archives.aside(archive, lambda: archives.search(caller, archive, q))
        error = ""
    except (ArchiveDown, ArchiveRefused) as said:
        found, error = [], str(said)
    return render(request, "study_remote.html", archive=archive, found=found, q=q.strip(), error=error)


@router.get("/studies/{study_uid}")
def one(request: Request, study_uid: StudyUid) -> Response:
    site = site_of(request)
    shown = study(site.store, study_uid)
    looked_at(site.store, caller_of(request), [shown])
    return render(request, "study.html", study=shown)


@router.post("/studies/{study_uid}/complete")
def complete(request: Request, study_uid: StudyUid) -> Response:
    declare_complete(site_of(request).store, caller_of(request), study_uid)
    return RedirectResponse(f"/studies/{study_uid}", 303)
