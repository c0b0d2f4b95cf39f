"""What is old goes and is recorded; what is young, failed or somebody else's stays."""

import os
import time
from pathlib import Path

import pytest

from service.config import load
from service.retention import Retention
from service.store import deliveries, jobs, orders, prints, removals
from service.store.engine import Store
from service.store.jobs import JobState
from tests.databases import new_database
from tests.service.test_store import a_print, add

DAY_S = 86400


class House:
    """A data directory with prints of any age."""

    def __init__(self, folder: Path, **days: int) -> None:
        self.settings = load(data_dir=folder, retention={"films": 0, "spool": 0, "jobs": 0} | days)
        new_database(self.settings.database)
        self.store = Store(self.settings.database)
        self.forgotten: list[str] = []
        self.retention = Retention(self.settings, self.store, self.forgotten.extend)

    def print(self, print_id: str, age_days: float, state: JobState = JobState.DONE, sink: Path | None = None) -> Path:
        folder = self.settings.spool_dir / "prints" / print_id
        folder.mkdir(parents=True)
        (folder / "1.ds").write_bytes(bytes(100))
        pdf = (sink or self.settings.films_dir / "printer" / "2024-05-06") / f"{print_id}.pdf"
        pdf.parent.mkdir(parents=True, exist_ok=True)
        pdf.write_bytes(b"%PDF")
        pdf.with_suffix(".json").write_bytes(b"{}")
        add(self.store, a_print(print_id))
        changed = int((time.time() - age_days * DAY_S) * 1e6)
        with self.store.write() as connection:
            orders.settle(connection, print_id)
            jobs.begin_step(connection, print_id, 1, "lay out")
            prints.delivered(connection, print_id, "folder", str(pdf))
            jobs.move(connection, print_id, state, only_from=jobs.OPEN)
            connection.exec_driver_sql("UPDATE jobs SET changed_at = ? WHERE id = ?", (changed, print_id))
        return pdf

    def run(self) -> dict[str, int]:
        return self.retention.run(time.time())

    def removed(self) -> list[tuple[str, str, int]]:
        with self.store.read() as connection:
            return sorted(row[:3] for row in removals.listed(connection))


@pytest.fixture
def house(tmp_path):
    made: list[House] = []

    def make(**days: int) -> House:
        made.append(House(tmp_path / "data", **days))
        return made[0]

    yield make
    made[0].store.close()


def test_nothing_goes_where_nothing_is_asked(house):
    keep = house()
    pdf = keep.print("old", 10_000)
    assert keep.run() == {"films": 0, "spool": 0, "jobs": 0, "studies": 0, "recordings": 0, "passwords": 0}
    assert pdf.exists() and keep.removed() == []


def test_old_films_go_with_their_json_and_young_ones_stay(house):
    ours = house(films=30)
    old, young = ours.print("old", 31), ours.print("young", 29)
    assert ours.run()["films"] == 1
    assert not old.exists() and not old.with_suffix(".json").exists()
    assert young.exists() and young.with_suffix(".json").exists()
    assert ours.removed() == [("films", "old", 6)]
    with ours.store.read() as connection:
        assert prints.one(connection, "old").deleted
    assert ours.run()["films"] == 0


def test_the_day_s_folder_goes_when_it_is_empty(house):
    ours = house(films=30)
    pdf = ours.print("old", 31)
    ours.run()
    assert not pdf.parent.exists() and pdf.parent.parent.exists()


def test_the_spool_of_done_prints_goes_and_that_of_others_stays(house):
    ours = house(spool=14)
    for print_id, state in (("done", JobState.DONE), ("failed", JobState.FAILED), ("waiting", JobState.ORDERED)):
        ours.print(print_id, 15, state)
    assert ours.run()["spool"] == 1
    assert sorted(folder.name for folder in (ours.settings.spool_dir / "prints").iterdir()) == ["failed", "waiting"]
    assert ours.removed() == [("spool", "done", 100)]


def test_old_jobs_lose_their_steps_and_go_when_they_have_no_film(house):
    ours = house(jobs=90)
    kept = ours.print("kept", 91)
    ours.print("failed", 91, JobState.FAILED)
    assert ours.run()["jobs"] == 1
    assert ours.forgotten == ["failed", "kept"]
    with ours.store.read() as connection:
        assert prints.ids(connection) == {"kept"}
        assert jobs.one(connection, "kept").steps == ()
    assert kept.exists()
    assert not (ours.settings.spool_dir / "prints" / "failed").exists()
    assert ("jobs", "failed", 0) in ours.removed()


def test_a_password_nobody_deleted_goes_after_a_week(house):
    ours = house()
    for disc, age_days in (("old", 8), ("young", 6)):
        sheet = ours.settings.discs_dir / disc / "password.pdf"
        sheet.parent.mkdir(parents=True)
        sheet.write_bytes(b"%PDF")
        os.utime(sheet, (time.time() - age_days * DAY_S,) * 2)
    assert ours.run()["passwords"] == 1
    assert [sheet.parent.name for sheet in ours.settings.discs_dir.glob("*/password.pdf")] == ["young"]
    assert ours.removed() == [("passwords", "old", 4)]


def test_everything_goes_in_the_end(house):
    ours = house(films=30, spool=14, jobs=90)
    ours.print("old", 100)
    assert ours.run() == {"films": 1, "spool": 1, "jobs": 1, "studies": 0, "recordings": 0, "passwords": 0}
    with ours.store.read() as connection:
        assert prints.ids(connection) == set()


@pytest.mark.parametrize(
    ("state", "kept"), [("waiting", True), ("failed", True), ("cancelled", False), ("done", False)]
)
def test_the_files_of_a_film_on_its_way_stay(house, state, kept):
    one = house(spool=1)
    one.print("on its way", age_days=30)
    with one.store.write() as connection:
        deliveries.hand_over(connection, "on its way", ["archive"])
        connection.exec_driver_sql("UPDATE deliveries SET state = ? WHERE sink = 'archive'", (state,))
    one.run()
    assert (one.settings.spool_dir / "prints" / "on its way").exists() is kept


def test_a_film_that_nobody_confirms_is_not_kept_for_ever(house):
    one = house(spool=14)
    for print_id, days in (("old", 30), ("young", 3)):
        one.print(print_id, age_days=days)
        with one.store.write() as connection:
            deliveries.hand_over(connection, print_id, ["archive"])
            asked = int((time.time() - days * DAY_S) * 1e6)
            said = "UPDATE deliveries SET state = 'held', asked_at = ? WHERE print_id = ? AND sink = 'archive'"
            connection.exec_driver_sql(said, (asked, print_id))
    one.run()
    folders = {folder.name for folder in (one.settings.spool_dir / "prints").iterdir()}
    assert folders == {"young"}
    with one.store.read() as connection:
        ways = {id_: deliveries.one(connection, id_, "archive") for id_ in ("old", "young")}
    assert [way.state for way in ways.values()] == ["cancelled", "held"]
    assert "nobody said whose" in ways["old"].error
