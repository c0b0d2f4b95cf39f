"""A Modality Worklist as a peer: DCMTK's wlmscpfs on loopback, with entries that pydicom writes."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from tests.serving import free_port

AE_TITLE = "WORKLIST"


def write_entry(folder: Path, name: str, *, station: str, date: str, clock: str, **patient: str) -> None:
    """One scheduled procedure step; what wlmscpfs wants of a file is filled up."""
    entry, step = Dataset(), Dataset()
    entry.SpecificCharacterSet = "ISO_IR 100"
    entry.PatientName = entry.PatientID = entry.PatientBirthDate = entry.PatientSex = ""
    entry.AccessionNumber = entry.ReferringPhysicianName = ""
    entry.StudyInstanceUID = generate_uid()
    entry.RequestedProcedureID, entry.RequestedProcedureDescription = "R1", "EXAM"
    for keyword, value in patient.items():
        setattr(entry, keyword, value)
    step.Modality, step.ScheduledStationAETitle = "CT", station
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = date, clock
    step.ScheduledProcedureStepID, step.ScheduledProcedureStepDescription = "S1", "EXAM"
    step.ScheduledPerformingPhysicianName = "NOBODY"
    entry.ScheduledProcedureStepSequence = [step]
    entry.file_meta = FileMetaDataset()
    entry.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    entry.file_meta.MediaStorageSOPClassUID, entry.file_meta.MediaStorageSOPInstanceUID = (
        "1.2.276.0.7230010.3.1.0.1",
        "1.2",
    )
    entry.save_as(folder / AE_TITLE / f"{name}.wl", enforce_file_format=True)


def make_folder(folder: Path) -> Path:
    (folder / AE_TITLE).mkdir(parents=True)
    (folder / AE_TITLE / "lockfile").touch()
    return folder


@contextmanager
def worklist_peer(folder: Path) -> Iterator[int]:
    """A running wlmscpfs over `folder`; its port."""
    port = free_port()
    process = subprocess.Popen(
        ["wlmscpfs", "--single-process", "-dfp", str(folder), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_listening(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def wait_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until the kernel says so: a connection that says nothing may end the peer."""
    patience = time.monotonic() + 30
    while time.monotonic() < patience and process.poll() is None:
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        if any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows):
            return
        time.sleep(0.02)
    raise AssertionError(f"the worklist does not listen: {process.poll()}")
