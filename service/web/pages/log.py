"""The log: who did what."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.audit import Action, note
from service.store import audit
from service.web.callers import caller_of, site_of
from service.web.rendering import render
from service.web.values import Word

router = APIRouter(include_in_schema=False)

PAGE = 100


@router.get("/log")
def ledger(
    request: Request,
    after: Annotated[int, Query(ge=0)] = 0,
    who: Word = "",
    action: Word = "",
    verify: bool = False,
) -> Response:
    """The newest entries; reading them is noted too."""
    store = site_of(request).store
    with store.read() as connection:
        found = audit.listed(connection, after, PAGE, who, action)
        verdict = audit.verify(connection) if verify else None
    with store.write() as connection:
        note(connection, caller_of(request).entry(Action.LEDGER))
    return render(
        request,
        "log.html",
        records=found,
        who=who,
        action=action,
        actions=list(Action),
        verdict=verdict,
        next=found[-1].number if len(found) == PAGE else 0,
    )
