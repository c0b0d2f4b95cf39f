"""The study inbox without a network: what is kept, what is the same again, what a dead process left."""

import errno
import os
import threading
import time

import pytest

from media.errors import NoRoom
from media.index.flaws import Flaw
from media.studies import Receipt
from service import group_commit
from service.group_commit import Durable
from service.store import study_queries
from tests.receiving import Receiving, data_set_of, encoded, hand_over, instance, receiving


@pytest.fixture(params=[*Durable, "postgresql"])
def made(request, tmp_path):
    if request.param == "postgresql":
        durable, url = Durable.GROUP, request.getfixturevalue("postgresql").new_database()
    else:
        durable, url = request.param, ""
    with receiving(tmp_path, durable, database=url) as one:
        yield one


def settled(made):
    """What a commitment would wait for."""
    made.inbox.held([])


def test_an_instance_is_kept_as_it_came_and_is_in_the_catalogue(made):
    ds = instance(1, StudyDescription="Thorax", SpecificCharacterSet="ISO_IR 100", PatientSex="F")
    ds.PatientName = "Müller^Jörg"
    assert hand_over(made, ds) is Receipt.NEW
    settled(made)
    (file,) = made.files()
    assert data_set_of(file) == encoded(ds)
    study = made.study("1.2.3")
    assert (study.patient_name, study.patient_id, study.sex) == ("Müller^Jörg", "P1", "F")
    assert (study.description, study.accession_number, study.date) == ("Thorax", "A1", "20240506")
    assert (study.instances, study.size_bytes, study.conflicts) == (1, file.stat().st_size, 0)
    (series,) = study.series
    assert (series.uid, series.modality, series.number, series.instances) == ("1.2.3.1", "CT", "1", 1)


def test_no_file_has_a_name_from_the_data_set(made):
    hand_over(made, instance(1, PatientID="../../etc", StudyID="/tmp/x"))
    settled(made)
    (file,) = made.files()
    assert file.relative_to(made.root).parts[1:] == ("0000", "0000000.dcm")


def test_the_same_again_adds_nothing(made):
    hand_over(made, instance(1))
    settled(made)
    again = hand_over(made, instance(1))
    settled(made)
    assert again is Receipt.AGAIN or made.inbox.settings.durable is Durable.OFF
    assert len(made.files()) == 1
    assert made.study("1.2.3").instances == 1


def test_other_bytes_of_the_same_uid_are_kept_apart_and_flagged(made):
    first, second, third = (instance(1, ImageComments=text) for text in ("one", "two", "three"))
    for ds in (first, second, third, second):
        hand_over(made, ds)
    settled(made)
    assert sorted(map(data_set_of, made.files())) == sorted(map(encoded, (first, second, third)))
    study = made.study("1.2.3")
    assert (study.instances, study.conflicts) == (3, 2)
    assert made.inbox.held(["1.2.3.1.1"]) == {"1.2.3.1.1": instance().SOPClassUID}


def test_another_patient_in_the_study_is_flagged(made):
    for number, patient in enumerate(("P1", "P2", "P1"), 1):
        hand_over(made, instance(number, PatientID=patient))
    settled(made)
    assert made.study("1.2.3").other_patients == 1


def test_what_is_refused_leaves_nothing(made):
    ds = instance(1)
    del ds.StudyInstanceUID
    with pytest.raises(Flaw):
        hand_over(made, ds)
    with pytest.raises(Flaw), pytest.warns(UserWarning, match="Invalid value for VR UI"):
        hand_over(made, instance(1, study="../1.2.3"))
    assert made.files() == [] and made.studies() == []


def test_instances_of_many_threads_are_all_there(made):
    def send(series: int) -> None:
        for number in range(20):
            hand_over(made, instance(number, study=f"1.2.{series % 2}", series=f"1.2.3.{series}"))

    threads = [threading.Thread(target=send, args=[series]) for series in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settled(made)
    assert [study.instances for study in made.studies()] == [60, 60]
    assert len(made.files()) == 120
    for study in made.studies():
        assert sum(series.instances for series in made.study(study.uid).series) == 60
        for one in made.held(study.uid):
            assert (made.root / one.file).stat().st_size == one.size_bytes


def test_the_same_instance_from_many_threads_is_there_once(made):
    threads = [threading.Thread(target=hand_over, args=[made, instance(1)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settled(made)
    assert len(made.files()) == 1
    assert made.study("1.2.3").instances == 1


def test_a_new_file_takes_the_place_of_one_that_is_gone(made):
    hand_over(made, instance(1))
    settled(made)
    (lost,) = made.files()
    lost.unlink()
    assert made.inbox.held(["1.2.3.1.1"]) == {}
    hand_over(made, instance(1))
    settled(made)
    assert made.inbox.held(["1.2.3.1.1"]) != {}
    assert made.study("1.2.3").instances == 1


def test_too_little_room_and_too_large_are_told(tmp_path):
    with receiving(tmp_path, min_free_bytes=1 << 60) as made, pytest.raises(NoRoom):
        hand_over(made, instance(1))
    with receiving(tmp_path, max_instance_bytes=1000) as made:
        with pytest.raises(NoRoom):
            hand_over(made, instance(1, ImageComments="x" * 1000))
        assert hand_over(made, instance(2)) is Receipt.NEW


def test_what_a_dead_process_left_is_taken_in_or_removed(tmp_path):
    dead = Receiving(tmp_path, Durable.OFF)
    dead.inbox._commit._writer.add = lambda group: (_ for _ in ()).throw(OSError("the process is dying"))
    for number in (1, 2):
        hand_over(dead, instance(number))
    run = dead.inbox.folder.run
    half = dead.root / run / "0000" / "0000002.dcm"
    half.write_bytes(dead.files()[0].read_bytes()[:-3])
    dead.inbox.folder._slot.release()
    with receiving(tmp_path) as made:
        assert made.study("1.2.3").instances == 2
        assert len(made.files()) == 2 and not half.exists()
        assert (made.root / run / "settled").exists()
    dead.inbox._commit._stopping.set()


def test_a_run_that_goes_on_is_left_alone(tmp_path):
    with receiving(tmp_path) as one:
        hand_over(one, instance(1))
        with one.store.write() as connection:
            study_queries.remove(connection, "1.2.3")
        with receiving(tmp_path) as other:
            assert other.studies() == []
            assert len(one.files()) == 1


def test_an_inbox_goes_on_where_it_was(tmp_path):
    for number in (1, 2):
        with receiving(tmp_path) as made:
            hand_over(made, instance(number))
    with receiving(tmp_path) as made:
        assert made.study("1.2.3").instances == 2
        runs = [path for path in made.root.iterdir() if path.is_dir()]
        assert sum((run / "settled").exists() for run in runs) == 2


def test_off_is_told_in_capitals(tmp_path, caplog):
    with receiving(tmp_path, Durable.OFF):
        pass
    assert "LOSES" in caplog.text


@pytest.mark.parametrize("durable", [Durable.FILE, Durable.GROUP])
def test_success_waits_for_the_disk(tmp_path, monkeypatch, durable):
    """A disk that does not take the file's bytes: the sender hears of it, and nothing stays."""
    synced = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        if failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    failing = False
    with receiving(tmp_path, durable) as made:
        monkeypatch.setattr(os, "fsync", fsync)
        assert hand_over(made, instance(1)) is Receipt.NEW
        (file,) = made.files()
        assert any(name.startswith(str(made.root / made.inbox.folder.run)) for name in synced), "the file"
        assert str(file.parent) in synced
        failing = True
        with pytest.raises(NoRoom):
            hand_over(made, instance(2))
        failing = False
        assert made.files() == [file]
        assert made.study("1.2.3").instances == 1


def test_a_group_shares_one_flush(tmp_path, monkeypatch):
    flushed = []
    real = group_commit.sync_file_system
    monkeypatch.setattr(group_commit, "sync_file_system", lambda folder: (flushed.append(folder), real(folder)))
    with receiving(tmp_path, Durable.GROUP) as made:
        with made.inbox._commit._turn:  # somebody commits: the others gather
            threads = [threading.Thread(target=hand_over, args=[made, instance(number)]) for number in range(10)]
            for thread in threads:
                thread.start()
            while len(made.inbox._commit._waiting) < 10:
                time.sleep(0.001)
        for thread in threads:
            thread.join()
        assert len(flushed) == 1
        assert made.study("1.2.3").instances == 10
