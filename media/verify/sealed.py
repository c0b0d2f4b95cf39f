"""Verification of an encrypted image: what it shows in the clear, and every file in it opened and compared."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, cast

from media.errors import Unreadable
from media.verify.check import Progress, verify_image
from media.verify.cms import PasswordKey, opened_sha256
from media.verify.der import Unopened
from media.verify.findings import Kind, Region, Verification
from media.verify.image import Image

ARCHIVE = "file /DISC.ZIP"
CHUNK_BYTES = 1 << 20


def verify_sealed(
    path: Path,
    files: Mapping[str, str],
    password: str,
    keys: Mapping[str, bytes] | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Open every file of an encrypted image and compare it.

    files     SHA-256 by name ("DICOM/…") of all that has to be in it
    password  what opens it; '' where only certificates do: then `keys` has the key of each file by name
    """
    found = verify_image(path, progress=progress)
    regions = {region.name: region for region in found.regions}
    with Image(path) as image:
        if ARCHIVE in regions:
            _archive(image, regions[ARCHIVE], files, password, found)
        else:
            _files(image, regions, files, PasswordKey(password) if password else None, keys or {}, found)
    found.instances = sum(name.startswith("DICOM/") for name in files)
    return found


def _files(
    image: Image,
    regions: Mapping[str, Region],
    files: Mapping[str, str],
    password: PasswordKey | None,
    keys: Mapping[str, bytes],
    out: Verification,
) -> None:
    for name, sha256 in files.items():
        region = regions.get(f"file /{name}")
        if region is None:
            out.add(Kind.MISSING, name, "is not on the encrypted image")
            continue
        start = region.offset

        def read(offset: int, length: int, start: int = start) -> bytes:
            return image.read(start + offset, length)

        try:
            if opened_sha256(read, region.length, password or keys[name]) != sha256:
                out.add(Kind.DIFFERENT, name, "what is in the envelope is another file")
        except Unopened as error:
            out.add(Kind.DIFFERENT, name, str(error))


def _archive(image: Image, region: Region, files: Mapping[str, str], password: str, out: Verification) -> None:
    import pyzipper

    try:
        with pyzipper.AESZipFile(cast(IO[bytes], Part(image, region))) as archive:
            archive.setpassword(password.encode("ascii", "replace"))
            names = {info.filename for info in archive.infolist()}
            for name in names ^ set(files):
                kind = Kind.MISSING if name in files else Kind.UNEXPECTED
                out.add(kind, name, "is not what the encrypted ZIP has to hold")
            for name in names & set(files):
                digest = hashlib.sha256()
                with archive.open(name) as member:
                    while chunk := member.read(CHUNK_BYTES):
                        digest.update(chunk)
                if digest.hexdigest() != files[name]:
                    out.add(Kind.DIFFERENT, name, "what is in the encrypted ZIP is another file")
    except (pyzipper.BadZipFile, RuntimeError, OSError, Unreadable) as error:
        out.add(Kind.DIFFERENT, "DISC.ZIP", f"cannot be opened with the password: {error}")


class Part:
    """A run of bytes of an image as a file."""

    def __init__(self, image: Image, region: Region) -> None:
        self._image, self._region, self._at = image, region, 0

    def at(self, offset: int, length: int) -> bytes:
        """Bytes of the run."""
        return self._image.read(self._region.offset + offset, length)

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._region.length)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(self._region.length - self._at, 0)
        size = left if size < 0 else min(size, left)
        data = self._image.read(self._region.offset + self._at, size)
        self._at += size
        return data
