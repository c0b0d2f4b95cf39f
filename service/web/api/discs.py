"""`/api/v1/discs` and `/api/v1/volumes`: studies on media."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from service.web.answers import file_answer, json_answer, list_answer
from service.web.callers import caller_of, site_of
from service.web.discs import Wish, confirm, disc, discs, exported, file_of, make, plan, release, volumes
from service.web.matrix import API
from service.web.values import After, DiscId, Limit, Number, Word

router = APIRouter(prefix=API, tags=["discs"])
Uid = Annotated[str, Field(pattern=r"^[0-9.]{1,64}$")]


class NewDisc(BaseModel):
    """What is wanted on a disc."""

    model_config = ConfigDict(extra="forbid")

    studies: list[Uid] = Field(min_length=1, max_length=500)
    preset: str = Field(default="", max_length=32)
    medium: str = Field(default="", max_length=32)
    profile: str = Field(default="", max_length=32)
    leave_out: list[str] = []
    two_patients: bool = False

    def wish(self) -> Wish:
        chosen = (self.medium, self.profile, tuple(self.leave_out), self.two_patients, self.preset)
        return Wish(tuple(self.studies), *chosen)


class Release(BaseModel):
    """To whom a disc is handed out, and why."""

    model_config = ConfigDict(extra="forbid")

    to_whom: str = Field(min_length=1, max_length=200)
    relation: str = "patient"
    reason: str = Field(default="", max_length=500)
    identified_by: str = Field(default="", max_length=200)


@router.get("/discs")
def list_discs(
    request: Request, state: Word = "", patient_id: Word = "", after: After = "", limit: Limit = 50
) -> Response:
    """Discs, the newest first."""
    found = discs(site_of(request).store, after, limit, state, patient_id)
    return list_answer(request, found, limit, found[-1].id if found else "")


@router.post("/discs/plan")
def plan_disc(request: Request, wanted: NewDisc) -> Response:
    """What a disc would become: volumes, conversions, refusals, earlier discs of these studies. Nothing is written."""
    return json_answer(request, plan(site_of(request), wanted.wish()))


@router.post("/discs", status_code=202)
def make_disc(request: Request, wanted: NewDisc) -> Response:
    """Have a disc made."""
    disc_id = make(site_of(request), caller_of(request), wanted.wish())
    answer = json_answer(request, {"id": disc_id, "job": f"{API}/jobs/{disc_id}"}, 202)
    answer.headers["location"] = f"{API}/discs/{disc_id}"
    return answer


@router.get("/discs/{disc_id}")
def show_disc(request: Request, disc_id: DiscId) -> Response:
    """One disc with its studies, volumes and releases."""
    return json_answer(request, disc(site_of(request).store, disc_id))


@router.get("/discs/{disc_id}/report.json")
def report(request: Request, disc_id: DiscId) -> Response:
    """What became of every file, and the hash of every region of the images."""
    found = disc(site_of(request).store, disc_id)
    path = Path(found.output)
    return file_answer(request, path / "report.json", "application/json", f"report-{disc_id}.json", path)


@router.get("/discs/{disc_id}/volumes/{number}")
def volume(request: Request, disc_id: DiscId, number: Number) -> Response:
    """A volume's disc image, or its ZIP."""
    site = site_of(request)
    found = disc(site.store, disc_id)
    path, name = file_of(site, disc_id, number)
    if "range" not in request.headers:
        exported(site.store, caller_of(request), found, f"volume {number}")
    media_type = "application/zip" if path.suffix == ".zip" else "application/x-iso9660-image"
    return file_answer(request, path, media_type, name, Path(found.output))


@router.post("/discs/{disc_id}/confirmation", status_code=202)
def confirm_disc(request: Request, disc_id: DiscId) -> Response:
    """Say that a disc of several patients, ordered by somebody else, is meant so."""
    site = site_of(request)
    confirm(site, caller_of(request), disc_id)
    return json_answer(request, disc(site.store, disc_id), 202)


@router.post("/discs/{disc_id}/releases", status_code=201)
def release_disc(request: Request, disc_id: DiscId, given: Release) -> Response:
    """Note that a disc is handed out."""
    site = site_of(request)
    release(site, caller_of(request), disc_id, **given.model_dump())
    return json_answer(request, disc(site.store, disc_id), 201)


@router.get("/volumes")
def list_volumes(request: Request, after: After = "", limit: Limit = 50) -> Response:
    """Finished volumes of all discs, the newest first."""
    found = volumes(site_of(request).store, after, limit)
    key = f"{found[-1].disc_id}/{found[-1].number}" if found else ""
    return list_answer(request, found, limit, key)
