"""A full disk: the print is refused with its status, nothing stays half-written, and with room again it goes on."""

import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.serving import Serving, film_pixels, scu

RESOURCE_LIMITATION, NO_MEMORY_FOR_IMAGE, QUEUE_FULL = 0x0213, 0xC605, 0xC602
REFUSALS = {RESOURCE_LIMITATION, NO_MEMORY_FOR_IMAGE, QUEUE_FULL}
ROWS, COLUMNS = 1100, 1000  # long enough to be written while it arrives


@contextmanager
def small_disk(folder: Path, size: str):
    """A file system of its own, of this size, at `folder`."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small disk here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all the room there is."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


def pdfs(disk: Path) -> list[Path]:
    return sorted(disk.glob("data/films/*/*/*.pdf"))


def wait_for(disk: Path, count: int) -> None:
    patience = time.monotonic() + 60
    while len(pdfs(disk)) < count and time.monotonic() < patience:
        time.sleep(0.1)


def test_a_full_disk_refuses_and_the_service_goes_on_when_there_is_room(tmp_path):
    answered = 0
    with small_disk(tmp_path / "disk", "48m") as disk, Serving(disk / "data") as serving, scu(serving.port) as modality:
        assert modality.open_session() == 0
        assert modality.print_film(film_pixels(1, ROWS, COLUMNS)) == 0
        answered += 1
        wait_for(disk, answered)
        _, film, boxes = modality.film_box()
        assert modality.set_image(boxes[0], 1, film_pixels(2, ROWS, COLUMNS)) == 0
        filler = fill(disk)
        assert modality.set_image(boxes[0], 1, film_pixels(3, ROWS, COLUMNS)) in REFUSALS
        printed = modality.print_film_box(film)
        assert printed == 0 or printed in REFUSALS
        answered += printed == 0
        filler.unlink()
        assert modality.print_film(film_pixels(4, ROWS, COLUMNS)) == 0
        answered += 1
        wait_for(disk, answered)
        time.sleep(1)
        assert len(pdfs(disk)) == answered
        assert not [path for path in disk.rglob("*.part") if "spool/prints" not in str(path)]
        sizes = {path.stat().st_size for path in disk.glob("data/spool/prints/*/*.ds")}
        assert sizes and min(sizes) > ROWS * COLUMNS


def test_a_worker_without_room_waits_and_then_delivers(tmp_path):
    with small_disk(tmp_path / "disk", "48m") as disk:
        environment = {"PRINTMGR_DICOM": '{"port": 0, "open": true}'}
        with Serving(disk / "data", environment, "--role", "node") as node, scu(node.port) as modality:
            assert modality.open_session() == 0
            for number in range(3):
                assert modality.print_film(film_pixels(number, ROWS, COLUMNS)) == 0
            modality.release()
            patience = time.monotonic() + 20
            while len(list(disk.glob("data/spool/prints/*/order.json"))) < 3 and time.monotonic() < patience:
                time.sleep(0.1)
            with Serving(disk / "data", environment, "--role", "worker"):
                wait_for(disk, 1)
                filler = fill(disk)
                time.sleep(3)
                filler.unlink()
                wait_for(disk, 3)
        assert len(pdfs(disk)) == 3
        assert os.path.getsize(pdfs(disk)[0]) > ROWS * COLUMNS // 2
