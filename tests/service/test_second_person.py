"""Two patients on one disc: nothing is made before somebody else confirms it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from media.fileset.order import DiscOrder
from media.pipeline import BuildOrder
from service import jobs as engine
from service.config import Settings
from service.people import Passwords
from service.second_person import CannotConfirm, confirm, refuse, waits
from service.store import audit, discs, jobs, people
from service.store.jobs import JobState
from service.store.people import PersonRole
from service.wiring.discs import disc_steps, order_disc
from tests.receiving import Receiving, hand_over, instance, receiving

DISC = [sys.executable, "-c", "import sys; from service.cli import main; sys.exit(main())", "disc"]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Receiving]:
    with receiving(tmp_path) as inbox:
        hand_over(inbox, instance(1))
        hand_over(inbox, instance(1, "1.2.4", "1.2.4.1", PatientID="P2", PatientName="Roe^Jo"))
        yield inbox


def ordered(made: Receiving, *studies: str, by: str = "anna") -> str:
    sources = tuple(f"inbox:{uid}" for uid in studies)
    order = BuildOrder(sources, "", DiscOrder(created="2026-11-26T01:00:00+00:00"))
    return order_disc(settings_of(made), order, by)


def settings_of(made: Receiving) -> Settings:
    return Settings(data_dir=made.root.parent, database_url=made.database)


def state(made: Receiving, disc_id: str) -> JobState:
    with made.store.read() as connection:
        return jobs.state_of(connection, disc_id)


def test_a_disc_of_two_patients_waits_for_somebody_else(made: Receiving) -> None:
    one, two = ordered(made, "1.2.3"), ordered(made, "1.2.3", "1.2.4")
    with made.store.read() as connection:
        assert [job for job, _ in jobs.ordered(connection, {"disc": 9})] == [one]
    assert state(made, two) is JobState.UNCONFIRMED
    with pytest.raises(CannotConfirm, match="somebody else"):
        confirm(made.store, two, "anna", "desk", "")
    with pytest.raises(CannotConfirm, match="expected one that waits"):
        confirm(made.store, one, "bert", "desk", "")
    confirm(made.store, two, "bert", "desk", "10.0.0.1")
    with made.store.read() as connection:
        assert {job for job, _ in jobs.ordered(connection, {"disc": 9})} == {one, two}
        assert discs.one(connection, two).confirmed_by == "bert"
        noted = audit.listed(connection)[0]
    assert (noted.who, noted.object_id) == ("bert", two)
    assert "confirmed for 2 patients, ordered by anna" in noted.detail
    with pytest.raises(CannotConfirm):
        confirm(made.store, two, "carl", "desk", "")
    assert disc_steps(settings_of(made), made.store, two)


def test_cancelling_and_trying_again_is_no_way_around(made: Receiving) -> None:
    two = ordered(made, "1.2.3", "1.2.4")
    engine.cancel(made.store, two)
    assert state(made, two) is JobState.CANCELLED
    with pytest.raises(CannotConfirm, match="second person"):
        disc_steps(settings_of(made), made.store, two)


def test_who_refuses_says_why_and_nothing_is_made(made: Receiving) -> None:
    two = ordered(made, "1.2.3", "1.2.4")
    refuse(made.store, two, "bert", "desk", "10.0.0.1", "wrong patient")
    with made.store.read() as connection:
        found, noted = discs.one(connection, two), audit.listed(connection)[0]
    assert (found.state, found.error) == (JobState.CANCELLED, "refused by bert: wrong patient")
    assert (noted.who, noted.object_id) == ("bert", two) and "refused by bert: wrong patient" in noted.detail
    with pytest.raises(CannotConfirm):
        confirm(made.store, two, "bert", "desk", "")


def remote(made: Receiving, *studies: str, whose: dict[str, tuple[str, str]]) -> str:
    """A disc of studies of an archive, which are here by the time their patients are looked at."""
    order = BuildOrder(tuple(f"pacs:PACS:{uid}" for uid in studies), "", DiscOrder(created="2026-11-26T01:00:00+00:00"))
    return order_disc(settings_of(made), order, "anna", whose=whose)


def look_at_patients(made: Receiving, disc_id: str) -> None:
    (step,) = [one for one in disc_steps(settings_of(made), made.store, disc_id) if one.name == "patients"]
    step.run(lambda unit, done, total: None)


def test_what_an_archive_says_of_two_patients_waits_before_anything_is_fetched(made: Receiving) -> None:
    two = remote(made, "9.1", "9.2", whose={"9.1": ("P1", "Doe^Jane"), "9.2": ("P2", "Roe^Jo")})
    assert state(made, two) is JobState.UNCONFIRMED
    one = remote(made, "9.1", "9.3", whose={"9.1": ("P1", "Doe^Jane"), "9.3": ("P1", "Doe^Jane")})
    assert state(made, one) is JobState.ORDERED


def test_what_comes_of_other_patients_than_was_said_stops_the_disc(made: Receiving) -> None:
    lied = remote(made, "1.2.3", "1.2.4", whose={})  # both are received: their own patients count
    assert state(made, lied) is JobState.UNCONFIRMED
    late = remote(made, "1.2.3", "9.9", whose={"9.9": ("P1", "Doe^Jane")})
    hand_over(made, instance(1, "9.9", "9.9.1", PatientID="P3", PatientName="Poe^Al"))
    with pytest.raises(CannotConfirm, match="of 2 patients"):
        look_at_patients(made, late)
    with made.store.write() as connection:
        jobs.move(connection, late, JobState.FAILED, only_from=[JobState.ORDERED])
        assert waits(discs.one(connection, late))
    other = remote(made, "9.8", whose={"9.8": ("P1", "Doe^Jane")})
    hand_over(made, instance(1, "9.8", "9.8.1", PatientID="P4", PatientName="Poe^Al"))
    with pytest.raises(CannotConfirm, match="another patient than the archive said"):
        look_at_patients(made, other)
    look_at_patients(made, other)  # somebody has looked and tries again


def test_on_the_command_line_who_confirms_signs_in(made: Receiving) -> None:
    with made.store.write() as connection:
        for name, role in (("bert", PersonRole.DESK), ("vera", PersonRole.VIEWER), ("anna", PersonRole.DESK)):
            people.add(connection, name, role, Passwords().hash("a long password"))
    two = ordered(made, "1.2.3", "1.2.4")
    settings = made.root.parent / "settings.toml"
    settings.write_text(f'data_dir = "{made.root.parent}"\ndatabase_url = "{made.database}"\n')

    def confirmed(name: str, password: str) -> "subprocess.CompletedProcess[str]":
        words = ["confirm", two, "--by", name, "--settings", str(settings)]
        return subprocess.run([*DISC, *words], input=password + "\n", capture_output=True, text=True, check=False)

    for name, password, said in (
        ("bert", "wrong", "password"),
        ("vera", "a long password", "is viewer"),
        ("anna", "a long password", "somebody else"),
    ):
        refused = confirmed(name, password)
        assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr
        assert state(made, two) is JobState.UNCONFIRMED
    done = confirmed("bert", "a long password")
    assert (done.returncode, done.stdout) == (0, f"{two} is made when a worker is free\n"), done.stderr
    assert state(made, two) is JobState.ORDERED
