"""Who calls, whether they may, and whether it is they who call."""

import hmac
import time
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from service.audit import Action, note
from service.store import people
from service.store.audit import Entry
from service.store.people import PersonRole, Session
from service.web.errors import Forged, Locked, NotAllowed, NotFound, NotSignedIn
from service.web.matrix import MATRIX
from service.web.site import Site

COOKIE = "printmgr_session"
SAFE = {"GET", "HEAD", "OPTIONS"}
TOUCH_S = 15.0  # a session's or a token's time is written down no more often
WHILE_LOCKED = {"/lock", "/unlock", "/logout"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody signed in, or a machine with a token."""

    name: str
    role: PersonRole
    address: str
    session: Session | None = None

    def entry(
        self,
        action: Action,
        kind: str = "",
        object_id: str = "",
        patients: tuple[tuple[str, str], ...] = (),
        detail: str = "",
    ) -> Entry:
        """An entry of the ledger about what this caller did."""
        return Entry(action, self.name, self.role, self.address, kind, object_id, patients, detail)


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def caller_of(request: Request) -> Caller:
    """Who calls; after the guard. Raises NotSignedIn."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        raise NotSignedIn
    return caller


async def guard(request: Request) -> None:
    """Let in whom the matrix lets in. Raises NotFound, NotSignedIn, NotAllowed, Forged, Locked."""
    path = request.scope["route"].path
    try:
        allowed = MATRIX[request.method, path]
    except KeyError:
        raise NotFound("there is no such page") from None
    caller = await run_in_threadpool(_identify, request)
    request.state.caller = caller
    if allowed is not None and caller is None:
        raise NotSignedIn
    if request.method not in SAFE and "authorization" not in request.headers:
        await _check_origin(request, caller)
    if allowed is None or caller is None:
        return
    if caller.role not in allowed:
        await run_in_threadpool(_alarm, request, caller, path)
        raise NotAllowed(caller.role)
    if caller.session is not None and path not in WHILE_LOCKED:
        await run_in_threadpool(_stay_open, request, caller.session)


def is_locked(site: Site, session: Session) -> bool:
    """Whether nobody has done anything with this browser for too long."""
    return time.time() - session.seen_at / 1e6 > site.settings.web.lock_after_s


def _identify(request: Request) -> Caller | None:
    site, address = site_of(request), address_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme:
        return _machine(site, token.strip(), address) if scheme.lower() == "bearer" else None
    cookie = request.cookies.get(COOKIE, "")
    if not cookie:
        return None
    with site.store.read() as connection:
        session = people.session_of(connection, cookie)
    if session is None or time.time() - session.created_at / 1e6 > site.settings.web.session_h * 3600:
        return None
    return Caller(session.person.name, session.person.role, address, session)


def _machine(site: Site, token: str, address: str) -> Caller | None:
    with site.store.read() as connection:
        found = people.token_of(connection, token)
    if found is None:
        return None
    if not found.used_at or time.time() - datetime.fromisoformat(found.used_at).timestamp() > TOUCH_S:
        with site.store.write() as connection:
            people.token_used(connection, found.id)
    return Caller(f"token {found.name}", found.role, address)


async def _check_origin(request: Request, caller: Caller | None) -> None:
    """A page of ours, and this very session's. Raises Forged."""
    fetched = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin", "")
    if fetched and fetched not in ("same-origin", "none"):
        raise Forged
    if origin and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Forged
    if not fetched and not origin:
        raise Forged
    if caller is not None and caller.session is not None:
        given = request.headers.get("x-csrf-token") or str((await request.form()).get("csrf", ""))
        if not hmac.compare_digest(given.encode(), caller.session.csrf.encode()):
            raise Forged


def _stay_open(request: Request, session: Session) -> None:
    """Note that somebody does something; live updates of a page do not count. Raises Locked."""
    site = site_of(request)
    if is_locked(site, session):
        raise Locked
    if "live" in request.query_params or request.url.path == "/live":
        return
    if time.time() - session.seen_at / 1e6 > min(TOUCH_S, site.settings.web.lock_after_s / 10):
        with site.store.write() as connection:
            people.touch_session(connection, session.token_hash)


def _alarm(request: Request, caller: Caller, path: str) -> None:
    with site_of(request).store.write() as connection:
        note(connection, caller.entry(Action.ALARM, "route", path, detail=f"{request.method} is not allowed"))
