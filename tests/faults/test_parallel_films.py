"""Many films through parallel associations: each image on its own film, in its own place, and memory flat.

The short form runs with the tests; `make slow` prints 100 films of 20 images.
"""

import hashlib
import threading
import time
from pathlib import Path

import pytest

from tests.printed import images_in_order
from tests.serving import Serving, film_pixels, scu
from tests.soak.watch import usages

pikepdf = pytest.importorskip("pikepdf")

IMAGES = 20
ASSOCIATIONS = 8
FIRST = 4  # films that load whatever the first films load, at a time, so that all processes are there


def image_number(film: int, position: int) -> int:
    return 1_000_000 + film * 1000 + position


def print_films(port: int, films: list[int], statuses: dict[int, int]) -> None:
    with scu(port, calling_ae=f"CT{films[0]}") as modality:
        assert modality.open_session() == 0
        for film in films:
            pixels = [film_pixels(image_number(film, position)) for position in range(1, IMAGES + 1)]
            statuses[film] = modality.print_film(*pixels, display_format="STANDARD\\4,5")


def printing(port: int, films: range, statuses: dict[int, int]) -> list[threading.Thread]:
    """Associations that print these films."""
    shares = [list(films[n::ASSOCIATIONS]) for n in range(ASSOCIATIONS)]
    threads = [threading.Thread(target=print_films, args=(port, share, statuses)) for share in shares if share]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize("films", [16, pytest.param(100, marks=pytest.mark.slow)])
def test_no_image_is_on_another_film(tmp_path, films, capsys):
    expected = {
        tuple(
            hashlib.sha256(film_pixels(image_number(film, position)).tobytes()).hexdigest()
            for position in range(1, IMAGES + 1)
        )
        for film in range(films)
    }
    with Serving(tmp_path / "data") as serving:
        for thread in printing(serving.port, range(films, films + FIRST), {}):
            thread.join()
        wait_for(tmp_path / "data", FIRST)
        before = sum(one.rss_bytes for one in usages(serving.process.pid))
        statuses: dict[int, int] = {}
        threads = printing(serving.port, range(films), statuses)
        highest = before
        while any(thread.is_alive() for thread in threads):
            highest = max(highest, sum(one.rss_bytes for one in usages(serving.process.pid)))
            time.sleep(0.1)
        assert statuses == dict.fromkeys(range(films), 0)
        pdfs = wait_for(tmp_path / "data", FIRST + films)
        after = sum(one.rss_bytes for one in usages(serving.process.pid))
    found = [tuple(images_in_order(pdf)) for pdf in pdfs]
    assert len(found) == FIRST + films
    assert set(found[FIRST:]) == expected
    with capsys.disabled():
        print(f"\n{films} films: RSS {before >> 20} MB before, {highest >> 20} highest, {after >> 20} after")
    assert after - before <= 50 << 20


def wait_for(data_dir: Path, count: int) -> list[Path]:
    patience = time.monotonic() + 120
    while True:
        pdfs = sorted(data_dir.glob("films/*/*/*.pdf"))
        if len(pdfs) >= count or time.monotonic() > patience:
            return pdfs
        time.sleep(0.1)
