"""A film printed over real sockets into the real service lies on the disk, once, whole and for its owner alone."""

import json
import stat
import subprocess
import time
from pathlib import Path

import pytest

from tests.commands import printmgr
from tests.serving import SERVE, Serving, film_pixels, scu

pypdfium2 = pytest.importorskip("pypdfium2")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Serving(tmp_path_factory.mktemp("service") / "data", bare=True) as serving:
        yield serving


def films(data_dir: Path) -> list[Path]:
    return sorted(data_dir.glob("films/*/*/*.pdf"))


def wait_for_films(data_dir: Path, count: int, seconds: float = 30) -> list[Path]:
    patience = time.monotonic() + seconds
    while len(films(data_dir)) < count and time.monotonic() < patience:
        time.sleep(0.05)
    return films(data_dir)


def command(service: Serving, *arguments: str) -> subprocess.CompletedProcess[str]:
    return printmgr(*arguments, PRINTMGR_DATA_DIR=service.data_dir)


def test_a_film_becomes_one_pdf_beside_its_json(service):
    before = len(films(service.data_dir))
    pixels = film_pixels(1)
    with scu(service.port) as modality:
        assert modality.open_session() == 0
        assert modality.print_film(pixels) == 0
    found = wait_for_films(service.data_dir, before + 1)
    assert len(found) == before + 1
    pdf = found[-1]
    assert pdf.parent.parent.name == "film"
    assert pdf.parent.name == f"{pdf.stem[:4]}-{pdf.stem[4:6]}-{pdf.stem[6:8]}"
    document = json.loads(pdf.with_suffix(".json").read_text())
    assert document["caller"]["calling_ae"] == "CT1"
    assert document["statuses"]["N-ACTION film box"] == [0]
    page = pypdfium2.PdfDocument(pdf)[0]
    assert page.get_size() == pytest.approx((355.6 / 25.4 * 72, 431.8 / 25.4 * 72), abs=0.1)
    time.sleep(0.5)
    assert len(films(service.data_dir)) == before + 1


def test_nobody_else_may_read_what_it_writes(service):
    wait_for_films(service.data_dir, 1)
    for path in [service.data_dir, *service.data_dir.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), f"{path} {mode:o}"


def test_the_spool_keeps_nothing_of_an_association_that_ended(service):
    with scu(service.port) as modality:
        modality.open_session()
        _, _, boxes = modality.film_box("STANDARD\\2,1")
        assert modality.set_image(boxes[0], 1, film_pixels(2)) == 0
        assert len(list(service.data_dir.glob("spool/associations/*/*.ds"))) == 1
        modality.association.abort()
    patience = time.monotonic() + 10
    while list(service.data_dir.glob("spool/associations/*")) and time.monotonic() < patience:
        time.sleep(0.05)
    assert list(service.data_dir.glob("spool/associations/*")) == []


def test_an_unknown_called_ae_title_is_rejected(service):
    with scu(service.port, called_ae="NOBODY") as modality:
        rejection = modality.association.acceptor.primitive
        assert not modality.established
        assert (rejection.result, rejection.result_source, rejection.diagnostic) == (1, 1, 7)


def test_lists_show_the_print_and_render_makes_it_again(service, tmp_path):
    found = wait_for_films(service.data_dir, 1)
    listed = json.loads(command(service, "film", "list", "--json").stdout)
    assert {one["id"] for one in listed} >= {pdf.stem for pdf in found}
    shown = json.loads(command(service, "film", "show", found[0].stem, "--json").stdout)
    assert shown["state"] == "done"
    assert shown["deliveries"][0]["place"] == str(found[0])
    job = json.loads(command(service, "jobs", "show", found[0].stem, "--json").stdout)
    names = ["lay out", "render", "preview", "document", "deliver to folder", "identify"]
    assert [step["name"] for step in job["steps"]] == names
    again = command(service, "film", "render", found[0].stem, "--output", str(tmp_path / "again.pdf"))
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again.pdf").read_bytes() == found[0].read_bytes()


def test_a_second_service_on_the_same_data_is_refused(service):
    second = Serving(service.data_dir)
    assert second.process.wait(60) == 1
    second.process.stdout.close()
    assert "is held by process" in second.log.read_text()


def test_a_service_that_cannot_listen_says_so(service, tmp_path):
    blocked = Serving(tmp_path / "data", {"PRINTMGR_DICOM": f'{{"port": {service.port}, "open": true}}'})
    assert blocked.process.wait(60) == 1
    blocked.process.stdout.close()
    assert f"cannot listen on 127.0.0.1 port {service.port}" in blocked.log.read_text()


def test_wrong_settings_end_with_2_and_all_faults():
    ended = subprocess.run(
        SERVE,
        env={"PRINTMGR_DICOM__PORT": "x", "PRINTMGR_RETENTION__FILMS": "-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "dicom.port" in ended.stderr and "retention.films" in ended.stderr and "Traceback" not in ended.stderr


def test_stop_lets_a_running_association_finish(tmp_path):
    with Serving(tmp_path / "data") as serving, scu(serving.port) as modality:
        modality.open_session()
        serving.process.terminate()
        time.sleep(0.5)
        assert modality.print_film(film_pixels(3)) == 0
        modality.release()
        assert serving.process.wait(60) == 0
    with Serving(tmp_path / "data"):
        assert len(wait_for_films(tmp_path / "data", 1)) == 1


def test_a_worker_that_dies_is_started_again(service):
    before = len(films(service.data_dir))
    worker = int((service.data_dir / "worker-0.lock").read_text())
    subprocess.run(["kill", "-9", str(worker)], check=True)
    with scu(service.port) as modality:
        modality.open_session()
        assert modality.print_film(film_pixels(4)) == 0
    assert len(wait_for_films(service.data_dir, before + 1)) == before + 1
    assert "starting it again" in service.log.read_text()
