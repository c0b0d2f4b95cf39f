"""What keeps the memory of processes flat that live for months: few arenas, and a collector that comes often."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from service.children import Child, Role

PATIENCE_S = 10.0
SURVIVORS = """
import collections, gc
from service.roles import keep_what_is_there

old = [[] for _ in range(1_000_000)]
keep_what_is_there()
before = gc.get_stats()[2]["collections"]
young = collections.deque(maxlen=20_000)  # old enough for the oldest generation when they go
for _ in range(400_000):
    cycle = []
    cycle.append(cycle)
    young.append(cycle)
print(gc.get_stats()[2]["collections"] - before)
"""


def test_garbage_does_not_wait_for_a_quarter_of_all_objects() -> None:
    """Of a million objects there are: then one whole collection would come."""
    found = subprocess.run([sys.executable, "-c", SURVIVORS], capture_output=True, text=True, check=True)
    assert int(found.stdout) >= 3


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_processes_have_few_arenas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless whoever starts the service says how many."""
    assert b"MALLOC_ARENA_MAX=2" in environment_of_child()
    monkeypatch.setenv("MALLOC_ARENA_MAX", "7")
    assert b"MALLOC_ARENA_MAX=7" in environment_of_child()


def environment_of_child() -> list[bytes]:
    child = Child(Role.NODE)
    child.start({}, (), {})
    assert child.process is not None
    try:
        environment, end = Path(f"/proc/{child.process.pid}/environ"), time.monotonic() + PATIENCE_S
        while not (found := environment.read_bytes()):  # it is empty while the program is being put in its place
            assert time.monotonic() < end, "the child has no environment"
        return found.split(b"\0")
    finally:
        child.process.kill()
        child.process.wait()
        child.bury(0.0)
