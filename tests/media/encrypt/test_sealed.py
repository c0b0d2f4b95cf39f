"""Encrypted discs: opened by others, silent to everybody else."""

import hashlib
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pypdfium2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from media.build.viewer.shows import Shows
from media.errors import BadOrder
from media.fileset.encryption import Encrypt, Method
from media.fileset.order import DiscOrder
from media.job_folder import job_in_output
from media.passwords import PASSWORDS, connect_password, new_password
from media.pipeline import BuildOrder, build
from media.verify import verify_sealed
from tests.media.deidentify.making import ct, traces, write

CREATED = "2026-01-05T10:15:00+00:00"
PASSWORD = "correct-horse-battery"


def silent(_what: str, _done: int, _total: int) -> None:
    pass


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "source", ct(1), ct(2))


def made(source: Path, output: Path, encrypt: Encrypt | None, viewer: Shows = Shows.NOTHING, profile: str = "") -> Path:
    order = BuildOrder(
        (str(source),),
        str(output),
        DiscOrder(created=CREATED, profile=profile, file_set_id="QUACKENBUSCH"),
        writers=("image", "folder"),
        viewer=viewer,
        encrypt=encrypt,
    )
    assert BuildOrder.from_json(order.to_json()) == order
    with job_in_output(order, keep_created=True) as (order, job):
        build(order, job, silent)
    return output


@pytest.fixture
def known() -> None:
    connect_password("asked", lambda: PASSWORD)
    yield
    PASSWORDS.pop("asked")


def hashes_of(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def slip_text(path: Path) -> str:
    return pypdfium2.PdfDocument(path)[0].get_textpage().get_text_range()


@pytest.mark.peer("7z")
def test_7z_opens_the_zip_and_only_with_the_password(tmp_path: Path, source: Path) -> None:
    output = made(source, tmp_path / "out", Encrypt(Method.ZIP), Shows.VALUES)
    assert (output / "password.pdf").stat().st_mode & 0o777 == 0o600
    text = slip_text(output / "password.pdf")
    (password,) = re.findall(r"(?:[a-z2-9]{5}-){3}[a-z2-9]{5}", text)
    assert traces(text.encode()) == []
    assert traces((output / "volume_1.iso").read_bytes(), (*_identifiers(), "QUACKENBUSCH")) == []
    assert sorted(hashes_of(output / "volume_1")) == ["CHECKSUM.TXT", "DISC.ZIP", "INDEX.HTM", "README.TXT"]
    readme = (output / "volume_1" / "README.TXT").read_text("ascii")
    (reference,) = re.findall(r"Reference: ([A-Z2-7]{4}-[A-Z2-7]{4})", readme)
    assert reference in text

    opened = tmp_path / "opened"
    wrong = _seven(output / "volume_1/DISC.ZIP", tmp_path / "wrong", new_password())
    assert wrong.returncode != 0 and "Wrong password" in wrong.stdout + wrong.stderr
    assert _seven(output / "volume_1/DISC.ZIP", opened, password).returncode == 0
    plain = made(source, tmp_path / "plain", None, Shows.VALUES)
    assert hashes_of(opened) == hashes_of(plain / "volume_1")
    assert not (output / ".job/password").exists()
    assert not list((output / ".job").glob("*.part"))


@pytest.mark.peer("openssl")
def test_openssl_opens_each_secure_file(tmp_path: Path, source: Path, known: None) -> None:
    output = made(source, tmp_path / "out", Encrypt(Method.CMS, "asked"))
    image = (output / "volume_1.iso").read_bytes()
    assert traces(image, (*_identifiers(), "QUACKENBUSCH")) == []
    assert b"DICM" not in image
    plain = made(source, tmp_path / "plain", None)
    wanted = hashes_of(plain / "volume_1")
    found = [path for path in (output / "volume_1").rglob("*") if path.is_file() and "DICOM" in path.as_posix()]
    assert len(found) == 3  # two images and the DICOMDIR
    for path in found:
        name = path.relative_to(output / "volume_1").as_posix()
        opened = _open_by_openssl(path, tmp_path, "-pwri_password", PASSWORD)
        if name == "DICOMDIR":
            assert opened[128:132] == b"DICM" and b"SECURE" in opened
        else:
            assert hashlib.sha256(opened).hexdigest() == wanted[name]
    done = _decrypt(found[0], tmp_path, "-pwri_password", "another-password")
    assert done.returncode != 0 and "Error decrypting CMS" in done.stderr


@pytest.mark.peer("openssl")
def test_a_certificate_opens_it_too(tmp_path: Path, source: Path) -> None:
    certificate, key = _certificate(tmp_path)
    encrypt = Encrypt(Method.CMS, "", (str(certificate),))
    output = made(source, tmp_path / "out", encrypt, profile="STD-GEN-CD")
    assert not (output / "password.pdf").exists()
    (first, *_rest) = sorted((output / "volume_1/DICOM").rglob("IM*"))
    opened = _open_by_openssl(first, tmp_path, "-recip", str(certificate), "-inkey", str(key))
    assert opened[128:132] == b"DICM"
    assert "STD-GEN-SEC-CD" in (output / "report.json").read_text()


@pytest.mark.parametrize("method", list(Method))
def test_a_changed_byte_and_another_password_are_found(
    tmp_path: Path, source: Path, known: None, method: Method
) -> None:
    output = made(source, tmp_path / "out", Encrypt(method, "asked"))
    plain = hashes_of(made(source, tmp_path / "plain", None) / "volume_1")
    image, names = output / "volume_1.iso", {name: plain[name] for name in plain if name.startswith("DICOM/")}
    others = {
        "DICOMDIR",
        "README.TXT",
        "INDEX.HTM",
        "CHECKSUM.TXT",
        "IHE_PDI/INDEX.HTM",
    }  # name the File-set
    found = verify_sealed(image, names, PASSWORD).findings
    assert {one.where for one in found} <= (others if method is Method.ZIP else set())
    assert len(verify_sealed(image, names, "another-password").findings) > 0
    data = bytearray(image.read_bytes())
    largest = max(
        (path for path in (output / "volume_1").rglob("*") if path.is_file()), key=lambda one: one.stat().st_size
    )
    data[data.index(largest.read_bytes()[2000:2100]) + 50] ^= 1
    image.unlink()
    image.write_bytes(data)
    assert len(verify_sealed(image, names, PASSWORD).findings) > len(found)


def test_orders_that_nobody_could_open_are_refused(tmp_path: Path, source: Path) -> None:
    for encrypt in (Encrypt(Method.ZIP, ""), Encrypt(Method.CMS, ""), Encrypt(Method.ZIP, "made", ("x.pem",))):
        with pytest.raises(BadOrder):
            made(source, tmp_path / "out", encrypt)
    with pytest.raises(BadOrder, match="no viewer"):
        made(source, tmp_path / "out", Encrypt(Method.CMS), Shows.PICTURES)
    with pytest.raises(BadOrder, match="Secure DICOM Files"):
        made(source, tmp_path / "out", None, profile="STD-GEN-SEC-CD")
    (tmp_path / "short").write_text("geheim")
    with pytest.raises(BadOrder, match="at least 12"):
        made(source, tmp_path / "two", Encrypt(Method.ZIP, f"file:{tmp_path / 'short'}"))


def test_passwords_have_letters_that_cannot_be_mistaken() -> None:
    found = {new_password() for _ in range(50)}
    assert len(found) == 50
    assert not set("".join(found)) & set("lo01i")


def _identifiers() -> tuple[str, ...]:
    from tests.media.deidentify.making import IDENTIFIERS

    return IDENTIFIERS


def _seven(archive: Path, folder: Path, password: str) -> "subprocess.CompletedProcess[str]":
    command = [shutil.which("7z") or "", "x", "-y", f"-o{folder}", f"-p{password}", str(archive)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _decrypt(path: Path, tmp_path: Path, *who: str) -> "subprocess.CompletedProcess[str]":
    command = ["openssl", "cms", "-decrypt", "-inform", "DER", *who, "-in", str(path), "-out", str(tmp_path / "inner")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _open_by_openssl(path: Path, tmp_path: Path, *who: str) -> bytes:
    assert _decrypt(path, tmp_path, *who).returncode == 0
    command = ["openssl", "cms", "-digest_verify", "-inform", "DER", "-in", "inner", "-out", "opened"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return (tmp_path / "opened").read_bytes()


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Reader")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 4711, now, now + timedelta(days=2))
    (folder / "reader.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "reader.key").write_bytes(private)
    return folder / "reader.pem", folder / "reader.key"
