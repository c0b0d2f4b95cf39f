"""Discs: chosen, planned, made, confirmed, handed out."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from media.errors import MediaError
from service.second_person import waits
from service.store.discs import DiscRecord
from service.store.jobs import JobState
from service.web.answers import bytes_answer, file_answer
from service.web.callers import caller_of, site_of
from service.web.disc_orders import MEDIA_OFFERED, OPEN, VIEWERS, Wish, begin_plan, chosen, make, patients_of, plan
from service.web.discs import (
    IMAGES,
    PAPERS,
    RELATIONS,
    confirm,
    delete_password_sheet,
    disc,
    discs,
    exported,
    order_of,
    paper_of,
    password_sheet,
    refuse,
    release,
    second_person,
)
from service.web.errors import OUR_FAULT, BadValue, answer_of
from service.web.queue import advice_for, job
from service.web.rendering import render
from service.web.site import Site
from service.web.values import After, DiscId, PaperName

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=500)]
Texts = Annotated[list[str] | None, Form()]
PAGE = 40
AT_ONCE_S = 0.6  # a plan that is made so soon needs no bar
USUAL = "patient"  # of the presets


def wished(
    study: Texts = None,
    preset: Text = "",
    medium: Text = "",
    profile: Text = "",
    viewer: Text = "",
    encrypt: Text = "",
    copies: Annotated[int, Form()] = 1,
    leave_out: Texts = None,
    two_patients: Text = "",
    password: Text = "",
    password_again: Text = "",
) -> Wish:
    """What the form of a new disc says. Raises BadValue."""
    if password != password_again:
        raise BadValue("the passwords are not the same; expected the same one twice")
    return Wish(
        studies=tuple(dict.fromkeys(study or [])),
        medium=medium,
        profile=profile,
        leave_out=tuple(leave_out or ()),
        two_patients=bool(two_patients),
        preset=preset,
        viewer=viewer,
        encrypt=encrypt,
        copies=copies,
        password=password,
    )


Wished = Annotated[Wish, Depends(wished)]


@router.get("/discs")
def all_discs(request: Request, after: After = "") -> Response:
    found = discs(site_of(request).store, after, PAGE)
    return render(request, "discs.html", discs=found, next=found[-1].id if len(found) == PAGE else "")


@router.get("/discs/new")
def new(request: Request, study: Annotated[list[str] | None, Query()] = None) -> Response:
    if not study:
        return RedirectResponse("/studies", 303)
    site = site_of(request)
    studies = chosen(site, Wish(tuple(dict.fromkeys(study))))
    return render(
        request,
        "disc_new.html",
        studies=studies,
        patients=patients_of(studies),
        presets=site.settings.presets,
        usual=USUAL,
        media=MEDIA_OFFERED,
        profiles=_profiles(),
        viewers=VIEWERS,
        encryptions=(OPEN, "zip", "cms"),
        writes_media=any(_writes_media(one.writers) for one in site.settings.presets.values()),
    )


@router.post("/discs/plan")
def show_plan(request: Request, wish: Wished, number: int = 0) -> Response:
    """The plan; how far the reading is while it takes long, with the number to ask again."""
    site = site_of(request)
    number = number if site.planner.knows(number) else begin_plan(site, wish)
    try:
        draft = site.planner.draft(number, AT_ONCE_S) if number else None
    except MediaError as error:  # stands where the plan would, which is waited for no longer
        answer = answer_of(error) or OUR_FAULT
        return render(request, "error.html", answer.status, answer=answer, detail=str(error))
    if number and draft is None:
        return render(request, "disc_reading.html", number=number, progress=site.planner.progress(number))
    return render(request, "disc_plan.html", plan=plan(site, wish, draft), wish=wish)


@router.post("/discs")
def order(request: Request, wish: Wished) -> Response:
    disc_id = make(site_of(request), caller_of(request), wish)
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": f"/discs/{disc_id}"})
    return RedirectResponse(f"/discs/{disc_id}", 303)


@router.get("/discs/{disc_id}")
def one(request: Request, disc_id: DiscId, asks: str = "") -> Response:
    """One disc; to the page itself only how far it is, or that it is to be loaded anew when it asks something else."""
    values = _shown(site_of(request), disc_id)
    if request.headers.get("hx-request") and not request.headers.get("hx-boosted"):
        if asks != values["asks"]:
            return Response(status_code=204, headers={"HX-Refresh": "true"})
        return render(request, "disc_state.html", **values)
    return render(request, "disc.html", **values, relations=RELATIONS)


@router.get("/discs/{disc_id}/papers/{paper}.pdf")
def show_paper(request: Request, disc_id: DiscId, paper: PaperName) -> Response:
    """A label or paper, to be printed from the browser."""
    return bytes_answer(request, paper_of(site_of(request), caller_of(request), disc_id, paper), "application/pdf")


@router.get("/discs/{disc_id}/password.pdf")
def show_password(request: Request, disc_id: DiscId) -> Response:
    """The sheet with the password, to be handed over apart from the disc."""
    site = site_of(request)
    path = password_sheet(site, disc_id)
    exported(site.store, caller_of(request), disc(site.store, disc_id), "password sheet")
    answer = file_answer(request, path, "application/pdf", root=path.parent)
    answer.headers["cache-control"] = "no-store"
    return answer


@router.post("/discs/{disc_id}/password/delete")
def forget_password(request: Request, disc_id: DiscId) -> Response:
    delete_password_sheet(site_of(request), caller_of(request), disc_id)
    return RedirectResponse(f"/discs/{disc_id}", 303)


@router.post("/discs/{disc_id}/confirmation")
def decide(
    request: Request, disc_id: DiscId, decision: Text, name: Text = "", password: Text = "", why: Text = ""
) -> Response:
    """A second person says that several patients are meant, or that they are not: by signing in, or in place."""
    site = site_of(request)
    who = second_person(site, caller_of(request), name, password)
    if decision == "confirm":
        confirm(site, who, disc_id)
    elif decision == "refuse":
        refuse(site, who, disc_id, why)
    else:
        raise BadValue(f"decision is {decision!r}; expected confirm or refuse")
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": f"/discs/{disc_id}"})
    return RedirectResponse(f"/discs/{disc_id}", 303)


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


def _shown(site: Site, disc_id: str) -> dict[str, object]:
    """What the page of a disc tells of it."""
    from media.encryption import SLIP
    from service.store import study_queries

    found, its_job = disc(site.store, disc_id), job(site.store, disc_id)
    with site.store.read() as connection:
        studies = study_queries.these(connection, found.study_uids)
    return {
        "disc": found,
        "job": its_job,
        "order": order_of(its_job),
        "studies": studies,
        "asks": _asks(found),
        "papers": PAPERS,
        "downloads": {one.number for one in found.volumes if any(name.endswith(IMAGES) for name in one.written)},
        "advice": advice_for,
        "has_sheet": (Path(found.output) / SLIP).is_file(),
    }


def _asks(found: DiscRecord) -> str:
    """What somebody is to fill in."""
    if waits(found):
        return "second"
    return "release" if found.state is JobState.DONE else ""


def _writes_media(writers: tuple[str, ...]) -> bool:
    """Whether copies mean anything: to a drive, a stick, a robot."""
    return any(":" in one for one in writers)


def _profiles() -> list[str]:
    from media.fileset.profiles import PROFILES

    return sorted(PROFILES)
