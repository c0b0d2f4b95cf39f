"""`/api/v1/printers` and `/api/v1/partners`: what the settings say."""

from fastapi import APIRouter, Request, Response

from service.web.answers import json_answer
from service.web.callers import site_of
from service.web.matrix import API

router = APIRouter(prefix=API, tags=["settings"])


@router.get("/printers")
def printers(request: Request) -> Response:
    """The logical printers."""
    found = [one.model_dump(mode="json") for one in site_of(request).settings.printers]
    return json_answer(request, {"items": found, "next": None})


@router.get("/partners")
def partners(request: Request) -> Response:
    """Who may call."""
    found = [one.model_dump(mode="json") for one in site_of(request).settings.partners]
    return json_answer(request, {"items": found, "next": None})
