"""Hands a volume to a robot through the folder it watches: the image, a job ticket, and a status that is read back.

JOB.iso             the image, whole before the ticket is there
JOB.txt, JOB.json   the ticket: `KEY = value` lines for what reads lines, and the same as JSON; .json comes last
JOB.status          written by the robot: first line WAITING, WORKING, DONE or FAILED, then what it has to say
"""

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from media.errors import NotYet, Unreadable
from media.ports import VerifiedImage
from media.writers.receipts import is_done, receipt_of, save_receipt, save_whole, sha256_of

WAIT_S = 24 * 3600.0  # for a robot that somebody has to fill up again
SHORT_ID = 16


@dataclass(frozen=True, slots=True)
class HotFolderWriter:
    """`hot_folder_N.json`: the receipt of what the robot says is done."""

    folder: Path
    wait_s: float = WAIT_S

    def write(self, image: VerifiedImage, output: Path) -> str:
        """Leave image and ticket once, then look what became of it. Raises NotYet until the robot is done, Unreadable.

        When it failed, or said nothing in `wait_s`, all of the job is taken out of the folder again.
        """
        receipt, sha256 = receipt_of(image, "hot_folder", output), sha256_of(image.path)
        if is_done(receipt, sha256):
            return receipt.name
        if not self.folder.is_dir():
            raise Unreadable(str(self.folder), "is no folder; expected the one the robot watches")
        job = f"{image.name.upper()}_{sha256[:SHORT_ID].upper()}"
        ticket = self.folder / f"{job}.json"
        if not ticket.exists():
            self._submit(image, job, sha256)
        state, _, said = self._status(job).partition("\n")
        waited = time.time() - ticket.stat().st_mtime
        match state.strip().upper():
            case "DONE":
                name = save_receipt(receipt, image, sha256, job=job, said=said.strip()[:500])
                self._take_out(job)
                return name
            case "FAILED":
                self._take_out(job)
                raise Unreadable(str(self.folder), f"the robot failed: {' '.join(said.split())[:300] or 'no reason'}")
        if waited > self.wait_s:
            self._take_out(job)
            raise Unreadable(str(self.folder), f"the robot did not end {job} in {self.wait_s:.0f} s")
        raise NotYet(f"{image.name} is with the robot at {self.folder}: {state.strip()[:60] or 'not taken yet'}")

    def _submit(self, image: VerifiedImage, job: str, sha256: str) -> None:
        part = self.folder / f".{job}.iso.part"
        shutil.copyfile(image.path, part)
        if sha256_of(part) != sha256:
            part.unlink()
            raise Unreadable(str(self.folder), f"{job}.iso is not what was written; expected the bytes of the image")
        part.replace(self.folder / f"{job}.iso")
        ticket = {
            "job": job,
            "image": f"{job}.iso",
            "size_bytes": image.path.stat().st_size,
            "sha256": sha256,
            "copies": image.copies,
            "verify": True,
        }
        lines = "".join(f"{key.upper()} = {value}\r\n" for key, value in ticket.items())
        save_whole(self.folder / f"{job}.txt", lines.encode())
        save_whole(self.folder / f"{job}.json", json.dumps(ticket, indent=1).encode() + b"\n")

    def _status(self, job: str) -> str:
        try:
            return (self.folder / f"{job}.status").read_text("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def _take_out(self, job: str) -> None:
        for ending in ("json", "txt", "iso", "status"):  # without its ticket the robot does not begin
            (self.folder / f"{job}.{ending}").unlink(missing_ok=True)
