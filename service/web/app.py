"""The application: routes by the matrix, errors by their table, headers that hold scripts off."""

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.web import api, pages
from service.web.callers import guard
from service.web.errors import OUR_FAULT, PROBLEM_TYPES, Answer, BadValue, Locked, NotSignedIn, answer_of
from service.web.matrix import API, MATRIX
from service.web.rendering import error_page
from service.web.site import Site
from service.web.words import N_

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
}
LOG_SAYS_MORE = N_("The service's log says more.")
NOT_KEPT = b"no-store"  # patients' data stay on no shared PC's disk


def create_app(site: Site) -> FastAPI:
    """The application of a site."""
    app = FastAPI(
        title="printmgr",
        summary="Films and discs",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(guard)],
        lifespan=_lifespan,
    )
    app.state.site = site
    for router in (*api.ROUTERS, *pages.ROUTERS):
        app.include_router(router)
    app.add_api_route(f"{API}/openapi.json", lambda: _openapi(app), methods=["GET"], include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for kind in (Exception, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, answer_error)
    _check_matrix(app)
    if site.settings.web.oidc.issuer:
        _remember_the_way_there(app, secure=site.settings.web.tls or bool(site.settings.web.proxy))
    return app


def wrapped(app: ASGIApp, site: Site) -> ASGIApp:
    """The application behind what looks at every request: its host and where it comes from, the answer's headers."""
    web = site.settings.web
    inner = _with_headers(app, secure=web.tls or bool(web.proxy))
    return _known_host(inner, {name.lower() for name in web.names}, web.host)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    import asyncio

    site: Site = app.state.site
    site.live.start(asyncio.get_running_loop())
    yield
    site.live.stop()
    site.planner.stop()
    site.pictures.stop()


def _remember_the_way_there(app: FastAPI, *, secure: bool) -> None:
    """A signed cookie for the few minutes somebody is at the identity provider."""
    from starlette.middleware.sessions import SessionMiddleware

    app.add_middleware(
        SessionMiddleware,
        secret_key=secrets.token_urlsafe(32),
        session_cookie="printmgr_oidc",
        max_age=600,
        same_site="lax",
        https_only=secure,
    )


def _check_matrix(app: FastAPI) -> None:
    """Every route is in the matrix, and every line of the matrix is a route."""
    served = set(routes_of(app))
    if served != set(MATRIX):
        missing, stray = served - set(MATRIX), set(MATRIX) - served
        raise AssertionError(f"the matrix lacks {sorted(missing)} and has in vain {sorted(stray)}")


def routes_of(app: FastAPI | APIRouter) -> list[tuple[str, str]]:
    """Method and path of every route."""
    found: list[tuple[str, str]] = []
    for route in app.routes:
        if isinstance(route, APIRoute):
            found += [(method, route.path) for method in sorted(route.methods or ())]
        elif isinstance(included := getattr(route, "original_router", None), APIRouter):
            found += routes_of(included)
    return found


def _openapi(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


# Errors


async def answer_error(request: Request, error: Exception) -> Response:
    """An error as problem+json to machines, as a page or a line to people."""
    answer, detail = _told(error)
    if answer.status >= 500:
        log.error("%s %s: %s", request.method, request.url.path, type(error).__name__, exc_info=answer is OUR_FAULT)
    for_machines = request.url.path.startswith(API)
    if not for_machines and isinstance(error, NotSignedIn | Locked):
        return _to_the_door(request, locked=isinstance(error, Locked))
    headers = {"Retry-After": str(round(error.wait_s) + 1)} if hasattr(error, "wait_s") else {}
    if for_machines:
        problem = {"type": PROBLEM_TYPES + answer.kind, "title": answer.title, "status": answer.status}
        problem |= {"detail": detail, "instance": request.url.path}
        return JSONResponse(problem, answer.status, headers, "application/problem+json")
    return error_page(request, answer, detail, headers)


def _told(error: Exception) -> tuple[Answer, str]:
    if isinstance(error, RequestValidationError):
        faults = [f"{'.'.join(str(part) for part in one['loc'][1:])}: {one['msg']}" for one in error.errors()]
        return _told(BadValue("; ".join(faults)))
    if isinstance(error, HTTPException):
        return Answer(error.status_code, str(error.detail), "http"), str(error.detail)
    answer = answer_of(error)
    return (OUR_FAULT, LOG_SAYS_MORE) if answer is None else (answer, str(error))


def _to_the_door(request: Request, *, locked: bool) -> Response:
    """To the page where one signs in or unlocks, and back afterwards."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.headers.get("hx-request"):
        shown = urlsplit(request.headers.get("hx-current-url", "/"))
        here = shown.path + (f"?{shown.query}" if shown.query else "")
    elif request.method != "GET":
        here = "/"
    door = f"{'/lock' if locked else '/login'}?next={quote(here)}"
    if request.headers.get("hx-request"):
        return Response(status_code=204, headers={"HX-Redirect": door})
    return RedirectResponse(door, 303)


# What looks at every request


def _with_headers(app: ASGIApp, *, secure: bool) -> ASGIApp:
    fixed = [*HEADERS.items()]
    if secure:
        fixed.append((b"strict-transport-security", b"max-age=31536000"))

    async def with_headers(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                there = {name.lower() for name, _ in headers}
                headers += [(name, value) for name, value in fixed if name not in there]
                if b"cache-control" not in there:
                    kept = b"no-cache" if scope["path"].startswith("/static/") else NOT_KEPT
                    headers.append((b"cache-control", kept))
                message = {**message, "headers": headers}
            await send(message)

        try:
            await app(scope, receive, send_with)
        except Exception as error:
            if answer_of(error) is None:  # one that was foreseen has been answered
                raise

    return with_headers


def _known_host(app: ASGIApp, names: set[str], host: str) -> ASGIApp:
    """Refuse requests for other hosts: a page elsewhere whose name points at us reaches nothing (DNS rebinding)."""
    from service.settings.values import is_loopback

    known = names | ({"127.0.0.1", "localhost", "[::1]"} if is_loopback(host) or names else set())

    async def known_host(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and known:
            asked = dict(scope["headers"]).get(b"host", b"").decode("latin-1").lower()
            name = asked.rpartition(":")[0] if asked.rpartition(":")[2].isdigit() else asked
            if name not in known:
                await Response("unknown host\n", 421, media_type="text/plain")(scope, receive, send)
                return
        await app(scope, receive, send)

    return known_host
