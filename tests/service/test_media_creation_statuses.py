"""Media Creation Management: every status and every Execution Status Info, each provoked on the running service.

PROVOKED and CANNOT_OCCUR together are the table of the standard (PS3.3 C.22.1.3), STATUSES the codes of PS3.4 S.3.2.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, generate_uid
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage

from samples.make import ct_image, put_pixels
from tests.faults.test_disk_full import small_disk
from tests.service.test_media_creation import CANCEL, INITIATE, PATIENCE_S, Scu, scu
from tests.serving import Serving

# xorriso, but `hold` keeps it from ending and `flip` changes a byte of what it burned.
BURNER = """#!{python}
import os, pathlib, subprocess, sys, time
folder = pathlib.Path({folder!r})
code = subprocess.call([{xorriso!r}, *sys.argv[1:]])
if "-dao" in sys.argv:
    (folder / "burning").touch()
    while (folder / "hold").exists():
        time.sleep(0.05)
    if (folder / "flip").exists():
        with open(folder / "drive", "r+b") as disc:
            byte = disc.read(5000)[4999]
            disc.seek(4999)
            disc.write(bytes([byte ^ 1]))
sys.exit(code)
"""
OPTICAL, ROBOT = {"IncludeNonDICOMObjects": "FOR_PHYSICIAN"}, {"IncludeNonDICOMObjects": "FOR_TEACHING"}


class House:
    """The service with a drive, a robot's folder, and studies it has received."""

    def __init__(self, folder: Path, service: Serving) -> None:
        self.folder, self.service = folder, service
        self.drive, self.robot = folder / "drive", folder / "robot"

    def store(self, *instances: Dataset) -> list[str]:
        ae = AE("MODALITY")
        for syntax in {str(one.file_meta.TransferSyntaxUID) for one in instances}:
            ae.add_requested_context(CTImageStorage, syntax)
        assoc = ae.associate("127.0.0.1", self.service.port, ae_title="ARCHIVE")
        assert assoc.is_established
        try:
            assert [assoc.send_c_store(one).Status for one in instances] == [0] * len(instances)
        finally:
            assoc.release()
        return [str(one.SOPInstanceUID) for one in instances]

    def steer(self, name: str, on: bool) -> None:
        path = self.folder / name
        path.touch() if on else path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("creation")
    (folder / "robot").mkdir()
    (folder / "bin").mkdir()
    burner = folder / "bin" / "xorriso"
    burner.write_text(BURNER.format(python=sys.executable, folder=str(folder), xorriso=shutil.which("xorriso")))
    burner.chmod(0o755)
    presets = {
        "patient": {"viewer": "none", "medium": "1000000"},
        "physician": {"viewer": "none", "writers": [f"optical:{folder / 'drive'}"], "medium": "CD-R-700"},
        "teaching": {
            "viewer": "none",
            "writers": [f"hot_folder:{folder / 'robot'}"],
            "medium": "CD-R-700",
            "de_identify": "",
        },
    }
    environment = {"PRINTMGR_PRESETS": json.dumps(presets), "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    with Serving(folder / "run", environment) as service:
        yield House(folder, service)


@pytest.fixture
def client(house: House) -> Iterator[Scu]:
    for name in ("hold", "flip", "burning", "drive"):
        house.steer(name, False)
    house.drive.touch()
    with scu(house.service.port) as one:
        yield one
    house.steer("hold", False)


def image(**more: Any) -> Dataset:
    """A CT slice of a study of its own."""
    ds = ct_image(0, 1, 64)
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = (generate_uid() for _ in range(3))
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def large(rows: int) -> Dataset:
    return put_pixels(image(), np.zeros((rows, 1024), np.uint16), 12)


def broken() -> Dataset:
    """Compressed pixels that are none."""
    ds = image()
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    ds.PixelData = encapsulate([b"no JPEG at all\0\0"])
    return ds


def until(condition: Callable[[], bool], what: object = "") -> None:
    patience = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < patience, what
        time.sleep(0.05)


def told(client: Scu, uid: str, wanted: tuple[str, str]) -> Dataset:
    """The answer of N-GET once it says this."""
    seen: list[tuple[str, str]] = []

    def says() -> bool:
        seen.append(client.state(uid))
        return seen[-1] == wanted or seen[-1][0] in ("DONE", "FAILURE")

    until(says, seen)
    assert seen[-1] == wanted, seen
    return client.get(uid)[1]


def initiated(client: Scu, *uids: str, **attributes: Any) -> str:
    status, uid = client.create(*uids, **attributes)
    assert (status, client.act(uid, INITIATE)) == (0, 0)
    return uid


# --- Execution Status Info


@dataclass(frozen=True)
class Row:
    """How an Execution Status Info is provoked: what is requested, and what N-GET then says."""

    execution: str
    request: Callable[[House, Scu], str]
    reason: int = 0  # Failure Reason of the one instance that failed


def _queued(house: House, client: Scu) -> str:
    """Behind one that is being burned."""
    house.steer("hold", True)
    initiated(client, *house.store(image()), **OPTICAL)
    until((house.folder / "burning").exists)
    return initiated(client, *house.store(image()))


def _no_drive(house: House, client: Scu) -> str:
    house.drive.unlink()
    return initiated(client, *house.store(image()), **OPTICAL)


def _disc_in_drive(house: House, client: Scu) -> str:
    house.drive.write_bytes(b"a disc that somebody has burned".ljust(1 << 20, b"!"))
    return initiated(client, *house.store(image()), **OPTICAL)


def _robot_gone(house: House, client: Scu) -> str:
    house.robot.rename(house.folder / "robot.away")
    try:
        uid = initiated(client, *house.store(image()), **ROBOT)
        told(client, uid, ("FAILURE", "CHECK_MCD_SRV"))
    finally:
        (house.folder / "robot.away").rename(house.robot)
    return uid


def _robot_fails(house: House, client: Scu) -> str:
    before = set(house.robot.glob("*.json"))
    uid = initiated(client, *house.store(image()), **ROBOT)
    until(lambda: bool(set(house.robot.glob("*.json")) - before))
    (ticket,) = set(house.robot.glob("*.json")) - before
    ticket.with_suffix(".status").write_text("FAILED\nthe arm is stuck")
    return uid


def _flipped(house: House, client: Scu) -> str:
    house.steer("flip", True)
    return initiated(client, *house.store(image()), **OPTICAL)


def _class_that_is_not_it(house: House, client: Scu) -> str:
    item = client._reference(*house.store(image()), "")
    item.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    return initiated(client, ReferencedSOPSequence=[item])


def _twice(house: House, client: Scu) -> str:
    (one,) = house.store(image())
    return initiated(client, one, one)


def _set_too_large(house: House, client: Scu) -> str:
    uids = house.store(*(large(300) for _ in range(2)))
    return initiated(client, *uids, AllowMediaSplitting="NO")


def _several_profiles(house: House, client: Scu) -> str:
    one, two = house.store(image(), image())
    items = [client._reference(one, "STD-GEN-CD"), client._reference(two, "STD-GEN-DVD-JPEG")]
    return initiated(client, ReferencedSOPSequence=items)


def _by_profile(profile: str, make: Callable[[], Dataset] = image) -> Callable[[House, Scu], str]:
    return lambda house, client: initiated(client, *house.store(make()), profile=profile)


def _of(make: Callable[[], Dataset], **attributes: Any) -> Callable[[House, Scu], str]:
    return lambda house, client: initiated(client, *house.store(make()), **attributes)


PROVOKED: dict[str, dict[str, Row]] = {
    "NORMAL": {
        "waits for Initiate": Row("IDLE", lambda house, client: client.create(*house.store(image()))[1]),
        "made": Row("DONE", _of(image)),
    },
    "QUEUED": {"another is burned": Row("PENDING", _queued)},
    "CHECK_MCD_OP": {"there is no drive": Row("PENDING", _no_drive)},
    "OUT_OF_SUPPLIES": {"no blank disc": Row("PENDING", _disc_in_drive)},
    "MCD_BUSY": {"the robot has not taken it": Row("PENDING", _of(image, **ROBOT))},
    "CHECK_MCD_SRV": {"the robot's folder is gone": Row("FAILURE", _robot_gone)},
    "MCD_FAILURE": {
        "the burner flips a byte": Row("FAILURE", _flipped),
        "the robot says so": Row("FAILURE", _robot_fails),
    },
    "DIR_PROC_ERR": {"no Patient ID": Row("FAILURE", _of(lambda: image(PatientID="")), 0x0110)},
    "DUPL_REF_INST": {"named twice": Row("FAILURE", _twice, 0x0110)},
    "INST_AP_CONFLICT": {"a CT as ultrasound": Row("FAILURE", _by_profile("STD-US-ID-SF-CDR"), 0x0202)},
    "INST_OVERSIZED": {"1.2 MB on a medium of 1 MB": Row("FAILURE", _of(lambda: large(600)), 0x0205)},
    "SET_OVERSIZED": {"needs two, may not split": Row("FAILURE", _set_too_large)},
    "NO_INSTANCE": {
        "never received": Row("FAILURE", lambda _house, client: initiated(client, "1.2.3.4"), 0x0112),
        "of another class": Row("FAILURE", _class_that_is_not_it, 0x0119),
    },
    "NOT_SUPPORTED": {
        "no such profile": Row("FAILURE", _by_profile("STD-NONE")),
        "a secure one": Row("FAILURE", _by_profile("STD-GEN-SEC-CD")),
        "two profiles": Row("FAILURE", _several_profiles),
    },
    "PROC_FAILURE": {"pixels that nobody can decode": Row("FAILURE", _by_profile("STD-GEN-CD", broken), 0x0203)},
}
ELSEWHERE = {"INSUFFIC MEMORY": "test_a_full_disk_is_insufficient_memory"}
CANNOT_OCCUR = {"UNKNOWN": "whatever fails has an error's kind, and each kind has another info here"}
DEFINED = {
    *("NORMAL", "CHECK_MCD_OP", "CHECK_MCD_SRV", "DIR_PROC_ERR", "DUPL_REF_INST", "INST_AP_CONFLICT", "INST_OVERSIZED"),
    *("INSUFFIC MEMORY", "MCD_BUSY", "MCD_FAILURE", "NO_INSTANCE", "NOT_SUPPORTED", "OUT_OF_SUPPLIES", "PROC_FAILURE"),
    *("QUEUED", "SET_OVERSIZED", "UNKNOWN"),
}
ROWS = [(info, how) for info, ways in PROVOKED.items() for how in ways]


def test_every_defined_info_is_in_the_table() -> None:
    assert PROVOKED.keys() | ELSEWHERE.keys() | CANNOT_OCCUR.keys() == DEFINED
    assert all(name in globals() for name in ELSEWHERE.values())


@pytest.mark.peer("xorriso")
@pytest.mark.parametrize(("info", "how"), ROWS, ids=[f"{info}: {how}" for info, how in ROWS])
def test_execution_status_info(house: House, client: Scu, info: str, how: str) -> None:
    row = PROVOKED[info][how]
    uid = row.request(house, client)
    found = told(client, uid, (row.execution, info))
    assert [one.FailureReason for one in found.FailedSOPSequence] == [row.reason] * bool(row.reason)
    assert len(found.ReferencedStorageMediaSequence) == (row.execution == "DONE")
    if row.execution == "PENDING":
        assert client.act(uid, CANCEL) == 0
        until(lambda: not list(house.robot.iterdir()), "the robot's ticket was not taken back")


def test_a_full_disk_is_insufficient_memory(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    presets = {"PRINTMGR_PRESETS": json.dumps({"patient": {"viewer": "none"}})}
    with small_disk(tmp_path / "run" / "discs", "300k"), Serving(tmp_path / "run", presets) as service:
        house = House(tmp_path, service)
        with scu(service.port) as client:
            uid = initiated(client, *house.store(large(300)))
            found = told(client, uid, ("FAILURE", "INSUFFIC MEMORY"))
            assert found.TotalNumberOfPiecesOfMediaCreated == 0


# --- statuses


@pytest.mark.peer("xorriso")
def test_what_is_burned_cannot_be_cancelled(house: House, client: Scu) -> None:
    """C202H while the disc is in the burner; then it is done, in two copies, and C201H."""
    (one,) = house.store(image())
    house.steer("hold", True)
    uid = initiated(client, one, **OPTICAL)
    until((house.folder / "burning").exists)
    assert client.act(uid, CANCEL) == 0xC202
    assert client.state(uid) == ("CREATING", "NORMAL")
    house.steer("hold", False)
    assert client.ended(uid).ExecutionStatus == "DONE"
    assert client.act(uid, CANCEL) == 0xC201


def test_what_the_robot_has_begun_cannot_be_cancelled(house: House, client: Scu) -> None:
    uid = initiated(client, *house.store(image()), **ROBOT)
    until(lambda: bool(list(house.robot.glob("*.json"))))
    (ticket,) = house.robot.glob("*.json")
    told(client, uid, ("PENDING", "MCD_BUSY"))
    ticket.with_suffix(".status").write_text("WORKING\n")
    told(client, uid, ("CREATING", "NORMAL"))
    assert client.act(uid, CANCEL) == 0xC202
    ticket.with_suffix(".status").write_text("DONE\n")
    found = client.ended(uid)
    assert (found.ExecutionStatus, found.TotalNumberOfPiecesOfMediaCreated) == ("DONE", 1)
    assert list(house.robot.iterdir()) == []


def _created(house: House, client: Scu, **attributes: Any) -> int:
    return client.create(*house.store(image()), **attributes)[0]


def _with_known_uid(house: House, client: Scu) -> int:
    (one,), uid = house.store(image()), generate_uid()
    assert client.create(one, uid=uid)[0] == 0
    return client.create(one, uid=uid)[0]


def _idle(house: House, client: Scu) -> str:
    return client.create(*house.store(image()))[1]


def _by_another(house: House, client: Scu) -> int:
    uid = _idle(house, client)
    with scu(house.service.port, "OTHER") as other:
        return other.act(uid, CANCEL)


def _initiated_twice(house: House, client: Scu) -> int:
    uid = initiated(client, *house.store(image()))
    return client.act(uid, INITIATE)


def _cancelled_at_the_end(house: House, client: Scu) -> int:
    uid = initiated(client, *house.store(image()))
    assert client.ended(uid).ExecutionStatus == "DONE"
    return client.act(uid, CANCEL)


STATUSES: dict[tuple[str, int], Callable[[House, Scu], int]] = {
    ("N-CREATE", 0x0000): _created,
    ("N-CREATE", 0x0106): lambda house, client: _created(house, client, AllowMediaSplitting="MAYBE"),
    ("N-CREATE", 0x0111): _with_known_uid,
    ("N-CREATE", 0x0117): lambda house, client: _created(house, client, uid="1.2.a"),
    ("N-CREATE", 0x0120): lambda house, client: _created(house, client, ReferencedSOPSequence=[]),
    ("N-ACTION", 0x0000): lambda house, client: client.act(_idle(house, client), CANCEL),
    ("N-ACTION", 0x0112): lambda _house, client: client.act("1.2.3.4", INITIATE),
    ("N-ACTION", 0x0115): lambda house, client: client.act(_idle(house, client), INITIATE, RequestPriority="NOW"),
    ("N-ACTION", 0x0123): lambda house, client: client.act(_idle(house, client), 3),
    ("N-ACTION", 0xA510): _initiated_twice,
    ("N-ACTION", 0xC201): _cancelled_at_the_end,
    ("N-ACTION", 0xC203): _by_another,
    ("N-GET", 0x0000): lambda house, client: client.get(_idle(house, client))[0],
    ("N-GET", 0x0001): lambda house, client: client.get(_idle(house, client), [0x21000020, 0x22000003])[0],
    ("N-GET", 0x0112): lambda _house, client: client.get("1.2.3.4")[0],
}
"""C202H has two tests of its own. 0110H comes when the database has no room; 0211H and the like are the node's."""


@pytest.mark.parametrize(("operation", "status"), STATUSES, ids=[f"{name} {code:04X}H" for name, code in STATUSES])
def test_status(house: House, client: Scu, operation: str, status: int) -> None:
    assert STATUSES[operation, status](house, client) == status


# --- what an Initiate asks for


def test_copies_of_a_file_are_names_of_the_same_bytes(house: House, client: Scu) -> None:
    _, uid = client.create(*house.store(image()), StorageMediaFileSetID="COPIES")
    assert client.act(uid, INITIATE, NumberOfCopies=3) == 0
    found = client.ended(uid)
    assert (found.ExecutionStatus, found.TotalNumberOfPiecesOfMediaCreated) == ("DONE", 3)
    assert [one.StorageMediaFileSetID for one in found.ReferencedStorageMediaSequence] == ["COPIES"]
    (made,) = [path.parent for path in house.folder.glob("run/discs/*/volume_1_copy_3.iso")]
    images = sorted(path.name for path in made.glob("*.iso"))
    assert images == ["volume_1.iso", "volume_1_copy_2.iso", "volume_1_copy_3.iso"]
    assert len({(made / name).read_bytes() for name in images}) == 1


@pytest.mark.peer("xorriso")
def test_a_higher_priority_goes_first(house: House, client: Scu) -> None:
    house.steer("hold", True)
    first = initiated(client, *house.store(image()), **OPTICAL)
    until((house.folder / "burning").exists)
    made: dict[str, str] = {}
    for priority in ("LOW", "MED", "HIGH"):
        _, made[priority] = client.create(*house.store(image()), StorageMediaFileSetID=f"P_{priority}")
        assert client.act(made[priority], INITIATE, RequestPriority=priority) == 0
    assert {client.state(uid) for uid in made.values()} == {("PENDING", "QUEUED")}
    house.steer("hold", False)
    assert [client.ended(uid).ExecutionStatus for uid in (first, *made.values())] == ["DONE"] * 4
    times = {
        json.loads(path.read_bytes())["volumes"][0]["file_set_id"]: path.stat().st_mtime_ns
        for path in house.folder.glob("run/discs/*/report.json")
        if json.loads(path.read_bytes())["state"] == "done"
    }
    assert times["P_HIGH"] < times["P_MED"] < times["P_LOW"]
