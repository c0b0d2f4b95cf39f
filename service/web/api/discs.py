"""`/api/v1/discs` and `/api/v1/volumes`: studies on media."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from service.web.answers import bytes_answer, file_answer, json_answer, list_answer
from service.web.callers import caller_of, site_of
from service.web.disc_orders import MOST_COPIES, Wish, make, planned
from service.web.discs import confirm, disc, discs, exported, file_of, paper_of, refuse, release, volumes
from service.web.matrix import API
from service.web.values import After, DiscId, Limit, Number, PaperName, Word

router = APIRouter(prefix=API, tags=["discs"])
Study = Annotated[
    str,
    Field(
        pattern=r"^(pacs:[A-Za-z0-9_-]{1,32}:)?[0-9.]{1,64}$",
        description="The UID of a received study, or pacs:ARCHIVE:UID of one that is fetched first.",
    ),
]


class NewDisc(BaseModel):
    """What is wanted on a disc."""

    model_config = ConfigDict(extra="forbid")

    studies: list[Study] = Field(min_length=1, max_length=500)
    preset: str = Field(default="", max_length=32)
    medium: str = Field(default="", max_length=32)
    profile: str = Field(default="", max_length=32)
    viewer: str = Field(
        default="", max_length=16, description="none, pictures, values or fitting; as the preset has it"
    )
    encrypt: str = Field(default="", max_length=16, description="zip, cms or none; as the preset has it")
    password: str = Field(default="", max_length=200, repr=False, description="A new one is made without it.")
    copies: int = Field(default=1, ge=1, le=MOST_COPIES)
    leave_out: list[str] = []
    two_patients: bool = False

    def wish(self) -> Wish:
        given = self.model_dump()
        return Wish(studies=tuple(given.pop("studies")), leave_out=tuple(given.pop("leave_out")), **given)


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
    return json_answer(request, planned(site_of(request), wanted.wish()))


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


@router.get("/discs/{disc_id}/papers/{paper}.pdf")
def show_paper(request: Request, disc_id: DiscId, paper: PaperName) -> Response:
    """A label or paper of a finished disc: disc, jewel-case, envelope, receipt or release."""
    made = paper_of(site_of(request), caller_of(request), disc_id, paper)
    return bytes_answer(request, made, "application/pdf", f"{paper}-{disc_id}.pdf")


@router.post("/discs/{disc_id}/confirmation", status_code=202)
def confirm_disc(request: Request, disc_id: DiscId) -> Response:
    """Say that a disc of several patients, ordered by somebody else, is meant so."""
    site = site_of(request)
    confirm(site, caller_of(request), disc_id)
    return json_answer(request, disc(site.store, disc_id), 202)


@router.post("/discs/{disc_id}/refusal", status_code=202)
def refuse_disc(request: Request, disc_id: DiscId) -> Response:
    """Say that a disc of several patients is not meant so."""
    site = site_of(request)
    refuse(site, caller_of(request), disc_id)
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
