"""Writes a volume as a ZIP (PS3.12 V): for STD-GEN-ZIP-MAIL, and for a USB stick in one file."""

import hashlib
import os
import time
import zipfile
from pathlib import Path

from media.ports import VerifiedImage
from media.writers.folder import CHUNK_BYTES, chunks, compare

FIRST_YEAR = 1980  # of a ZIP's times


class ZipWriter:
    """`volume_N.zip`: the files stored as they are, in order, read back before the ZIP gets its name."""

    def write(self, image: VerifiedImage, output: Path) -> str:
        """Store the files; the same image gives the same bytes."""
        target = output / f"{image.name}.zip"
        part = output / f".{target.name}.part"
        moment = time.gmtime(image.created_s)
        when = (max(moment.tm_year, FIRST_YEAR), *moment[1:6])
        with part.open("wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for entry in sorted(image.files, key=lambda one: one.path):
                    info = zipfile.ZipInfo("/".join(entry.path), when)
                    info.file_size = entry.length
                    info.create_system = 3
                    info.external_attr = 0o100644 << 16
                    with archive.open(info, "w", force_zip64=entry.length > 0x7FFF_FFFF) as member:
                        for chunk in chunks(image.path, entry):
                            member.write(chunk)
            os.fsync(file.fileno())
        with zipfile.ZipFile(part) as archive:
            for entry in image.files:
                digest = hashlib.sha256()
                with archive.open("/".join(entry.path)) as stored:
                    while chunk := stored.read(CHUNK_BYTES):
                        digest.update(chunk)
                compare(image, entry, digest.hexdigest())
        part.replace(target)
        return target.name
