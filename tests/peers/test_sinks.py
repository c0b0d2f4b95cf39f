"""Films through the whole service into real receivers: DCMTK's printer, Orthanc."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.store import deliveries, prints
from service.store.deliveries import DeliveryRecord
from service.store.engine import Store
from tests.commands import printmgr
from tests.printmgr.sinks.test_film_printer import dcmprscp, printed_by_dcmtk
from tests.serving import Serving, film_pixels, free_port, scu

__all__ = ["dcmprscp"]  # the fixture
QUICK = {"retry_first_s": 0.2, "retry_longest_s": 1.0}


def command(data_dir: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return printmgr(*arguments, PRINTMGR_DATA_DIR=data_dir, **environment)


@dataclass
class House:
    """A service with sinks."""

    data_dir: Path
    environment: dict[str, str]

    def serving(self) -> Serving:
        return Serving(self.data_dir, self.environment)

    def run(self, *arguments: str) -> str:
        said = command(self.data_dir, self.environment, *arguments)
        assert said.returncode == 0, said.stderr
        return said.stdout

    def newest(self) -> str:
        with Store(self.url).read() as connection:
            return prints.listed(connection)[0].id

    @property
    def url(self) -> str:
        return f"sqlite:///{self.data_dir / 'printmgr.db'}"

    def delivery(self, print_id: str, sink: str) -> DeliveryRecord | None:
        store = Store(self.url)
        with store.read() as connection:
            found = {way.sink: way for way in deliveries.of_print(connection, print_id)}
        store.close()
        return found.get(sink)

    def until(self, print_id: str, sink: str, condition: Callable[[DeliveryRecord], object]) -> DeliveryRecord:
        patience = time.monotonic() + 90
        while (found := self.delivery(print_id, sink)) is None or not condition(found):
            assert time.monotonic() < patience, found
            time.sleep(0.1)
        return found


def house(folder: Path, sink: dict[str, object], **more: object) -> House:
    sinks = [{"name": "folder"}, QUICK | sink]
    printers = [{"ae_title": "PRINTMGR", "name": "Film", "sinks": ["folder", sink["name"]]}]
    settings = {"PRINTMGR_SINKS": json.dumps(sinks), "PRINTMGR_PRINTERS": json.dumps(printers)}
    return House(folder / "data", settings | {name: json.dumps(value) for name, value in more.items()})


@pytest.mark.peer("dcmprscp")
def test_a_film_waits_for_a_printer_that_is_off_over_a_restart(tmp_path: Path, dcmprscp: Callable[[], int]) -> None:
    device = {"host": "127.0.0.1", "port": dcmprscp.port, "ae_title": "PEER"}  # type: ignore[attr-defined]
    made = house(tmp_path, {"name": "camera", "kind": "film_printer", "printers": [device], "timeout_s": 10})
    pixels = film_pixels(11)
    with made.serving() as serving:
        with scu(serving.port) as modality:
            modality.open_session()
            assert modality.print_film(pixels) == 0
        print_id = made.newest()
        waits = made.until(print_id, "camera", lambda way: way.error)
        assert waits.state in ("waiting", "running") and "cannot be reached" in waits.error
        made.until(print_id, "folder", lambda way: way.state == "done")
        serving.kill()
    with made.serving():
        attempts = made.delivery(print_id, "camera").attempts
        made.until(print_id, "camera", lambda way: way.attempts > attempts)
        assert printed_by_dcmtk(tmp_path / "peer" / "database") == []
        dcmprscp()
        assert made.until(print_id, "camera", lambda way: way.state == "done").place == "1 film on PEER"
        assert [one.tolist() for one in printed_by_dcmtk(tmp_path / "peer" / "database")] == [pixels.tolist()]


class Orthanc:
    """An Orthanc of Debian's with its own folder, that calls PRINTMGR back."""

    def __init__(self, folder: Path, our_port: int) -> None:
        self.dicom, self.http = free_port(), free_port()
        folder.mkdir()
        settings = {
            "Name": "peer",
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "index"),
            "Plugins": [],
            "HttpPort": self.http,
            "DicomPort": self.dicom,
            "DicomAet": "ORTHANC",
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomModalities": {"printmgr": {"AET": "PRINTMGR", "Host": "127.0.0.1", "Port": our_port}},
        }
        (folder / "orthanc.json").write_text(json.dumps(settings))
        with (folder / "log").open("wb") as log:
            words = ["Orthanc", "--verbose", str(folder / "orthanc.json")]
            self.process = subprocess.Popen(words, stdout=log, stderr=log)

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=20) as answer:
            return bytes(answer.read())

    def ask(self, path: str) -> dict[str, object]:
        said = json.loads(self.get(path))
        assert isinstance(said, dict | list)
        return said  # type: ignore[return-value]

    def wait_ready(self) -> "Orthanc":
        patience = time.monotonic() + 60
        while True:
            try:
                self.get("/system")
                return self
            except OSError:
                assert self.process.poll() is None and time.monotonic() < patience
                time.sleep(0.1)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[tuple[Orthanc, int]]:
    """Orthanc, and the port where it looks for us."""
    our_port = free_port()
    made = Orthanc(tmp_path / "orthanc", our_port)
    try:
        yield made.wait_ready(), our_port
    finally:
        made.stop()


@pytest.mark.peer("Orthanc")
def test_a_confirmed_film_opens_in_orthanc_in_the_right_study(tmp_path: Path, orthanc: tuple[Orthanc, int]) -> None:
    archive, our_port = orthanc
    sink = {"name": "archive", "kind": "pacs", "host": "127.0.0.1", "port": archive.dicom, "ae_title": "ORTHANC"}
    made = house(tmp_path, sink | {"images": True}, PRINTMGR_DICOM={"port": our_port, "open": True})
    pixels = film_pixels(12)
    with made.serving() as serving:
        with scu(serving.port) as modality:
            modality.open_session()
            assert modality.print_film(pixels) == 0
        print_id = made.newest()
        made.until(print_id, "archive", lambda way: way.state == "held")
        assert archive.ask("/instances") == []
        study = "1.2.826.0.1.3680043.10.1.99"
        who = ["--patient-id", "4711", "--name", "Doe^Jane", "--study", study, "--by", "tester"]
        made.run("film", "confirm", print_id, *who)
        place = made.until(print_id, "archive", lambda way: way.state == "done").place
        found = {i: archive.ask(f"/instances/{i}/simplified-tags") for i in archive.ask("/instances")}
        assert {(one["StudyInstanceUID"], one["PatientID"], one["PatientName"]) for one in found.values()} == {
            (study, "4711", "Doe^Jane")
        }
        (pdf,) = (i for i, one in found.items() if one["SOPClassUID"] == "1.2.840.10008.5.1.4.1.1.104.1")
        (image,) = (i for i, one in found.items() if one["SOPClassUID"] == "1.2.840.10008.5.1.4.1.1.7")
        assert place.startswith(f"ORTHANC {found[pdf]['SOPInstanceUID']}")
        named = next(
            (made.data_dir / "spool" / "prints" / print_id).glob("film_*.pdf")
        )  # the one with the patient in it
        assert archive.get(f"/instances/{pdf}/pdf") == named.read_bytes()
        assert archive.get(f"/instances/{image}/frames/0/raw") == pixels.tobytes()
        made.until(print_id, "archive", lambda way: way.place.endswith(" committed"))
        said = made.run("film", "undo-confirm", print_id, "--why", "another patient", "--by", "tester")
        assert "archive" in said
        undone = made.until(print_id, "archive", lambda way: way.state == "uncorrected")
        assert "correct it at ORTHANC" in undone.error
