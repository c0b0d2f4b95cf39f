"""From the search to the disc in Chromium: studies of Orthanc's and received ones, what is chosen, who confirms it."""

import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from samples import make
from service.store.people import PersonRole
from tests.browser.pages import PASSWORD, PATIENCE_MS, Desk, chromium, desk, look, signed_in, store_by_dcmtk, verified
from tests.peers.test_archives import BY_GET, BY_WEB, Orthanc
from tests.serving import free_port

pytestmark = pytest.mark.peer("chromium", "storescu", "Orthanc")

expect.set_options(timeout=PATIENCE_MS)

DISC_MS = 120_000
TOLD = r"status of 4\d\d|Status Error Code 4\d\d|sendAbort|afterRequest"  # refused, or left while it was asked for
IN_PACS = "Remote^Paula"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    made = Orthanc(tmp_path_factory.mktemp("archive") / "orthanc", free_port())
    try:
        made.put(BY_GET, 12, IN_PACS)
        made.put(BY_WEB, 5, IN_PACS)
        yield made
    finally:
        made.kill()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, browser: Browser, orthanc: Orthanc) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    archives = [
        {"name": "PACS", "host": "127.0.0.1", "port": orthanc.dicom, "ae_title": "ORTHANC", "timeout_s": 20},
        {"name": "WEB", "kind": "dicomweb", "url": f"http://127.0.0.1:{orthanc.http}/dicom-web", "timeout_s": 20},
    ]
    archives[0]["kind"] = "query_retrieve"
    with desk(folder, PRINTMGR_ARCHIVES=json.dumps(archives)) as made:
        context = browser.new_context()
        made.sign_up(context.new_page())
        context.close()
        made.add("bert", PersonRole.DESK)
        made.add("vera", PersonRole.VIEWER)
        studies = folder / "studies"
        studies.mkdir()
        make.write(studies)
        store_by_dcmtk(made.serving.port, *sorted(studies.glob("c[tr]*.dcm")))
        yield made


@pytest.fixture
def page(service: Desk, browser: Browser) -> Iterator[Page]:
    """A signed-in page on which nothing may go wrong."""
    with signed_in(browser, service, TOLD) as made:
        yield made


def downloaded(page: Page, target: Path) -> Path:
    with page.expect_download() as download:
        page.click("text=Download disc 1 of 1")
    download.value.save_as(target)
    return target


def test_a_study_of_the_pacs_becomes_a_disc(service: Desk, page: Page, tmp_path: Path) -> None:
    """Three clicks: the study is ticked where it is found, the disc is asked for, the disc is made."""
    page.goto(f"{service.url}/studies")
    expect(page.locator(".study").first).to_be_visible()
    expect(page.locator("#found-PACS")).to_contain_text("is asked too as soon as you type")
    page.locator("#q").press_sequentially("remote")
    found = page.locator(".study:visible", has_text="Remote, Paula")
    expect(found).to_have_count(2)
    expect(found.first).to_contain_text("PACS 5")
    expect(page.locator("#found-WEB .study").first).to_be_attached()
    expect(found.first).to_contain_text("WEB 5")  # one row says both places
    look(page, "studies-remote")
    found.filter(has_text="12 images").locator("[data-choose]").check()
    page.click("text=Make a disc of these")
    expect(page.locator("#plan")).to_contain_text("PACS: 12 images of May 6, 2024 are fetched first")
    look(page, "disc-new-remote")
    page.click("button:has-text('Make the disc')")
    expect(page.locator(".good")).to_contain_text("12 images read back", timeout=DISC_MS)
    look(page, "disc-done")
    told = verified(downloaded(page, tmp_path / "disc.iso"))
    assert told["instances"] == 12
    page.goto(f"{service.url}/studies?q=remote")
    here = page.locator("#rows .study")
    expect(here).to_have_count(1)
    expect(here).to_contain_text("PACS 12")
    expect(page.locator(".study:visible", has_text="Remote, Paula")).to_have_count(2)
    page.goto(f"{service.url}/log?action=search")
    expect(page.locator("main")).to_contain_text("archive PACS")


def test_a_scanned_number_that_only_the_pacs_has_is_ticked(service: Desk, page: Page, orthanc: Orthanc) -> None:
    orthanc.put("1.2.3.77", 1, "Scan^Only")
    page.goto(f"{service.url}/studies")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("scan^only\n", delay=2)
    expect(page.locator(".study:visible")).to_have_count(1)
    expect(page.locator(".study:visible [data-choose]")).to_be_checked()


def test_an_archive_that_is_away_is_told_in_words_and_holds_nothing_up(
    service: Desk, page: Page, orthanc: Orthanc
) -> None:
    orthanc.kill()
    try:
        page.goto(f"{service.url}/studies?q=sample")
        expect(page.locator("#rows .study").first).to_be_visible()
        expect(page.locator("#found-PACS .alarm")).to_contain_text("PACS cannot be searched now")
        expect(page.locator("#found-PACS .alarm")).to_contain_text("cannot be reached")
        expect(page.locator("#found-WEB .alarm")).to_contain_text("cannot be reached")
        look(page, "studies-archive-away")
    finally:
        orthanc.start()
    page.locator("#found-PACS button").click()
    expect(page.locator("#found-PACS")).to_contain_text("PACS has nothing")


def test_a_fetch_waits_for_its_archive_and_the_page_says_so(
    service: Desk, page: Page, orthanc: Orthanc, tmp_path: Path
) -> None:
    """Remembered from the search: the disc can be ordered while the archive is away."""
    page.goto(f"{service.url}/studies?q=remote")
    five = page.locator(".study:visible", has_text="5 images")
    expect(five).to_contain_text("PACS 5")
    expect(five).to_contain_text("WEB 5")
    five.locator("[data-choose]").check()
    orthanc.kill()
    try:
        page.click("text=Make a disc of these")
        expect(page.locator("#plan")).to_contain_text("5 images")
        page.click("button:has-text('Make the disc')")
        expect(page.locator("#progress")).to_contain_text("fetching from the archive")
        expect(page.locator("#progress .hint")).to_contain_text("cannot be reached")
        look(page, "disc-waits-for-archive")
    finally:
        orthanc.start()
    expect(page.locator(".good")).to_contain_text("5 images read back", timeout=DISC_MS)
    assert verified(downloaded(page, tmp_path / "disc.iso"))["instances"] == 5


def choose_two_patients(service: Desk, page: Page) -> None:
    page.goto(f"{service.url}/studies")
    page.locator(".study", has_text="Chest").locator("[data-choose]").check()
    page.locator(".study", has_text="Trunk").locator("[data-choose]").check()
    page.click("text=Make a disc of these")
    expect(page.locator("#plan .alarm")).to_contain_text("Two patients on one disc", timeout=DISC_MS)
    page.locator("[name=two_patients]").check()
    page.locator("button.large").click()
    expect(page.locator("#progress .alarm")).to_contain_text("Waits for a second person")


def test_a_second_person_confirms_in_place(service: Desk, page: Page) -> None:
    choose_two_patients(service, page)
    look(page, "disc-second-person")
    for name, password, told in (
        ("anna", PASSWORD, "expected somebody else"),
        ("vera", PASSWORD, "does not allow"),
        ("bert", "a wrong one", "name or password is wrong"),
    ):
        page.fill("[name=name]", name)
        page.fill("[name=password]", password)
        page.click("text=It is meant: make the disc")
        expect(page.locator("#notice")).to_contain_text(told)
    page.fill("[name=name]", "bert")
    page.fill("[name=password]", PASSWORD)
    page.click("text=It is meant: make the disc")
    expect(page.locator("main")).to_contain_text("meant so, says bert")
    expect(page.locator(".good")).to_contain_text("images read back", timeout=DISC_MS)
    page.goto(f"{service.url}/log?action=change")
    expect(page.locator("main")).to_contain_text("confirmed for 2 patients, ordered by anna")


def test_a_second_person_signs_in_and_refuses(service: Desk, page: Page, browser: Browser) -> None:
    choose_two_patients(service, page)
    context = browser.new_context(locale="en-US")
    other = context.new_page()
    other.goto(page.url)
    other.fill("[name=name]", "bert")
    other.fill("[name=password]", PASSWORD)
    other.click("button.main")
    expect(other.locator("#progress .alarm")).to_contain_text("somebody else than anna")
    expect(other.locator("[name=password]")).to_have_count(0)
    other.fill("[name=why]", "the chest is of somebody else")
    other.click("text=It is not meant: make none")
    expect(other.locator("#progress .alarm")).to_contain_text("refused by bert: the chest is of somebody else")
    context.close()
    expect(page.locator("#progress .alarm")).to_contain_text("refused by bert")
    expect(page.locator("[name=decision]")).to_have_count(0)  # nothing is left to decide here either


def test_preset_viewer_password_and_papers_are_as_chosen(service: Desk, page: Page, tmp_path: Path) -> None:
    page.goto(f"{service.url}/studies?q=trunk")
    page.locator(".study [data-choose]").check()
    page.click("text=Make a disc of these")
    expect(page.locator("#plan")).to_contain_text("20 images", timeout=DISC_MS)
    look(page, "disc-new")
    page.get_by_label("For a physician").check()
    expect(page.locator("#plan")).to_contain_text("STD-GEN-DVD-JPEG")
    page.click("summary:has-text('Other medium')")
    page.get_by_label("CD-R-700", exact=True).check()
    page.select_option("[name=viewer]", "pictures")
    page.select_option("[name=encrypt]", "zip")
    expect(page.locator("#plan")).to_contain_text("STD-GEN-CD")
    expect(page.locator("#plan")).to_contain_text("The disc is encrypted")
    page.fill("[name=password]", "opens only for me")
    page.fill("[name=password_again]", "opens only for us")
    page.locator("button.large").click()
    expect(page.locator("#notice")).to_contain_text("not the same")
    look(page, "disc-new-password")
    page.fill("[name=password_again]", "opens only for me")
    page.locator("button.large").click()
    expect(page.locator(".good")).to_contain_text("20 images read back", timeout=DISC_MS)
    expect(page.locator("main")).to_contain_text("with pictures for a browser")
    expect(page.locator("main")).to_contain_text("encrypted: one ZIP")
    look(page, "disc-encrypted")
    image = downloaded(page, tmp_path / "disc.iso")
    verified(image)
    subprocess.run(
        ["xorriso", "-osirrox", "on", "-indev", image, "-extract", "/DISC.ZIP", tmp_path / "disc.zip"], check=True
    )
    opened = subprocess.run(["7z", "t", "-popens only for me", tmp_path / "disc.zip"], capture_output=True, check=False)
    assert opened.returncode == 0, opened.stdout
    told = page.request.get(f"{page.url}/papers/disc.pdf")
    assert told.ok and told.headers["content-type"] == "application/pdf"
    (tmp_path / "label.pdf").write_bytes(told.body())
    assert "Sample" not in text_of(tmp_path / "label.pdf")  # encrypted: it names nobody
    (tmp_path / "password.pdf").write_bytes(page.request.get(f"{page.url}/password.pdf").body())
    assert "opens only for me" in text_of(tmp_path / "password.pdf")
    page.click("text=It is printed: delete it here")
    expect(page.locator("text=Password sheet")).to_have_count(0)
    everything = subprocess.run(
        ["grep", "-rl", "opens only for me", service.serving.data_dir, service.serving.log],
        capture_output=True,
        text=True,
        check=False,
    )
    assert everything.stdout == "", "the password is still somewhere"


def test_a_disc_for_teaching_names_nobody(service: Desk, page: Page, tmp_path: Path) -> None:
    page.goto(f"{service.url}/studies?q=trunk")
    page.locator(".study [data-choose]").check()
    page.click("text=Make a disc of these")
    page.get_by_label("For teaching").check()
    expect(page.locator("#plan")).to_contain_text("STD-GEN-USB", timeout=DISC_MS)
    page.locator("button.large").click()
    expect(page.locator(".good")).to_contain_text("20 images read back", timeout=DISC_MS)
    expect(page.locator("main")).to_contain_text("without names")
    with zipfile.ZipFile(downloaded(page, tmp_path / "stick.zip")) as stick:
        written = {name: stick.read(name) for name in stick.namelist()}
    assert len([name for name, data in written.items() if data[128:132] == b"DICM"]) == 20 + 1  # and the DICOMDIR
    assert [name for name, data in written.items() if b"Trunk" in data or b"SMP-TRUNK" in data] == []


def test_papers_name_the_patient_and_the_release_form_who_took_it(service: Desk, page: Page, tmp_path: Path) -> None:
    page.goto(f"{service.url}/studies?q=trunk")
    page.locator(".study [data-choose]").check()
    page.click("text=Make a disc of these")
    expect(page.locator("#plan")).to_contain_text("20 images", timeout=DISC_MS)
    page.locator("button.large").click()
    expect(page.locator(".good")).to_contain_text("20 images read back", timeout=DISC_MS)
    page.fill("[name=to_whom]", "Trudi Sample")
    page.fill("[name=identified_by]", "identity card")
    page.click("button:has-text('Handed out')")
    expect(page.locator("main")).to_contain_text("Trudi Sample (the patient)")
    for paper, said in (
        ("disc", "Sample"),
        ("jewel-case", "Sample"),
        ("envelope", "Sample"),
        ("receipt", "read back and verified"),
        ("release", "Trudi Sample"),
    ):
        told = page.request.get(f"{page.url}/papers/{paper}.pdf")
        (tmp_path / f"{paper}.pdf").write_bytes(told.body())
        assert said in text_of(tmp_path / f"{paper}.pdf"), paper
    assert page.request.get(f"{page.url}/papers/other.pdf").status == 404


def text_of(pdf: Path) -> str:
    return subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
