"""The database: its schema, its transactions, its states."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from printmgr.errors import QueueFull, ResourceLimit
from printmgr.film.model import FilmBox, FilmSession, Image, ImageBox, OrderKind, PixelFormat, PrintOrder, StoredPixels
from printmgr.film.printer import LogicalPrinter
from printmgr.order_json import encode_order
from printmgr.ports import Caller, Print
from service.store import jobs, orders, prints
from service.store.audit_models import AuditRow  # noqa: F401  # all tables must be known
from service.store.disc_models import DiscRow  # noqa: F401
from service.store.engine import Durability, Store, migrate, newest
from service.store.identity_models import Base
from service.store.jobs import JobState
from service.store.people_models import PersonRow  # noqa: F401
from service.store.secrets import SecretRow  # noqa: F401
from service.store.study_models import InstanceRow  # noqa: F401


@pytest.fixture
def store(database_url):
    store = Store(database_url)
    yield store
    store.close()


def a_print(print_id: str = "20240506-070809-000001-aa", images: int = 2, calling_ae: str = "CT1") -> Print:
    boxes = tuple(
        ImageBox(f"1.{i}", i, Image(PixelFormat(4, 4), StoredPixels(f"{i}.ds", 0, 16)) if i <= images else None)
        for i in range(1, 5)
    )
    order = PrintOrder(
        OrderKind.FILM, FilmSession("1.2", number_of_copies=3), (FilmBox("1.3", "STANDARD\\2,2", image_boxes=boxes),)
    )
    printer = LogicalPrinter("PRINTER", slug="printer")
    caller = Caller(calling_ae, "PRINTER", "10.0.0.1", "a1")
    return Print(
        print_id, "2024-05-06", "2024-05-06T07:08:09+02:00", caller, printer, order, {"N-SET": [0, 0xB604]}, Path("/x")
    )


def add(store: Store, *many: Print, max_queue: int = 100) -> None:
    writer = orders.OrderWriter(store, max_queue)
    for print_ in many:
        writer.add(print_, encode_order(print_))
    writer.close()


def test_a_database_that_others_write_all_the_time_is_a_limit_and_no_fault(database_url, monkeypatch):
    monkeypatch.setattr("service.store.dialects.BUSY_MS", 100)
    store, other = Store(database_url), Store(database_url)
    writer = orders.OrderWriter(store, 100)
    with other.write():
        with pytest.raises(ResourceLimit, match="busy"), store.write():
            pass
        with pytest.raises(ResourceLimit, match="busy"):
            writer.add(a_print(), encode_order(a_print()))
    writer.add(a_print(), encode_order(a_print()))
    with store.read() as connection:
        assert [print_id for print_id, _ in orders.unsettled(connection)] == [a_print().id]
    for one in (store, other):
        one.close()
    writer.close()


def test_the_migrations_make_what_the_models_say(store):
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        assert MigrationContext.configure(connection).get_current_revision() == newest()


def test_the_database_is_its_owner_s_alone(tmp_path):
    before = os.umask(0o022)
    try:
        migrate(f"sqlite:///{tmp_path / 'new' / 'printmgr.db'}")
    finally:
        os.umask(before)
    files = [path for path in (tmp_path / "new").iterdir() if path.name.startswith("printmgr.db")]
    assert files and {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_many_processes_may_migrate_at_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'printmgr.db'}"
    code = f"from service.store.engine import migrate; migrate({url!r})"
    running = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(4)]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()


@pytest.mark.parametrize(("durability", "level"), [(Durability.ANSWERED, 2), (Durability.REPEATABLE, 1)])
def test_the_database_is_opened_as_it_must_be(tmp_path, durability, level):
    store = Store(f"sqlite:///{tmp_path / 'x.db'}", durability)
    with store.read() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {p}").scalar_one()
            for p in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    store.close()
    assert pragmas == ["wal", level, 1, 30000]


def test_an_order_is_there_with_its_job_and_films(store):
    add(store, a_print())
    with store.read() as connection:
        found = prints.one(connection, a_print().id)
        ((unsettled_id, document),) = orders.unsettled(connection)
    assert (found.state, found.copies, found.images, found.film_count) == (JobState.ANSWERED, 3, 2, 1)
    assert found.statuses == {"N-SET": [0, 0xB604]}
    assert (found.films[0].boxes, found.films[0].images) == (4, 2)
    assert (unsettled_id, document) == (found.id, encode_order(a_print()))


def test_an_order_that_fails_leaves_nothing(store):
    add(store, a_print())
    with pytest.raises(Exception, match=r"(?i)unique"):
        add(store, a_print())
    writer = orders.OrderWriter(store, 100)
    with pytest.raises(AttributeError):
        writer.add(a_print("other"), None)  # type: ignore[arg-type]
    writer.add(a_print("third"), b"{}")
    writer.close()
    with store.read() as connection:
        assert prints.ids(connection) == {a_print().id, "third"}


def test_a_full_queue_takes_no_more_until_jobs_end(store):
    add(store, a_print("1"), a_print("2", calling_ae="CT2"), max_queue=2)
    with pytest.raises(QueueFull, match="2 jobs are waiting"):
        add(store, a_print("3"), max_queue=2)
    with store.write() as connection:
        jobs.move(connection, "1", JobState.DONE, only_from=jobs.OPEN)
    add(store, a_print("3"), max_queue=2)


def test_one_caller_fills_half_of_the_queue_at_most(store):
    add(store, a_print("1"), a_print("2"), max_queue=4)
    with pytest.raises(QueueFull, match="2 jobs of CT1 are waiting; expected fewer than 2 of one caller"):
        add(store, a_print("3"), max_queue=4)
    add(store, a_print("3", calling_ae="CT2"), a_print("4", calling_ae="CT3"), max_queue=4)


def test_only_settled_jobs_are_offered_oldest_first(store):
    add(store, a_print("b"), a_print("a"), a_print("c"))
    with store.write() as connection:
        orders.settle(connection, "a")
        orders.settle(connection, "b")
        orders.add_job(connection, "d", "disc", "{}")
        assert jobs.ordered(connection, {"film": 9}) == [("b", "film"), ("a", "film")]
        assert jobs.ordered(connection, {"film": 9, "disc": 1})[-1] == ("d", "disc")


def test_callers_take_turns_whoever_sent_more(store):
    names = ["a1", "a2", "a3", "b1", "a4", "b2"]
    add(store, *(a_print(name, calling_ae=f"AE_{name[0]}") for name in names))
    with store.write() as connection:
        for name in names:
            orders.settle(connection, name)
        assert [job for job, _ in jobs.ordered(connection, {"film": 9})] == ["a1", "b1", "a2", "b2", "a3", "a4"]
        jobs.move(connection, "a1", JobState.QUEUED, only_from=[JobState.ORDERED])
        jobs.move(connection, "a2", JobState.RUNNING, only_from=[JobState.ORDERED])
        assert [job for job, _ in jobs.ordered(connection, {"film": 4})] == ["b1", "b2", "a3"]
        jobs.set_priority(connection, "a4", 1)
        assert [job for job, _ in jobs.ordered(connection, {"film": 4})] == ["a4", "b1", "b2"]


def test_what_waits_can_be_put_first_while_the_engine_has_few(store):
    add(store, a_print("a"), a_print("b"), a_print("c"))
    with store.write() as connection:
        for one in ("a", "b", "c"):
            orders.settle(connection, one)
        assert jobs.set_priority(connection, "c", 5)
        assert jobs.ordered(connection, {"film": 1}) == [("c", "film")]
        jobs.move(connection, "c", JobState.QUEUED, only_from=[JobState.ORDERED])
        assert jobs.ordered(connection, {"film": 1}) == []
        assert not jobs.set_priority(connection, "c", 5)
        jobs.move(connection, "c", JobState.RUNNING, only_from=[JobState.QUEUED])
        assert jobs.ordered(connection, {"film": 1}) == [("a", "film")]


def test_a_job_that_ended_does_not_move_by_mistake(store):
    add(store, a_print("1"))
    with store.write() as connection:
        assert jobs.move(connection, "1", JobState.CANCELLED, only_from=[JobState.ANSWERED])
        assert not jobs.move(connection, "1", JobState.QUEUED, only_from=[JobState.ORDERED])
        orders.settle(connection, "1")
        assert jobs.state_of(connection, "1") is JobState.CANCELLED


def test_steps_tell_how_far_a_job_is(store):
    add(store, a_print("1"))
    with store.write() as connection:
        orders.settle(connection, "1")
        jobs.begin_step(connection, "1", 1, "lay out")
        jobs.end_step(connection, "1", 1, JobState.FAILED, "no")
        jobs.begin_step(connection, "1", 1, "lay out")
        jobs.progress(connection, "1", 1, "bytes", 5, 10)
    with store.read() as connection:
        job = jobs.one(connection, "1")
        assert jobs.listed(connection) == [job]
    (step,) = job.steps
    assert (job.state, step.attempts, step.unit, step.done, step.total, step.error) == (
        "running",
        2,
        "bytes",
        5,
        10,
        "",
    )


def test_a_delivery_counts_its_attempts(store):
    add(store, a_print("1"))
    with store.write() as connection:
        prints.not_delivered(connection, "1", "folder", "full")
        prints.delivered(connection, "1", "folder", "/x")
        (delivery,) = prints.one(connection, "1").deliveries
    assert (delivery.state, delivery.attempts, delivery.place, delivery.error) == ("done", 2, "/x", "")


def test_what_is_not_there_is_told(store):
    with store.read() as connection:
        with pytest.raises(prints.NoSuchPrint, match="'x'"):
            prints.one(connection, "x")
        with pytest.raises(jobs.NoSuchJob, match="'x'"):
            jobs.one(connection, "x")


def test_reading_does_not_wait_for_a_writer(store):
    add(store, a_print("1"))
    with store.write() as writer:
        jobs.move(writer, "1", JobState.DONE, only_from=jobs.OPEN)
        with store.read() as reader:
            assert jobs.state_of(reader, "1") is JobState.ANSWERED


def test_migrating_again_keeps_the_locks_of_this_process(tmp_path: Path) -> None:
    """Else a second process takes itself for the last one, and removes the log under the first one's feet."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    migrate(url)
    store = Store(url)
    with store.read() as connection:
        assert jobs.waiting(connection) == 0
    migrate(url)
    other = "import sys; from service.store import orders; from service.store.engine import Store\n"
    other += "s = Store(sys.argv[1])\nwith s.write() as c: orders.add_job(c, 'one', 'disc', '{}')\ns.close()"
    subprocess.run([sys.executable, "-c", other, url], check=True)
    with store.read() as connection:
        assert jobs.waiting(connection) == 1
    store.close()
