"""Burns a volume (xorriso), reads the disc back byte for byte, ejects it."""

import os
import re
import stat
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from media.errors import Awaits, DeviceFailed, NotVerified, NotYet, Unreadable
from media.ports import VerifiedImage
from media.writers.places import alone_at
from media.writers.receipts import CHUNK_BYTES, is_done, receipt_of, save_receipt, sha256_of

ASK_S = 180.0  # a drive that loads a disc takes a minute
BURN_S = 3 * 3600.0  # a full BD at the lowest speed
STATUS = re.compile(r"^Media status : *(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class OpticalWriter:
    """`optical_N.json`: the receipt of a burned disc that was read back.

    drive    a drive such as /dev/sr0; a plain file is used as one that need not be blanked (xorriso's stdio:)
    program  xorriso, or what takes its arguments
    """

    drive: Path
    program: str = field(default="xorriso", repr=False)

    def write(self, image: VerifiedImage, output: Path) -> str:
        """Burn, read back, eject. Raises NotYet while no blank disc is in the drive, NotVerified, DeviceFailed.

        A disc in the drive that has the image already is not burned again: the machine went down after burning.
        """
        receipt, sha256 = receipt_of(image, "optical", output), sha256_of(image.path)
        if is_done(receipt, sha256):
            return receipt.name
        with alone_at(self.drive, image.name):
            return self._burned(image, receipt, sha256)

    def _burned(self, image: VerifiedImage, receipt: Path, sha256: str) -> str:
        if image.copy > 1 or not self._holds(image):
            self._wait_for_blank(image)
            self._run(BURN_S, "-as", "cdrecord", "-v", f"dev={self._address}", "-dao", "-data", str(image.path))
            self._reload()
            self._compare(image)
        name = save_receipt(receipt, image, sha256, drive=str(self.drive))
        if self._is_drive:
            self._run(ASK_S, "-outdev", self._address, "-eject", "all")
        return name

    @property
    def _is_drive(self) -> bool:
        try:
            return not stat.S_ISREG(self.drive.stat().st_mode)
        except FileNotFoundError:
            return False

    @property
    def _address(self) -> str:
        return str(self.drive) if self._is_drive else f"stdio:{self.drive}"

    def _wait_for_blank(self, image: VerifiedImage) -> None:
        if not self._is_drive and not self.drive.exists():
            raise NotYet(f"{self.drive} is not there; {image.name} waits for a blank disc")
        told = self._run(ASK_S, "-outdev", self._address, "-toc", may_fail=True)
        found = STATUS.search(told)
        status = found[1] if found else "no disc"
        if "is blank" not in status:
            raise NotYet(f"{image.name} waits for a blank disc in {self.drive}; there is: {status}", Awaits.SUPPLIES)

    def _reload(self) -> None:
        """Have the drive read the disc, not what it remembers of it."""
        if self._is_drive:
            self._run(ASK_S, "-outdev", self._address, "-eject", "all")
            self._run(ASK_S, "-outdev", self._address, "-load", "0", may_fail=True)

    def _holds(self, image: VerifiedImage) -> bool:
        try:
            self._compare(image)
        except (NotVerified, DeviceFailed):
            return False
        return True

    def _compare(self, image: VerifiedImage) -> None:
        """Read the disc back. Raises NotVerified with the first place that differs."""
        try:
            with image.path.open("rb") as wanted, self.drive.open("rb") as disc:
                os.posix_fadvise(disc.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                at = 0
                while expected := wanted.read(CHUNK_BYTES):
                    found = disc.read(len(expected))
                    if found != expected:
                        raise NotVerified(image.name, [_difference(image, at, expected, found)])
                    at += len(expected)
        except OSError as error:
            raise DeviceFailed(str(self.drive), error.strerror or type(error).__name__) from error

    def _run(self, seconds: float, *arguments: str, may_fail: bool = False) -> str:
        """What the program says. Raises DeviceFailed; Unreadable when it is not installed."""
        try:
            done = subprocess.run(
                [self.program, *arguments], capture_output=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL
            )
        except FileNotFoundError:
            raise Unreadable(str(self.drive), f"{self.program} is not installed; it burns discs") from None
        except subprocess.TimeoutExpired:
            raise DeviceFailed(str(self.drive), f"{self.program} did not end in {seconds:.0f} s") from None
        told = (done.stdout + done.stderr).decode("utf-8", "replace")
        if done.returncode and not may_fail:
            raise DeviceFailed(str(self.drive), " ".join(told.split())[-300:] or f"{self.program}: {done.returncode}")
        return told


def _difference(image: VerifiedImage, at: int, expected: bytes, found: bytes) -> str:
    """Where the disc first differs, and in which file that is."""
    end = min(len(expected), len(found))
    first = next((n for n in range(end) if expected[n] != found[n]), end) + at
    inside = (file for file in image.files if file.offset <= first < file.offset + file.length)
    where = next(("/" + "/".join(file.path) for file in inside), "outside of all files")
    return f"different: {where}: byte {first} of the disc is not that of the image"
