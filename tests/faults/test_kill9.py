"""kill -9 of the whole service while films are printed: what was answered is there, once and whole.

The short form runs with the tests; `make slow` kills 30 times over 60 films, and both over midnight.
"""

import hashlib
import json
import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.serving import Scu, Serving, film_pixels

pikepdf = pytest.importorskip("pikepdf")


class Modality(threading.Thread):
    """Prints numbered films one after the other, from one service to the next, and remembers what was answered."""

    def __init__(self, films: int, pace_s: float) -> None:
        super().__init__(daemon=True)
        self.films = self.allowed = films
        self.pace_s = pace_s
        self.answered: list[int] = []
        self.asked: Counter[int] = Counter()  # N-ACTION was sent: without an answer the film may be there or not
        self.port = 0
        self.up = threading.Event()

    def run(self) -> None:
        while len(self.answered) < self.films:
            self.up.wait()
            modality = Scu(self.port)
            if modality.established and modality.open_session() == 0:
                while len(self.answered) < self.films and self._print(modality, len(self.answered)):
                    time.sleep(self.pace_s)
            modality.release()
            time.sleep(0.02)

    def _print(self, modality: Scu, number: int) -> bool:
        while number >= self.allowed:
            time.sleep(0.02)
        try:
            status, film, boxes = modality.film_box()
            if status != 0 or modality.set_image(boxes[0], 1, film_pixels(number)) != 0:
                return False
            self.asked[number] += 1
            if modality.print_film_box(film) != 0:
                return False
            self.answered.append(number)
            return modality.delete_film_box(film) == 0
        except (RuntimeError, AttributeError, ValueError):  # the association is gone: pynetdicom says it in three ways
            return False


def images_of(pdf: Path) -> list[str]:
    """The hash of every image's decoded pixels; a PDF that is not whole does not open."""
    with pikepdf.open(pdf) as document:
        images = [
            value
            for value in document.objects
            if isinstance(value, pikepdf.Stream) and value.get("/Subtype") == "/Image"
        ]
        return [hashlib.sha256(image.read_bytes()).hexdigest() for image in images]


def printed(data_dir: Path) -> dict[int, list[Path]]:
    """Which film number is in which PDFs, each with its JSON."""
    numbers = {hashlib.sha256(film_pixels(number).tobytes()).hexdigest(): number for number in range(100)}
    found: dict[int, list[Path]] = {}
    for pdf in data_dir.glob("films/*/*/*"):
        if pdf.suffix == ".json":
            continue
        assert pdf.suffix == ".pdf", f"{pdf} is half-written"
        document = json.loads(pdf.with_suffix(".json").read_text())
        assert document["id"] == pdf.stem
        assert document["date"] == pdf.parent.name == document["ordered_at"][:10]
        (digest,) = images_of(pdf)
        found.setdefault(numbers[digest], []).append(pdf)
    return found


def unfinished(data_dir: Path) -> list[tuple[str, str]]:
    from service.store import jobs
    from service.store.engine import Store

    store = Store(f"sqlite:///{data_dir / 'printmgr.db'}")
    with store.read() as connection:
        found = [(job.id, job.state) for job in jobs.listed(connection, limit=1000) if job.state != jobs.JobState.DONE]
    store.close()
    return found


def evening_and_night() -> tuple[dict[str, str], dict[str, str]]:
    """Two time zones: in the first it is half past eleven now, in the second, an hour on, the next day has begun."""
    utc = datetime.now(UTC)
    west = ((utc.hour - 23) * 60 + utc.minute - 30) * 60  # POSIX: what must be added to local time to reach UTC
    if west < -12 * 3600:
        west += 24 * 3600  # a zone is less than a day from UTC
    return {"TZ": posix_zone(west)}, {"TZ": posix_zone(west - 3600)}


def posix_zone(west: int) -> str:
    sign, seconds = ("-", -west) if west < 0 else ("", west)
    return f"TST{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


@pytest.mark.parametrize(
    ("films", "kills", "midnight"),
    [
        pytest.param(8, 2, False, id="short"),
        pytest.param(6, 1, True, id="over midnight", marks=pytest.mark.slow),
        pytest.param(60, 30, False, id="long", marks=pytest.mark.slow),
        pytest.param(60, 30, True, id="long over midnight", marks=pytest.mark.slow),
    ],
)
def test_what_was_answered_is_there_once_and_whole(tmp_path, films, kills, midnight):
    chance = random.Random(films * 1000 + kills)
    data_dir = tmp_path / "data"
    before, after = evening_and_night() if midnight else ({}, {})
    modality = Modality(films, pace_s=0.5 * kills / films)
    modality.allowed = films // 2
    modality.start()
    for kill in range(kills):
        serving = Serving(data_dir, before if kill < (kills + 1) // 2 else after).wait_ready()
        modality.port = serving.port
        modality.up.set()
        while not modality.answered:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 1.0))
        modality.up.clear()
        serving.kill()
        if kill + 1 >= (kills + 1) // 2:
            modality.allowed = films
    with Serving(data_dir, after) as serving:
        modality.port = serving.port
        modality.up.set()
        modality.join(180)
        assert not modality.is_alive(), f"only {len(modality.answered)} of {films} films were answered"
        patience = time.monotonic() + 60
        while unfinished(data_dir) and time.monotonic() < patience:
            time.sleep(0.1)
        assert unfinished(data_dir) == []
    found = printed(data_dir)
    assert modality.answered == list(range(films))
    assert sorted(found) == list(range(films)), "a film is lost"
    for number, pdfs in found.items():
        assert len(pdfs) <= modality.asked[number], (
            f"film {number} was asked for {modality.asked[number]} times: {pdfs}"
        )
    assert list(data_dir.glob("spool/associations/*")) == []
    days = {pdf.parent.name for pdfs in found.values() for pdf in pdfs}
    assert len(days) == 2 or not midnight
