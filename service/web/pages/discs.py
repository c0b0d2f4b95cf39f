"""Discs: chosen, planned, made, handed out."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from service.store.study_queries import StudyRecord
from service.web.callers import caller_of, site_of
from service.web.discs import MEDIA_OFFERED, RELATIONS, Wish, disc, discs, make, patients_of, plan, release
from service.web.queue import job
from service.web.rendering import render
from service.web.studies import study
from service.web.values import After, DiscId

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=500)]
Chosen = Annotated[list[str] | None, Form()]
PAGE = 40


@router.get("/discs")
def all_discs(request: Request, after: After = "") -> Response:
    found = discs(site_of(request).store, after, PAGE)
    return render(request, "discs.html", discs=found, next=found[-1].id if len(found) == PAGE else "")


@router.get("/discs/new")
def new(request: Request, study: Annotated[list[str] | None, Query()] = None) -> Response:
    chosen = [_study(request, uid) for uid in dict.fromkeys(study or [])]
    if not chosen:
        return RedirectResponse("/studies", 303)
    patients = patients_of(chosen)
    return render(
        request, "disc_new.html", studies=chosen, patients=patients, media=MEDIA_OFFERED, profiles=_profiles()
    )


@router.post("/discs/plan")
def show_plan(
    request: Request,
    study: Chosen = None,
    medium: Text = "CD-R-700",
    profile: Text = "",
    leave_out: Chosen = None,
    two_patients: Text = "",
) -> Response:
    wish = Wish(tuple(dict.fromkeys(study or [])), medium, profile, tuple(leave_out or ()), bool(two_patients))
    return render(request, "disc_plan.html", plan=plan(site_of(request), wish), wish=wish)


@router.post("/discs")
def order(
    request: Request,
    study: Chosen = None,
    medium: Text = "CD-R-700",
    profile: Text = "",
    leave_out: Chosen = None,
    two_patients: Text = "",
) -> Response:
    wish = Wish(tuple(dict.fromkeys(study or [])), medium, profile, tuple(leave_out or ()), bool(two_patients))
    disc_id = make(site_of(request), caller_of(request), wish)
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": f"/discs/{disc_id}"})
    return RedirectResponse(f"/discs/{disc_id}", 303)


@router.get("/discs/{disc_id}")
def one(request: Request, disc_id: DiscId) -> Response:
    """One disc; to the page itself only how far it is."""
    site = site_of(request)
    values = {"disc": disc(site.store, disc_id), "job": job(site.store, disc_id)}
    if request.headers.get("hx-request") and not request.headers.get("hx-boosted"):
        return render(request, "disc_state.html", **values)
    return render(request, "disc.html", **values, relations=RELATIONS)


@router.get("/discs/{disc_id}/label")
def label(request: Request, disc_id: DiscId) -> Response:
    return render(request, "disc_label.html", **_paper(request, disc_id))


@router.get("/discs/{disc_id}/form")
def form(request: Request, disc_id: DiscId) -> Response:
    return render(request, "disc_form.html", **_paper(request, disc_id))


@router.post("/discs/{disc_id}/release")
def hand_out(
    request: Request,
    disc_id: DiscId,
    to_whom: Text,
    relation: Text = "patient",
    reason: Text = "",
    identified_by: Text = "",
) -> Response:
    release(
        site_of(request),
        caller_of(request),
        disc_id,
        to_whom=to_whom,
        relation=relation,
        reason=reason,
        identified_by=identified_by,
    )
    return RedirectResponse(f"/discs/{disc_id}", 303)


def _study(request: Request, uid: str) -> StudyRecord:
    return study(site_of(request).store, uid)


def _paper(request: Request, disc_id: str) -> dict[str, object]:
    from service.store import study_queries

    site = site_of(request)
    found = disc(site.store, disc_id)
    with site.store.read() as connection:
        studies = study_queries.these(connection, found.study_uids)
    return {"disc": found, "studies": studies, "web": site.settings.web}


def _profiles() -> list[str]:
    from media.fileset.profiles import PROFILES

    return sorted(PROFILES)
