"""Texts that would be scripts on what leaves the house: film PDFs, labels, a disc's INDEX.HTM and its viewer."""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from pydicom.dataset import Dataset

from media.build.companions import Imprint
from media.build.viewer.shows import Shows
from media.fileset.order import DiscOrder
from media.labels import TEMPLATES
from media.pipeline import BuildOrder, build
from printmgr.film.model import AnnotationBox
from printmgr.pipeline import document_step, lay_out_step, named_step, render_step
from samples import phantoms
from samples.make import instance, put_pixels
from samples.prints import PRINTER, film_of, print_of
from samples.record_types import report
from service.wiring.labels import label_of
from tests.browser.pages import PATIENCE_MS
from tests.browser.pdfs import active, opened, pdf_viewer
from tests.browser.test_scripts_of_others import PAYLOADS, RUN, STUDY_TEXTS
from tests.contracts.sink_contract import PATIENT

pytestmark = pytest.mark.peer("chromium", "7z", "pdftotext")
ALERT = "alert(1)"
CT, TEXT = "1.2.840.10008.5.1.4.1.1.2", "TEXT"
PDF_SCRIPTS = ["(app.alert('ran'))", ") /JS (app.alert('ran')) /S /JavaScript (", "%PDF-1.7 endobj"]


def as_name(payload: str) -> str:
    """The payload as a name that a disc's index takes: a PN has at most two '=' (PS3.5 6.2.1)."""
    return payload.replace(RUN, ALERT).replace(" hx-trigger=load", "")


def payload_image(number: int, payload: str) -> Dataset:
    """A study of its own, every text of it the payload."""
    ds = instance(CT, "CT", f"xss{number}", number, 1, 1)
    ds.SpecificCharacterSet = "ISO_IR 192"
    for keyword in STUDY_TEXTS:
        setattr(ds, keyword, as_name(payload) if keyword.endswith("Name") else payload)
    ds.PatientID = f"{payload[:60]} {number}"
    ds.StudyID, ds.AccessionNumber, ds.StationName = payload[:16], payload[:16], payload[:16]
    ds.PixelSpacing, ds.ImageComments = ["1", "1"], payload
    return put_pixels(ds, phantoms.ct_slice(number % 20 + 1, 20, 32), 12)


def payload_report(payload: str) -> Dataset:
    """A report whose text is the payload, which the disc shows as a page."""
    ds = report()
    item = Dataset()
    item.RelationshipType, item.ValueType, item.TextValue = "CONTAINS", TEXT, payload
    item.ConceptNameCodeSequence = ds.ConceptNameCodeSequence
    ds.ContentSequence.append(item)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName, ds.StudyDescription = as_name(payload), payload
    return ds


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disc of a study a payload, built with the viewer."""
    folder = tmp_path_factory.mktemp("xss")
    source, output = folder / "in", folder / "out"
    source.mkdir()
    for number, payload in enumerate(PAYLOADS, start=1):
        payload_image(number, payload).save_as(source / f"{number:03}.dcm", enforce_file_format=True)
    payload_report(PAYLOADS[0]).save_as(source / "report.dcm", enforce_file_format=True)
    imprint = Imprint(PAYLOADS[0], PAYLOADS[2])
    disc = DiscOrder(created="2026-01-05T10:15:00+00:00", derive=True)
    order = BuildOrder((str(source),), str(output), disc, imprint, viewer=Shows.VALUES)
    build(order, output / ".job", lambda *_: None)
    return output


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    made = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
    yield made
    made.close()


@pytest.fixture(scope="module")
def viewer(playwright: Playwright) -> Iterator[Browser]:
    made = pdf_viewer(playwright)
    yield made
    made.close()


def watched(page: Page, wrong: list[str]) -> None:
    page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: asked.url.startswith(("file:", "data:", "blob:")) or wrong.append(asked.url))


def judge(page: Page, where: str, wrong: list[str]) -> None:
    if page.evaluate("() => window.ran !== undefined || (window.parent || {}).ran !== undefined"):
        wrong.append(f"it ran in {where}")
    ours = "[onerror], [onload], [onfocus], [ontoggle], [srcdoc], a[href^='javascript:'], math, svg[onload]"
    if page.locator(ours).count():
        wrong.append(f"elements of others in {where}")


def test_nothing_runs_on_a_disc(output: Path, browser: Browser, tmp_path: Path) -> None:
    """Every page without script, and every study in the viewer, opened over file://."""
    root = tmp_path / "disc"
    subprocess.run(["7z", "x", f"-o{root}", str(output / "volume_1.iso")], check=True, stdout=subprocess.DEVNULL)
    wrong: list[str] = []
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    watched(page, wrong)
    page.goto((root / "INDEX.HTM").as_uri())
    page.wait_for_function("printmgrDisc.app.active")
    seen = ""
    for number in range(page.locator(".entry").count()):
        page.locator(".entry").nth(number).click()
        page.wait_for_timeout(50)
        seen += page.inner_text("body")
        judge(page, f"entry {number}", wrong)
    plain = browser.new_context(java_script_enabled=True)
    page = plain.new_page()
    watched(page, wrong)
    pages = sorted(root.rglob("*.HTM"))
    for file in pages:
        page.goto(file.as_uri())
        seen += page.inner_text("body")
        judge(page, str(file.relative_to(root)), wrong)
    context.close()
    plain.close()
    assert len(pages) > len(PAYLOADS)
    assert seen.count(RUN) + seen.count(ALERT) > 100, "the payloads are not shown at all"
    assert wrong == []


def test_no_label_can_do_anything(output: Path, viewer: Browser, tmp_path: Path) -> None:
    for template in TEMPLATES:
        pdf = tmp_path / f"{template}.pdf"
        pdf.write_bytes(label_of(output, template, text=PDF_SCRIPTS[1])[0])
        assert active(pdf) == set(), template
    assert opened(viewer, tmp_path / f"{template}.pdf") == []


def test_no_film_can_do_anything(viewer: Browser, tmp_path: Path) -> None:
    """Annotation, label, names: on the film, in its metadata, and on the one that names a patient."""
    shown = ""
    for number, payload in enumerate([*PAYLOADS, *PDF_SCRIPTS], start=1):
        folder = tmp_path / str(number)
        folder.mkdir()
        film = film_of(folder, {1: np.zeros((8, 8), np.uint16)}, "STANDARD\\1,1")
        boxes = tuple(AnnotationBox(f"1.3.{position}", position, payload) for position in range(1, 7))
        film = replace(film, annotation_display_format_id="ANY", annotation_boxes=boxes)
        print_ = print_of(folder, [film], PRINTER, film_session_label=payload[:64])
        lay_out_step(print_)
        pdf = render_step(print_)
        document_step(print_)
        whose = replace(PATIENT, patient_name=payload[:64], patient_id=payload[:64], description=payload[:64])
        for file in (pdf, named_step(print_, whose)):
            assert active(file) == set(), payload
        shown += subprocess.run(["pdftotext", pdf, "-"], check=True, capture_output=True, text=True).stdout
    assert shown.count("ran") > 60, "the payloads are not on the films"
    assert opened(viewer, tmp_path / str(number - 1) / "film.pdf") == []


def test_a_script_in_a_pdf_would_be_noticed(viewer: Browser, tmp_path: Path) -> None:
    """The tests above can fail."""
    pdf = tmp_path / "script.pdf"
    with pikepdf.new() as document:
        document.add_blank_page()
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('ran')")
        document.save(pdf)
    assert active(pdf) == {"/OpenAction", "/JavaScript", "/JS"}
    patience = time.monotonic() + PATIENCE_MS / 1000
    while opened(viewer, pdf) != ["ran"]:
        assert time.monotonic() < patience
