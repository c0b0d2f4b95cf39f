"""The service on PostgreSQL: a film, a received study on a disc, a backup that is restored into another database."""

import json
import time
from pathlib import Path

import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from printmgr.scu import undisturbed
from service.backup.restore import restore
from service.backup.write import backup
from service.config import load
from service.store import jobs, prints, study_queries
from service.store.dialects import Durability
from service.store.engine import Store
from service.store.jobs import JobState
from service.store.snapshot import SnapshotFailed
from tests.commands import printmgr
from tests.receiving import ARCHIVE, association, instance
from tests.serving import Serving, film_pixels, scu

PATIENCE_S = 120.0


def said(environment: dict[str, str], *words: object) -> str:
    done = printmgr(*words, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_done(store: Store, job_id: str) -> None:
    patience = time.monotonic() + PATIENCE_S
    while time.monotonic() < patience:
        with store.read() as connection:
            job = jobs.one(connection, job_id)
        if job.state in jobs.ENDED:
            assert job.state is JobState.DONE, job.error
            return
        time.sleep(0.2)
    raise AssertionError(f"{job_id} did not end: {job}")


def test_a_film_and_a_disc_and_a_backup(postgresql, tmp_path):
    url, data = postgresql.empty_database(), tmp_path / "run"
    environment = {"PRINTMGR_DATABASE_URL": url, "PRINTMGR_DATA_DIR": str(data)}
    with Serving(data, environment) as service:
        with scu(service.port) as console:
            assert console.open_session() == 0
            assert console.print_film(film_pixels(1)) == 0
        context = (CTImageStorage, [ExplicitVRLittleEndian])
        with association(service.port, context, called=ARCHIVE) as assoc, undisturbed(assoc):
            for number in range(3):
                assert assoc.send_c_store(instance(number)).Status == 0
        store = Store(url)
        with store.read() as connection:
            (film,) = prints.listed(connection)
        wait_done(store, film.id)
        said(environment, "study", "complete", "1.2.3")
        order = ("disc", "build", "inbox:1.2.3", "--output", tmp_path / "disc", "--queue", "--derive", "--json")
        wait_done(store, json.loads(said(environment, *order))["job"])
        verified = json.loads(said(environment, "disc", "verify", tmp_path / "disc" / "volume_1.iso", "--json"))
        assert verified["good"] and verified["instances"] == 3
        settings = load(data_dir=data, database_url=url)
        assert backup(settings, tmp_path / "b.tar").missing == ()
        store.close()
    assert not list(data.glob("*.db"))

    known = load(data_dir=tmp_path / "again", database_url=postgresql.empty_database())
    made = restore(tmp_path / "b.tar", known)
    assert (made.received, made.films, made.missing) == (3, 1, ())
    store = Store(known.database)
    with store.read() as connection:
        assert prints.one(connection, film.id).state is JobState.DONE
        assert study_queries.one(connection, "1.2.3").instances == 3
    store.close()
    with pytest.raises(SnapshotFailed, match="expected an empty one"):
        restore(tmp_path / "b.tar", load(data_dir=tmp_path / "third", database_url=known.database))
    assert not (tmp_path / "third").exists()


def test_what_was_answered_is_on_the_disk(postgresql):
    url = postgresql.new_database()
    for durability, expected in ((Durability.ANSWERED, "on"), (Durability.REPEATABLE, "off")):
        store = Store(url, durability)
        with store.write() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == expected
        store.close()


def test_a_connection_that_was_cut_is_made_again(postgresql, tmp_path: Path):
    from tests.receiving import hand_over, receiving

    url = postgresql.new_database()
    with receiving(tmp_path, database=url) as made:
        hand_over(made, instance(1))
        postgresql.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 't%' AND pid <> pg_backend_pid()"
        )
        with pytest.raises(Exception, match=r"terminat|closed"):
            hand_over(made, instance(2))
        hand_over(made, instance(2))
        assert len(made.held("1.2.3")) == 2
