"""Rules on the running service, with Orthanc as the archive that says how many images a study has."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage

from service.people import Passwords
from service.second_person import confirm
from service.store import discs, jobs, people
from service.store.discs import DiscRecord
from service.store.engine import Store
from service.store.jobs import JobState
from service.store.people import PersonRole
from tests.peers.test_archives import PATIENCE_S, House, Orthanc
from tests.receiving import instance
from tests.serving import Serving, free_port

STUDY, QUICK, OTHER = "1.2.7.1", "1.2.7.2", "1.2.7.3"
DOCTOR = "Hausarzt^Hans"
RULES = [
    {"name": "gp", "station": "CT_X", "referrer": "hausarzt^*", "preset": "patient", "archive": "PACS"},
    {"name": "quick", "station": "CT_Q", "preset": "physician", "proof": "quiet"},
]
PRESETS = {"patient": {"viewer": "none"}, "physician": {"viewer": "none", "medium": "600000000"}}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    port, data = free_port(), tmp_path / "run"
    orthanc = Orthanc(tmp_path / "orthanc", port)
    peer = {"kind": "query_retrieve", "host": "127.0.0.1", "port": orthanc.dicom, "ae_title": "ORTHANC"}
    environment = {
        "PRINTMGR_DATA_DIR": str(data),
        "PRINTMGR_DICOM": json.dumps({"port": port, "open": True}),
        "PRINTMGR_INBOX": json.dumps({"quiet_s": 1.0}),
        "PRINTMGR_ARCHIVES": json.dumps([{"name": "PACS", "timeout_s": 20, **peer}]),
        "PRINTMGR_RULES": json.dumps(RULES),
        "PRINTMGR_PRESETS": json.dumps(PRESETS),
    }
    try:
        with Serving(data, environment) as service:
            store = Store(f"sqlite:///{data / 'printmgr.db'}")
            yield House(data, environment, orthanc, store, service)
            store.close()
    finally:
        orthanc.kill()


def send(house: House, calling_ae: str, study: str, numbers: range, **more: str) -> None:
    """C-STORE instances as a modality; they are those that Orthanc gets by the same numbers."""
    ae = AE(calling_ae)
    ae.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    port = json.loads(house.environment["PRINTMGR_DICOM"])["port"]
    assoc = ae.associate("127.0.0.1", port, ae_title="ARCHIVE")
    assert assoc.is_established
    for number in numbers:
        uid = f"{study}.1.{number + 1}"
        ds = instance(number, study=study, series=f"{study}.1", uid=uid, ReferringPhysicianName=DOCTOR, **more)
        assert assoc.send_c_store(ds).Status == 0
    assoc.release()


def until(condition: Callable[[], object], what: str) -> None:
    patience = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < patience, what
        time.sleep(0.2)


def made(house: House, rule: str) -> list[DiscRecord]:
    with house.store.read() as connection:
        found = [one for one in discs.listed(connection) if one.ordered_by == f"rule {rule}"]
    return sorted(found, key=lambda one: one.id)


def held_back(house: House, saying: str) -> Callable[[], bool]:
    return lambda: [one["reason"] for one in house.answer("disc", "waiting")] == [saying]  # type: ignore[attr-defined]


def finished(house: House, disc: DiscRecord) -> tuple[int, str]:
    """Instances on the verified disc of a job, and its File-set ID."""
    ended = house.until(disc.id, lambda job: job.state in jobs.ENDED, "ended")
    assert ended.state is JobState.DONE, ended.error
    verified = house.answer("disc", "verify", house.data / "discs" / disc.id / "volume_1.iso")
    assert verified["good"]  # type: ignore[index]
    report = json.loads((house.data / "discs" / disc.id / "report.json").read_bytes())
    return verified["instances"], report["volumes"][0]["file_set_id"]  # type: ignore[index]


@pytest.mark.peer("Orthanc")
def test_a_study_becomes_a_disc_when_the_archive_proves_it_whole(house: House) -> None:
    house.orthanc.put(STUDY, 3, "Doe^Jane")
    send(house, "CT_X", STUDY, range(2))
    send(house, "CT_Z", OTHER, range(1))
    until(held_back(house, "archive PACS lists 3 images of it, of which 1 are not here"), "held back")
    send(house, "CT_Q", QUICK, range(1), PatientID="P2", PatientName="Roe^Jo")
    until(lambda: made(house, "quick"), "made by quiet time")
    assert made(house, "gp") == []

    send(house, "CT_X", STUDY, range(2, 3))
    until(lambda: made(house, "gp"), "let go when all had come")
    (first,) = made(house, "gp")
    assert (finished(house, first), first.medium) == ((3, "DISC"), "CD-R-700")
    assert (finished(house, *made(house, "quick")), made(house, "quick")[0].medium) == ((1, "DISC"), "600000000")
    assert house.answer("disc", "waiting") == []

    house.orthanc.kill()
    send(house, "CT_X", STUDY, range(3, 4))
    until(lambda: "archive PACS cannot tell" in str(house.answer("disc", "waiting")), "held back without archive")
    house.orthanc.start()
    house.orthanc.put(STUDY, 4, "Doe^Jane")
    until(lambda: len(made(house, "gp")) == 2, "a supplementary disc")
    assert finished(house, made(house, "gp")[1]) == (1, "SUPPLEMENT")
    with house.store.read() as connection:
        ordered = {discs.one(connection, one.id).study_uids for one in discs.listed(connection)}
    assert ordered == {(STUDY,), (QUICK,)}  # none of OTHER

    two = house.disc(house.data / "both", f"inbox:{STUDY}", f"inbox:{QUICK}")
    with house.store.write() as connection:
        assert jobs.state_of(connection, two) is JobState.UNCONFIRMED
        people.add(connection, "bert", PersonRole.DESK, Passwords().hash("a long password"))
    confirm(house.store, two, "bert", "desk", "")
    ended = house.until(two, lambda job: job.state in jobs.ENDED, "ended")
    assert ended.state is JobState.DONE, ended.error
