"""A whole disc of 1 000 CT images, from index to verification: beside a copy, and beside the usual tools."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import Row
from media.fileset.order import DiscOrder
from media.pipeline import BuildOrder, build
from samples import many

NAME = "Disc: from 1 000 CT images of 525 kB to a verified image"
COUNT = 1000
SIZE = 512
ROUNDS = 5

USUAL = """
set -e
mkdir set tree
cp -rl ../studies/DICOM set/DICOM
(cd set && dcmmkdir -Pgp +r DICOM)
genisoimage -quiet -iso-level 1 -o disc.iso set
xorriso -osirrox on -indev disc.iso -extract / tree
diff -r set tree
"""


def run() -> list[Row]:
    """Wall time, least of rounds taken in turns; what was written in a round is removed before the next."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        many.write(folder / "studies" / "DICOM", COUNT, size=SIZE)
        works = (lambda: ours(folder), lambda: copied(folder), lambda: usual(folder))
        mine, copy, tools = least_wall_ms(folder, *works)
    return [
        Row("whole disc", "cp -r", mine, copy, "wall ms", at_most=2.5),
        Row("whole disc", "dcmmkdir, genisoimage, extract, diff", mine, tools, "wall ms", at_most=0.6),
    ]


def ours(folder: Path) -> None:
    disc = DiscOrder(created="2026-01-05T10:15:00+00:00")
    order = BuildOrder((str(folder / "studies"),), str(folder / "work"), disc, processes=2)
    build(order, folder / "work" / ".job", lambda _what, _done, _total: None)
    assert (folder / "work" / "volume_1.iso").stat().st_size > COUNT * SIZE * SIZE * 2


def copied(folder: Path) -> None:
    subprocess.run(["cp", "-r", folder / "studies", folder / "work"], check=True)


def usual(folder: Path) -> None:
    done = subprocess.run(["sh", "-c", USUAL], cwd=folder / "work", capture_output=True, check=True)
    assert b"cannot be added" not in done.stderr, done.stderr


def least_wall_ms(folder: Path, *works: Callable[[], object]) -> list[float]:
    """Least wall time of each work, each in an empty folder `work`."""
    best = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for index, work in enumerate(works):
            (folder / "work").mkdir()
            begin = time.perf_counter()
            work()
            best[index] = min(best[index], (time.perf_counter() - begin) * 1000)
            subprocess.run(["chmod", "-R", "u+w", folder / "work"], check=True)  # xorriso takes it from folders
            shutil.rmtree(folder / "work")
    return best
