"""OpenID Connect with Authlib (extra `oidc`): to the provider and back, and who it says somebody is."""

from typing import Any

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from printmgr.sinks.settings import read_secret
from service.audit import Action, note
from service.people import known_name
from service.settings.web import Oidc
from service.store import people
from service.store.audit import Entry
from service.store.people import NoSuchPerson, Person, PersonRole
from service.web.errors import NotAllowed
from service.web.site import Site

RANK = list(PersonRole)


def _client(oidc: Oidc) -> Any:
    """Raises SinkDown when the secret cannot be read."""
    from authlib.integrations.starlette_client import OAuth

    return OAuth().register(
        "provider",
        client_id=oidc.client_id,
        client_secret=read_secret(oidc.client_secret),
        server_metadata_url=f"{oidc.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
    )


async def redirect(oidc: Oidc, request: Request) -> Response:
    """To the provider; what must come back is kept in a signed cookie of this browser."""
    answer: Response = await _client(oidc).authorize_redirect(request, str(request.url_for("from_provider")))
    return answer


async def who(site: Site, request: Request, address: str) -> Person:
    """Who the provider says this is, known here from now on. Raises NotAllowed."""
    from authlib.integrations.base_client import OAuthError

    oidc = site.settings.web.oidc
    try:
        token = await _client(oidc).authorize_access_token(request)
    except OAuthError as error:
        raise NotAllowed(f"that the identity provider gave ({error.error})") from None
    return await run_in_threadpool(_known, site, dict(token.get("userinfo") or {}), address)


def _known(site: Site, claims: dict[str, Any], address: str) -> Person:
    """The person of these claims, with the highest of the roles they have."""
    oidc = site.settings.web.oidc
    given = claims.get(oidc.role_claim, [])
    values = [given] if isinstance(given, str) else list(given)
    roles = [PersonRole(oidc.roles[value]) for value in values if value in oidc.roles]
    name = known_name(str(claims.get("preferred_username") or claims.get("email") or claims.get("sub", "")))
    with site.store.write() as connection:
        if not roles:
            note(connection, Entry(Action.LOGIN, name, "", address, detail="no role", good=False))
            person = None
        else:
            person = _person(site, connection, name, max(roles, key=RANK.index), str(claims.get("name", "")))
            note(connection, Entry(Action.LOGIN, name, person.role, address, detail="single sign-on"))
    if person is None:
        raise NotAllowed("nobody gave you here")
    return person


def _person(site: Site, connection: Any, name: str, role: PersonRole, full_name: str) -> Person:
    """The provider's people have no password here; somebody with one of the same name is somebody else."""
    try:
        person = people.one(connection, name)
    except NoSuchPerson:
        return people.add(connection, name, role, full_name=full_name)
    if people.password_hash_of(connection, name) or not person.active:
        raise NotAllowed("this name has here")
    return person if person.role == role else people.change(connection, name, role=role)
