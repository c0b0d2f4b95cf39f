"""Pages from templates, in the reader's language."""

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.web.callers import Caller, site_of
from service.web.errors import Answer
from service.web.languages import DEFAULT, LANGUAGES, translations
from service.web.matrix import MATRIX
from service.web.words import WORDS

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGE_COOKIE = "printmgr_language"


def render(request: Request, template: str, status: int = 200, /, **values: Any) -> HTMLResponse:
    """A page or a part of one."""
    language = language_of(request)
    caller: Caller | None = getattr(request.state, "caller", None)
    site = site_of(request)
    known = {
        "request": request,
        "caller": caller,
        "csrf": caller.session.csrf if caller and caller.session else "",
        "language": language,
        "languages": LANGUAGES,
        "institution": site.settings.web.institution,
        "lock_after_s": int(site.settings.web.lock_after_s),
        "may": lambda method, path: caller is not None and caller.role in (MATRIX[method, path] or ()),
        "part": bool(request.headers.get("hx-request")) and not request.headers.get("hx-boosted"),
    }
    text = environment(language).get_template(template).render(known | values)
    return HTMLResponse(text, status)


def error_page(request: Request, answer: Answer, detail: str, headers: dict[str, str]) -> Response:
    """An error for people; a line of it where a part of a page was asked for."""
    page = render(request, "error.html", answer.status, answer=answer, detail=detail)
    page.headers.update(headers)
    if request.headers.get("hx-request"):
        page.headers.update({"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"})
    return page


def language_of(request: Request) -> str:
    """The language somebody chose, or that the browser asks for."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for part in request.headers.get("accept-language", "").split(","):
        code = part.partition(";")[0].strip().partition("-")[0].lower()
        if code in LANGUAGES:
            return code
    return DEFAULT


@cache
def environment(language: str) -> Environment:
    """The templates of a language."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    locale = Locale.parse(language)
    made.filters |= {
        "person_name": person_name,
        "dicom_date": lambda text: dicom_date(text, locale),
        "moment": lambda text: moment(text, locale),
        "clock": lambda text: clock(text, locale),
        "ago": lambda text: ago(text, locale),
        "size": lambda number: size(number, locale),
        "number": lambda number: format_decimal(number, locale=locale),
        "words": lambda key: words(key, language),
        "step": lambda name: words("fetch" if name.startswith("fetch ") else name, language),
        "named": lambda name, kind: words(f"{kind} {name}", language).removeprefix(f"{kind} "),
    }
    made.globals["static"] = static
    return made


# Values as people read them


def person_name(text: str) -> str:
    """A PN as people write it: its alphabetic group, or the first that there is (PS3.5 6.2.1).

    >>> person_name("Doe^Jane^^Dr.")
    'Doe, Dr. Jane'
    >>> person_name("=山田^太郎=")
    '山田, 太郎'
    """
    group = next((each for each in text.split("=") if each.strip("^ ")), "")
    family, given, middle, prefix, suffix = (*group.split("^"), "", "", "", "", "")[:5]
    rest = " ".join(part.strip() for part in (prefix, given, middle, suffix) if part.strip())
    return ", ".join(part for part in (family.strip(), rest) if part)


def dicom_date(text: str, locale: Locale) -> str:
    """A DA in the reader's way; what is none stays as it is."""
    try:
        return format_date(datetime.strptime(text.strip(), "%Y%m%d").date(), "medium", locale=locale)
    except ValueError:
        return text


def moment(text: str, locale: Locale) -> str:
    """An ISO 8601 time as date and time of this machine; today's without the date."""
    when = _local(text)
    if when is None:
        return text
    if when.date() == date.today():  # the reader's day
        return format_time(when, "short", locale=locale)
    return format_datetime(when, "short", locale=locale)


def clock(text: str, locale: Locale) -> str:
    """Date and time to the second."""
    when = _local(text)
    return text if when is None else format_datetime(when, "medium", locale=locale)


def ago(text: str, locale: Locale) -> str:
    """How long ago."""
    when = _local(text)
    if when is None:
        return text
    return format_timedelta(when - datetime.now(UTC), add_direction=True, locale=locale)


def size(number: int, locale: Locale) -> str:
    """Bytes in the unit that fits, in steps of 1000 as media are sold."""
    value, unit = float(number), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{format_decimal(round(value, 1 if value < 100 and unit != 'B' else 0), locale=locale)} {unit}"


def words(key: str, language: str) -> str:
    """A word of a closed set, such as a job's state, in the reader's language."""
    said = WORDS.get(str(key), str(key))
    return translations(language).gettext(said) if said else ""


def static(name: str) -> str:
    """A file that comes with the pages, under a name that changes with it."""
    return f"/static/{name}?{_version(name)}"


@cache
def _version(name: str) -> str:
    import hashlib

    return hashlib.sha256((Path(__file__).parent / "static" / name).read_bytes()).hexdigest()[:12]


def _local(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when.astimezone() if when.tzinfo else when.replace(tzinfo=UTC).astimezone()
