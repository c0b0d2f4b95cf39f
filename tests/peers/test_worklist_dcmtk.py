"""Our worklist SCU against DCMTK's wlmscpfs, and against worklists that do not answer."""

import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import ModalityWorklistInformationFind

from printmgr.film.identity import Identity, Source
from printmgr.worklist import MOST, Worklist, WorklistFailed, scheduled
from tests.serving import free_port
from tests.worklist import AE_TITLE, make_folder, worklist_peer, write_entry

NOON = datetime(2024, 5, 6, 12, tzinfo=timezone(timedelta(hours=2)))


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = make_folder(tmp_path_factory.mktemp("worklist"))
    today = {"station": "CT1", "date": "20240506"}
    write_entry(folder, "one", clock="113000", PatientName="Müller^Eva", PatientID="1", PatientSex="F", **today,
                PatientBirthDate="19700101", AccessionNumber="A1", StudyInstanceUID="1.2.3")  # fmt: skip
    write_entry(folder, "two", clock="1230", PatientName="DOE^JOHN", PatientID="2", **today)
    write_entry(folder, "tomorrow", station="CT1", date="20240507", clock="120000", PatientName="LATE^A", PatientID="3")
    write_entry(folder, "evening", clock="200000", PatientName="LATE^B", PatientID="4", **today)
    write_entry(folder, "night", station="CT1", date="20240505", clock="233000", PatientName="EARLY^C", PatientID="5")
    write_entry(folder, "other", station="MR1", date="20240506", clock="120000", PatientName="OTHER^D", PatientID="6")
    write_entry(folder, "alone", station="US1", date="20240506", clock="115900", PatientName="ALONE^E", PatientID="7")
    with worklist_peer(folder) as port:
        yield port


@pytest.mark.peer("wlmscpfs")
def test_one_candidate(peer):
    (found,) = scheduled(Worklist("127.0.0.1", peer, AE_TITLE), "US1", NOON)
    assert (found.source, found.where) == (Source.WORKLIST, AE_TITLE)
    assert (found.identity.patient_id, found.identity.patient_name) == ("7", "ALONE^E")


@pytest.mark.peer("wlmscpfs")
def test_two_candidates_of_the_station_about_that_time(peer):
    found = scheduled(Worklist("127.0.0.1", peer, AE_TITLE, before_h=12, after_h=2), "CT1", NOON)
    assert {finding.identity.patient_id for finding in found} == {"1", "2"}
    (first,) = [finding.identity for finding in found if finding.identity.patient_id == "1"]
    assert first == Identity(
        "1", "", "Müller^Eva", "19700101", "F", study_uid="1.2.3", accession_number="A1", description="EXAM"
    )


@pytest.mark.peer("wlmscpfs")
def test_the_time_looked_at_crosses_midnight(peer):
    found = scheduled(Worklist("127.0.0.1", peer, AE_TITLE, before_h=13, after_h=9), "CT1", NOON)
    assert {finding.identity.patient_id for finding in found} == {"1", "2", "4", "5"}


@pytest.mark.peer("wlmscpfs")
def test_nobody_scheduled(peer):
    assert scheduled(Worklist("127.0.0.1", peer, AE_TITLE), "CR9", NOON) == []


@pytest.mark.peer("wlmscpfs")
def test_a_worklist_of_another_name_refuses(peer):
    with pytest.raises(WorklistFailed, match="STRANGER"):
        scheduled(Worklist("127.0.0.1", peer, "STRANGER"), "CT1", NOON)


def test_nobody_there():
    with pytest.raises(WorklistFailed, match="cannot be reached"):
        scheduled(Worklist("127.0.0.1", free_port(), AE_TITLE, timeout_s=2), "CT1", NOON)


def test_a_peer_that_takes_the_connection_and_says_nothing():
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(WorklistFailed):
        scheduled(Worklist("127.0.0.1", silent.getsockname()[1], AE_TITLE, timeout_s=0.5), "CT1", NOON)


def answering(*answers: tuple[int, Dataset | None], wait: threading.Event | None = None, without: bool = False):
    """A worklist of ours that answers just this."""

    def find(event: evt.Event):
        yield from answers
        if wait:
            wait.wait(30)

    ae = AE(AE_TITLE)
    ae.add_supported_context("1.2.840.10008.1.1" if without else ModalityWorklistInformationFind)
    return ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, find)])


def entry(number: int) -> Dataset:
    one, step = Dataset(), Dataset()
    one.PatientID, one.PatientName = str(number), f"DOE^{number}"
    step.ScheduledStationAETitle, step.ScheduledProcedureStepStartDate = "CT1", "20240506"
    one.ScheduledProcedureStepSequence = [step]
    return one


def ask(server, timeout_s: float = 5.0):
    try:
        return scheduled(Worklist("127.0.0.1", server.server_address[1], AE_TITLE, timeout_s=timeout_s), "CT1", NOON)
    finally:
        server.shutdown()


def test_an_entry_without_a_time_of_day_counts_for_its_day():
    (found,) = ask(answering((0xFF00, entry(1))))
    assert found.identity.patient_id == "1"


def test_a_worklist_that_never_ends_its_answer():
    wait = threading.Event()
    with pytest.raises(WorklistFailed, match="in time"):
        ask(answering((0xFF00, entry(1)), wait=wait), timeout_s=0.5)
    wait.set()


def test_a_worklist_that_fails():
    with pytest.raises(WorklistFailed, match="A700H"):
        ask(answering((0xA700, None)))


def test_a_peer_without_worklist():
    with pytest.raises(WorklistFailed):
        ask(answering(without=True))


def test_more_patients_than_mean_anything():
    with pytest.raises(WorklistFailed, match=f"more than {MOST}"):
        ask(answering(*((0xFF00, entry(n)) for n in range(MOST + 9))))
