"""What a node receives is in the ledger: by association and study, of the right patient, over a kill too."""

import time
from xml.etree import ElementTree as Xml

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from service.audit import Action, message
from service.group_commit import Durable
from service.store import audit
from service.store.audit import Record
from service.store.engine import Store
from tests.receiving import Receiving, association, instance, receiving
from tests.serving import Serving

CT = (CTImageStorage, [ExplicitVRLittleEndian])
COMMITMENT, COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
PATIENCE_S = 60.0
TOLD = {Action.RECEIVE, Action.REPEAT, Action.COMMIT}


def ledger(store: Store) -> list[Record]:
    """The entries of receipts, oldest first; the chain is whole."""
    with store.read() as connection:
        assert audit.verify(connection).faults == ()
        return [one for one in reversed(audit.listed(connection, limit=1000)) if one.action in TOLD]


def until(store: Store, number: int) -> list[Record]:
    patience = time.monotonic() + PATIENCE_S
    while len(found := ledger(store)) < number:
        assert time.monotonic() < patience, found
        time.sleep(0.05)
    return found


def send(port: int, *instances: Dataset) -> None:
    with association(port, CT) as modality:
        for one in instances:
            assert modality.send_c_store(one).Status == 0


@pytest.fixture(params=[*Durable, "postgresql"])
def made(request, tmp_path):
    if request.param == "postgresql":
        durable, url = Durable.GROUP, request.getfixturevalue("postgresql").new_database()
    else:
        durable, url = request.param, ""
    with receiving(tmp_path, durable, database=url) as one:
        yield one


def test_an_association_is_an_entry_for_each_of_its_studies(made: Receiving) -> None:
    first = [instance(number, "1.2.3", "1.2.3.1", PatientID="P1") for number in range(1, 6)]
    second = [instance(1, "1.2.4", "1.2.4.1", PatientID="P2", PatientName="Roe^Richard")]
    with made.listen() as port:
        send(port, *first, *second)
        found = until(made.store, 2)
        assert {(one.action, one.who, one.object_kind, one.object_id, one.patients, one.detail) for one in found} == {
            ("receive", "MODALITY", "study", "1.2.3", (("P1", "Doe^Jane"),), "5 instances, into ARCHIVE"),
            ("receive", "MODALITY", "study", "1.2.4", (("P2", "Roe^Richard"),), "1 instance, into ARCHIVE"),
        }
        assert {one.address for one in found} == {"127.0.0.1"}


def test_what_was_there_already_is_told_apart(made: Receiving) -> None:
    if made.inbox.settings.durable is Durable.OFF:
        pytest.skip("answers before it knows")
    with made.listen() as port:
        send(port, instance(1))
        until(made.store, 1)
        send(port, instance(1))
        assert until(made.store, 2)[1].action == Action.REPEAT
        send(port, instance(1), instance(1, ImageComments="other"), instance(2))
        third = until(made.store, 3)[2]
    assert (third.action, third.detail) == (
        Action.RECEIVE,
        "3 instances, of these 1 as it was there already, 1 with other bytes than the one that was there, into ARCHIVE",
    )


def test_nothing_is_noted_of_an_association_that_stores_nothing(made: Receiving) -> None:
    with made.listen() as port:
        with association(port, CT):
            pass
        send(port, instance(1))
        assert [one.object_id for one in until(made.store, 1)] == ["1.2.3"]


def test_what_comes_last_is_noted_when_the_inbox_stops(tmp_path) -> None:
    with receiving(tmp_path) as made, made.listen() as port:
        send(port, instance(1))
    store = Store(made.database)
    assert [one.detail for one in ledger(store)] == ["1 instance, into ARCHIVE"]
    store.close()


def test_asking_for_commitment_is_noted(made: Receiving) -> None:
    with made.listen() as port:
        with association(port, (COMMITMENT, [ExplicitVRLittleEndian])) as modality:
            asked, item = Dataset(), Dataset()
            asked.TransactionUID = "1.2.99"
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CTImageStorage, "1.2.3.1.1"
            asked.ReferencedSOPSequence = [item]
            status, _ = modality.send_n_action(asked, 1, COMMITMENT, COMMITMENT_INSTANCE)
            assert status.Status == 0
        (found,) = until(made.store, 1)
    assert (found.action, found.object_id, found.who) == (Action.COMMIT, "1.2.99", "MODALITY")


def test_the_message_is_that_of_the_standard(made: Receiving) -> None:
    """PS3.15 table A.5.3.7-1: the sender is the source, we are the destination."""
    with made.listen() as port:
        send(port, instance(1))
        (record,) = until(made.store, 1)
    told = Xml.fromstring(message(record, "printmgr"))
    event = told.find("EventIdentification")
    assert event.get("EventActionCode") == "C" and event.find("EventID").get("csd-code") == "110104"
    roles = {one.get("UserID"): one.find("RoleIDCode").get("csd-code") for one in told.findall("ActiveParticipant")}
    assert roles == {"MODALITY": "110153", "printmgr": "110152"}
    study, patient = told.findall("ParticipantObjectIdentification")
    assert (study.get("ParticipantObjectID"), patient.get("ParticipantObjectID")) == ("1.2.3", "P1")
    assert study.find("ParticipantObjectIDTypeCode").get("csd-code") == "110180"


def test_a_killed_service_notes_what_it_had_received(tmp_path) -> None:
    """The association is open when the process dies; its instances are in the ledger once, after the next start."""
    data = tmp_path / "data"
    with Serving(data) as serving, association(serving.port, CT) as modality:
        for number in range(1, 4):
            assert modality.send_c_store(instance(number)).Status == 0
        serving.kill()
        modality.abort()
    store = Store(f"sqlite:///{data / 'printmgr.db'}")
    assert ledger(store) == []
    for _ in range(2):
        with Serving(data):
            (found,) = until(store, 1)
        assert found.detail == "3 instances before the service ended and the association with it, into ARCHIVE"
        assert found.patients == (("P1", "Doe^Jane"),)
    store.close()
