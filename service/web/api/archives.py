"""`/api/v1/archives`: studies elsewhere, that can be fetched for a disc."""

from fastapi import APIRouter, Request, Response

from service.web.answers import json_answer, list_answer
from service.web.callers import caller_of, site_of
from service.web.matrix import API
from service.web.values import ArchiveName, Word

router = APIRouter(prefix=f"{API}/archives", tags=["archives"])


@router.get("")
def list_archives(request: Request) -> Response:
    """The archives that can be searched."""
    return json_answer(request, {"items": [{"name": name} for name in site_of(request).archives.names], "next": None})


@router.get("/{archive}/studies")
async def list_studies(request: Request, archive: ArchiveName, q: Word = "") -> Response:
    """Studies of an archive that have all words of `q`, each with its name for an order and what of it is here."""
    archives, caller = site_of(request).archives, caller_of(request)
    found = await archives.aside(archive, lambda: archives.search(caller, archive, q))
    items = [{"name": one.name, "to_fetch": one.to_fetch, "study": one.study, "here": one.here} for one in found]
    return list_answer(request, items, len(items) + 1, "")
