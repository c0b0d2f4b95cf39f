"""`printmgr film deliver`, `film deliveries` and what `film show` says of deliveries."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from service.config import Settings, load
from service.store import deliveries, jobs, orders
from service.store.engine import Store
from service.store.jobs import JobState
from tests.databases import new_database
from tests.service.test_store import a_print, add

ID = "20260105-101500-000001"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A service that has one print, done, with a delivery that failed for now."""
    monkeypatch.setenv("PRINTMGR_DATA_DIR", str(tmp_path / "data"))
    made = load()
    new_database(made.database)
    store = Store(made.database)
    add(store, a_print(ID))
    with store.write() as connection:
        orders.settle(connection, ID)
        jobs.move(connection, ID, JobState.DONE, only_from=jobs.OPEN)
        deliveries.hand_over(connection, ID, ["archive"])
        claim = deliveries.claim(connection, "archive", "worker-0")
        assert claim is not None
        deliveries.wait(connection, claim, "nobody answers", 3600)
    store.close()
    folder = made.spool_dir / "prints" / ID
    folder.mkdir(parents=True)
    (folder / "order.json").write_text("{}")
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["film", *arguments])


def ways(settings: Settings) -> dict[str, str]:
    store = Store(settings.database)
    with store.read() as connection:
        found = {way.sink: way.state for way in deliveries.of_print(connection, ID)}
    store.close()
    return found


def test_what_waits_says_why_and_when_next(settings: Settings) -> None:
    shown = run("show", ID).stdout
    assert "archive: waiting (attempt 2 in 3" in shown and "nobody answers" in shown


def test_all_that_has_not_arrived(settings: Settings) -> None:
    (found,) = json.loads(run("deliveries", "--json").stdout)
    assert (found["id"], found["delivery"]["sink"], found["delivery"]["error"]) == (ID, "archive", "nobody answers")
    assert json.loads(run("deliveries", "--state", "done", "--json").stdout) == []
    assert run("deliveries", "--state", "nonsense").exit_code == 2


def test_deliver_sends_to_a_sink_of_the_settings(settings: Settings) -> None:
    said = run("deliver", ID, "folder")
    assert said.exit_code == 0, said.output
    assert ways(settings) == {"archive": "waiting", "folder": "waiting"}


def test_deliver_refuses_what_cannot_be(settings: Settings) -> None:
    assert "no sink 'archive'" in str(run("deliver", ID, "archive").exception)
    assert "no print has the id" in str(run("deliver", "nobody", "folder").exception)
    (settings.spool_dir / "prints" / ID / "order.json").unlink()
    assert "no longer in the spool" in str(run("deliver", ID, "folder").exception)
    assert ways(settings) == {"archive": "waiting"}


def test_one_delivery_is_cancelled(settings: Settings) -> None:
    assert run("deliver", ID, "archive", "--cancel").exit_code == 0
    assert ways(settings) == {"archive": "cancelled"}
    assert "is cancelled" in str(run("deliver", ID, "archive", "--cancel").exception)
