"""What a PDF could do besides being looked at; and Chromium's viewer, which does it."""

from collections.abc import Iterator
from pathlib import Path

import pikepdf
from playwright.sync_api import Browser, Playwright

ACTIVE = {
    *("/AA", "/OpenAction", "/JS", "/JavaScript", "/URI", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE"),
    *(
        "/AcroForm",
        "/XFA",
        "/Annots",
        "/RichMedia",
        "/EmbeddedFiles",
        "/EmbeddedFile",
        "/Rendition",
        "/Movie",
        "/Sound",
    ),
}
"""Keys, and types of actions, that a film or a label never has (ISO 32000-1 12.5, 12.6, 12.7)."""
SETTLED_MS = 1500


def active(pdf: Path) -> set[str]:
    """Which of these a PDF has anywhere."""
    found: set[str] = set()
    with pikepdf.open(pdf) as document:
        for each in document.objects:
            found |= set(_names(each)) & ACTIVE
    return found


def _names(each: object) -> Iterator[str]:
    if isinstance(each, pikepdf.Stream):
        yield from _names(each.stream_dict)
    elif isinstance(each, pikepdf.Dictionary):
        for key, value in each.items():
            yield key
            if not (isinstance(value, pikepdf.Object) and value.is_indirect):
                yield from _names(value)
    elif isinstance(each, pikepdf.Array):
        for value in each:
            if not (isinstance(value, pikepdf.Object) and value.is_indirect):
                yield from _names(value)
    elif isinstance(each, pikepdf.Name):
        yield str(each)


def pdf_viewer(playwright: Playwright) -> Browser:
    """A Chromium that shows PDFs instead of downloading them."""
    return playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        args=["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        ignore_default_args=["--headless", "--headless=old"],
    )


def opened(browser: Browser, pdf: Path) -> list[str]:
    """Dialogs and requests that opening a PDF leads to, other than for itself."""
    context = browser.new_context()
    page = context.new_page()
    wrong: list[str] = []
    known = (pdf.as_uri(), "chrome-extension://", "chrome://", "data:", "blob:")
    page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda asked: asked.url.startswith(known) or wrong.append(asked.url))
    page.goto(pdf.as_uri())
    page.wait_for_timeout(SETTLED_MS)  # nothing tells when the viewer has run what a PDF asks for
    context.close()
    return wrong
