"""Writes a volume as its ISO image."""

import errno
import os
import shutil
from pathlib import Path

from media.ports import VerifiedImage


class ImageWriter:
    """`volume_N.iso`: the verified file itself under its final name."""

    def write(self, image: VerifiedImage, output: Path) -> str:
        """Give the image its name: a second link where the file system has links, else a copy."""
        target = output / f"{image.name}.iso"
        part = output / f".{target.name}.part"
        part.unlink(missing_ok=True)
        try:
            part.hardlink_to(image.path)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK):
                raise
            shutil.copyfile(image.path, part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(target)
        part.unlink(missing_ok=True)  # renaming one link of a file to another leaves both (POSIX rename)
        return target.name
