"""Media Creation Management on the wire, with stock pynetdicom as the SCU: from request to disc, and every status."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage, MediaCreationManagement

from media.scp.contexts import MEDIA_CREATION, presentation_contexts
from media.scp.handlers import InboxSCP
from printmgr.scu import undisturbed
from samples.make import ct_image
from service.config import Settings
from service.store import jobs
from service.store.jobs import JobState
from service.titles import Application
from service.wiring.media_requests import Requests
from tests.receiving import ARCHIVE, Receiving, hand_over, instance
from tests.serving import Serving

PATIENCE_S = 300.0
CT = str(CTImageStorage)


class Creating(Receiving):
    """An inbox that takes media creation requests too."""

    def __init__(self, folder: Path, **more: Any) -> None:
        super().__init__(folder)
        self.requests = Requests(Settings(data_dir=folder, database_url=self.database, **more))
        self.scp = InboxSCP(self.inbox, ("1.2.3.4", "TEST"), self.requests)

    def applications(self) -> dict[str, Application]:
        return {ARCHIVE: Application(presentation_contexts(creation=True), self.scp.handlers())}

    def stop(self) -> None:
        self.requests.close()
        super().stop()


class Scu:
    """A media creation SCU."""

    def __init__(self, port: int, calling_ae: str = "RIS") -> None:
        ae = AE(calling_ae)
        ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 30
        ae.add_requested_context(MEDIA_CREATION, ExplicitVRLittleEndian)
        ae.add_requested_context(CT, ExplicitVRLittleEndian)
        self.commands: list[Dataset] = []  # of the answers
        heard = [(evt.EVT_DIMSE_RECV, lambda event: self.commands.append(event.message.command_set))]
        self.assoc = ae.associate("127.0.0.1", port, ae_title=ARCHIVE, evt_handlers=heard)
        assert self.assoc.is_established

    def create(self, *instances: str, uid: str = "", **attributes: Any) -> tuple[int, str]:
        """Status and SOP Instance UID."""
        asked = Dataset()
        profile = attributes.pop("profile", "")
        asked.ReferencedSOPSequence = [self._reference(one, profile) for one in instances]
        for keyword, value in attributes.items():
            setattr(asked, keyword, value)
        status, _ = self.assoc.send_n_create(asked, MEDIA_CREATION, uid or None)
        return status.Status, self.commands[-1].get("AffectedSOPInstanceUID", "")

    def _reference(self, uid: str, profile: str) -> Dataset:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CT, uid
        item.RequestedMediaApplicationProfile = profile
        return item

    def act(self, uid: str, action: int, **information: Any) -> int:
        asked = Dataset()
        for keyword, value in information.items():
            setattr(asked, keyword, value)
        status, _ = self.assoc.send_n_action(asked if information else None, action, MEDIA_CREATION, uid)
        return int(status.Status)

    def get(self, uid: str, tags: list[int] | None = None) -> tuple[int, Dataset]:
        status, found = self.assoc.send_n_get(tags or [], MEDIA_CREATION, uid)
        return int(status.Status), found

    def state(self, uid: str) -> tuple[str, str]:
        status, found = self.get(uid)
        assert status == 0
        return str(found.ExecutionStatus), str(found.ExecutionStatusInfo)

    def ended(self, uid: str) -> Dataset:
        until = time.monotonic() + PATIENCE_S
        seen = []
        while (found := self.get(uid)[1]).ExecutionStatus not in ("DONE", "FAILURE"):
            seen.append(found.ExecutionStatus)
            assert time.monotonic() < until, seen
            time.sleep(0.2)
        assert set(seen) <= {"PENDING", "CREATING"}
        return found


@contextmanager
def scu(port: int, calling_ae: str = "RIS") -> Iterator[Scu]:
    made = Scu(port, calling_ae)
    try:
        with undisturbed(made.assoc):
            yield made
    finally:
        if made.assoc.is_established:
            made.assoc.release()


@pytest.fixture
def creating(tmp_path: Path) -> Iterator[tuple[Creating, Scu]]:
    made = Creating(tmp_path)
    made.inbox.start()
    for number in range(2):
        hand_over(made, instance(number))
    with made.listen() as port, scu(port) as client:
        yield made, client
    made.stop()


UID0, UID1 = "1.2.3.1.0", "1.2.3.1.1"
INITIATE, CANCEL = 1, 2


def test_a_request_waits_until_it_is_initiated_and_is_gone_when_cancelled(creating: tuple[Creating, Scu]) -> None:
    made, client = creating
    status, uid = client.create(UID0, UID1)
    assert status == 0
    assert client.state(uid) == ("IDLE", "NORMAL")
    assert client.act(uid, INITIATE, NumberOfCopies=2, RequestPriority="HIGH") == 0
    assert client.state(uid) == ("PENDING", "QUEUED")
    assert client.act(uid, INITIATE) == 0xA510
    with made.store.read() as connection:
        (job_id, _), *_ = jobs.ordered(connection, {"disc": 4})
        job = jobs.one(connection, job_id)
    request = json.loads(job.request)
    assert job.priority == 1
    assert request["copies"] == 2
    assert len(request["sources"]) == 2
    assert client.act(uid, CANCEL) == 0
    assert client.get(uid)[0] == client.act(uid, CANCEL) == client.act(uid, INITIATE) == 0x0112
    with made.store.read() as connection:
        assert jobs.state_of(connection, job_id) is JobState.CANCELLED
    _, idle = client.create(UID0)
    assert (client.act(idle, CANCEL), client.get(idle)[0]) == (0, 0x0112)


def test_who_did_not_request_it_may_not_cancel(creating: tuple[Creating, Scu]) -> None:
    made, client = creating
    _, uid = client.create(UID0)
    with made.listen() as port, scu(port, "OTHER") as other:
        assert other.act(uid, CANCEL) == 0xC203
        assert other.state(uid) == ("IDLE", "NORMAL")


def test_a_request_without_uid_gets_one_and_one_with_a_known_uid_is_refused(creating: tuple[Creating, Scu]) -> None:
    _, client = creating
    uid = generate_uid()
    assert client.create(UID0, uid=uid) == (0, uid)
    status, given = client.create(UID0)
    assert (status, client.state(given)) == (0, ("IDLE", "NORMAL"))
    assert client.create(UID0, uid=uid)[0] == 0x0111


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ({"AllowMediaSplitting": "MAYBE"}, 0x0106),
        ({"IncludeNonDICOMObjects": "FOR_CATS"}, 0x0106),
        ({"IncludeDisplayApplication": "1"}, 0x0106),
        ({"AllowLossyCompression": "SOME"}, 0x0106),
        ({"ReferencedSOPSequence": []}, 0x0120),
        ({"ReferencedSOPSequence": [Dataset()]}, 0x0120),
    ],
)
def test_what_an_n_create_may_not_say(creating: tuple[Creating, Scu], attributes: Any, status: int) -> None:
    _, client = creating
    assert client.create(UID0, **attributes)[0] == status


def test_what_an_n_action_and_an_n_get_may_not_say(creating: tuple[Creating, Scu]) -> None:
    _, client = creating
    _, uid = client.create(UID0)
    assert client.act(uid, 3) == 0x0123
    assert client.act("1.2.3.4.5", INITIATE) == 0x0112
    assert client.act(uid, INITIATE, NumberOfCopies=0) == 0  # none said: one
    _, uid = client.create(UID0)
    assert client.act(uid, INITIATE, NumberOfCopies=1000) == 0x0115
    assert client.act(uid, INITIATE, RequestPriority="NOW") == 0x0115
    assert client.state(uid) == ("IDLE", "NORMAL")
    status, found = client.get(uid, [0x21000020, 0x22000003])
    assert (status, found.ExecutionStatus, len(found)) == (0x0001, "IDLE", 1)


@pytest.mark.parametrize(
    ("instances", "attributes", "info", "reasons"),
    [
        ((UID0, "1.2.3.9"), {}, "NO_INSTANCE", {"1.2.3.9": 0x0112}),
        ((UID0, UID0), {}, "DUPL_REF_INST", {UID0: 0x0110}),
        ((UID0,), {"profile": "STD-NONE"}, "NOT_SUPPORTED", {}),
        ((UID0,), {"profile": "STD-GEN-SEC-CD"}, "NOT_SUPPORTED", {}),
    ],
)
def test_what_cannot_be_made_fails_and_says_why(
    creating: tuple[Creating, Scu], instances: tuple[str, ...], attributes: Any, info: str, reasons: dict[str, int]
) -> None:
    _, client = creating
    status, uid = client.create(*instances, **attributes)
    assert (status, client.act(uid, INITIATE)) == (0, 0)
    _, found = client.get(uid)
    assert (found.ExecutionStatus, found.ExecutionStatusInfo) == ("FAILURE", info)
    assert {one.ReferencedSOPInstanceUID: one.FailureReason for one in found.FailedSOPSequence} == reasons
    assert client.act(uid, INITIATE) == 0xA510
    assert client.act(uid, CANCEL) == 0xC201


def test_the_class_of_an_instance_must_be_the_one_it_has(creating: tuple[Creating, Scu]) -> None:
    _, client = creating
    item = client._reference(UID0, "")
    item.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    _, uid = client.create(ReferencedSOPSequence=[item])
    assert client.act(uid, INITIATE) == 0
    _, found = client.get(uid)
    assert found.FailedSOPSequence[0].FailureReason == 0x0119


def test_from_request_to_discs_by_the_service(tmp_path: Path) -> None:
    """Stored, requested, made, read back; one that needs two volumes, one that its profile forbids."""
    presets = {"patient": {"viewer": "none"}, "physician": {"viewer": "none", "medium": "400000"}}
    instances = [ct_image(number, 12, 128) for number in range(12)]
    with Serving(tmp_path / "run", {"PRINTMGR_PRESETS": json.dumps(presets)}) as service, scu(service.port) as client:
        for one in instances:
            assert client.assoc.send_c_store(one).Status == 0
        uids = [one.SOPInstanceUID for one in instances]
        wanted: dict[str, Callable[[], tuple[int, str]]] = {
            "whole": lambda: client.create(
                *uids,
                profile="STD-GEN-CD",
                StorageMediaFileSetID="FOR_RIS",
                LabelUsingInformationExtractedFromInstances="YES",
                LabelText="Ward 7",
                BarcodeValue="B4711",
            ),
            "split": lambda: client.create(*uids, IncludeNonDICOMObjects="FOR_PHYSICIAN"),
            "not split": lambda: client.create(*uids, IncludeNonDICOMObjects="FOR_PHYSICIAN", AllowMediaSplitting="NO"),
            "ultrasound": lambda: client.create(uids[0], profile="STD-US-ID-SF-CDR"),
        }
        made = {}
        for name, create in wanted.items():
            status, uid = create()
            assert (status, client.act(uid, INITIATE)) == (0, 0)
            made[name] = uid
        found = {name: client.ended(uid) for name, uid in made.items()}
        assert client.act(made["whole"], CANCEL) == 0xC201
    outcome = {name: (one.ExecutionStatus, one.ExecutionStatusInfo) for name, one in found.items()}
    assert outcome == {
        "whole": ("DONE", "NORMAL"),
        "split": ("DONE", "NORMAL"),
        "not split": ("FAILURE", "SET_OVERSIZED"),
        "ultrasound": ("FAILURE", "INST_AP_CONFLICT"),
    }
    assert found["ultrasound"].FailedSOPSequence[0].FailureReason == 0x0202
    media = found["whole"].ReferencedStorageMediaSequence
    assert [one.StorageMediaFileSetID for one in media] == ["FOR_RIS"]
    assert found["whole"].TotalNumberOfPiecesOfMediaCreated == 1
    parts = found["split"].ReferencedStorageMediaSequence
    assert len({one.StorageMediaFileSetUID for one in parts}) == len(parts) >= 2
    labels = list((tmp_path / "run/discs").glob("*/label.pdf"))
    assert [path.read_bytes()[:5] for path in labels] == [b"%PDF-"]
    images = {path.name for path in labels[0].parent.iterdir()}
    assert {"volume_1.iso", "report.json", "label.pdf"} <= images
    assert str(MediaCreationManagement) == MEDIA_CREATION
