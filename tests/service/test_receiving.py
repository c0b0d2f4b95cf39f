"""The study inbox on the wire, with stock pynetdicom as the modality: statuses, commitment, procedure steps."""

import contextlib
import gc
import os
import threading
import time
from collections import Counter

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE, _config, build_role, evt

from benchmarks.store_client import StoreClient
from media.scp.contexts import (
    PROCEDURE_STEP,
    STORAGE_CLASSES,
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
    TRANSFER_SYNTAXES,
    VERIFICATION,
)
from media.studies import StudyState
from printmgr.scp.contexts import BASIC_GRAYSCALE_PRINT_MANAGEMENT_META
from service.commitment_reports import CommitmentReports, is_due
from service.store import commitments
from service.store.completeness import CompleteBy, Rule
from tests.peers.test_store_dcmtk import NOT_IN_THEIR_SYNTAX, sendable
from tests.receiving import association, data_set_of, encoded, instance, receiving
from tests.service.node import wire

CT = (CTImageStorage, [ExplicitVRLittleEndian])
PATIENCE_S = 20.0


def wait_for(what):
    """What `what()` gives, once it gives something."""
    until = time.monotonic() + PATIENCE_S
    while not (found := what()):
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)
    return found


def test_files_go_through_unchanged_in_every_transfer_syntax(tmp_path, monkeypatch):
    """Every file of pydicom's, sent as the bytes it has, also those that DCMTK cannot read."""
    monkeypatch.setattr(_config, "STORE_SEND_CHUNKED_DATASET", True)
    refused = []
    with receiving(tmp_path) as made, made.listen() as port:
        files = sendable()
        for path in files:
            meta = pydicom.filereader.read_file_meta_info(path)
            with association(port, (meta.MediaStorageSOPClassUID, [meta.TransferSyntaxUID])) as assoc:
                if assoc.send_c_store(path).Status != 0:
                    refused.append(path.name)
        kept = Counter(map(data_set_of, made.files()))
    assert set(refused) == NOT_IN_THEIR_SYNTAX
    for path in files:
        if path.name in refused:
            continue
        with path.open("rb") as file:
            file.seek(132)
            pydicom.filereader._read_file_meta_info(file)
            assert kept[file.read()] == 1, path.name


def test_only_what_the_called_title_offers_is_accepted(tmp_path):
    with receiving(tmp_path) as made, made.listen() as port:
        asked = [
            CT,
            (BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, [ImplicitVRLittleEndian]),
            (VERIFICATION, [ImplicitVRLittleEndian]),
        ]
        with association(port, *asked) as assoc:
            assert {cx.abstract_syntax for cx in assoc.accepted_contexts} == {CTImageStorage, VERIFICATION}
            assert assoc.send_c_echo().Status == 0


def test_every_storage_class_is_accepted_in_every_transfer_syntax(tmp_path):
    with receiving(tmp_path) as made, made.listen() as port:
        for start in range(0, len(STORAGE_CLASSES), 100):
            some = STORAGE_CLASSES[start : start + 100]
            with association(port, *[(uid, [TRANSFER_SYNTAXES[start % 30]]) for uid in some]) as assoc:
                assert len(assoc.accepted_contexts) == len(some)
        with association(port, *[(CTImageStorage, [uid]) for uid in TRANSFER_SYNTAXES]) as assoc:
            assert {cx.transfer_syntax[0] for cx in assoc.accepted_contexts} == set(TRANSFER_SYNTAXES)


def test_what_cannot_be_kept_is_refused_by_its_reason(tmp_path):
    no_study, other_uid, cut = instance(1), instance(2), instance(3, ImageComments="x" * 100)
    del no_study.StudyInstanceUID
    with receiving(tmp_path) as made, made.listen() as port, association(port, CT) as assoc:
        assert assoc.send_c_store(no_study).Status == 0xA900
        assert status_of_raw(assoc, "1.2.3.1.99", encoded(other_uid)) == 0xA900
        assert status_of_raw(assoc, "1.2.3.1.3", encoded(cut)[:-20]) == 0xC000
        assert status_of_raw(assoc, "../../1", encoded(cut)) == 0x0117
        assert made.files() == [] and made.studies() == []
        assert assoc.send_c_store(instance(4)).Status == 0


@pytest.mark.parametrize("limit", [{"min_free_bytes": 1 << 60}, {"max_instance_bytes": 1000}])
def test_what_there_is_no_room_for_is_refused_as_that(tmp_path, limit):
    """A700H: the sender may try again, and need not look for a fault in its instance."""
    with receiving(tmp_path, **limit) as made, made.listen() as port, association(port, CT) as assoc:
        for number in (1, 2):
            assert assoc.send_c_store(instance(number, ImageComments="x" * 2000)).Status == 0xA700
        assert made.files() == [] and made.studies() == []


def status_of_raw(assoc, uid: str, data: bytes) -> int:
    """The status of a C-STORE whose data set need not be one."""
    from io import BytesIO

    from pynetdicom.dimse_primitives import C_STORE

    request = C_STORE()
    request.MessageID = 7
    request.AffectedSOPClassUID = CTImageStorage
    request._affected_sop_instance_uid = pydicom.uid.UID(uid)
    request.Priority = 2
    request.DataSet = BytesIO(data)
    assoc._reactor_checkpoint.clear()
    while not assoc._is_paused:
        time.sleep(0.001)
    assoc.dimse.send_msg(request, assoc.accepted_contexts[0].context_id)
    _, response = assoc.dimse.get_msg(block=True)
    assoc._reactor_checkpoint.set()
    return response.Status


# storage commitment


def commitment_request(*instances: tuple[str, str], transaction: str = "1.2.9.1") -> Dataset:
    request = Dataset()
    request.TransactionUID = transaction
    request.ReferencedSOPSequence = []
    for class_uid, uid in instances:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = class_uid, uid
        request.ReferencedSOPSequence.append(item)
    return request


class Reports:
    """Takes N-EVENT-REPORTs."""

    def __init__(self, status: int = 0) -> None:
        self.status = status
        self.taken: list[tuple[int, Dataset]] = []

    @property
    def handlers(self):
        return [(evt.EVT_N_EVENT_REPORT, self.take)]

    def take(self, event):
        self.taken.append((event.event_type, event.event_information))
        return self.status, None


def outstanding(made) -> list[str]:
    with made.store.read() as connection:
        return [one.commitment.transaction_uid for one in commitments.outstanding(connection, 10)]


def test_a_commitment_is_reported_on_the_same_association(tmp_path):
    reports = Reports()
    commit = (STORAGE_COMMITMENT, [ImplicitVRLittleEndian])
    with (
        receiving(tmp_path) as made,
        made.listen() as port,
        association(port, CT, commit, evt_handlers=reports.handlers) as assoc,
    ):
        for number in (1, 2):
            assert assoc.send_c_store(instance(number)).Status == 0
        ask(assoc, commitment_request((CTImageStorage, "1.2.3.1.1"), (CTImageStorage, "1.2.3.1.2")))
        ((event_type, report),) = wait_for(lambda: reports.taken)
        assert (event_type, report.TransactionUID) == (1, "1.2.9.1")
        assert [item.ReferencedSOPInstanceUID for item in report.ReferencedSOPSequence] == ["1.2.3.1.1", "1.2.3.1.2"]
        assert "FailedSOPSequence" not in report
        wait_for(lambda: not outstanding(made))

        made.root.joinpath(made.held("1.2.3")[1].file).unlink()
        asked = [
            (CTImageStorage, "1.2.3.1.1"),
            (CTImageStorage, "1.2.3.1.2"),
            (CTImageStorage, "9.9"),
            (MRImageStorage, "1.2.3.1.1"),
        ]
        ask(assoc, commitment_request(*asked, transaction="1.2.9.2"))
        event_type, report = wait_for(lambda: reports.taken[1:])[0]
        assert (event_type, report.TransactionUID) == (2, "1.2.9.2")
        assert [item.ReferencedSOPInstanceUID for item in report.ReferencedSOPSequence] == ["1.2.3.1.1"]
        failed = {
            (i.ReferencedSOPClassUID, i.ReferencedSOPInstanceUID): i.FailureReason for i in report.FailedSOPSequence
        }
        assert failed == {asked[1]: 0x0112, asked[2]: 0x0112, asked[3]: 0x0119}


def ask(assoc, request: Dataset, action: int = 1, uid: str = STORAGE_COMMITMENT_INSTANCE) -> int:
    status, _ = assoc.send_n_action(request, action, STORAGE_COMMITMENT, uid)
    return status.get("Status", -1)


def test_wrong_commitment_requests_are_refused(tmp_path):
    good = commitment_request((CTImageStorage, "1.2.3.1.1"))
    no_transaction = commitment_request((CTImageStorage, "1.2.3.1.1"))
    del no_transaction.TransactionUID
    half = commitment_request((CTImageStorage, "1.2.3.1.1"))
    del half.ReferencedSOPSequence[0].ReferencedSOPClassUID
    commit = (STORAGE_COMMITMENT, [ImplicitVRLittleEndian])
    with receiving(tmp_path) as made, made.listen() as port, association(port, commit) as assoc:
        assert ask(assoc, no_transaction) == 0x0115
        assert ask(assoc, half) == 0x0115
        assert ask(assoc, commitment_request()) == 0x0115
        assert ask(assoc, good, action=2) == 0x0123
        assert ask(assoc, good, uid="1.2.3") == 0x0112
        assert outstanding(made) == []


def test_a_report_that_nobody_took_comes_on_an_association_of_ours(tmp_path):
    from media.scp.commitment import result_of
    from media.scp.reporting import Listener, deliver

    reports = Reports(status=0x0110)
    commit = (STORAGE_COMMITMENT, [ImplicitVRLittleEndian])
    listener = AE("MODALITY")
    listener.add_supported_context(STORAGE_COMMITMENT, scu_role=False, scp_role=True)
    server = listener.start_server(("127.0.0.1", 0), block=False, evt_handlers=reports.handlers)
    try:
        with receiving(tmp_path) as made, made.listen() as port:
            with association(port, CT, commit, evt_handlers=reports.handlers) as assoc:
                assoc.send_c_store(instance(1))
                ask(assoc, commitment_request((CTImageStorage, "1.2.3.1.1")))
                wait_for(lambda: reports.taken)
            assert outstanding(made) == ["1.2.9.1"], "it was answered with a failure"
            reports.status = 0
            to = Listener("MODALITY", "127.0.0.1", server.server_address[1])
            reporting = CommitmentReports(
                made.store, {"MODALITY": lambda one: deliver(result_of(one, made.inbox), "ARCHIVE", to)}
            )
            reporting._report_all()
            (one,) = outstanding_of(made)
            assert not is_due(one, one.requested_at + 4) and is_due(one, one.requested_at + 6)
            with made.store.write() as connection:
                connection.exec_driver_sql("UPDATE commitments SET requested_at = requested_at - 60000000")
            reporting._report_all()
            assert outstanding(made) == []
            event_type, report = reports.taken[-1]
            assert (event_type, len(reports.taken)) == (1, 2)
            assert report.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.3.1.1"
    finally:
        server.shutdown()


def outstanding_of(made):
    with made.store.read() as connection:
        return commitments.outstanding(connection, 10)


# procedure steps


def step_begin(*studies: str) -> Dataset:
    step = Dataset()
    step.PerformedProcedureStepStatus = "IN PROGRESS"
    step.ScheduledStepAttributesSequence = []
    for study in studies:
        item = Dataset()
        item.StudyInstanceUID = study
        step.ScheduledStepAttributesSequence.append(item)
    return step


def step_end(*uids: str, status: str = "COMPLETED") -> Dataset:
    step = Dataset()
    step.PerformedProcedureStepStatus = status
    series = Dataset()
    series.SeriesInstanceUID = "1.2.3.1"
    series.ReferencedImageSequence = []
    for uid in uids:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CTImageStorage, uid
        series.ReferencedImageSequence.append(item)
    step.PerformedSeriesSequence = [series]
    return step


def test_a_study_is_complete_when_its_procedure_step_s_instances_are_there(tmp_path):
    steps = (PROCEDURE_STEP, [ImplicitVRLittleEndian])
    rule = Rule(CompleteBy.MPPS, quiet_s=3600)
    with receiving(tmp_path, rule=rule) as made, made.listen() as port, association(port, CT, steps) as assoc:
        assert assoc.send_n_create(step_begin("1.2.3"), PROCEDURE_STEP, "1.2.8.1")[0].Status == 0
        assoc.send_c_store(instance(1))
        end = step_end("1.2.3.1.1", "1.2.3.1.2")
        assert assoc.send_n_set(end, PROCEDURE_STEP, "1.2.8.1")[0].Status == 0
        time.sleep(1.5)
        assert made.study("1.2.3").state is StudyState.ARRIVING
        assoc.send_c_store(instance(2))
        wait_for(lambda: made.study("1.2.3").state is StudyState.COMPLETE)
        assert made.study("1.2.3").completed_by == "mpps"


def test_procedure_steps_keep_the_standard_s_rules(tmp_path):
    steps = (PROCEDURE_STEP, [ImplicitVRLittleEndian])
    with receiving(tmp_path) as made, made.listen() as port, association(port, steps) as assoc:

        def create(step, uid="1.2.8.1"):
            return assoc.send_n_create(step, PROCEDURE_STEP, uid)[0].Status

        def set_(step, uid="1.2.8.1"):
            return assoc.send_n_set(step, PROCEDURE_STEP, uid)[0]

        begun_as_done = step_begin("1.2.3")
        begun_as_done.PerformedProcedureStepStatus = "COMPLETED"
        unheard_of = step_end()
        unheard_of.PerformedProcedureStepStatus = "PAUSED"
        no_status = step_begin("1.2.3")
        del no_status.PerformedProcedureStepStatus
        assert create(begun_as_done) == 0x0106
        assert create(no_status) == 0x0120
        assert create(step_begin()) == 0x0120
        assert set_(step_end()).Status == 0x0112
        assert create(step_begin("1.2.3")) == 0
        assert create(step_begin("1.2.3")) == 0x0111
        assert set_(unheard_of).Status == 0x0106
        assert set_(step_end("1.2.3.1.1", status="DISCONTINUED")).Status == 0
        again = set_(step_end("1.2.3.1.1"))
        assert (again.Status, again.ErrorID) == (0x0110, 0xA710)
        assert made.inbox.step("1.2.8.1").instance_uids == ("1.2.3.1.1",)


# associations that end otherwise


def test_an_association_that_breaks_off_leaves_what_was_answered_and_nothing_else(tmp_path):
    with receiving(tmp_path) as made, made.listen() as port:
        with association(port, CT) as assoc:
            assert assoc.send_c_store(instance(1)).Status == 0
            assoc.abort()
        with association(port, CT) as assoc:
            assert assoc.send_c_store(instance(2)).Status == 0
        assert len(made.files()) == 2
        assert made.study("1.2.3").instances == 2
        assert not list(made.root.rglob(".arriving-*"))


def test_an_instance_that_breaks_off_leaves_no_open_file(tmp_path):
    """Without waiting for Python's collector: its file is closed when the association ends."""

    def nameless() -> list[str]:
        found = []
        for each in os.listdir("/proc/self/fd"):
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(f"/proc/self/fd/{each}"))
        return [name for name in found if name.startswith(str(made.root))]

    with receiving(tmp_path) as made, made.listen() as port:
        before = len(nameless())
        gc.disable()
        try:
            for end in (b"", wire.ABORT):
                client = StoreClient(("127.0.0.1", port), CTImageStorage, ExplicitVRLittleEndian)
                message = wire.message(
                    1, 1, bytes(50_000), AffectedSOPClassUID=CTImageStorage, AffectedSOPInstanceUID="1.2.3", Priority=0
                )
                client.socket.sendall(message[:30_000])
                wait_for(lambda: len(nameless()) > before)
                client.socket.sendall(end)
                client.socket.close()
                wait_for(lambda: len(nameless()) == before)
        finally:
            gc.enable()


@pytest.mark.parametrize("senders", [8])
def test_many_associations_at_once(tmp_path, senders):
    def send(number: int) -> None:
        with association(port, CT) as assoc:
            for count in range(10):
                answers.append(assoc.send_c_store(instance(count, series=f"1.2.3.{number}")).Status)

    answers: list[int] = []
    with receiving(tmp_path) as made, made.listen() as port:
        threads = [threading.Thread(target=send, args=[number]) for number in range(senders)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [0] * senders * 10
        assert made.study("1.2.3").instances == senders * 10


def test_a_vendor_s_role_proposal_does_not_stand_in_the_way(tmp_path):
    commit = (STORAGE_COMMITMENT, [ImplicitVRLittleEndian])
    role = build_role(STORAGE_COMMITMENT, scu_role=True)
    with receiving(tmp_path) as made, made.listen() as port, association(port, commit, ext_neg=[role]) as assoc:
        assert len(assoc.accepted_contexts) == 1
