"""`/api/v1/audit`: the ledger."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.audit import Action, note
from service.store import audit
from service.web.answers import list_answer
from service.web.callers import caller_of, site_of
from service.web.matrix import API
from service.web.values import Limit, Word

router = APIRouter(prefix=f"{API}/audit", tags=["audit"])


@router.get("")
def ledger(
    request: Request,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Limit = 50,
    who: Word = "",
    action: Word = "",
    object_id: Word = "",
) -> Response:
    """Who did what, the newest first. Reading it is noted too."""
    store = site_of(request).store
    with store.read() as connection:
        found = audit.listed(connection, after, limit, who, action, object_id)
    with store.write() as connection:
        note(connection, caller_of(request).entry(Action.LEDGER))
    return list_answer(request, found, limit, str(found[-1].number) if found else "")
