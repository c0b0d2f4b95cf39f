"""`/api/v1/studies`: what was received."""

from fastapi import APIRouter, Request, Response

from service.web.answers import bytes_answer, json_answer, list_answer
from service.web.callers import caller_of, site_of
from service.web.matrix import API
from service.web.studies import cursor_of, declare_complete, looked_at, studies, study
from service.web.values import After, Limit, StudyUid, Word

router = APIRouter(prefix=f"{API}/studies", tags=["studies"])


@router.get("")
def list_studies(request: Request, q: Word = "", state: Word = "", after: After = "", limit: Limit = 50) -> Response:
    """Studies that have all words of `q`, by their beginnings: of name, patient ID, birth date, accession number."""
    site = site_of(request)
    found = studies(site.store, q, state, after, limit, caller_of(request))
    return list_answer(request, found, limit, cursor_of(site.store, found[-1]) if found else "")


@router.get("/{study_uid}")
def show_study(request: Request, study_uid: StudyUid) -> Response:
    """One study with its series."""
    site = site_of(request)
    found = study(site.store, study_uid)
    looked_at(site.store, caller_of(request), [found])
    return json_answer(request, found)


@router.get("/{study_uid}/thumbnail.png")
def thumbnail(request: Request, study_uid: StudyUid) -> Response:
    """A small picture of the study."""
    return bytes_answer(request, site_of(request).pictures.thumbnail(study_uid), "image/png")


@router.post("/{study_uid}/complete", status_code=204)
def complete(request: Request, study_uid: StudyUid) -> Response:
    """Say that all of the study is there."""
    declare_complete(site_of(request).store, caller_of(request), study_uid)
    return Response(status_code=204)
