"""The service's TLS port as DCMTK and OpenSSL see it: who gets in, as whom, and with certificates that are renewed."""

import os
import signal
import subprocess
import time

import pydicom
import pytest
from pydicom.data import get_testdata_file

from service.config import ConfigError, load
from tests.certificates import Authority, Identity
from tests.serving import Serving

pytestmark = pytest.mark.peer("openssl", "echoscu", "storescu")
PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"), "authority")


@pytest.fixture(scope="module")
def modality(authority) -> Identity:
    return authority.sign("modality")


@pytest.fixture(scope="module")
def other(authority) -> Identity:
    return authority.sign("other")


@pytest.fixture(scope="module")
def service(authority, modality, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    server = authority.sign("server")
    (folder / "certificate.pem").write_bytes(server.certificate.read_bytes())
    (folder / "key.pem").write_bytes(server.key.read_bytes())
    settings = folder / "settings.toml"
    settings.write_text(f"""
data_dir = "{folder / "data"}"
[dicom]
port = 0
processes = 2
[dicom.tls]
port = 0
certificate = "{folder / "certificate.pem"}"
key = "{folder / "key.pem"}"
authorities = "{authority.identity.certificate}"
[[partners]]
ae_title = "CT1"
address = "127.0.0.1"
certificates = ["{modality.fingerprint.upper()}"]
[[partners]]
ae_title = "MR1"
address = "127.0.0.1"
""")
    with Serving(folder / "data", {"PRINTMGR_DICOM": '{"open": false}'}, "--settings", str(settings)) as running:
        yield running


def dcmtk(
    program: str, service: Serving, identity: Identity, authority: Authority, title: str, *words: object
) -> subprocess.CompletedProcess[str]:
    tls = ["+tls", identity.key, identity.certificate, "+cf", authority.identity.certificate]
    command = [program, *tls, "-to", "10", "-aet", title, *words]
    return subprocess.run(list(map(str, command)), check=False, capture_output=True, text=True, timeout=60)


def test_a_certificate_speaks_for_its_title_alone(service, authority, modality, other):
    for identity, title, succeeds in (
        (modality, "CT1", True),
        (modality, "MR1", False),
        (other, "CT1", False),
        (other, "MR1", True),
    ):
        words = ["-aec", "PRINTMGR", "127.0.0.1", service.tls_port]
        done = dcmtk("echoscu", service, identity, authority, title, *words)
        assert (done.returncode == 0) == succeeds, (identity.certificate.name, title, done.stderr)
        if not succeeds:
            assert "Calling AE Title Not Recognized" in done.stderr


def test_without_tls_the_title_of_a_certificate_is_closed(service):
    def echo(title: str) -> int:
        words = ["echoscu", "-to", "10", "-aet", title, "-aec", "PRINTMGR", "127.0.0.1", str(service.port)]
        return subprocess.run(words, check=False, capture_output=True, timeout=60).returncode

    assert echo("CT1") != 0
    assert echo("MR1") == 0


def test_instances_arrive_over_tls(service, authority, modality):
    files = [get_testdata_file(name) for name in ("CT_small.dcm", "MR_small.dcm")]
    done = dcmtk(
        "storescu", service, modality, authority, "CT1", "-aec", "ARCHIVE", "127.0.0.1", service.tls_port, *files
    )
    assert done.returncode == 0, done.stderr
    stored = {pydicom.dcmread(path).SOPInstanceUID for path in (service.data_dir / "inbox").rglob("*.dcm")}
    assert {pydicom.dcmread(path).SOPInstanceUID for path in files} <= stored


def handshake(service, authority, identity, *words: str) -> str:
    """What `openssl s_client` says of the connection."""
    mine = ["-cert", identity.certificate, "-key", identity.key, "-CAfile", authority.identity.certificate]
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{service.tls_port}", *map(str, mine), *words]
    done = subprocess.run(command, check=False, input="", capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "let_in"),
    [
        (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], False),
        (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], False),
        (["-tls1_2", "-cipher", "AES256-SHA"], False),
        (["-tls1_2", "-cipher", "AES128-GCM-SHA256"], False),
        (["-tls1_2", "-cipher", "aNULL:eNULL:@SECLEVEL=0"], False),
        (["-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384"], True),
        (["-tls1_3"], True),
    ],
)
def test_old_versions_and_weak_suites_are_refused(service, authority, modality, words, let_in):
    said = handshake(service, authority, modality, *words)
    assert ("Cipher is (NONE)" not in said and "Verify return code: 0 (ok)" in said) == let_in, said


def test_renewed_certificates_are_used_after_sighup(service, authority, modality):
    renewed = authority.sign("renewed")
    folder = service.data_dir.parent
    (folder / "key.pem").write_bytes(b"no key")

    def told_to_reload(word: str) -> None:
        before = service.log.read_text().count(word)
        os.kill(service.process.pid, signal.SIGHUP)
        deadline = time.monotonic() + PATIENCE_S
        while service.log.read_text().count(word) < before + 2:  # both processes
            assert time.monotonic() < deadline
            time.sleep(0.05)

    told_to_reload("certificates stay as they were")
    assert "CN = server" in handshake(service, authority, modality)
    (folder / "certificate.pem").write_bytes(renewed.certificate.read_bytes())
    (folder / "key.pem").write_bytes(renewed.key.read_bytes())
    told_to_reload("certificates read again")
    assert all("CN = renewed" in handshake(service, authority, modality) for _ in range(8)), "in every process"
    assert service.process.poll() is None


def test_a_certificate_that_cannot_be_used_is_said_at_start(tmp_path, authority, modality):
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    files = f'"certificate": "{broken}", "key": "{modality.key}", "authorities": "{authority.identity.certificate}"'
    service = Serving(tmp_path / "data", {"PRINTMGR_DICOM": f'{{"port": 0, "tls": {{"port": 0, {files}}}}}'})
    assert service.process.wait(60) == 1
    service.process.stdout.close()
    assert "[dicom.tls] cannot be used" in service.log.read_text()


def test_settings_say_what_is_missing(tmp_path, modality):
    tls = {"certificate": str(modality.certificate), "key": str(tmp_path / "none")}
    with pytest.raises(ConfigError) as caught:
        load(dicom={"tls": tls}, partners=[{"ae_title": "A", "address": "::1", "certificates": ["ab:cd"]}])
    assert [key for key, _ in caught.value.faults] == [
        "dicom.tls.key",
        "dicom.tls.require_certificate",
        "partners[0].certificates",
    ]


def test_openssl_prints_the_fingerprint_that_the_settings_take(modality):
    said = subprocess.run(
        ["openssl", "x509", "-in", modality.certificate, "-noout", "-fingerprint", "-sha256"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.partition("=")[2].strip().replace(":", "").lower() == modality.fingerprint
