"""Studies of Orthanc's, by C-FIND, C-GET, C-MOVE and DICOMweb, on one disc; Orthanc killed in the middle of it, and so
is our service."""

import io
import json
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.store import jobs, study_queries
from service.store.engine import Store
from service.store.jobs import JobState
from tests.commands import printmgr
from tests.receiving import instance
from tests.serving import Serving, free_port

PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
PATIENCE_S = 300.0
BY_GET, BY_MOVE, BY_WEB = "1.2.3.10", "1.2.3.20", "1.2.3.30"


class Orthanc:
    """An Orthanc with DICOMweb in a folder of its own, on loopback; it can be started again."""

    def __init__(self, folder: Path, our_port: int) -> None:
        self.dicom, self.http = free_port(), free_port()
        folder.mkdir()
        self.folder = folder
        settings = {
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "index"),
            "Plugins": [PLUGIN],
            "HttpPort": self.http,
            "DicomPort": self.dicom,
            "DicomAet": "ORTHANC",
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomAlwaysAllowGet": True,
            "DicomAlwaysAllowFind": True,
            "DicomAlwaysAllowMove": True,
            "OverwriteInstances": True,
            "DicomModalities": {"inbox": {"AET": "ARCHIVE", "Host": "127.0.0.1", "Port": our_port}},
        }
        (folder / "orthanc.json").write_text(json.dumps(settings))
        self.start()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(["Orthanc", self.folder / "orthanc.json"], stdout=log, stderr=log)
        patience = time.monotonic() + PATIENCE_S
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.http}/system", timeout=20).close()
                return
            except OSError:
                assert time.monotonic() < patience and self.process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.1)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def put(self, study: str, instances: int, name: str) -> None:
        for number in range(instances):
            stream = io.BytesIO()
            uid = f"{study}.1.{number + 1}"
            made = instance(number, study=study, series=f"{study}.1", uid=uid, PatientName=name)
            made.save_as(stream, enforce_file_format=True)
            urllib.request.urlopen(f"http://127.0.0.1:{self.http}/instances", stream.getvalue(), timeout=30).close()


@dataclass
class House:
    """Our service, and the Orthanc it knows."""

    data: Path
    environment: dict[str, str]
    orthanc: Orthanc
    store: Store
    serving: Serving

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        return printmgr(*words, **self.environment)

    def answer(self, *words: object) -> object:
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def disc(self, output: Path, *sources: str) -> str:
        ordered = self.answer("disc", "build", *sources, "--output", output, "--derive", "--queue")
        return ordered["job"]  # type: ignore[index]

    def until(self, job_id: str, condition, what: str):
        patience = time.monotonic() + PATIENCE_S
        while time.monotonic() < patience:
            with self.store.read() as connection:
                job = jobs.one(connection, job_id)
            if condition(job):
                return job
            time.sleep(0.05)
        raise AssertionError(f"not {what}: {job}")

    def held(self, study: str) -> int:
        with self.store.read() as connection:
            return len(study_queries.files(connection, study))


@pytest.fixture
def house(tmp_path):
    port, data = free_port(), tmp_path / "run"
    orthanc = Orthanc(tmp_path / "orthanc", port)
    peer = {"kind": "query_retrieve", "host": "127.0.0.1", "port": orthanc.dicom, "ae_title": "ORTHANC"}
    peer["timeout_s"] = 20
    archives = [
        {"name": "GET", **peer},
        {"name": "MOVE", "how": "move", **peer},
        {"name": "WEB", "kind": "dicomweb", "url": f"http://127.0.0.1:{orthanc.http}/dicom-web", "timeout_s": 20},
    ]
    environment = {
        "PRINTMGR_DATA_DIR": str(data),
        "PRINTMGR_DICOM": json.dumps({"port": port, "open": True}),
        "PRINTMGR_ARCHIVES": json.dumps(archives),
    }
    try:
        serving = Serving(data, environment).wait_ready()
        store = Store(f"sqlite:///{data / 'printmgr.db'}")
        made = House(data, environment, orthanc, store, serving)
        try:
            yield made
        finally:
            store.close()
            made.serving.stop()
    finally:
        orthanc.kill()


@pytest.mark.peer("Orthanc")
def test_remote_studies_are_found_and_go_on_one_disc(house, tmp_path):
    for study, instances, name in ((BY_GET, 3, "Meier^Anna"), (BY_MOVE, 4, "Meier^Anna"), (BY_WEB, 5, "Meier^Anna")):
        house.orthanc.put(study, instances, name)
    for archive in ("GET", "WEB"):
        found = house.answer("study", "find", archive, "--name", "Mei")
        assert {one["uid"]: one["instances"] for one in found} == {BY_GET: 3, BY_MOVE: 4, BY_WEB: 5}
        assert {one["patient_name"] for one in found} == {"Meier^Anna"}
        assert house.answer("study", "find", archive, "--id", "nobody") == []
    sources = (f"pacs:GET:{BY_GET}", f"pacs:MOVE:{BY_MOVE}", f"pacs:WEB:{BY_WEB}")
    job = house.disc(tmp_path / "disc", *sources)
    ended = house.until(job, lambda one: one.state in jobs.ENDED, "ended")
    assert ended.state is JobState.DONE, ended.error
    verified = house.answer("disc", "verify", tmp_path / "disc" / "volume_1.iso")
    assert verified["good"] and verified["instances"] == 12

    gone = house.disc(tmp_path / "other", "pacs:WEB:1.2.3.99")
    ended = house.until(gone, lambda one: one.state in jobs.ENDED, "ended")
    assert ended.state is JobState.FAILED and "has no study 1.2.3.99" in ended.error
    unknown = house.run("study", "find", "NOWHERE")
    assert unknown.returncode == 1 and "expected one of [[archives]]: GET, MOVE, WEB" in unknown.stderr


@pytest.mark.peer("Orthanc")
def test_a_fetch_goes_on_when_the_archive_is_back(house, tmp_path):
    total = 120
    house.orthanc.put(BY_GET, total, "Meier^Anna")
    job = house.disc(tmp_path / "disc", f"pacs:GET:{BY_GET}")
    house.until(job, lambda one: house.held(BY_GET) >= 3, "begun to fetch")
    house.orthanc.kill()
    waiting = house.until(job, lambda one: one.steps and one.steps[0].error, "waiting for the archive")
    before = house.held(BY_GET)
    assert 3 <= before < total and waiting.state is JobState.RUNNING
    assert "cannot be reached" in waiting.steps[0].error or "closed the association" in waiting.steps[0].error
    house.orthanc.start()
    ended = house.until(job, lambda one: one.state in jobs.ENDED, "ended")
    assert ended.state is JobState.DONE, ended.error
    assert house.held(BY_GET) == total
    verified = house.answer("disc", "verify", tmp_path / "disc" / "volume_1.iso")
    assert verified["good"] and verified["instances"] == total


@pytest.mark.peer("Orthanc")
@pytest.mark.parametrize(("archive", "study"), [pytest.param("MOVE", BY_MOVE, marks=pytest.mark.slow), ("WEB", BY_WEB)])
def test_a_fetch_goes_on_when_the_service_was_killed(house, tmp_path, archive, study):
    """In the middle of a C-MOVE, of WADO-RS; what had come is not lost, and the disc is whole."""
    total = 80
    house.orthanc.put(study, total, "Meier^Anna")
    job = house.disc(tmp_path / "disc", f"pacs:{archive}:{study}")
    house.until(job, lambda one: house.held(study) >= 3, "begun to fetch")
    house.serving.kill()
    before = house.held(study)
    assert 3 <= before < total
    house.serving = Serving(house.data, house.environment).wait_ready()
    ended = house.until(job, lambda one: one.state in jobs.ENDED, "ended")
    assert ended.state is JobState.DONE, ended.error
    assert house.held(study) == total
    verified = house.answer("disc", "verify", tmp_path / "disc" / "volume_1.iso")
    assert verified["good"] and verified["instances"] == total
    assert house.run("audit", "verify").returncode == 0
