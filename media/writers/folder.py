"""Writes a volume as a folder: for a USB stick or memory card that is formatted already (PS3.12 R to U)."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from media.errors import NotVerified
from media.ports import ImageFile, VerifiedImage

CHUNK_BYTES = 1 << 20


class FolderWriter:
    """`volume_N/`: DICOMDIR, files and companions, read back before the folder gets its name."""

    def write(self, image: VerifiedImage, output: Path) -> str:
        """Copy the files out of the image, then compare each with the hash that verification found."""
        target = output / image.name
        part = output / f".{image.name}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        for file in image.files:
            copy_out(image, file, part.joinpath(*file.path))
        for file in image.files:
            with part.joinpath(*file.path).open("rb") as written:
                compare(image, file, hashlib.file_digest(written, "sha256").hexdigest())
        if target.exists():
            shutil.rmtree(target)
        part.rename(target)
        return target.name


def copy_out(image: VerifiedImage, file: ImageFile, place: Path) -> None:
    """Copy one file out of an image, onto the disk."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("wb") as out:
        for chunk in chunks(image.path, file):
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    os.utime(place, (image.created_s, image.created_s))


def chunks(image: Path, file: ImageFile) -> Iterator[bytes]:
    """The bytes of one file out of the image."""
    with image.open("rb") as source:
        source.seek(file.offset)
        left = file.length
        while left:
            chunk = source.read(min(left, CHUNK_BYTES))
            if not chunk:
                raise NotVerified(image.name, [f"/{'/'.join(file.path)} goes beyond the image"])
            left -= len(chunk)
            yield chunk


def compare(image: VerifiedImage, file: ImageFile, digest: str) -> None:
    """Raise NotVerified when what was written is not what the image has."""
    if digest != file.sha256:
        raise NotVerified(image.name, [f"different: /{'/'.join(file.path)}: not the bytes of the image"])
