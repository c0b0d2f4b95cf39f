"""A whole disc of 1 000 CT images, from index to verification: beside a copy, and beside the usual tools.

Each is a process of its own and ends when what it made is safe on the disk: ours flushes the image before it gives it
its name, the copy and the image of the tools are flushed by sync.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import Row
from benchmarks.disc_index import environment
from samples import many

NAME = "Disc: from 1 000 CT images of 525 kB to a verified image"
COUNT = 1000
SIZE = 512
ROUNDS = 5

OURS = """
import sys
from pathlib import Path
from media.fileset.order import DiscOrder
from media.pipeline import BuildOrder, build
studies, output = sys.argv[1:]
disc = DiscOrder(created="2026-01-05T10:15:00+00:00")
build(BuildOrder((studies,), output, disc, processes=2), Path(output) / ".job", lambda _what, _done, _total: None)
"""
COPY = "set -e; cp -r ../studies copy; sync --file-system copy"
USUAL = """
set -e
mkdir set tree
cp -rl ../studies/DICOM set/DICOM
(cd set && dcmmkdir -Pgp +r DICOM)
genisoimage -quiet -iso-level 1 -o disc.iso set
xorriso -osirrox on -indev disc.iso -extract / tree
diff -r set tree
sync disc.iso
"""


def run() -> list[Row]:
    """Wall time, the median of rounds taken in turns; what was written in a round is removed before the next."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        many.write(folder / "studies" / "DICOM", COUNT, size=SIZE)
        works = (lambda: ours(folder), lambda: shell(folder, COPY), lambda: usual(folder))
        mine, copy, tools = wall_ms(folder, *works)
    return [
        Row("whole disc", "cp -r, sync", mine, copy, "wall ms", at_most=2.5),
        Row("whole disc", "dcmmkdir, genisoimage, extract, diff, sync", mine, tools, "wall ms", at_most=0.6),
    ]


def ours(folder: Path) -> None:
    command = [sys.executable, "-c", OURS, str(folder / "studies"), str(folder / "work")]
    subprocess.run(command, env=environment(), check=True)
    assert (folder / "work" / "volume_1.iso").stat().st_size > COUNT * SIZE * SIZE * 2


def usual(folder: Path) -> None:
    said = shell(folder, USUAL)
    assert b"cannot be added" not in said, said


def shell(folder: Path, script: str) -> bytes:
    """Run a script in the folder `work`; what it says on standard error."""
    return subprocess.run(["sh", "-c", script], cwd=folder / "work", capture_output=True, check=True).stderr


def wall_ms(folder: Path, *works: Callable[[], object]) -> list[float]:
    """Median wall time of each work, each in an empty folder `work`, nothing else left to be written."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, taken in zip(works, times, strict=True):
            (folder / "work").mkdir()
            subprocess.run(["sync"], check=True)
            begin = time.perf_counter()
            work()
            taken.append((time.perf_counter() - begin) * 1000)
            subprocess.run(["chmod", "-R", "u+w", folder / "work"], check=True)  # xorriso takes it from folders
            shutil.rmtree(folder / "work")
    return [statistics.median(taken) for taken in times]
