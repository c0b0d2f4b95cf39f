"""Whole discs before other programs: the standard's checkers, and the importers a receiver has."""

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.data import get_testdata_files
from pydicom.fileset import FileSet

from media.fileset.model import Reason
from media.fileset.order import DiscOrder
from media.pipeline import BuildOrder, build
from samples.make import ct_image, secondary_capture
from samples.phantoms import colour
from samples.record_types import write_record_types
from tests.serving import free_port

CREATED = "2026-01-05T10:15:00+00:00"
PYDICOM_DOES_NOT_KNOW = {"ANNOTATION", "INVENTORY", "WF PRESENTATION"}  # pydicom 3.0's FileSet, KeyError


class Disc:
    """A volume, its files as a reader of the ISO 9660 tree gives them, and its report."""

    def __init__(self, output: Path) -> None:
        self.image = output / "volume_1.iso"
        self.tree = output / "tree"
        command = ["xorriso", "-osirrox", "on", "-indev", self.image, "-extract", "/", self.tree]
        subprocess.run(command, check=True, capture_output=True)
        self.report = json.loads((output / "report.json").read_text())
        self.instances = [self.tree / one["file_id"] for one in self.report["files"] if one["fate"] == "on-volume"]


def disc_of(folder: Path, sources: Path, **order: object) -> Disc:
    disc = DiscOrder(created=CREATED, leave_out=frozenset(Reason), **order)
    build(BuildOrder((str(sources),), str(folder), disc), folder / ".job", lambda *_: None)
    return Disc(folder)


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Disc:
    """Images of every kind that pydicom brings with it, whatever their transfer syntax, and ours."""
    sources = tmp_path_factory.mktemp("images")
    shipped = Path(get_testdata_files("CT_small.dcm")[0]).parent
    for path in shipped.glob("*.dcm"):
        shutil.copy(path, sources)
    for number in range(3):
        ct_image(number, 3, 64).save_as(sources / f"ct_{number}", enforce_file_format=True)
    secondary_capture("colour", colour(64), 8, "RGB").save_as(sources / "colour", enforce_file_format=True)
    return disc_of(tmp_path_factory.mktemp("disc") / "out", sources)


@pytest.fixture(scope="module")
def records(tmp_path_factory) -> Disc:
    """An instance of every record type."""
    sources = tmp_path_factory.mktemp("records")
    write_record_types(sources)
    return disc_of(tmp_path_factory.mktemp("disc") / "out", sources)


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory) -> Iterator[str]:
    """An archive on this machine; where it is."""
    folder, port = tmp_path_factory.mktemp("orthanc"), free_port()
    settings = {
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "HttpPort": port,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "Plugins": [],
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["Orthanc", folder / "orthanc.json"], stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        patience = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{url}/system", timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < patience and process.poll() is None, (folder / "log").read_text()
                time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def output_of(*command: object, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, errors="replace", check=False)
    return done.stdout + done.stderr


@pytest.mark.peer("xorriso", "Orthanc")
@pytest.mark.parametrize("disc", ["images", "records"])
def test_an_archive_takes_every_instance(disc, orthanc, request):
    """Orthanc keeps what has a patient, study and series; it says 200 for each."""
    one: Disc = request.getfixturevalue(disc)
    without_patient = {"HANGING PROTOCOL", "PALETTE", "IMPLANT", "IMPLANT ASSY", "IMPLANT GROUP", "INVENTORY"}
    taken = 0
    for entry in one.report["files"]:
        if entry["fate"] != "on-volume" or entry["record_type"] in without_patient:
            continue
        data = (one.tree / entry["file_id"]).read_bytes()
        with urllib.request.urlopen(f"{orthanc}/instances", data, timeout=30) as answer:
            assert answer.status == 200
            taken += 1
    assert taken >= 20


@pytest.mark.peer("xorriso", "dciodvfy", "dcdirdmp")
def test_the_directory_of_images_is_valid_and_whole(images):
    errors = [one for one in output_of("dciodvfy", "-new", "DICOMDIR", cwd=images.tree).splitlines() if "Error" in one]
    assert errors == []
    dumped = output_of("dcdirdmp", "DICOMDIR", cwd=images.tree)
    assert dumped.count(" -> ") == len(images.instances)
    assert "Error" not in dumped


@pytest.mark.peer("xorriso", "gdcminfo")
def test_gdcm_reads_on_the_disc_what_it_reads_at_the_source(images):
    for entry in images.report["files"]:
        if entry["fate"] == "on-volume":
            source = subprocess.run(["gdcminfo", entry["source"]], capture_output=True, check=False).returncode
            disc = subprocess.run(["gdcminfo", images.tree / entry["file_id"]], capture_output=True, check=False)
            assert disc.returncode == 0 or source != 0, entry["file_id"]


@pytest.mark.peer("xorriso")
def test_pydicom_opens_the_file_set(images, records):
    assert len(FileSet(images.tree / "DICOMDIR")) == len(images.instances)
    unknown = {one["record_type"] for one in records.report["files"] if "record_type" in one} & PYDICOM_DOES_NOT_KNOW
    assert unknown == PYDICOM_DOES_NOT_KNOW  # else the set can be opened, and shall be


@pytest.mark.peer("xorriso", "dcmdjpeg", "dcmdump")
def test_dcmtk_reads_every_file(images, records):
    for disc in (images, records):
        for path in disc.instances:
            done = subprocess.run(["dcmdump", "-q", "+L", path], capture_output=True, check=False)
            assert done.returncode == 0, path
