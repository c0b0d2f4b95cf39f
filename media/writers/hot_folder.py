"""Hands a volume to a robot through the folder it watches: image, label and ticket; its status is read back."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from media.errors import DeviceFailed, NotYet, Unreadable
from media.ports import VerifiedImage
from media.writers.receipts import is_done, receipt_of, save_receipt, save_whole, sha256_of
from media.writers.robots import ROBOTS, Robot, RobotJob, Standing

WAIT_S = 24 * 3600.0  # for a robot that somebody has to fill up again
SHORT_ID = 16
LABEL_DPI = 300


@dataclass(frozen=True, slots=True)
class HotFolderWriter:
    """`hot_folder_N.json`: the receipt of what the robot says is done.

    folder   the robot's, as it is mounted here
    seen_as  the same folder as the robot names it in tickets, such as C:\\PTBurnJobs
    """

    folder: Path
    kind: str = "hot_folder"
    seen_as: str = ""
    wait_s: float = WAIT_S

    @property
    def _robot(self) -> Robot:
        return ROBOTS[self.kind]

    def write(self, image: VerifiedImage, output: Path) -> str:
        """Leave image, label and ticket once, then look what became of it.

        Raises NotYet until the robot is done, DeviceFailed, Unreadable. When it failed, or said nothing in `wait_s`,
        all of the job is taken out of the folder again.
        """
        receipt, sha256 = receipt_of(image, self.kind, output), sha256_of(image.path)
        if is_done(receipt, sha256):
            return receipt.name
        if not self.folder.is_dir():
            raise Unreadable(str(self.folder), "is no folder; expected the one the robot watches")
        job = f"{image.name.upper()}_{sha256[:SHORT_ID].upper()}"
        if not self._robot.is_known(self.folder, job):
            save_whole(self._note(image.name, output), job.encode())
            self._submit(image, job, sha256)
        standing = self._robot.standing(self.folder, job)
        if standing.ended:
            name = save_receipt(receipt, image, sha256, job=job, said=standing.said[:500])
            self._end(image.name, job, output)
            return name
        if standing.ended is None and time.time() - (self.folder / f"{job}.iso").stat().st_mtime <= self.wait_s:
            said = f"{image.name} is with the robot at {self.folder}: {standing.said[:60] or 'not taken yet'}"
            raise NotYet(said, standing.awaits, standing.begun)
        self._end(image.name, job, output)
        raise DeviceFailed(str(self.folder), self._fault(job, standing))

    def withdraw(self, name: str, output: Path) -> bool:
        """Take the volume of this name back; False when the robot has begun it."""
        note = self._note(name, output)
        if not note.exists():
            return True
        withdrawn = self._robot.withdraw(self.folder, note.read_text())
        if withdrawn:
            note.unlink()
        return withdrawn

    def _fault(self, job: str, standing: Standing) -> str:
        if standing.ended is None:
            return f"the robot did not end {job} in {self.wait_s:.0f} s"
        return f"the robot failed: {' '.join(standing.said.split())[:300] or 'no reason'}"

    def _end(self, name: str, job: str, output: Path) -> None:
        self._robot.take_out(self.folder, job)
        self._note(name, output).unlink(missing_ok=True)

    def _note(self, name: str, output: Path) -> Path:
        """Beside the volumes: which job of the robot's it is."""
        return output / f".{self.kind}_{name}.job"

    def _submit(self, image: VerifiedImage, job: str, sha256: str) -> None:
        part = self.folder / f".{job}.part"
        shutil.copyfile(image.path, part)
        if sha256_of(part) != sha256:
            part.unlink()
            raise Unreadable(str(self.folder), f"{job}.iso is not what was written; expected the bytes of the image")
        part.replace(self.folder / f"{job}.iso")
        label = ""
        if image.label is not None:
            label = f"{job}.{self._robot.label}"
            save_whole(self.folder / label, image.label if self._robot.label == "pdf" else picture(image.label))
        size = image.path.stat().st_size
        ticket = RobotJob(job, size, sha256, image.copies, self.seen_as, label, image.fields)
        self._robot.submit(self.folder, ticket)


def picture(pdf: bytes) -> bytes:
    """The first page of a label as a JPEG, for printers that take no PDF."""
    import cv2
    import pypdfium2

    with pypdfium2.PdfDocument(pdf) as document:
        pixels = document[0].render(scale=LABEL_DPI / 72).to_numpy()
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])
