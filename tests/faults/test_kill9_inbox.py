"""kill -9 of the whole service while instances arrive: each that was answered with success is there, whole, indexed.

The short form runs with the tests; `make slow` kills 30 times over 5000 instances.
"""

import random
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from benchmarks.store_client import StoreClient
from media.studies import StudyState
from service.store import study_queries
from service.store.engine import Store
from tests.receiving import data_set_of, encoded, instance
from tests.serving import Serving


def numbered(number: int) -> Dataset:
    """An instance that no other number has, with pixels."""
    ds = instance(
        number, study=f"1.2.{number // 500}", series=f"1.2.{number // 500}.{number % 5}", uid=f"1.2.9.{number}"
    )
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = 64, 100
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.PixelData = np.random.default_rng(number).integers(0, 65536, 6400, np.uint16).tobytes()
    ds["PixelData"].VR = "OW"
    return ds


class Modality(threading.Thread):
    """Sends every `step`-th instance from `first` on, from one service to the next, until each was answered."""

    def __init__(self, first: int, step: int, instances: int) -> None:
        super().__init__(daemon=True)
        self.left = list(range(first, instances, step))[::-1]
        self.answered: list[int] = []
        self.port = 0
        self.up = threading.Event()

    def run(self) -> None:
        while self.left:
            self.up.wait()
            try:
                client = StoreClient(("127.0.0.1", self.port), CTImageStorage, ExplicitVRLittleEndian, timeout=30)
                while self.left:
                    number = self.left[-1]
                    if client.store(f"1.2.9.{number}", client.framed(encoded(numbered(number)))) == 0:
                        self.answered.append(self.left.pop())
                client.release()
            except OSError:  # the service is gone
                time.sleep(0.02)


def check(data_dir: Path, answered: list[int]) -> None:
    """Every answered instance is in the catalogue once, and its file has the data set that was sent."""
    store = Store(f"sqlite:///{data_dir / 'printmgr.db'}")
    with store.read() as connection:
        held = study_queries.held(connection, [f"1.2.9.{number}" for number in answered])
        studies = study_queries.listed(connection, limit=1000)
        listed = [one for study in studies for one in study_queries.files(connection, study.uid)]
    store.close()
    files = {one.sop_instance_uid: one for one in held}
    assert sorted(files) == sorted(f"1.2.9.{number}" for number in answered), "an answered instance is lost"
    assert len(listed) == len({one.sop_instance_uid for one in listed}), "an instance is there twice"
    assert sum(study.instances for study in studies) == len(listed)
    for number in answered:
        one = files[f"1.2.9.{number}"]
        assert data_set_of(data_dir / "inbox" / one.file) == encoded(numbered(number))
    assert {
        f"{path.parent.parent.name}/{path.parent.name}/{path.name}" for path in data_dir.glob("inbox/*/*/*.dcm")
    } == {one.file for one in listed}, "a file belongs to nobody"


@pytest.mark.parametrize(
    ("durable", "instances", "kills"),
    [
        pytest.param("group", 100, 2, id="group"),
        pytest.param("file", 40, 1, id="file"),
        pytest.param("off", 60, 1, id="off", marks=pytest.mark.slow),
        pytest.param("group", 5000, 30, id="long", marks=pytest.mark.slow),
    ],
)
def test_what_was_answered_is_there_whole_and_indexed(tmp_path, durable, instances, kills):
    chance = random.Random(instances + kills)
    data_dir = tmp_path / "data"
    environment = {"PRINTMGR_INBOX": f'{{"durable": "{durable}", "quiet_s": 1}}'}
    modalities = [Modality(first, 3, instances) for first in range(3)]
    for modality in modalities:
        modality.start()
    for _ in range(kills):
        serving = Serving(data_dir, environment, "--role", "node").wait_ready()
        before = sum(len(modality.answered) for modality in modalities)
        for modality in modalities:
            modality.port = serving.port
            modality.up.set()
        patience = time.monotonic() + 30
        while sum(len(one.answered) for one in modalities) == before and time.monotonic() < patience:
            if not any(one.left for one in modalities):
                break
            time.sleep(0.002)
        time.sleep(chance.uniform(0.0, 0.3))
        for modality in modalities:
            modality.up.clear()
        serving.kill()
    with Serving(data_dir, environment, "--role", "node") as serving:
        for modality in modalities:
            modality.port = serving.port
            modality.up.set()
        for modality in modalities:
            modality.join(600)
            assert not modality.is_alive(), f"{len(modality.left)} instances were never answered"
        answered = [number for modality in modalities for number in modality.answered]
        assert sorted(answered) == list(range(instances))
        time.sleep(0.5)
        check(data_dir, answered)
        patience = time.monotonic() + 30
        while not all_complete(data_dir) and time.monotonic() < patience:
            time.sleep(0.1)
        assert all_complete(data_dir)


def all_complete(data_dir: Path) -> bool:
    store = Store(f"sqlite:///{data_dir / 'printmgr.db'}")
    with store.read() as connection:
        states = {study.state for study in study_queries.listed(connection, limit=1000)}
    store.close()
    return states == {StudyState.COMPLETE}
