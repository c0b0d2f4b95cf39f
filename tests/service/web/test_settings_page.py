"""The buttons of the settings page, with the real peers behind them: what was tried, what answered, what did not."""

import html
import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from service.store.people import PersonRole
from tests.printmgr.sinks.conftest import certificate
from tests.printmgr.sinks.cups import cups
from tests.printmgr.sinks.test_film_printer import dcmprscp
from tests.printmgr.sinks.test_mail import PASSWORD, Postmaster, postmaster, serve
from tests.printmgr.sinks.test_webhook import SECRET, Receiver, receiver
from tests.service.web.serving import Browser, Pages, pages
from tests.serving import Serving, free_port
from tests.worklist import make_folder, worklist_peer

__all__ = ["certificate", "dcmprscp", "postmaster", "receiver", "serve"]  # fixtures
PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
LOOPBACK = "127.0.0.1"


def pressed(browser: Browser, path: str) -> tuple[bool, str]:
    """Whether a test went well, and what it tells."""
    answer = browser.submit(path)
    assert answer.status_code == 200, answer.text
    said = html.unescape(re.sub(r"<[^>]+>", "", answer.text)).strip()
    return 'class="good"' in answer.text, said


def administrator(made: Pages) -> closing[Browser]:
    return closing(made.browser(PersonRole.ADMIN))


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """DICOM and HTTP port of an Orthanc with DICOMweb."""
    dicom, http = free_port(), free_port()
    settings = {"StorageDirectory": str(tmp_path / "storage"), "IndexDirectory": str(tmp_path / "index")}
    settings |= {"Plugins": [PLUGIN], "HttpPort": http, "DicomPort": dicom, "DicomAet": "ORTHANC"}
    settings |= {"RemoteAccessAllowed": False, "AuthenticationEnabled": False, "DicomAlwaysAllowEcho": True}
    settings |= {"DicomAlwaysAllowFind": True, "DicomAlwaysAllowGet": True}
    (tmp_path / "orthanc.json").write_text(json.dumps(settings))
    with (tmp_path / "orthanc.log").open("wb") as log:
        process = subprocess.Popen(["Orthanc", tmp_path / "orthanc.json"], stdout=log, stderr=log)
    patience = time.monotonic() + 90
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://{LOOPBACK}:{http}/system", timeout=20).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < patience
                time.sleep(0.1)
        yield dicom, http
    finally:
        process.kill()
        process.wait()


@pytest.mark.peer("Orthanc")
def test_an_orthanc_as_partner_sink_and_archive(tmp_path: Path, orthanc: tuple[int, int]) -> None:
    dicom, http = orthanc
    nobody = free_port()
    peer = {"host": LOOPBACK, "ae_title": "ORTHANC"}
    web = {"kind": "dicomweb", "url": f"http://{LOOPBACK}:{http}/dicom-web"}
    more = {
        "partners": [
            {"ae_title": "ORTHANC", "address": LOOPBACK, "port": dicom},
            {"ae_title": "GONE", "address": LOOPBACK, "port": nobody},
            {"ae_title": "WARD", "address": "192.0.2.0/24"},
        ],
        "sinks": [
            {"name": "folder"},
            {"name": "archive", "kind": "pacs", "port": dicom, **peer},
            {"name": "away", "kind": "pacs", "port": nobody, **peer},
        ],
        "archives": [
            {"name": "FIND", "kind": "query_retrieve", "port": dicom, **peer},
            {"name": "MOVE", "kind": "query_retrieve", "how": "move", "port": dicom, **peer},
            {"name": "GONE", "kind": "query_retrieve", "port": nobody, **peer},
            {"name": "WEB", **web},
            {"name": "WRONG", **web | {"url": f"http://{LOOPBACK}:{http}/elsewhere"}},
        ],
    }
    with pages(tmp_path, more=more) as made, administrator(made) as browser:
        page = browser.get("/settings").text
        for name in ("archive", "away", "FIND", "WEB"):
            assert f"/{name}/test" in page
        good, said = pressed(browser, "/settings/partners/1/test")
        assert good and re.search(rf"C-ECHO to ORTHANC at {LOOPBACK} port {dicom} in \d+\.\d+ s", said)
        assert pressed(browser, "/settings/partners/2/test")[0] is False
        assert "no host and port" in pressed(browser, "/settings/partners/3/test")[1]
        good, said = pressed(browser, "/settings/sinks/archive/test")
        assert good and "it takes films, and offers storage commitment" in said
        good, said = pressed(browser, "/settings/sinks/away/test")
        assert not good and f"port {nobody} cannot be reached" in said
        assert "it offers C-FIND, C-GET" in pressed(browser, "/settings/archives/FIND/test")[1]
        good, said = pressed(browser, "/settings/archives/MOVE/test")
        assert good and "it offers C-FIND, C-MOVE" in said
        assert "cannot be reached" in pressed(browser, "/settings/archives/GONE/test")[1]
        good, said = pressed(browser, "/settings/archives/WEB/test")
        assert good and "QIDO-RS to" in said
        good, said = pressed(browser, "/settings/archives/WRONG/test")
        assert not good and "HTTP 404" in said
        good, said = pressed(browser, "/settings/sinks/folder/test")
        films = tmp_path / "data" / "films"
        assert good and str(films) in said and list(films.iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    more = {"sinks": [{"name": "folder"}, {"name": "lost", "root": str(tmp_path / "file" / "films")}]}
    with pages(tmp_path, more=more) as made, administrator(made) as browser:
        good, said = pressed(browser, "/settings/sinks/lost/test")
        assert not good and "no file can be written" in said


@pytest.mark.peer("openssl")
def test_mail_and_webhook(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    certificate: object,
    serve: Callable[..., int],
    postmaster: Postmaster,
    receiver: Receiver,
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    monkeypatch.setenv("HOUSE_SECRET", SECRET)
    trusted = {"ca_file": str(certificate.certificate)}  # type: ignore[attr-defined]
    mail = {"kind": "mail", "host": LOOPBACK, "port": serve(), "user": "films", "password": "env:MAIL_PASSWORD"}
    mail |= {"sender": "films@house.example", "recipients": ["ward@house.example"], **trusted}
    hook = {"kind": "webhook", "url": receiver.url, "secret": "env:HOUSE_SECRET", **trusted}
    more = {"sinks": [{"name": "folder"}, {"name": "ward", **mail}, {"name": "house", **hook}]}
    with pages(tmp_path, more=more) as made, administrator(made) as browser:
        good, said = pressed(browser, "/settings/sinks/ward/test")
        assert good and said.endswith("mail to ward@house.example")
        assert [one["Subject"] for one in postmaster.mails] == ["Test mail"]
        postmaster.recipient = "550 no such box"
        good, said = pressed(browser, "/settings/sinks/ward/test")
        assert not good and "550 no such box" in said
        good, said = pressed(browser, "/settings/sinks/house/test")
        assert good and said.endswith("answered 200")
        assert json.loads(receiver.requests[0][2]["film"])["event"] == "test"
        receiver.answer = 401
        good, said = pressed(browser, "/settings/sinks/house/test")
        assert not good and "answered 401" in said


@pytest.mark.peer("cupsd", "ipptool", "dcmprscp")
def test_paper_and_film(tmp_path: Path, dcmprscp: Callable[[], int]) -> None:
    device = {"host": LOOPBACK, "port": dcmprscp.port, "ae_title": "PEER"}  # type: ignore[attr-defined]
    with cups({"A4": (595, 842)}) as printer:
        sinks = [
            {"name": "folder"},
            {"name": "paper", "kind": "paper", "uri": printer.uri},
            {"name": "none", "kind": "paper", "uri": printer.uri.replace("film", "none")},
            {"name": "camera", "kind": "film_printer", "printers": [device]},
        ]
        with pages(tmp_path, more={"sinks": sinks}) as made, administrator(made) as browser:
            good, said = pressed(browser, "/settings/sinks/paper/test")
            assert good and "it takes PDF" in said and "210x297mm" in said
            good, said = pressed(browser, "/settings/sinks/none/test")
            assert not good and printer.uri.replace("film", "none") in said
            good, said = pressed(browser, "/settings/sinks/camera/test")
            assert not good and "cannot be reached" in said
            dcmprscp()
            good, said = pressed(browser, "/settings/sinks/camera/test")
            assert good and "PEER: NORMAL" in said


@pytest.mark.peer("wlmscpfs")
def test_the_worklist(tmp_path: Path) -> None:
    with worklist_peer(make_folder(tmp_path / "worklist")) as port, ExitStack() as until:
        more = {"identity": {"worklist": {"host": LOOPBACK, "port": port, "ae_title": "WORKLIST"}}}
        browser = until.enter_context(administrator(until.enter_context(pages(tmp_path, more=more))))
        good, said = pressed(browser, "/settings/worklist/test")
        assert good and f"C-FIND to WORKLIST at {LOOPBACK} port {port}" in said
    more["identity"]["worklist"]["port"] = free_port()  # type: ignore[index]
    with pages(tmp_path / "two", more=more) as made, administrator(made) as browser:
        good, said = pressed(browser, "/settings/worklist/test")
        assert not good and "cannot be reached" in said


def test_a_printer_prints_a_test_film_where_we_may_call(tmp_path: Path) -> None:
    """Against the service itself: open to all, then to partners that this test is not among."""
    for name, dicom in (("open", {"open": True}), ("closed", {"open": False})):
        environment = {"PRINTMGR_DICOM": json.dumps({"port": 0} | dicom)}
        with Serving(tmp_path / name, environment) as serving:
            more = {"dicom": {"port": serving.port} | dicom}
            with pages(tmp_path / f"{name}-pages", more=more) as made, administrator(made) as browser:
                good, said = pressed(browser, "/settings/printers/PRINTMGR/test")
                if dicom["open"]:
                    assert good and "a test film was printed on PRINTMGR" in said
                else:
                    assert not good and "[[partners]] has no PRINTMGR" in said
