"""Coming in and going out: signing in, the first administrator, locking, the language, one's password."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from service.audit import Action, note
from service.people import BadName, BadPassword, TryLater, WrongPassword, WrongSecret, changed
from service.store import people
from service.store.people import Person
from service.web.callers import COOKIE, address_of, caller_of, is_locked, site_of
from service.web.errors import NotSignedIn, answer_of
from service.web.languages import LANGUAGES
from service.web.rendering import LANGUAGE_COOKIE, render

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=300)]
YEAR_S = 365 * 86_400


@router.get("/")
def home() -> Response:
    return RedirectResponse("/films", 303)


@router.get("/login")
def login_page(request: Request, next: str = "/") -> Response:  # the customary name in addresses
    site = site_of(request)
    if site.first_administrator.secret:
        return RedirectResponse("/setup", 303)
    return _login(request, next)


@router.post("/login")
def login(request: Request, name: Text, password: Text, next: Text = "/") -> Response:
    site = site_of(request)
    try:
        person = site.sign_in.check(name, password, address_of(request))
    except (WrongPassword, TryLater) as error:
        return _login(request, next, error, name)
    return begin(request, person, next)


@router.get("/setup")
def setup_page(request: Request) -> Response:
    if not site_of(request).first_administrator.secret:
        return RedirectResponse("/login", 303)
    return render(request, "setup.html", error="", name="", full_name="")


@router.post("/setup")
def setup(request: Request, secret: Text, name: Text, password: Text, full_name: Text = "") -> Response:
    site = site_of(request)
    try:
        person = site.first_administrator.become(secret, name, password, full_name, address_of(request))
    except (WrongSecret, BadName, BadPassword, TryLater, people.NameTaken) as error:
        return render(request, "setup.html", _status(error), error=str(error), name=name, full_name=full_name)
    return begin(request, person, "/")


@router.get("/lock")
def lock_page(request: Request, next: str = "/") -> Response:
    caller = request.state.caller
    if caller is None or caller.session is None:
        return RedirectResponse("/login", 303)
    if not is_locked(site_of(request), caller.session):
        return RedirectResponse(own(next), 303)
    return render(request, "lock.html", next=own(next), error="")


@router.post("/lock")
def lock(request: Request, next: Text = "/") -> Response:
    """Lock the page now."""
    caller = caller_of(request)
    if caller.session is not None:
        with site_of(request).store.write() as connection:
            people.touch_session(connection, caller.session.token_hash, seen_at=0)
    return _gone(RedirectResponse(f"/lock?next={own(next)}", 303))


@router.post("/unlock")
def unlock(request: Request, password: Text, next: Text = "/") -> Response:
    caller = request.state.caller
    if caller is None or caller.session is None:
        raise NotSignedIn
    site = site_of(request)
    try:
        site.sign_in.check(caller.name, password, caller.address)
    except (WrongPassword, TryLater) as error:
        return render(request, "lock.html", _status(error), next=own(next), error=str(error))
    with site.store.write() as connection:
        people.touch_session(connection, caller.session.token_hash)
    return RedirectResponse(own(next), 303)


@router.post("/logout")
def logout(request: Request) -> Response:
    caller = caller_of(request)
    with site_of(request).store.write() as connection:
        if caller.session is not None:
            people.end_session(connection, caller.session.token_hash)
        note(connection, caller.entry(Action.LOGOUT))
    answer = _gone(RedirectResponse("/login", 303))
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.post("/language")
def language(request: Request, language: Text, next: Text = "/") -> Response:
    answer = RedirectResponse(own(next), 303)
    if language in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR_S, httponly=True, samesite="lax", path="/")
    return answer


@router.get("/password")
def password_page(request: Request) -> Response:
    return render(request, "password.html", error="", done=False)


@router.post("/password")
def change_password(request: Request, old: Text, new: Text) -> Response:
    """Change one's own password; every other session of this person ends."""
    caller, site = caller_of(request), site_of(request)
    try:
        person = site.sign_in.check(caller.name, old, caller.address)
        hashed = site.passwords.hash(new)
    except (WrongPassword, BadPassword, TryLater) as error:
        return render(request, "password.html", _status(error), error=str(error), done=False)
    with site.store.write() as connection:
        person = people.change(connection, person.name, password_hash=hashed)
        entry = changed(caller.name, caller.role, caller.address, "person", person.name, "own password")
        note(connection, entry)
    return begin(request, person, "/password?done=1")


@router.get("/help")
def help_page(request: Request) -> HTMLResponse:
    return render(request, "help.html")


@router.post("/awake", status_code=204)
def awake() -> Response:
    """Somebody looks at the page and moves in it: it stays open (service.web.callers)."""
    return Response(status_code=204)


def begin(request: Request, person: Person, next_page: str) -> Response:
    """A new session, whatever the browser had before: nobody can have chosen it for somebody else."""
    site = site_of(request)
    with site.store.write() as connection:
        before = request.cookies.get(COOKIE, "")
        if before:
            people.end_session(connection, people.hash_of(before))
        token, _ = people.begin_session(connection, person, address_of(request))
    answer = RedirectResponse(own(next_page), 303)
    web = site.settings.web
    answer.set_cookie(
        COOKIE,
        token,
        max_age=round(web.session_h * 3600),
        httponly=True,
        secure=web.tls or request.url.scheme == "https",
        samesite="lax",
        path="/",
    )
    return answer


def own(address: str) -> str:
    """An address of ours; '/' for any other.

    >>> own("/films?x=1"), own("//evil.example/"), own("https://evil.example/"), own("/\\\\evil.example")
    ('/films?x=1', '/', '/', '/')
    """
    parts = urlsplit(address)
    safe = address.startswith("/") and not address.startswith("//") and not parts.scheme and not parts.netloc
    return address if safe and not any(c in address for c in "\\\r\n\t") else "/"


def _login(request: Request, next_page: str, error: Exception | None = None, name: str = "") -> HTMLResponse:
    oidc = site_of(request).settings.web.oidc
    return render(
        request,
        "login.html",
        200 if error is None else _status(error),
        next=own(next_page),
        error="" if error is None else str(error),
        name=name,
        single_sign_on=oidc.name if oidc.issuer else "",
    )


def _status(error: Exception) -> int:
    answer = answer_of(error)
    return answer.status if answer else 500


def _gone(answer: RedirectResponse) -> RedirectResponse:
    """Have the browser forget the pictures it has."""
    answer.headers["clear-site-data"] = '"cache"'
    return answer
