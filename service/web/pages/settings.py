"""The settings: printers, partners and sinks with a test each; people and machine tokens."""

from collections.abc import Callable, Mapping
from typing import Annotated, TypeVar

from fastapi import APIRouter, Form, Request, Response

from service.audit import note
from service.people import BadName, BadPassword, changed, known_name
from service.store import people
from service.store.people import NameTaken, PersonRole
from service.web.callers import caller_of, site_of
from service.web.errors import BadValue, LastAdministrator, NotFound, TestFailed
from service.web.probes import echo, test_film, try_archive, try_sink, try_worklist
from service.web.rendering import render
from service.web.values import Number

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=300)]
T = TypeVar("T")


def _one(known: Mapping[str, T], name: str, what: str) -> T:
    """What the settings have by that name. Raises NotFound."""
    if name not in known:
        raise NotFound(f"there is no such {what}")
    return known[name]


@router.get("/settings")
def settings(request: Request) -> Response:
    return _page(request)


@router.post("/settings/partners/{number}/test")
def test_partner(request: Request, number: Number) -> Response:
    known = site_of(request).settings
    if number > len(known.partners):
        raise NotFound("there is no such partner")
    return _tested(request, lambda: echo(known, known.partners[number - 1]))


@router.post("/settings/printers/{ae_title}/test")
def test_printer(request: Request, ae_title: str) -> Response:
    known = site_of(request).settings
    printer = _one({one.ae_title: one for one in known.printers}, ae_title, "printer")
    return _tested(request, lambda: test_film(known, printer))


@router.post("/settings/sinks/{name}/test")
def test_sink(request: Request, name: str) -> Response:
    known = site_of(request).settings
    sink = _one({one.name: one for one in known.sinks}, name, "sink")
    return _tested(request, lambda: try_sink(known, sink))


@router.post("/settings/archives/{name}/test")
def test_archive(request: Request, name: str) -> Response:
    known = site_of(request).settings
    archive = _one({one.name: one for one in known.archives}, name, "archive")
    return _tested(request, lambda: try_archive(known, archive))


@router.post("/settings/worklist/test")
def test_worklist(request: Request) -> Response:
    known = site_of(request).settings
    if not known.identity.worklist.host:
        raise NotFound("no worklist is named in the settings")
    return _tested(request, lambda: try_worklist(known))


@router.post("/settings/people")
def add_person(request: Request, name: Text, role: Text, password: Text, full_name: Text = "") -> Response:
    site, caller = site_of(request), caller_of(request)
    try:
        hashed = site.passwords.hash(password)
        with site.store.write() as connection:
            person = people.add(connection, known_name(name), _role(role), hashed, full_name)
            entry = changed(caller.name, caller.role, caller.address, "person", person.name, f"added as {person.role}")
            note(connection, entry)
    except (BadName, BadPassword, NameTaken) as error:
        return _page(request, error=str(error), status=422)
    return _page(request, said=f"{person.name} can sign in now")


@router.post("/settings/people/{name}")
def change_person(request: Request, name: str, role: Text = "", active: Text = "", password: Text = "") -> Response:
    site, caller = site_of(request), caller_of(request)
    try:
        hashed = site.passwords.hash(password) if password else None
    except BadPassword as error:
        return _page(request, error=str(error), status=422)
    with site.store.write() as connection:
        person = people.change(
            connection,
            name,
            role=_role(role) if role else None,
            active=None if active == "" else active == "yes",
            password_hash=hashed,
        )
        if not people.anybody(connection):
            raise LastAdministrator
        what = ", ".join(filter(None, [f"role {person.role}", "may sign in" if person.active else "locked out"]))
        entry = changed(caller.name, caller.role, caller.address, "person", person.name, what)
        note(connection, entry)
    return _page(request, said=f"{person.name} is changed")


@router.post("/settings/tokens")
def add_token(request: Request, name: Text, role: Text) -> Response:
    if not name.strip():
        raise BadValue("the token has no name; expected what uses it")
    site, caller = site_of(request), caller_of(request)
    with site.store.write() as connection:
        token, made = people.add_token(connection, name.strip()[:64], _role(role), caller.name)
        entry = changed(caller.name, caller.role, caller.address, "token", str(made.id), f"{made.name}, {made.role}")
        note(connection, entry)
    return _page(request, token=token)


@router.post("/settings/tokens/{token_id}/revoke")
def revoke_token(request: Request, token_id: Number) -> Response:
    site, caller = site_of(request), caller_of(request)
    with site.store.write() as connection:
        people.revoke_token(connection, token_id)
        note(connection, changed(caller.name, caller.role, caller.address, "token", str(token_id), "revoked"))
    return _page(request, said="the token is revoked")


def _role(text: str) -> PersonRole:
    try:
        return PersonRole(text)
    except ValueError:
        raise BadValue(f"role is {text!r}; expected one of {', '.join(PersonRole)}") from None


def _tested(request: Request, test: Callable[[], str]) -> Response:
    """How a test went, as a line beside its button."""
    from media.errors import MediaError, NotYet
    from printmgr.errors import PrintError

    try:
        good, told = True, test()
    except (TestFailed, PrintError, MediaError, NotYet, OSError) as error:
        good, told = False, str(error)
    return render(request, "tested.html", good=good, told=told)


def _page(request: Request, said: str = "", error: str = "", token: str = "", status: int = 200) -> Response:
    site = site_of(request)
    with site.store.read() as connection:
        everybody, tokens = people.listed(connection), people.tokens(connection)
    return render(
        request,
        "settings.html",
        status,
        settings=site.settings,
        people=everybody,
        tokens=tokens,
        roles=list(PersonRole),
        said=said,
        error=error,
        token=token,
    )
