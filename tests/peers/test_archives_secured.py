"""Archives that ask who we are: Orthanc with a password behind a proxy with TLS, which takes tokens too; Orthanc's own
TLS for DIMSE; and an archive that delivers less than it lists. Debian's Orthanc does not survive HTTPS of its own."""

import base64
import http.client
import io
import json
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qsl, urlsplit

import pytest

from media.studies import Sender
from service.archives import ArchiveDown, ArchiveRefused, Incomplete, Query
from service.archives.dicomweb import DicomWebArchive
from service.archives.fetch import InboxDeposit, fetch
from service.archives.query_retrieve import QueryRetrieveArchive
from service.settings.archives import DicomWeb, QueryRetrieve
from service.store import audit
from tests.printmgr.sinks.conftest import Certificate, self_signed
from tests.receiving import instance, receiving
from tests.serving import free_port

PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
STUDY, INSTANCES = "1.2.3.40", 3
USER, PASSWORD, TOKEN = "films", "of the house", "the-token"
OURS = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
PATIENCE_S = 120.0
pytestmark = pytest.mark.peer("Orthanc", "openssl")


@dataclass(frozen=True)
class Secured:
    """An Orthanc that wants a password for HTTP and speaks DIMSE over TLS only."""

    certificate: Certificate
    dicom: int
    http: int

    def ask(self, path: str, data: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", data, {"Authorization": OURS})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("orthanc")
    certificate = self_signed(folder, "127.0.0.1")
    made = Secured(certificate, free_port(), free_port())
    settings = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "Plugins": [PLUGIN],
        "HttpPort": made.http,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD},
        "DicomPort": made.dicom,
        "DicomAet": "ORTHANC",
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(certificate.certificate),
        "DicomTlsPrivateKey": str(certificate.key),
        "DicomTlsTrustedCertificates": str(certificate.certificate),
        "DicomTlsRemoteCertificateRequired": False,
        "DicomAlwaysAllowEcho": True,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["Orthanc", folder / "orthanc.json"], stdout=log, stderr=log)
    patience = time.monotonic() + PATIENCE_S
    try:
        while True:
            try:
                made.ask("/system")
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < patience, (folder / "log").read_text()
                time.sleep(0.1)
        for number in range(1, INSTANCES + 1):
            stream = io.BytesIO()
            image = instance(number, STUDY, f"{STUDY}.1", f"{STUDY}.1.{number}", PatientName="Meier^Anna")
            image.save_as(stream, enforce_file_format=True)
            made.ask("/instances", stream.getvalue())
        yield made
    finally:
        process.kill()
        process.wait()


@dataclass
class Kept:
    """A deposit that remembers instances."""

    uids: list[str] = field(default_factory=list)

    def data_set(self, class_uid: str, uid: str, transfer_syntax: str, data: memoryview) -> None:
        self.uids.append(uid)

    def file(self, stream: BinaryIO) -> None:
        from pydicom import dcmread

        self.uids.append(str(dcmread(stream, stop_before_pixels=True).SOPInstanceUID))


def all_of(archive: DicomWebArchive | QueryRetrieveArchive) -> list[str]:
    """Find the study, list its instances and fetch them; their UIDs."""
    assert [(one.uid, one.instances) for one in archive.find(Query(patient_name="Mei"))] == [(STUDY, INSTANCES)]
    kept = Kept()
    assert archive.fetch(STUDY, archive.instances(STUDY), kept, lambda: None) == ""
    return sorted(kept.uids)


WHOLE = [f"{STUDY}.1.{number}" for number in range(1, INSTANCES + 1)]


def test_dicomweb_with_tls_and_a_password(proxy: "Proxy", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_PASSWORD", PASSWORD)
    words = proxy.words
    secret = {"user": USER, "password": "env:ARCHIVE_PASSWORD"}
    assert all_of(DicomWebArchive(DicomWeb(**words, **secret))) == WHOLE
    with pytest.raises(ArchiveRefused, match="HTTP 401"):
        DicomWebArchive(DicomWeb(**words)).find(Query())
    monkeypatch.setenv("ARCHIVE_PASSWORD", "guessed")
    with pytest.raises(ArchiveRefused, match="HTTP 401") as refused:
        DicomWebArchive(DicomWeb(**words, **secret)).find(Query())
    assert "guessed" not in str(refused.value)
    with pytest.raises(ArchiveDown, match="SSLError"):
        DicomWebArchive(DicomWeb(**words | {"ca_file": None}, **secret)).find(Query())


def test_dimse_with_tls(orthanc: Secured) -> None:
    words = {"name": "PACS", "host": "127.0.0.1", "port": orthanc.dicom, "ae_title": "ORTHANC", "timeout_s": 20}
    trusted = QueryRetrieve(**words, tls=True, ca_file=orthanc.certificate.certificate)
    archive = QueryRetrieveArchive(trusted, "ARCHIVE")
    assert all_of(archive) == WHOLE
    assert "it offers C-FIND, C-GET" in archive.probe()
    for wrong in (QueryRetrieve(**words), QueryRetrieve(**words, tls=True)):
        with pytest.raises(ArchiveDown, match="cannot be reached"):
            QueryRetrieveArchive(wrong, "ARCHIVE").find(Query())


class Proxy(ThreadingHTTPServer):
    """TLS before Orthanc, and a bearer token instead of its password; it may keep some instances to itself."""

    def __init__(self, orthanc: Secured) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(orthanc.certificate.certificate, orthanc.certificate.key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.orthanc = orthanc
        self.kept_back: Sequence[str] = ()
        self.most_listed: int | None = None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def settings(self) -> DicomWeb:
        return DicomWeb(**self.words, token="env:ARCHIVE_TOKEN")

    @property
    def words(self) -> dict[str, object]:
        """Settings without a secret."""
        url, ca_file = f"https://127.0.0.1:{self.server_port}/dicom-web", self.orthanc.certificate.certificate
        return {"kind": "dicomweb", "name": "WEB", "url": url, "ca_file": ca_file}


class Passing(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        said = self.headers["Authorization"] or ""
        if said.startswith("Bearer ") and said != f"Bearer {TOKEN}":
            self._answer(401, "text/plain", b"no")
            return
        if any(self.path.endswith(f"/instances/{uid}") for uid in self.server.kept_back):
            self._answer(404, "text/plain", b"not here")
            return
        behind = http.client.HTTPConnection("127.0.0.1", self.server.orthanc.http, timeout=30)
        who = {"Authorization": OURS if said.startswith("Bearer ") else said}
        behind.request("GET", self.path, headers=who | {"Accept": self.headers["Accept"]})
        answer = behind.getresponse()
        body = answer.read()
        behind.close()
        if "/instances?" in self.path and self.server.most_listed is not None:
            first = int(dict(parse_qsl(urlsplit(self.path).query)).get("offset", 0))
            body = json.dumps(json.loads(body or b"[]")[: max(0, self.server.most_listed - first)]).encode()
        self._answer(answer.status, answer.headers["Content-Type"] or "", body)

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def proxy(orthanc: Secured, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setenv("ARCHIVE_TOKEN", TOKEN)
    made = Proxy(orthanc)
    yield made
    made.shutdown()
    made.server_close()


def test_dicomweb_with_a_token(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all_of(DicomWebArchive(proxy.settings)) == WHOLE
    assert "QIDO-RS to" in DicomWebArchive(proxy.settings).probe()
    monkeypatch.setenv("ARCHIVE_TOKEN", "guessed")
    with pytest.raises(ArchiveRefused, match="HTTP 401"):
        DicomWebArchive(proxy.settings).find(Query())


def test_an_archive_that_delivers_less_than_it_lists(proxy: Proxy, tmp_path: Path) -> None:
    """What came stays, what is missing is named; asked again when it has it, only that is fetched."""
    proxy.kept_back = [WHOLE[1]]
    archive = DicomWebArchive(proxy.settings)
    with receiving(tmp_path) as made:
        sender = Sender("WEB", "ARCHIVE", "127.0.0.1")
        deposit = InboxDeposit(made.inbox, sender, ("1.2.3", "TEST"))
        with pytest.raises(Incomplete) as caught:
            fetch(archive, STUDY, made.inbox, deposit, lambda *_: None)
        deposit.end()
        assert caught.value.missing == (WHOLE[1],) and caught.value.expected == INSTANCES
        assert f"1 of the {INSTANCES} instances of study {STUDY} did not come: {WHOLE[1]}" in str(caught.value)
        assert "HTTP 404" in str(caught.value)
        assert [one.sop_instance_uid for one in made.held(STUDY)] == [WHOLE[0], WHOLE[2]]
        assert made.study(STUDY).completed_by != "archive"
        proxy.kept_back = []
        again = InboxDeposit(made.inbox, sender, ("1.2.3", "TEST"))
        assert fetch(archive, STUDY, made.inbox, again, lambda *_: None) == INSTANCES
        again.end()
        assert made.study(STUDY).completed_by == "archive"
        patience = time.monotonic() + PATIENCE_S
        while True:
            with made.store.read() as connection:
                told = [one.detail for one in reversed(audit.listed(connection)) if one.action == "receive"]
            if len(told) == 2:
                break
            assert time.monotonic() < patience, told
            time.sleep(0.05)
        assert told == ["2 instances, into ARCHIVE", "1 instance, into ARCHIVE"]


def test_an_archive_that_lists_less_than_it_counts(proxy: Proxy) -> None:
    """Seen by its own count, before anything is fetched."""
    proxy.most_listed = 2
    with pytest.raises(ArchiveRefused, match=f"has {INSTANCES} instances and lists 2"):
        DicomWebArchive(proxy.settings).instances(STUDY)
