"""The films: a wall of previews, one film, whose it is."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from printmgr.errors import PrintError
from printmgr.film.identity import Identity
from service.store.changes import mark
from service.web.answers import bytes_answer
from service.web.callers import caller_of, site_of
from service.web.errors import BadValue
from service.web.films import (
    MOST_MERGED,
    Film,
    confirm,
    exported,
    film,
    films,
    looked_at,
    outputs_of,
    print_again,
    searched,
    send,
    sinks_of,
    stations,
    undo,
    unsure,
)
from service.web.rendering import render
from service.web.studies import studies
from service.web.values import After, FilmId, Word
from service.web.words import N_

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=200)]
PAGE, MOST_LIVE = 48, 200
FOUND = 8  # studies that are offered for a film


@router.get("/live")
async def live(request: Request) -> Response:
    """What changed, as it does (server-sent events)."""
    return StreamingResponse(
        site_of(request).live.stream(), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
    )


@router.get("/films")
def wall(
    request: Request,
    after: After = "",
    down_to: After = "",
    printer: Word = "",
    station: Word = "",
    date: Word = "",
    whose: Word = "",
    q: Word = "",
) -> Response:
    """The wall; to the page itself a part of it anew, or what is older."""
    site = site_of(request)
    patient_id, name = (q, "") if any(c.isdigit() for c in q) else ("", q)
    asked = {"printer": printer, "station": station, "date": date, "whose": whose}
    live = "live" in request.query_params
    found = films(
        site.store,
        after,
        MOST_LIVE if live else PAGE,
        down_to=down_to,
        patient_id=patient_id,
        name=name,
        **asked,
    )
    values = {
        "films": found,
        "drawn": {one.id: site.pictures.drawn(one.id, one.state) for one in found},
        "after": after,
        "asked": asked | {"q": q},
        "query": urlencode(asked | {"q": q}),
        "more": len(found) == PAGE and not live,
        "clipped": len(found) == MOST_LIVE and live,
        "printers": {one.ae_title: one.name or one.ae_title for one in site.settings.printers},
    }
    if request.headers.get("hx-request") and not request.headers.get("hx-boosted"):
        return render(request, "films_cards.html" if live else "films_part.html", **values)
    known = {"stations": stations(site.store), "unsure": unsure(site.store)}
    return render(request, "films.html", **values, **known)


@router.get("/films/{film_id}")
def one(request: Request, film_id: FilmId) -> Response:
    site = site_of(request)
    found = film(site.store, film_id)
    if request.headers.get("hx-request"):
        part = "film_state.html" if "live" in request.query_params else "film_side.html"
        return render(request, part, **_film_values(request, found))
    looked_at(site.store, caller_of(request), found)
    return render(request, "film.html", **_film_values(request, found), side="film_side.html")


@router.post("/films/merge")
def merge(request: Request, film: Annotated[list[str] | None, Form()] = None) -> Response:
    """Several films as one PDF."""
    chosen = list(dict.fromkeys(film or []))
    if not 1 <= len(chosen) <= MOST_MERGED:
        raise BadValue(f"{len(chosen)} films are chosen; expected 1 to {MOST_MERGED}")
    site = site_of(request)
    found = [_film(request, film_id) for film_id in chosen]
    body = site.pictures.merged([each.id for each in reversed(found)])
    exported(site.store, caller_of(request), found, f"PDF of {len(found)} films")
    return bytes_answer(request, body, "application/pdf", f"films-{chosen[0]}.pdf")


@router.post("/films/{film_id}/print")
def reprint(request: Request, film_id: FilmId) -> Response:
    """On paper or film again, wherever its printer prints."""
    print_again(site_of(request), caller_of(request), film_id)
    return _side(request, film_id, N_("It is printed again."))


@router.post("/films/{film_id}/send")
def send_on(request: Request, film_id: FilmId, sink: Text) -> Response:
    send(site_of(request), caller_of(request), film_id, sink)
    return _side(request, film_id, N_("It is sent. How that goes stands beside the film."))


@router.get("/films/{film_id}/whose")
def offer(request: Request, film_id: FilmId, q: Word = "") -> Response:
    """Who it could be: what was found about the film, and studies that somebody searches for; beside the film to a
    browser whose scripts do not run, or not yet."""
    site = site_of(request)
    found = film(site.store, film_id)
    known = studies(site.store, q, limit=FOUND, caller=caller_of(request)) if q.strip() else []
    values = _film_values(request, found) | {
        "q": q,
        "studies": known,
        "worklist": site.worklist.there and bool(q.strip()),
        "worklist_there": site.worklist.there,
    }
    if request.headers.get("hx-request"):
        return render(request, "film_whose.html", **values)
    looked_at(site.store, caller_of(request), found)
    return render(request, "film.html", **values, side="film_whose.html")


@router.get("/films/{film_id}/whose/worklist")
def scheduled(request: Request, film_id: FilmId, q: Word = "") -> Response:
    """Who is scheduled, as the worklist says now; why it says nothing, when it does not."""
    site, caller = site_of(request), caller_of(request)
    film(site.store, film_id)
    found, error = [], ""
    try:
        found = site.worklist.search(q)
    except PrintError as failed:
        error = str(failed)
    searched(site.store, caller, q, found)
    return render(request, "film_worklist.html", offers=found, error=error)


@router.post("/films/{film_id}/whose")
def say(
    request: Request,
    film_id: FilmId,
    choice: Text = "",
    patient_id: Text = "",
    patient_name: Text = "",
    birth_date: Text = "",
) -> Response:
    """Say whose film it is: what was found, a study's patient, or somebody typed in."""
    confirm(
        site_of(request),
        caller_of(request),
        film_id,
        _chosen(request, film_id, choice, patient_id, patient_name, birth_date),
    )
    return _side(request, film_id)


@router.post("/films/{film_id}/whose/undo")
def take_back(request: Request, film_id: FilmId, why: Text = "", act: Annotated[int | None, Form()] = None) -> Response:
    undo(site_of(request), caller_of(request), film_id, why, act)
    return _side(request, film_id)


def _chosen(
    request: Request, film_id: str, choice: str, patient_id: str, patient_name: str, birth_date: str
) -> Identity:
    """Who was chosen: `found MARK` and `candidate MARK` as the page showed them, `study UID`, `worklist TOKEN`; or what
    was typed. Raises BadValue, when somebody else is proposed now."""
    site = site_of(request)
    kind, _, what = choice.partition(" ")
    if kind == "worklist":
        return site.worklist.chosen(what)
    if kind in ("found", "candidate"):
        known = film(site.store, film_id)
        proposed = [known.patient] if kind == "found" else known.candidates
        chosen = next((one for one in proposed if mark(one) == what), None)
        if chosen is None:
            raise BadValue("this proposal is not there any more; load the page again")
        return Identity(**chosen)
    if kind == "study":
        from service.web.studies import study

        one = study(site.store, what)
        return Identity(
            patient_id=one.patient_id,
            patient_name=one.patient_name,
            birth_date=one.birth_date,
            sex=one.sex,
            study_uid=one.uid,
            study_id=one.study_id,
            study_date=one.date,
            study_time=one.time,
            accession_number=one.accession_number,
            description=one.description,
        )
    if not patient_id.strip() or not patient_name.strip():
        raise BadValue("nobody is chosen; expected a proposal, a study, or patient ID and name")
    family, _, given = patient_name.partition(",")
    name = f"{family.strip()}^{given.strip()}" if given else family.strip()
    return Identity(patient_id=patient_id.strip(), patient_name=name, birth_date=_date(birth_date))


def _date(text: str) -> str:
    """A date of a browser's field as DA."""
    return text.replace("-", "")[:8] if text.replace("-", "").isdigit() else ""


def _film(request: Request, film_id: str) -> Film:
    return film(site_of(request).store, film_id)


def _film_values(request: Request, found: Film) -> dict[str, object]:
    site = site_of(request)
    printers = {one.ae_title: one for one in site.settings.printers}
    own = printers.get(found.printer)
    return {
        "film": found,
        "drawn": site.pictures.drawn(found.id, found.state),
        "printer_name": own.name if own and own.name else found.printer,
        "sinks": sinks_of(site.settings),
        "outputs": outputs_of(site.settings, found.printer),
        "mark": mark,  # of a patient shown, told from another that is proposed in its place meanwhile
        "said": "",
    }


def _side(request: Request, film_id: str, said: str = "") -> Response:
    """The film's side of the page anew, and what was done; the page itself to a browser without scripts."""
    if request.headers.get("hx-request"):
        return render(request, "film_side.html", **_film_values(request, _film(request, film_id)) | {"said": said})
    return RedirectResponse(f"/films/{film_id}", 303)
