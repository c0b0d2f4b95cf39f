"""What an encrypted image holds: opened with its password or key, the File-set inside checked; nothing is written."""

import hashlib
import hmac
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Protocol, cast

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from media.errors import Unreadable
from media.verify.check import Progress, verify_file_set, verify_image
from media.verify.cms import Key, PasswordKey, SecureFile
from media.verify.der import Unopened
from media.verify.findings import Kind, Region, Verification
from media.verify.image import SECTOR, Image
from media.verify.sealed import ARCHIVE, Part

CHUNK_BYTES = 1 << 20
BLOCK, MAC_BYTES, SALT_BYTES, CHECK_BYTES = 16, 10, 16, 2
ITERATIONS = 1000  # of WinZip's AE-2, with HMAC-SHA1
LOCAL_BYTES = 30  # of a member's own header, before its name
STORED = 0


class Plain(Protocol):
    """A file that is encrypted, as it is in the clear."""

    @property
    def size(self) -> int: ...

    def read(self, offset: int, length: int) -> bytes: ...

    def check(self) -> str:
        """Read all of it; its SHA-256. Raises Unopened when it was changed."""
        ...


def verify_opened(
    path: Path, password: str = "", key: RSAPrivateKey | None = None, progress: Progress | None = None
) -> Verification:
    """Check an encrypted image as such, then open it and check the File-set inside, each file against its digest.

    Raises Unreadable when it is not encrypted, or opens neither with the password nor with the key.
    """
    out = verify_image(path, progress=progress)
    regions = {region.name: region for region in out.regions}
    with Image(path) as image:
        try:
            if ARCHIVE in regions:
                files = dict(_members(image, regions[ARCHIVE], password))
            else:
                files = _secure_files(image, regions, PasswordKey(password) if password else key)
        except Unopened as error:
            raise Unreadable(str(path), str(error)) from error
        inside = _Inside(files)
        _check(files, out, progress)
        out.notes = [note for note in out.notes if not note.startswith("encrypted")]
        verify_file_set(inside, inside.places, out)
    return out


def _secure_files(image: Image, regions: Mapping[str, Region], key: Key | None) -> dict[str, Plain]:
    """The Secure DICOM Files of an image by absolute path."""
    if key is None:
        raise Unopened("it holds Secure DICOM Files; expected a password or a key")
    found: dict[str, Plain] = {}
    for name, region in regions.items():
        file = name.removeprefix("file ")
        if file == "/DICOMDIR" or file.startswith("/DICOM/"):
            found[file] = SecureFile(Part(image, region).at, region.length, key)
    if not found:
        raise Unopened("it is not encrypted: it holds neither DISC.ZIP nor Secure DICOM Files")
    return found


def _members(image: Image, region: Region, password: str) -> Iterator[tuple[str, Plain]]:
    """The members of the AES ZIP by absolute path."""
    import pyzipper

    try:
        with pyzipper.AESZipFile(cast(IO[bytes], Part(image, region))) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
    except pyzipper.BadZipFile as error:
        raise Unopened(f"DISC.ZIP cannot be read: {error}") from error
    for info in members:
        if info.compress_type != STORED or not info.flag_bits & 1 or info.wz_aes_strength != 3:
            raise Unopened(f"{info.filename} is not stored with AES of 256 bits")
        yield f"/{info.filename}", ZipMember(image, region, info.header_offset, info.compress_size, password)


class ZipMember:
    """A member that is stored, encrypted by WinZip's AE-2: AES-256 in counter mode, a little-endian counter from 1."""

    def __init__(self, image: Image, region: Region, at: int, stored_bytes: int, password: str) -> None:
        """Raises Unopened for another password."""
        head = image.read(region.offset + at, LOCAL_BYTES)
        names = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        start = region.offset + at + LOCAL_BYTES + names
        salt = image.read(start, SALT_BYTES)
        derived = PBKDF2HMAC(hashes.SHA1(), 66, salt, ITERATIONS).derive(password.encode("ascii", "replace"))  # noqa: S303
        self._key, self._mac_key, check = derived[:32], derived[32:64], derived[64:]
        if image.read(start + SALT_BYTES, CHECK_BYTES) != check:
            raise Unopened("the password is another one")
        self._image, self._start = image, start + SALT_BYTES + CHECK_BYTES
        self.size = stored_bytes - SALT_BYTES - CHECK_BYTES - MAC_BYTES

    def read(self, offset: int, length: int) -> bytes:
        first = offset // BLOCK
        blocks = -(-(offset + length) // BLOCK) - first
        counters = b"".join(number.to_bytes(BLOCK, "little") for number in range(first + 1, first + 1 + blocks))
        stream = Cipher(algorithms.AES(self._key), modes.ECB()).encryptor().update(counters)  # noqa: S305  # counter mode
        skipped = offset - first * BLOCK
        data = self._image.read(self._start + offset, length)
        mask = int.from_bytes(stream[skipped : skipped + length], "big")
        return (int.from_bytes(data, "big") ^ mask).to_bytes(length, "big")

    def check(self) -> str:
        digest, mac = hashlib.sha256(), hmac.new(self._mac_key, digestmod="sha1")
        for at in range(0, self.size, CHUNK_BYTES):
            length = min(CHUNK_BYTES, self.size - at)
            mac.update(self._image.read(self._start + at, length))
            digest.update(self.read(at, length))
        if mac.digest()[:MAC_BYTES] != self._image.read(self._start + self.size, MAC_BYTES):
            raise Unopened("its authentication code is another")
        return digest.hexdigest()


class _Inside:
    """The files one after another, each at a sector, as the checks of a File-set read them."""

    def __init__(self, files: Mapping[str, Plain]) -> None:
        self.places: dict[str, tuple[int, int]] = {}  # offset and length by name
        self._files = list(files.values())
        self._starts: list[int] = []
        self.size = 0
        for name, file in files.items():
            self.places[name] = (self.size, file.size)
            self._starts.append(self.size)
            self.size += -(-file.size // SECTOR) * SECTOR

    def read(self, offset: int, length: int) -> bytes:
        at = bisect_right(self._starts, offset) - 1
        if at < 0 or offset + length > self._starts[at] + self._files[at].size:
            raise Unreadable("the encrypted File-set", f"no file has {length} bytes at {offset}")
        return self._files[at].read(offset - self._starts[at], length)

    def sha256(self, offset: int, length: int) -> str:
        digest = hashlib.sha256()
        for at in range(offset, offset + length, CHUNK_BYTES):
            digest.update(self.read(at, min(CHUNK_BYTES, offset + length - at)))
        return digest.hexdigest()


def _check(files: Mapping[str, Plain], out: Verification, progress: Progress | None) -> None:
    """Hold each file against its digest, signature or code; one that was changed is a finding."""
    done, total = 0, sum(file.size for file in files.values())
    for name, file in files.items():
        try:
            file.check()
        except Unopened as error:
            out.add(Kind.DIFFERENT, name, str(error))
        done += file.size
        if progress:
            progress("bytes", done, total)
