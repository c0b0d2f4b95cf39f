"""Encrypted discs are opened again: by `disc verify`, by openssl with a signature, and not by another password."""

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from media.build.cms import PasswordRecipient, envelope
from media.errors import BadOrder, Unreadable
from media.fileset.encryption import Encrypt, Method
from media.verify import Verification, verify_opened
from media.verify.cms import PasswordKey, SecureFile
from media.verify.der import Unopened
from tests.commands import printmgr
from tests.media.deidentify.making import ct, write
from tests.media.encrypt.test_sealed import PASSWORD, known, made

__all__ = ["known"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "source", ct(1), ct(2))


def pair(folder: Path, name: str) -> tuple[Path, Path, Path]:
    """A certificate, its key, and both in one file."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC) - timedelta(hours=1)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 4712, now, now + timedelta(days=2))
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    paths = (folder / f"{name}.pem", folder / f"{name}.key", folder / f"{name}.both")
    for path, data in zip(paths, (certificate, private, certificate + private), strict=True):
        path.write_bytes(data)
    return paths


def verified(*words: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    return printmgr("disc", "verify", *words, **environment)


def where(found: Verification) -> set[str]:
    return {one.where for one in found.findings}


@pytest.mark.parametrize("method", list(Method))
def test_the_file_set_inside_is_checked(tmp_path: Path, source: Path, known: None, method: Method) -> None:
    image = made(source, tmp_path / "out", Encrypt(method, "asked")) / "volume_1.iso"
    found = verify_opened(image, PASSWORD)
    assert (found.findings, found.instances) == ([], 2)
    assert not any("encrypted" in note for note in found.notes)
    with pytest.raises(Unreadable, match="the password is another one"):
        verify_opened(image, "another-password")
    data = bytearray(image.read_bytes())
    regions = {region.name: region for region in found.regions}
    largest = max((one for one in regions.values() if one.name.startswith("file ")), key=lambda one: one.length)
    data[largest.offset + largest.length // 2] ^= 1
    image.unlink()
    image.write_bytes(data)
    changed = where(verify_opened(image, PASSWORD))
    assert any(name.startswith("/DICOM/") for name in changed), changed


def test_on_the_command_line(tmp_path: Path, source: Path, known: None) -> None:
    image = made(source, tmp_path / "out", Encrypt(Method.ZIP, "asked")) / "volume_1.iso"
    (tmp_path / "wrong").write_text("another-password\n")
    done = verified(image, "--password", "env:DISC", DISC=PASSWORD)
    assert (done.returncode, "2 instances: good" in done.stdout) == (0, True), done.stdout + done.stderr
    wrong = verified(image, "--password", f"file:{tmp_path / 'wrong'}")
    assert (wrong.returncode, "the password is another one" in wrong.stderr) == (1, True), wrong.stderr
    shown = verified(image, "--password", PASSWORD)
    assert (shown.returncode, "not given on the command line" in shown.stderr) == (2, True), shown.stderr


def test_a_plain_image_has_nothing_to_open(tmp_path: Path, source: Path) -> None:
    image = made(source, tmp_path / "out", None) / "volume_1.iso"
    with pytest.raises(Unreadable, match="no Secure DICOM File"):
        verify_opened(image, PASSWORD)


@pytest.mark.peer("openssl")
def test_a_signed_disc_is_verified_by_openssl_and_by_us(tmp_path: Path, source: Path) -> None:
    (certificate, key, _), (signer, _, both) = pair(tmp_path, "reader"), pair(tmp_path, "signer")
    encrypt = Encrypt(Method.CMS, "", (str(certificate),), str(both))
    output = made(source, tmp_path / "out", encrypt)
    (first, *_) = sorted((output / "volume_1/DICOM").rglob("IM*"))
    opened, inner = tmp_path / "opened", tmp_path / "inner"
    decrypt = ["-decrypt", "-in", first, "-recip", certificate, "-inkey", key, "-out", inner]
    verify = ["-verify", "-in", inner, "-CAfile", signer, "-purpose", "any", "-out", opened]
    for words in (decrypt, verify):
        command = ["openssl", "cms", "-inform", "DER", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert opened.read_bytes()[128:132] == b"DICM"

    done = verified(output / "volume_1.iso", "--key", key)
    assert (done.returncode, "2 instances: good" in done.stdout) == (0, True), done.stdout + done.stderr
    other = verified(output / "volume_1.iso", "--key", pair(tmp_path, "other")[1])
    assert other.returncode == 1 and "key" in other.stderr
    with pytest.raises(BadOrder, match="certificate of the same key"):
        made(source, tmp_path / "two", encrypt._replace(signer=str(_mixed(tmp_path))))


def _mixed(folder: Path) -> Path:
    """A certificate with the key of another one."""
    (one, _, _), (_, key, _) = pair(folder, "one"), pair(folder, "two")
    (folder / "mixed").write_bytes(one.read_bytes() + key.read_bytes())
    return folder / "mixed"


def test_an_envelope_of_more_than_4_gib_has_its_lengths_and_can_be_read_from_anywhere(tmp_path: Path) -> None:
    """A File-set has no such file where a file system cannot (judgement's too-large); the format itself can."""
    size = (4 << 30) + 12345
    sealing = envelope(size, [PasswordRecipient(PASSWORD)])
    path = tmp_path / "large"
    head = sealing._head()
    with path.open("wb") as file:
        file.write(head)
        taken: list[bytes] = []

        def put(piece: memoryview) -> None:
            taken.append(bytes(piece))

        with pytest.raises(ValueError, match="expected 4294979641"):
            sealing.seal(lambda put: put(memoryview(b"begin")) or "", put)
        file.write(b"".join(taken)[len(head) :])
        file.truncate(sealing.sealed_bytes)
    with path.open("rb") as file:

        def read(offset: int, length: int) -> bytes:
            return os.pread(file.fileno(), length, offset)

        opened = SecureFile(read, path.stat().st_size, PasswordKey(PASSWORD))
        assert opened.size == size
        assert len(opened.read(size - 1000, 1000)) == 1000
        with pytest.raises(Unopened, match="password"):
            SecureFile(read, path.stat().st_size, PasswordKey("another-password"))
