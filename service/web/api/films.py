"""`/api/v1/films`: what was printed."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from service.web.answers import bytes_answer, file_answer, json_answer, list_answer
from service.web.callers import caller_of, site_of
from service.web.films import Film, exported, film, films, looked_at, print_again, send, sinks_of
from service.web.matrix import API
from service.web.values import After, FilmId, Limit, Number, Side, Word

router = APIRouter(prefix=f"{API}/films", tags=["films"])


@router.get("")
def list_films(
    request: Request,
    after: After = "",
    limit: Limit = 50,
    printer: Word = "",
    station: Word = "",
    date: Word = "",
    state: Word = "",
    whose: Word = "",
    patient_id: Word = "",
    name: Word = "",
) -> Response:
    """Films, the newest first."""
    found = films(
        site_of(request).store,
        after,
        limit,
        printer=printer,
        station=station,
        date=date,
        state=state,
        whose=whose,
        patient_id=patient_id,
        name=name,
    )
    return list_answer(request, [_told(one) for one in found], limit, found[-1].id if found else "")


@router.get("/{film_id}")
def show_film(request: Request, film_id: FilmId) -> Response:
    """One film: whose it is and how that is known, where it went."""
    site = site_of(request)
    found = film(site.store, film_id)
    looked_at(site.store, caller_of(request), found)
    return json_answer(request, _told(found) | {"sinks": sinks_of(site.settings)})


@router.get("/{film_id}/pdf")
def pdf(request: Request, film_id: FilmId) -> Response:
    """The film as PDF."""
    site = site_of(request)
    found = film(site.store, film_id)
    path = site.pictures.pdf_of(film_id)
    if "range" not in request.headers:
        exported(site.store, caller_of(request), [found], "PDF")
    return file_answer(request, path, "application/pdf", f"film-{film_id}.pdf")


@router.get("/{film_id}/pages/{number}.png")
def page(request: Request, film_id: FilmId, number: Number, side: Side = 1024) -> Response:
    """One sheet as a picture; `side` is the length of its long side in pixels: 512, 1024, 2048 or 4096."""
    site = site_of(request)
    film(site.store, film_id)
    return bytes_answer(request, site.pictures.page_png(film_id, number, side), "image/png")


@router.post("/{film_id}/print", status_code=202)
def print_film(request: Request, film_id: FilmId) -> Response:
    """Have the film printed again where its printer prints."""
    print_again(site_of(request), caller_of(request), film_id)
    return json_answer(request, {"film": film_id}, 202)


@router.post("/{film_id}/send", status_code=202)
def send_film(request: Request, film_id: FilmId, sink: Annotated[str, Body(embed=True)]) -> Response:
    """Have the film delivered to a sink, again if it was there already."""
    site = site_of(request)
    send(site, caller_of(request), film_id, sink)
    return json_answer(request, {"film": film_id, "sink": sink}, 202)


def _told(one: Film) -> dict[str, object]:
    return asdict(one)
