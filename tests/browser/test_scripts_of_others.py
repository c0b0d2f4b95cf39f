"""Texts that would be scripts, in what is printed and stored, on every page: none runs."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from tests.browser.pages import PATIENCE_MS, Desk, chromium, desk
from tests.browser.pdfs import active
from tests.console import BOX, FILM, console
from tests.printmgr.scp import requests
from tests.receiving import association, instance

pytestmark = pytest.mark.peer("chromium")

RUN = "window.ran=1"
PAYLOADS = [
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f'"><img src=x onerror={RUN}>',
    f"'><svg onload={RUN}>",
    f"<svg/onload={RUN}>",
    f'" autofocus onfocus={RUN} x="',
    f"' autofocus onfocus={RUN} x='",
    f"javascript:{RUN}",
    f"<a href=javascript:{RUN}>x</a>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<style onload={RUN}></style>",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"${{{RUN}}}",
    f"<!--><img src=x onerror={RUN}>-->",
    f"<math><mtext><img src=x onerror={RUN}>",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"<x hx-on:load={RUN} hx-get=/logout hx-trigger=load>",
]
STUDY_TEXTS = [
    "PatientName",
    "PatientID",
    "StudyDescription",
    "SeriesDescription",
    "ReferringPhysicianName",
    "PerformingPhysicianName",
    "InstitutionName",
    "StationName",
    "ProtocolName",
    "PatientComments",
]
FILM_TEXTS = {"PatientName": "PN", "PatientID": "LO", "StudyDescription": "LO"}
LENGTHS = {"AccessionNumber": 16, "StudyID": 16}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("xss")) as made:
        context = browser.new_context()
        made.sign_up(context.new_page())
        context.close()
        store(made.serving.port)
        print_films(made.serving.port)
        yield made


def store(port: int) -> None:
    """One study a payload, every text of it the payload."""
    with association(port, (CTImageStorage, [ExplicitVRLittleEndian])) as modality:
        for number, payload in enumerate(PAYLOADS, start=1):
            texts = {keyword: payload.replace("\\", "") for keyword in STUDY_TEXTS}
            short = {keyword: payload[:most] for keyword, most in LENGTHS.items()}
            made: Dataset = instance(1, f"1.2.{number}", f"1.2.{number}.1", **texts, **short)
            status = modality.send_c_store(made)
            assert status.Status in (0, 0xB000, 0xB007), f"{payload}: {status.Status:04X}H"


def print_films(port: int) -> None:
    """One film a payload: in the session's label, in whose film it says it is, in what the images say."""
    with console(port) as one:
        for payload in PAYLOADS:
            one.session = f"1.2.3.{abs(hash(payload))}"
            one.open_session(FilmSessionLabel=payload[:64], OwnerID=payload[:16])
            status, film, boxes = one.film()
            assert status in (0, 0x0107, 0xB600, 0xB605), f"{status:04X}H"
            who = requests.item(**dict.fromkeys(FILM_TEXTS, payload[:64]))
            pixels = requests.image(**dict.fromkeys(FILM_TEXTS, payload[:64]))
            said = requests.item(
                ImageBoxPosition=1, BasicGrayscaleImageSequence=[pixels], ReferencedStudySequence=[who]
            )
            one.set(BOX, boxes[0], said)
            one.act(FILM, film)
            one.delete(FILM, film)
            one.delete("1.2.840.10008.5.1.1.1", one.session)


def pages_of(service: Desk, client: httpx.Client) -> list[str]:
    """Every page, with the film, the study, the disc of each payload."""
    found = [
        "/films",
        "/studies",
        "/discs",
        "/queue",
        "/settings",
        "/log",
        "/films?whose=proposed",
        "/queue?show=failed",
    ]
    for payload in PAYLOADS[::4]:
        found.append(f"/films?{httpx.QueryParams({'q': payload})}")
        found.append(f"/studies?{httpx.QueryParams({'q': payload})}")
    found += [f"/films/{one['id']}" for one in client.get("/api/v1/films?limit=200").json()["items"]]
    studies = [one["uid"] for one in client.get("/api/v1/studies?limit=200").json()["items"]]
    found += [f"/studies/{uid}" for uid in studies]
    found.append("/discs/new?" + "&".join(f"study={uid}" for uid in studies))
    return found


def test_no_text_of_others_runs_on_any_page(service: Desk, browser: Browser) -> None:
    context = browser.new_context(storage_state=service.state, locale="en-US")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.route("**/*.png*", lambda route: route.abort())  # the pictures are no texts
    wrong: list[str] = []
    page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda told: wrong.append(told.text) if "Content Security Policy" in told.text else None)
    cookies = {one["name"]: one["value"] for one in context.cookies()}
    with httpx.Client(base_url=service.url, cookies=cookies) as client:
        places = pages_of(service, client)
        shown = _walk(page, service, places, wrong)
        disc = _order_disc(client, places[-1])
        shown += _walk(page, service, [f"/discs/{disc}", "/discs"], wrong)
    assert len(places) > 50
    assert shown.count("window.ran") > 200, "the payloads are not shown at all"
    assert wrong == []
    context.close()


def test_no_pdf_of_their_films_can_do_anything(service: Desk, browser: Browser, tmp_path: Path) -> None:
    """As they are downloaded; test_scripts_on_papers opens such PDFs in Chromium."""
    context = browser.new_context(storage_state=service.state)
    cookies = {one["name"]: one["value"] for one in context.cookies()}
    context.close()
    with httpx.Client(base_url=service.url, cookies=cookies, timeout=60) as client:
        films = client.get("/api/v1/films?limit=200").json()["items"]
        assert len(films) == len(PAYLOADS)
        for one in films:
            pdf = tmp_path / f"{one['id']}.pdf"
            pdf.write_bytes(client.get(f"/api/v1/films/{one['id']}/pdf").raise_for_status().content)
            assert active(pdf) == set()


def _walk(page: Page, service: Desk, places: list[str], wrong: list[str]) -> str:
    shown = ""
    for place in places:
        page.goto(service.url + place, wait_until="load")
        page.locator("[autofocus]").first.evaluate_all("found => found.forEach((one) => one.focus())")
        shown += page.inner_text("body")
        if page.evaluate("() => window.ran !== undefined"):
            wrong.append(f"it ran on {place}")
        if page.locator("main script, main [onerror], main [onload], main iframe, main [hx-on\\:load]").count():
            wrong.append(f"elements of others on {place}")
        if not page.url.startswith(service.url):
            wrong.append(f"{place} led to {page.url}")
    return shown


def _order_disc(client: httpx.Client, new: str) -> str:
    """A disc of all the studies, whose pages show their texts."""
    csrf = re.search(r'X-CSRF-Token": "([^"]+)"', client.get("/help").text).group(1)
    studies = re.findall(r"study=([0-9.]+)", new)
    fields = {"csrf": csrf, "study": studies, "medium": "CD-R-700", "two_patients": "yes"}
    answer = client.post("/discs", data=fields, headers={"origin": str(client.base_url).rstrip("/")})
    assert answer.status_code == 303, answer.text
    return Path(answer.headers["location"]).name
