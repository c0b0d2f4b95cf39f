"""DCMTK's senders against the study inbox, beside DCMTK's own receiver that keeps the bytes it gets (storescp +B)."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pydicom
import pytest

from media.scp.contexts import STORAGE_CLASSES, TRANSFER_SYNTAXES
from media.studies import StudyState
from service.store.completeness import Rule
from tests.receiving import ARCHIVE, data_set_of, receiving
from tests.serving import free_port

NOT_IN_THEIR_SYNTAX = {"SC_rgb_jpeg.dcm"}  # the data set has another encoding than the file says
NOT_READ_BY_DCMTK = NOT_IN_THEIR_SYNTAX | {"rtdose_rle.dcm", "rtdose_rle_1frame.dcm"}  # UIDs of VR UN
FILES = Path(pydicom.__file__).parent / "data" / "test_files"

pytestmark = pytest.mark.peer("storescu", "dcmsend", "storescp", "echoscu")


def sendable() -> list[Path]:
    """The files that come with pydicom and that are instances with a study, each UID once."""
    found: dict[str, Path] = {}
    for path in sorted(FILES.glob("*.dcm")):
        try:
            ds = pydicom.dcmread(path, stop_before_pixels=True)
            meta = ds.file_meta
            named = ds.get("StudyInstanceUID") and ds.get("SeriesInstanceUID")
            known = meta.MediaStorageSOPClassUID in STORAGE_CLASSES and meta.TransferSyntaxUID in TRANSFER_SYNTAXES
            same = (meta.MediaStorageSOPInstanceUID, meta.MediaStorageSOPClassUID) == (
                ds.SOPInstanceUID,
                ds.SOPClassUID,
            )
        except (pydicom.errors.InvalidDicomError, AttributeError):
            continue
        if named and known and same:
            found.setdefault(ds.SOPInstanceUID, path)
    return list(found.values())


def send(program: str, port: int, options: list[str], files: list[Path]) -> str:
    command = [program, "-v", *options, "-aec", ARCHIVE, "127.0.0.1", str(port), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


@contextmanager
def storescp(folder: Path, *options: str) -> Iterator[int]:
    """DCMTK's receiver on a free port, keeping the bytes it gets."""
    folder.mkdir()
    port = free_port()
    process = subprocess.Popen(["storescp", "+B", "-aet", ARCHIVE, "-od", str(folder), *options, str(port)])
    try:
        for _ in range(100):
            if subprocess.run(["echoscu", "127.0.0.1", str(port)], capture_output=True, check=False).returncode == 0:
                break
            assert process.poll() is None, f"storescp ended at once on port {port}"
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def by_uid(files: list[Path]) -> dict[tuple[str, str], bytes]:
    """SOP Instance UID and transfer syntax -> data set."""
    found = {}
    for path in files:
        meta = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=[]).file_meta
        found[meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID] = data_set_of(path)
    return found


@pytest.mark.parametrize(
    ("program", "options", "accepted"),
    [
        ("dcmsend", ["-dn", "-nuc"], "+xa"),
        ("storescu", ["-xb"], "+xb"),
        ("storescu", ["-xi"], "+xi"),
        ("storescu", ["-xd"], "+xd"),
    ],
    ids=["as the files are", "big endian", "implicit", "deflated"],
)
def test_what_dcmtk_sends_is_kept_byte_for_byte(tmp_path, program, options, accepted):
    files = [path for path in sendable() if path.name not in NOT_READ_BY_DCMTK]
    if program == "storescu":  # which converts uncompressed files to what was accepted
        files = [
            path for path in files if path.name in ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "ExplVR_BigEnd.dcm")
        ]
    with receiving(tmp_path) as ours, ours.listen() as port, storescp(tmp_path / "theirs", accepted) as their_port:
        told = send(program, port, options, files)
        send(program, their_port, options, files)
        kept = by_uid(ours.files())
    theirs = by_uid([path for path in (tmp_path / "theirs").iterdir() if path.is_file()])
    assert len(theirs) == len(files), "the comparison compares nothing"
    assert kept.keys() == theirs.keys(), told
    assert [key for key in kept if kept[key] != theirs[key]] == []


def test_echo_and_a_title_nobody_has(tmp_path):
    with receiving(tmp_path) as ours, ours.listen() as port:
        asked = ["echoscu", "-aec", ARCHIVE, "127.0.0.1", str(port)]
        assert subprocess.run(asked, capture_output=True, check=False).returncode == 0
        asked[2] = "NOBODY"
        refused = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert refused.returncode != 0 and "Called AE Title Not Recognized" in refused.stderr


def test_a_series_sent_twice_is_there_once_and_complete_after_quiet_time(tmp_path):
    files = [FILES / "CT_small.dcm", FILES / "MR_small.dcm"]
    with receiving(tmp_path, rule=Rule(quiet_s=0.5)) as ours, ours.listen() as port:
        for _ in range(2):
            assert send("storescu", port, [], files).count("(Success)") == 2
        assert len(ours.files()) == 2
        patience = time.monotonic() + 20
        while time.monotonic() < patience and any(one.state is not StudyState.COMPLETE for one in ours.studies()):
            time.sleep(0.05)
        assert [one.state for one in ours.studies()] == [StudyState.COMPLETE] * 2


def test_many_senders_at_once(tmp_path):
    copies = []
    for number in range(6):
        ds = pydicom.dcmread(FILES / "CT_small.dcm")
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.4.{number}"
        copies.append(tmp_path / f"{number}.dcm")
        ds.save_as(copies[-1])
    with receiving(tmp_path) as ours, ours.listen() as port:
        command = ["storescu", "-aec", ARCHIVE, "127.0.0.1", str(port)]
        senders = [subprocess.Popen([*command, *map(str, copies)], env=dict(os.environ)) for _ in range(4)]
        assert [sender.wait(60) for sender in senders] == [0] * 4
        assert len(ours.files()) == 6
        assert [one.instances for one in ours.studies()] == [6]
