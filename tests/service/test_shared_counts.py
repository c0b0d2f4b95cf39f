"""Counts that processes share: summed over all, taken back from the dead, never torn."""

import os
import signal
import subprocess
import sys
import threading
from itertools import pairwise

import pytest

from service.node.access import Partner, Slots
from service.shared_counts import OwnCounts, SharedCounts, new_table

HAMMER = """
import sys
from service.shared_counts import SharedCounts
counts = SharedCounts(int(sys.argv[1]), int(sys.argv[2]))
print("up", flush=True)
for turn in range(int(sys.argv[3])):
    with counts.turn():
        counts.change("all", 1)
        counts.change(f"mine {sys.argv[2]} {turn % 7}", 1)
        if turn % 3:
            counts.change("all", -1)
            counts.change(f"mine {sys.argv[2]} {turn % 7}", -1)
print("done", flush=True)
"""


@pytest.fixture
def table():
    descriptor = new_table(4, 64)
    yield descriptor
    os.close(descriptor)


def hammering(table, column, turns):
    return subprocess.Popen(
        [sys.executable, "-c", HAMMER, str(table), str(column), str(turns)], pass_fds=[table], stdout=subprocess.PIPE
    )


def test_processes_add_to_the_same_numbers(table):
    ours = SharedCounts(table, 0)
    processes = [hammering(table, column, 3000) for column in (1, 2, 3)]
    for process in processes:
        assert process.communicate(timeout=60)[0] == b"up\ndone\n" and process.returncode == 0
    with ours.turn():
        assert ours.total("all") == 3000
        assert sum(ours.total(f"mine 1 {number}") for number in range(7)) == 1000


def test_what_a_dead_process_held_is_free_wherever_it_died(table):
    ours = SharedCounts(table, 0)
    for _ in range(8):
        process = hammering(table, 1, 10_000_000)
        assert process.stdout.readline() == b"up\n"
        threading.Event().wait(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        ours.forget(1)  # gets the turn, although the process may have died in its own
        with ours.turn():
            assert ours.total("all") == 0
            assert not ours._keys.any(), "rows of a dead process stay"


def test_a_full_table_says_so_and_goes_on(table):
    ours = SharedCounts(table, 0)
    with ours.turn():
        assert [ours.change(str(number), 1) for number in range(65)] == [True] * 64 + [False]
        assert ours.change("5", -1) and ours.change("new", 1)
        assert (ours.total("5"), ours.total("new"), ours.total("63")) == (0, 1, 1)


def test_quotas_and_totals_hold_over_all_processes(table):
    slots = [Slots(4, 1, SharedCounts(table, number)) for number in range(3)]
    ct, stranger = Partner("CT", 3), Partner("CT", 3, listed=False)
    assert [each.take(ct) for each in slots] == [None, None, None]
    assert slots[0].take(ct) == "the partner's quota is used up"
    assert slots[1].take(stranger) is None, "a stranger of the same name has a quota of its own"
    assert slots[2].take(Partner("MR")) == "all associations in use"
    slots[0].give_back(ct)
    assert slots[2].take(Partner("MR")) is None
    assert [each.used() for each in slots] == [{}, {"CT": 2}, {"CT": 1, "MR": 1}]


def test_reserved_slots_are_kept_over_all_processes(table):
    slots = [Slots(3, 2, SharedCounts(table, number)) for number in range(2)]
    assert slots[0].take(Partner("X", listed=False)) is None
    assert slots[1].take(Partner("Y", listed=False)) == "only reserved associations left"
    assert slots[1].take(Partner("CT")) is None


@pytest.mark.parametrize("counts", [OwnCounts, lambda: SharedCounts(new_table(1, 16), 0)])
def test_both_kinds_count_alike(counts):
    one = counts()
    seen = []
    with one.turn():
        for by in (1, 2, -3, 0, 5):
            assert one.change("key", by)
            seen.append(one.total("key"))
    assert seen == [1, 3, 0, 0, 5]
    assert [b - a for a, b in pairwise([0, *seen])] == [1, 2, -3, 0, 5]
