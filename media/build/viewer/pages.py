"""The pages that need no script: pictures of a series with their letters, and reports (IHE RAD TF-3 4.47)."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, NamedTuple

from media.build.companions import NOT_FOR_DIAGNOSIS, show
from media.build.viewer.geometry import OPPOSITE

A_PAGE = 24  # pictures
DOCTYPE = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">'
)


class Caption(NamedTuple):
    """A picture on a page: its file, and the facts of its frame (media.build.viewer.describe)."""

    file: str
    facts: Mapping[str, Any]


def person(name: str) -> str:
    """A Person Name to read: its groups beside each other, its components apart.

    >>> person("Doe^Jane^^Dr")
    'Doe Jane Dr'
    """
    groups = [" ".join(part for part in group.split("^") if part) for group in name.split("=")]
    return " / ".join(group for group in groups if group)


def page(title: str, body: str, root: str = "../") -> bytes:
    """An XHTML page in UTF-8; `root` leads to the folder of VIEWER.CSS."""
    return "\r\n".join(
        (
            DOCTYPE,
            '<html xmlns="http://www.w3.org/1999/xhtml"><head>',
            '<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />',
            f"<title>{show(title)}</title>",
            f'<link rel="stylesheet" type="text/css" href="{root}VIEWER.CSS" /></head><body>',
            body,
            f"<p><strong>{NOT_FOR_DIAGNOSIS}.</strong></p></body></html>",
            "",
        )
    ).encode("utf-8", "replace")


def report_page(title: str, body: str) -> bytes:
    """A report's own page."""
    return page(title, body)


def picture_pages(texts: Mapping[str, str], captions: list[Caption]) -> Iterator[tuple[str, bytes]]:
    """File name and page, for all pictures of a series."""
    count = -(-len(captions) // A_PAGE)
    keywords = ("StudyDate", "Modality", "SeriesNumber", "SeriesDescription")
    title = " ".join(filter(None, [person(texts.get("PatientName", "")), *(texts.get(key, "") for key in keywords)]))
    for number in range(count):
        links = '<p><a href="../../INDEX.HTM">INDEX.HTM</a>'
        links += f' <a href="{page_name(number - 1)}">&#8592;</a>' if number else ""
        links += f" {number + 1} / {count}"
        links += f' <a href="{page_name(number + 1)}">&#8594;</a>' if number + 1 < count else ""
        links += "</p>"
        chosen = captions[number * A_PAGE : (number + 1) * A_PAGE]
        pictures = "".join(_picture(number * A_PAGE + at, caption) for at, caption in enumerate(chosen, 1))
        yield page_name(number), page(title, f"<h1>{show(title)}</h1>{links}{pictures}{links}")


def page_name(number: int) -> str:
    """File name of the page `number` of a series, from 0."""
    return f"P{number + 1:04}.HTM"


def _picture(number: int, caption: Caption) -> str:
    """A picture with the letters of its sides, or the word that none is known."""
    facts = caption.facts
    height = round(facts["r"] * facts.get("a", 1.0))
    image = f'<img src="{caption.file}" alt="{number}" width="{facts["c"]}" height="{height}" />'
    right, bottom = facts.get("o") or ("", "")
    said = f"{number}" + ("" if right or bottom else " (orientation not known)")
    if "h" in facts:
        said += " (overlays not drawn)"
    if "q" in facts:
        said += f", {facts['q']:g} mm"
    left, top = ("".join(OPPOSITE.get(letter, "") for letter in letters) for letters in (right, bottom))
    return (
        f'<table class="strip"><tr><td></td><td>{escape(top)}</td><td></td></tr>'
        f"<tr><td>{escape(left)}</td><td>{image}</td><td>{escape(right)}</td></tr>"
        f"<tr><td></td><td>{escape(bottom)}</td><td></td></tr></table><p>{escape(said)}</p>"
    )
