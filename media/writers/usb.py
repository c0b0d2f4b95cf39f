"""Puts a File-set into the root of a mounted stick or card (PS3.12 R to U), and reads it back."""

import os
from dataclasses import dataclass
from pathlib import Path

from media.errors import Awaits, NotYet
from media.ports import ImageFile, VerifiedImage
from media.writers.folder import compare, copy_out
from media.writers.places import alone_at
from media.writers.receipts import is_done, receipt_of, save_receipt, save_whole, sha256_of, sync_folder

MARK = "UNDONE.TXT"  # on the stick while it is written: what it is to become
DICOMDIR = ("DICOMDIR",)


@dataclass(frozen=True, slots=True)
class UsbWriter:
    """`usb_N.json`: the receipt of a stick that was read back. `root` is where the stick is mounted."""

    root: Path

    def write(self, image: VerifiedImage, output: Path) -> str:
        """Copy, the DICOMDIR last, and read back. Raises NotYet while no empty stick is there, NoRoom, NotVerified.

        Only what an interrupted copy of the same volume left is taken away; other files stay, and are in the way
        when they have a name of the volume.
        """
        receipt, sha256 = receipt_of(image, "usb", output), sha256_of(image.path)
        if is_done(receipt, sha256):
            return receipt.name
        if not self.root.is_dir():
            raise NotYet(f"{image.name} waits for a stick at {self.root}")
        with alone_at(self.root, image.name):
            if image.copy > 1 or not self._holds(image):
                self._fill(image, sha256)
        return save_receipt(receipt, image, sha256, place=str(self.root))

    def _fill(self, image: VerifiedImage, sha256: str) -> None:
        mark = self.root / MARK
        if not (mark.exists() and mark.read_text(errors="replace").strip() == sha256):
            names = {file.path[0] for file in image.files} | {MARK}
            if taken := sorted(name for name in names if (self.root / name).exists()):
                raise NotYet(
                    f"{image.name} waits for an empty stick; the one at {self.root} has {taken[0]}", Awaits.SUPPLIES
                )
            save_whole(mark, sha256.encode() + b"\n")
        for file in sorted(image.files, key=lambda one: (one.path == DICOMDIR, one.path)):
            self._copy(image, file)
        for folder in {self._place(file.path).parent for file in image.files}:
            sync_folder(folder)
        for file in image.files:
            compare(image, file, sha256_of(self._place(file.path)))
        mark.unlink()
        sync_folder(self.root)

    def _holds(self, image: VerifiedImage) -> bool:
        """Whether all of it is there: the machine went down before the receipt was written."""
        if (self.root / MARK).exists() or not self._place(DICOMDIR).exists():
            return False
        places = ((self._place(file.path), file) for file in image.files)
        return all(place.is_file() and sha256_of(place) == file.sha256 for place, file in places)

    def _place(self, path: tuple[str, ...]) -> Path:
        return self.root.joinpath(*path)

    def _copy(self, image: VerifiedImage, file: ImageFile) -> None:
        place = self._place(file.path)
        copy_out(image, file, place)
        with place.open("rb") as written:
            os.posix_fadvise(written.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # what is read back is the stick
