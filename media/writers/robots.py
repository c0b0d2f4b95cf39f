"""PLUGIN POINT. How robots take jobs out of a folder: the ticket, how far it is, how it is taken back.

`hot_folder`  our own tickets, for what can be taught: JOB.txt and JOB.json, JOB.status written by the robot
`ptburn`      Primera PTBurn: JOB.jrq, which the robot renames as it goes on; JOB.ptm takes it back
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from media.errors import Awaits
from media.writers.receipts import save_whole

CLIENT = "printmgr"
MERGED = ("patient_name", "patient_id", "birth_date", "made", "institution", "content", "of", "number", "studies")
"""The fields of a label that a robot's own label design may have, in this order."""


AWAITS = {"SUPPLIES": Awaits.SUPPLIES, "OPERATOR": Awaits.OPERATOR}


@dataclass(frozen=True, slots=True)
class RobotJob:
    """What a robot is to do. `folder` is the robot's as it sees it itself, "" for the same name as here."""

    name: str
    size_bytes: int
    sha256: str
    copies: int
    folder: str = ""
    label: str = ""  # file name of the label's picture or PDF, "" without one
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def image(self) -> str:
        return f"{self.name}.iso"

    def seen(self, here: Path, name: str) -> str:
        """A file of the folder by the name that the robot knows it by."""
        folder = self.folder or str(here)
        return folder.rstrip("\\/") + ("\\" if "\\" in folder else "/") + name


class Standing(NamedTuple):
    """How far the robot is: `ended` is None while it is not, else whether it went well."""

    ended: bool | None
    begun: bool
    awaits: Awaits
    said: str


class Robot(Protocol):
    """One way to speak with robots."""

    label: str  # ending of the label that it takes

    def is_known(self, folder: Path, job: str) -> bool:
        """Whether the job is in the folder, in whatever state."""
        ...

    def submit(self, folder: Path, job: RobotJob) -> None:
        """Leave the ticket; image and label are there."""
        ...

    def standing(self, folder: Path, job: str) -> Standing:
        """How far it is."""
        ...

    def withdraw(self, folder: Path, job: str) -> bool:
        """Take a job back; False when it was begun."""
        ...

    def take_out(self, folder: Path, job: str) -> None:
        """Remove all of a job that has ended."""
        ...


class OwnTickets:
    """JOB.txt with `KEY = value` lines, then JOB.json with the same. The first line of JOB.status is one of
    WAITING, SUPPLIES (blank discs or ink), OPERATOR, WORKING, DONE and FAILED, what follows is said to people."""

    label = "pdf"

    def is_known(self, folder: Path, job: str) -> bool:
        return (folder / f"{job}.json").exists()

    def submit(self, folder: Path, job: RobotJob) -> None:
        ticket = {
            "job": job.name,
            "image": job.image,
            "size_bytes": job.size_bytes,
            "sha256": job.sha256,
            "copies": job.copies,
            "verify": True,
        }
        if job.label:
            ticket |= {"label": job.label}
        lines = [f"{key.upper()} = {value}" for key, value in ticket.items()]
        lines += [f"FIELD {key} = {_line(job.fields[key])}" for key in MERGED if job.fields.get(key)]
        save_whole(folder / f"{job.name}.txt", "".join(f"{line}\r\n" for line in lines).encode())
        whole = {**ticket, "fields": {key: job.fields[key] for key in MERGED if job.fields.get(key)}}
        save_whole(folder / f"{job.name}.json", json.dumps(whole, indent=1, ensure_ascii=False).encode() + b"\n")

    def standing(self, folder: Path, job: str) -> Standing:
        state, _, said = _text(folder / f"{job}.status").partition("\n")
        state = state.strip().upper()
        ended = {"DONE": True, "FAILED": False}.get(state)
        return Standing(ended, state == "WORKING", AWAITS.get(state, Awaits.DEVICE), said.strip() or state)

    def withdraw(self, folder: Path, job: str) -> bool:
        if self.standing(folder, job).begun:
            return False
        self.take_out(folder, job)
        return True

    def take_out(self, folder: Path, job: str) -> None:
        for ending in ("json", "txt", "pdf", "iso", "status"):  # without its ticket the robot does not begin
            (folder / f"{job}.{ending}").unlink(missing_ok=True)


class PTBurn:
    """The job files of Primera's PTBurn 3 SDK: .JRQ is ours, the robot renames it to .QRJ, .INP, then .DON or .ERR.

    Its printer takes pictures, not PDFs; the values of MergeField fill a design of SureThing's in their order.
    """

    label = "jpg"
    _ENDINGS = ("JRQ", "QRJ", "INP", "DON", "ERR")

    def is_known(self, folder: Path, job: str) -> bool:
        return self._found(folder, job) != ""

    def submit(self, folder: Path, job: RobotJob) -> None:
        lines = [
            f"JobID = {job.name[:32]}",
            f"ClientID = {CLIENT}",
            f"ImageFile = {job.seen(folder, job.image)}",
            f"Copies = {job.copies}",
            "VerifyDisc = YES",
            "RejectIfNotBlank = YES",
            "CloseDisc = YES",
            "DeleteFiles = NO",
        ]
        if job.label:
            lines.append(f"PrintLabel = {job.seen(folder, job.label)}")
        lines += [f"MergeField = {_line(job.fields.get(key, ''))}" for key in MERGED if job.label]
        data = "".join(f"{line}\r\n" for line in lines).encode("cp1252", "replace")
        save_whole(folder / f"{job.name}.JRQ", data)

    def standing(self, folder: Path, job: str) -> Standing:
        found = self._found(folder, job)
        ended = {"DON": True, "ERR": False}.get(found)
        said = self._said(folder, job)
        return Standing(ended, found == "INP", Awaits.DEVICE, said or found)

    def withdraw(self, folder: Path, job: str) -> bool:
        """By the robot's own command once it knows the job; what is in process is not aborted."""
        found = self._found(folder, job)
        if found == "INP":
            return False
        if found == "JRQ":
            self.take_out(folder, job)
        elif found == "QRJ":
            save_whole(folder / f"{job}.PTM", f"Message = ABORT\r\nClientID = {CLIENT}\r\n".encode("ascii"))
            for ending in ("iso", self.label):
                (folder / f"{job}.{ending}").unlink(missing_ok=True)
        return True

    def take_out(self, folder: Path, job: str) -> None:
        for path in self._files(folder, job):
            path.unlink(missing_ok=True)

    def _found(self, folder: Path, job: str) -> str:
        endings = {path.suffix[1:].upper() for path in self._files(folder, job)}
        return next((ending for ending in reversed(self._ENDINGS) if ending in endings), "")

    def _files(self, folder: Path, job: str) -> list[Path]:
        """The job's files; the robot's system does not tell large letters from small ones."""
        return [path for path in folder.iterdir() if path.stem == job]

    def _said(self, folder: Path, job: str) -> str:
        """What the status files say of the job."""
        said = ""
        for path in sorted((folder / "Status").glob("*.txt")):
            section = ""
            for line in _text(path).splitlines():
                key, _, value = line.strip().partition("=")
                section = key[1:-1] if key.startswith("[") else section
                if section == job and key.strip() in ("CurrentStatus", "JobErrorString") and value.strip():
                    said = value.strip()
        return said


ROBOTS: dict[str, Robot] = {"hot_folder": OwnTickets(), "ptburn": PTBurn()}


def _line(text: str) -> str:
    return " ".join(text.split())


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return ""
