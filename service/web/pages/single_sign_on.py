"""Signing in at the hospital's identity provider (OpenID Connect, code flow with PKCE), when the settings name one."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from service.web.callers import address_of, site_of
from service.web.errors import NotFound
from service.web.pages.door import begin

router = APIRouter(include_in_schema=False)


@router.get("/login/oidc")
async def to_provider(request: Request) -> Response:
    from service.web.oidc import redirect

    return await redirect(site_of(request).settings.web.oidc, request) if _known(request) else RedirectResponse("/")


@router.get("/login/oidc/callback")
async def from_provider(request: Request) -> Response:
    from service.web.oidc import who

    _known(request)
    site = site_of(request)
    person: Any = await who(site, request, address_of(request))
    return await run_in_threadpool(begin, request, person, "/")


def _known(request: Request) -> bool:
    if not site_of(request).settings.web.oidc.issuer:
        raise NotFound("no identity provider is set up here")
    return True
