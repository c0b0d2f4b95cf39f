"""Received studies: when they are complete, how discs are made of them, when they go."""

import json
import subprocess
import time

import pytest

from media.studies import ProcedureStep, Sender, StepStatus, StudyState
from service.config import load
from service.retention import Retention
from service.store import completeness, removals, study_queries
from service.store.completeness import CompleteBy, Rule, settle
from tests.commands import printmgr
from tests.receiving import Receiving, encoded, hand_over, instance

SENDER = Sender("CT1", "ARCHIVE", "127.0.0.1")


@pytest.fixture
def made(tmp_path, database_url):
    one = Receiving(tmp_path, database=database_url)
    for number in (1, 2):
        hand_over(one, instance(number, study="1.2.3"))
    yield one
    one.inbox.start()
    one.stop()


def ended(made, rule: Rule, later_s: float = 0.0) -> tuple[StudyState, str]:
    with made.store.write() as connection:
        settle(connection, rule, time.time() + later_s)
    study = made.study("1.2.3")
    return study.state, study.completed_by


def test_quiet_time_completes_and_a_late_instance_opens_again(made):
    rule = Rule(quiet_s=60)
    assert ended(made, rule, 30) == (StudyState.ARRIVING, "")
    assert ended(made, rule, 61) == (StudyState.COMPLETE, "quiet")
    hand_over(made, instance(1))  # the same again changes nothing
    assert made.study("1.2.3").state is StudyState.COMPLETE
    hand_over(made, instance(3))
    assert ended(made, rule, 30) == (StudyState.ARRIVING, "")


def test_it_is_told_when_to_look_again(made):
    with made.store.write() as connection:
        settled, look_at = settle(connection, Rule(quiet_s=60), time.time())
        assert settled == [] and 50 < look_at - time.time() < 61
        settled, look_at = settle(connection, Rule(quiet_s=60), time.time() + 61)
        assert [one.uid for one in settled] == ["1.2.3"] and look_at is None


def test_a_count_completes_at_once_and_too_few_are_incomplete(made):
    rule = Rule(CompleteBy.COUNT, quiet_s=60)
    assert ended(made, rule, 0) == (StudyState.ARRIVING, "")
    with made.store.write() as connection:
        study_queries.expect(connection, "1.2.3", 3)
    assert ended(made, rule, 61) == (StudyState.INCOMPLETE, "quiet")
    hand_over(made, instance(3))
    assert ended(made, rule, 0) == (StudyState.COMPLETE, "count")
    assert ended(made, Rule(CompleteBy.COUNT, 60, count=3)) == (StudyState.COMPLETE, "count")


def step(made, status: StepStatus, *uids: str) -> None:
    with made.store.write() as connection:
        completeness.begin_step(connection, ProcedureStep("1.8", StepStatus.IN_PROGRESS, ("1.2.3",)), SENDER)
        completeness.change_step(connection, ProcedureStep("1.8", status, ("1.2.3",), uids))


def test_procedure_steps_say_what_is_missing(made):
    rule = Rule(CompleteBy.MPPS, quiet_s=60)
    step(made, StepStatus.IN_PROGRESS)
    assert ended(made, rule, 30) == (StudyState.ARRIVING, "")
    assert ended(made, rule, 61) == (StudyState.INCOMPLETE, "quiet")
    step(made, StepStatus.COMPLETED, "1.2.3.1.1", "1.2.3.1.2", "1.2.3.1.3")
    assert ended(made, rule, 30) == (StudyState.ARRIVING, "")
    assert ended(made, rule, 61) == (StudyState.INCOMPLETE, "quiet")
    hand_over(made, instance(3))
    assert ended(made, rule, 0) == (StudyState.COMPLETE, "mpps")


def test_a_step_that_comes_after_quiet_time_finds_what_is_missing(made):
    rule = Rule(CompleteBy.MPPS, quiet_s=60)
    assert ended(made, rule, 61) == (StudyState.COMPLETE, "quiet")
    step(made, StepStatus.DISCONTINUED, "1.2.3.1.9")
    assert ended(made, rule, 61) == (StudyState.INCOMPLETE, "quiet")


def test_what_somebody_declared_stays(made):
    with made.store.write() as connection:
        study_queries.declare_complete(connection, "1.2.3")
    step(made, StepStatus.COMPLETED, "1.2.3.1.9")
    assert ended(made, Rule(CompleteBy.MPPS), 1000) == (StudyState.COMPLETE, "user")


# the command line on a data directory


def run(tmp_path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return printmgr(*arguments, PRINTMGR_DATA_DIR=tmp_path)


def test_a_disc_is_made_of_a_received_study(tmp_path):
    settings = load(data_dir=tmp_path / "data")
    one = Receiving(settings.data_dir, database=settings.database)
    one.inbox.start()
    sent = [encoded(picture(number)) for number in (1, 2)]
    for number in (1, 2):
        hand_over(one, picture(number))
    one.stop()
    data, output = tmp_path / "data", tmp_path / "out"
    arguments = ["disc", "build", "inbox:1.2.3", "--output", str(output), "--medium", "CD-R-700", "--json"]
    refused = run(data, *arguments)
    assert refused.returncode == 2 and "arriving" in refused.stdout
    assert run(data, "study", "complete", "1.2.3").returncode == 0
    listed = json.loads(run(data, "study", "list", "--json").stdout)
    assert [(study["uid"], study["state"], study["instances"]) for study in listed] == [("1.2.3", "complete", 2)]
    built = run(data, *arguments)
    assert built.returncode == 0, built.stdout + built.stderr
    assert json.loads(built.stdout)["volumes"][0]["instances"] == 2
    assert (output / "volume_1.iso").stat().st_size > sum(map(len, sent))
    assert run(data, "disc", "plan", "inbox:9.9", "--json").returncode == 2
    assert run(data, "study", "show", "9.9").returncode == 1


def picture(number: int):
    ds = instance(number, study="1.2.3", PatientBirthDate="19700101", PatientSex="O")
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 32, 32
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = bytes(2048)
    ds["PixelData"].VR = "OW"
    return ds


def test_old_studies_go_with_their_files(tmp_path):
    settings = load(data_dir=tmp_path, retention={"films": 0, "spool": 0, "jobs": 0, "studies": 30})
    one = Receiving(tmp_path, database=settings.database)
    one.inbox.start()
    for study in ("1.2.3", "1.2.4"):
        hand_over(one, instance(1, study=study, series=f"{study}.1"))
    run_folder = one.root / one.inbox.folder.run
    one.inbox.stop()
    old, young = one.held("1.2.3")[0].file, one.held("1.2.4")[0].file
    with one.store.write() as connection:
        connection.exec_driver_sql("UPDATE studies SET last_at = last_at - 31 * 86400000000 WHERE uid = '1.2.3'")
    retention = Retention(settings, one.store, lambda ids: None)
    assert retention.run(time.time())["studies"] == 1
    assert not (one.root / old).exists() and (one.root / young).exists()
    with one.store.read() as connection:
        assert study_queries.state(connection, "1.2.3") is None
        assert study_queries.state(connection, "1.2.4") is not None
        assert [row[:2] for row in removals.listed(connection)] == [("studies", "1.2.3")]
    assert retention.run(time.time() + 32 * 86400)["studies"] == 1
    assert not run_folder.exists()
    one.store.close()
