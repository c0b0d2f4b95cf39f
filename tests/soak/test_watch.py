"""What grows is noticed; what only swings is not."""

import os
import subprocess
import sys

import pytest

from tests.soak.watch import Usage, Watch, usages


def watched(tmp_path, samples: list[tuple[float, int, int]]) -> list[str]:
    """The verdict on (seconds, MB, handles) of one process."""
    watch = Watch(tmp_path / "usage.csv", parent=1)
    for seconds, mb, handles in samples:
        watch.note(seconds, [Usage(2, "node", mb * 10**6, handles + 10, 10, 1, 0)])
    return watch.judge()


@pytest.mark.parametrize(
    ("samples", "wrong"),
    [
        ([(0, 100, 12), (800, 300, 32), (901, 320, 33), (7000, 329, 31)], 0),
        ([(0, 100, 12), (800, 300, 32), (901, 331, 32)], 1),
        ([(0, 100, 12), (800, 300, 32), (901, 100, 36), (1000, 100, 40)], 1),
        ([(0, 100, 12), (800, 300, 32), (901, 100, 35), (1000, 100, 90)], 0),
    ],
    ids=["flat", "memory", "handles", "a swing"],
)
def test_growth_is_noticed(tmp_path, samples, wrong):
    assert len(watched(tmp_path, samples)) == wrong


def test_usage_of_real_processes():
    command = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        (mine,) = [one for one in usages(os.getpid()) if one.pid == os.getpid()]
        (theirs,) = [one for one in usages(os.getpid()) if one.pid == child.pid]
        assert mine.role == "supervisor" and theirs.role == "child"
        assert mine.handles >= 4 and mine.rss_bytes > theirs.rss_bytes > 1_000_000
        child.stdin.close()
