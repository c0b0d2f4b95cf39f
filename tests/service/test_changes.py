"""Whether others changed anything: seen once it is committed, once each time, and for nothing only now and then."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import text

from service.store import audit
from service.store.changes import Watch
from service.store.dialects import POSTGRESQL, RawConnection
from service.store.engine import Store

PATIENCE_S = 20.0
LEDGER = audit.Entry("view", "system")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    yield store
    store.close()


def comes(watch: Watch) -> bool:
    """Whether a change is seen in a while."""
    patience = time.monotonic() + PATIENCE_S
    while not (seen := watch.has_changed()) and time.monotonic() < patience:
        time.sleep(0.01)
    return seen


def test_what_is_committed_is_seen_once(store: Store) -> None:
    with closing(Watch(store)) as watch:
        assert [watch.has_changed() for _ in range(9)] == [True, *[False] * 8]
        for count in (1, 3):
            for _ in range(count):
                with store.write() as connection:
                    audit.append(connection, LEDGER)
                    assert not watch.has_changed() or count > 1
            assert comes(watch)
        with store.read() as connection:
            audit.listed(connection)
    with closing(Watch(store)) as watch:
        assert watch.has_changed()


def test_changes_come_one_by_one_and_now_and_then_anyway(store: Store) -> None:
    stopping = threading.Event()
    with closing(Watch(store)) as watch:
        seen = watch.changes(stopping, 0.01)
        next(seen)
        with store.write() as connection:
            audit.append(connection, LEDGER)
        next(seen)
        next(watch.changes(stopping, 0.01, anyway_s=0.05))
        stopping.set()
        assert list(seen) == []


def test_what_is_taken_back_is_not_seen(store: Store) -> None:
    with closing(Watch(store)) as watch:
        assert watch.has_changed()
        with pytest.raises(ZeroDivisionError), store.write() as connection:
            audit.append(connection, LEDGER)
            raise ZeroDivisionError
        assert not any(watch.has_changed() for _ in range(20))


def test_an_order_is_seen_as_any_other_change(store: Store) -> None:
    """The statements that every image waits for go another way to the database."""
    with closing(Watch(store)) as watch, closing(RawConnection(store.engine)) as raw:
        assert watch.has_changed()
        raw.begin()
        raw.execute("UPDATE audit_head SET sent = sent + 1")
        assert not watch.has_changed()
        raw.commit()
        assert comes(watch)


def test_a_server_that_is_gone_is_noticed(store: Store) -> None:
    if store.engine.dialect.name != POSTGRESQL:
        pytest.skip("SQLite is no server")
    watch = Watch(store)
    assert watch.has_changed()
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
    with store.read() as connection:
        connection.execute(text(f"{others} pg_backend_pid()"))
    with pytest.raises(Exception, match=r"terminat|closed|lost"):
        comes(watch)
    watch.close()
    with closing(Watch(store)) as again:
        assert again.has_changed()
