"""Groups of instances taken into the catalogue at once, also while another process takes some of the same."""

from collections import Counter

import pytest
from sqlalchemy import text

from media.studies import Receipt, Received, Sender, Series, Study
from service.store.engine import Durability, Store
from service.store.studies import MOST_ROWS, Entry, StudyWriter

INSTANCES = 3 * MOST_ROWS + 7
STUDY, SENDER = Study("1.2.3", patient_id="P1"), Sender("CT1", "ARCHIVE", "127.0.0.1")


@pytest.fixture
def store(database_url):
    one = Store(database_url, Durability.REPEATABLE)
    yield one
    one.close()


def entry(number: int, of: str, series: int = 1) -> Entry:
    uid = f"1.2.3.{series}.{number}"
    about = Series(f"1.2.3.{series}")
    return Entry(f"{of}/{number}.dcm", Received("1.2.4", uid, "1.2.5", str(number), STUDY, about, SENDER, 1000, 300))


def rows(store: Store, statement: str) -> list[tuple[object, ...]]:
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def different(new: Entry, stored: object) -> bool:
    return False


def test_a_group_of_many_instances(store):
    """Of two series, more than one statement takes; each has its row, and all are counted."""
    writer = StudyWriter(store, different)
    group = [entry(number, "mine", 1 + number % 2) for number in range(INSTANCES)]
    writer.add(group)
    writer.close()
    assert {one.receipt for one in group} == {Receipt.NEW}
    assert rows(store, "SELECT instances, conflicts, size_bytes FROM studies") == [(INSTANCES, 0, INSTANCES * 1000)]
    assert rows(store, "SELECT sum(instances) FROM series") == [(INSTANCES,)]
    found = rows(store, "SELECT file, sop_instance_uid, number, size_bytes, data_set_at FROM instances")
    assert sorted(found) == sorted(
        (one.file, one.received.sop_instance_uid, one.received.number, 1000, 300) for one in group
    )


def test_another_process_takes_some_meanwhile(store):
    """Between the look at what is there and the writing: those are compared again, and nothing is counted twice."""
    others = StudyWriter(store, different)
    others.add([entry(0, "theirs")])
    taken = [number for number in range(1, INSTANCES) if number % 3 == 0]

    def same(new: Entry, stored: object) -> bool:
        if not rows(store, "SELECT id FROM instances WHERE file = 'theirs/3.dcm'"):
            others.add([entry(number, "theirs") for number in taken])
        return False

    writer, group = StudyWriter(store, same), [entry(number, "mine") for number in range(INSTANCES)]
    writer.add(group)
    writer.close()
    others.close()
    both = 1 + len(taken)
    assert Counter(one.receipt for one in group) == {Receipt.OTHER_BYTES: both, Receipt.NEW: INSTANCES - both}
    assert {one.copy for one in group if one.receipt is Receipt.OTHER_BYTES} == {1}
    all_ = INSTANCES + both
    assert rows(store, "SELECT instances, conflicts, size_bytes FROM studies") == [(all_, both, all_ * 1000)]
    assert rows(store, "SELECT instances FROM series") == [(all_,)]
    assert rows(store, "SELECT count(*) FROM instances WHERE file LIKE 'mine/%'") == [(INSTANCES,)]
