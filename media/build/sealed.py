"""The encrypted image of a verified volume: an AES ZIP with all of it, or its DICOM Files as Secure DICOM Files."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from media.build import companions
from media.build.cms import (
    CertificateRecipient,
    Digested,
    Envelope,
    Inner,
    PasswordRecipient,
    Put,
    Recipient,
    Signed,
    envelope,
)
from media.build.iso import Format, Last, Written, write_image
from media.build.opening import ARCHIVE, pages
from media.build.stream import Content, Entry, from_bytes, from_path
from media.errors import BadOrder
from media.fileset.encryption import Encrypt, Method
from media.ports import ImageFile, Progress, VerifiedImage
from media.writers.folder import chunks

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

FIRST_YEAR = 1980  # of a ZIP's times
VOLUME_IDENTIFIER = "ENCRYPTED"
FILE_BYTES, RECIPIENT_BYTES, DISC_BYTES = 4096, 1536, 64 << 10
"""The most that encryption adds to a file, for a recipient of it, and to a volume."""

Keys = dict[str, bytes]
"""The key of each Secure DICOM File by its name: what verification opens it with where there is no password."""


def added_bytes(order: Encrypt, files: int) -> int:
    """The most that a volume of so many files grows."""
    return files * (FILE_BYTES + RECIPIENT_BYTES * (1 + len(order.recipients))) + DISC_BYTES


def is_dicom(file: ImageFile) -> bool:
    """Whether a file of a volume belongs to the File-set."""
    return file.path[0] in ("DICOM", "DICOMDIR")


def seal_zip(
    image: VerifiedImage, password: str, reference: str, form: Format, target: Path, progress: Progress
) -> Written:
    """Write the image with the ZIP."""
    archive = target.with_name(f"{target.name}.zip.part")
    try:
        _write_zip(archive, image, password)
        entry = Entry(ARCHIVE, size := archive.stat().st_size, from_path(archive, size))
        return _write([entry], Method.ZIP, reference, form, target, progress)
    finally:
        archive.unlink(missing_ok=True)


def seal_files(
    image: VerifiedImage,
    recipients: Sequence[Recipient],
    inside: Inner,
    reference: str,
    form: Format,
    target: Path,
    progress: Progress,
) -> tuple[Written, Keys]:
    """Write the image with Secure DICOM Files; their names stay (PS3.15 D.1)."""
    entries, keys = [], {}
    for file in filter(is_dicom, image.files):
        sealing = envelope(file.length, recipients, inside)
        keys["/".join(file.path)] = sealing.key
        entries.append(Entry(file.path, sealing.sealed_bytes, _sealed(sealing, image.path, file)))
    return _write(entries, Method.CMS, reference, form, target, progress), keys


def recipients_of(order: Encrypt, password: str) -> list[Recipient]:
    """Those who can open the files. Raises BadOrder."""
    found: list[Recipient] = [PasswordRecipient(password)] if password else []
    for name in order.recipients:
        try:
            found.append(CertificateRecipient(_certificate(Path(name))))
        except (OSError, ValueError) as error:
            raise BadOrder(f"certificate {name}: {error}") from error
    return found


def inside_of(order: Encrypt) -> Inner:
    """What stands in the envelopes: with a signer a signature, else a digest. Raises BadOrder."""
    if not order.signer:
        return Digested()
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate

    try:
        data = Path(order.signer).read_bytes()
        certificate, key = load_pem_x509_certificate(data), load_pem_private_key(data, None)
    except (OSError, ValueError, TypeError) as error:
        raise BadOrder(
            f"signer {order.signer}: {error}; expected a certificate and its key without password"
        ) from error
    if not isinstance(key, RSAPrivateKey) or certificate.public_key() != key.public_key():
        raise BadOrder(f"signer {order.signer}: expected an RSA key and the certificate of the same key")
    return Signed(certificate, key)


def _certificate(path: Path) -> "Certificate":
    from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate

    data = path.read_bytes()
    return load_pem_x509_certificate(data) if b"-----BEGIN" in data else load_der_x509_certificate(data)


def _write(
    entries: list[Entry], method: Method, reference: str, form: Format, target: Path, progress: Progress
) -> Written:
    for name, data in pages(method, reference).items():
        entries.append(Entry(name, len(data), from_bytes(data)))
    size = companions.checksum_size(entry.path for entry in entries)
    return write_image(target, form, entries, Last(companions.CHECKSUM, size, companions.checksum_text), progress)


def _sealed(sealing: Envelope, image: Path, file: ImageFile) -> Content:
    def content(put: Put) -> str:
        for chunk in chunks(image, file):
            put(memoryview(chunk))
        return ""

    def stream(put: Put) -> str:
        return sealing.seal(content, put)

    return stream


def _write_zip(path: Path, image: VerifiedImage, password: str) -> None:
    """Every file of the volume, stored: AE-2 has no checksum of the plain bytes in the clear."""
    import pyzipper

    moment = time.gmtime(image.created_s)
    when = (max(moment.tm_year, FIRST_YEAR), *moment[1:6])
    with pyzipper.AESZipFile(path, "w", compression=pyzipper.ZIP_STORED) as archive:
        archive.setpassword(password.encode("ascii"))
        archive.setencryption(pyzipper.WZ_AES, nbits=256, force_wz_aes_version=pyzipper.zipfile_aes.WZ_AES_V2)
        for file in sorted(image.files, key=lambda one: one.path):
            info = archive.zipinfo_cls("/".join(file.path), when)
            info.file_size = file.length
            with archive.open(info, "w", force_zip64=file.length > 0x7FFF_0000) as member:
                for chunk in chunks(image.path, file):
                    member.write(chunk)
