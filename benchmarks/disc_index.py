"""From a folder of instances to the bytes of its DICOMDIR, whole processes, against DCMTK's dcmmkdir."""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import Row
from samples import many

NAME = "DICOMDIR: CPU time of whole processes"

OURS = """
import sys
import time
from media.build.dicomdir import encode_dicomdir
from media.collector import Held
from media.fileset.order import DiscOrder
from media.fileset.plan import plan
from media.index.index import index
from media.sources.folder import FolderSource
begin = 0.0
for _ in range(int(sys.argv[4])):
  begin = time.process_time()
  with Held():
    found = index([FolderSource(sys.argv[1])])
    made = plan(found, DiscOrder(created="2026-01-05T10:15:00+00:00", medium="1000000000000"))
    (volume,) = made.volumes
    assert len(volume.files) == int(sys.argv[3]), len(volume.files)
    with open(sys.argv[2], "wb") as file:
        file.write(encode_dicomdir(made, volume))
print(time.process_time() - begin)
"""


def run() -> list[Row]:
    """1 000, 10 000 and 50 000 instances; 10 000 in one series, 4 000 patients; memory at 50 000."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [compared(folder, count, rounds) for count, rounds in ((1000, 5), (10_000, 2), (50_000, 1))]
        rows.insert(1, warm(folder / "1000", 1000, rows[0].theirs))
        rows.append(memory(folder / "50000", 50_000))
        many.write(folder / "usual" / "DICOM", 10_000, flat=True)
        usual = least(ours(folder / "usual", 10_000), 3)
        many.write(folder / "one" / "DICOM", 10_000, per_series=10_000, flat=True)
        rows.append(linear("10 000 in one series", usual, least(ours(folder / "one", 10_000), 3)))
        many.write(folder / "base" / "DICOM", 4000, flat=True)
        many.write(folder / "patients" / "DICOM", 4000, per_series=1, series_per_patient=1, flat=True)
        base = least(ours(folder / "base", 4000), 3)
        rows.append(linear("4 000 patients of one", base, least(ours(folder / "patients", 4000), 3)))
    return rows


def compared(folder: Path, count: int, rounds: int) -> Row:
    tree = folder / str(count)
    many.write(tree / "DICOM", count)
    theirs = ["dcmmkdir", "-Pgp", "+r", "+D", "THEIRS", "DICOM"]
    mine, dcmtk = (
        min(figures)
        for figures in zip(*((cpu_s(ours(tree, count)), cpu_s((theirs, tree))) for _ in range(rounds)), strict=True)
    )
    return Row(f"{count} instances", "dcmmkdir", mine, dcmtk, "CPU s", at_least=3)


def warm(tree: Path, count: int, theirs: float) -> Row:
    """As in the service, whose worker runs already: the third disc of a process."""
    command, where = ours(tree, count)
    command[-1] = "3"
    seconds = [
        subprocess.run(command, cwd=where, env=environment(), capture_output=True, text=True, check=True).stdout
        for _ in range(3)
    ]
    return Row(f"{count} instances, in a worker", "dcmmkdir", min(map(float, seconds)), theirs, "CPU s", at_least=3)


def linear(what: str, usual: float, odd: float) -> Row:
    return Row(what, "same count, 100 a series", odd, usual, "CPU s", at_most=1.5)


def memory(tree: Path, count: int) -> Row:
    """Peak memory in MB against the 200 MB that are allowed."""
    command, where = ours(tree, count)
    probe = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, *command],
        cwd=where,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return Row(
        f"{count} instances, peak memory", "what is allowed", int(done.stdout.split()[-1]) / 1024, 200, "MB", at_most=1
    )


def ours(tree: Path, count: int) -> tuple[list[str], Path]:
    return [sys.executable, "-c", OURS, str(tree / "DICOM"), str(tree / "OURS"), str(count), "1"], tree


def environment() -> dict[str, str]:
    """As a user's: with compiled modules kept, whatever this process was told."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": str(Path(__file__).parent.parent)}


def least(work: tuple[list[str], Path], rounds: int) -> float:
    return min(cpu_s(work) for _ in range(rounds))


def cpu_s(work: tuple[list[str], Path]) -> float:
    """CPU seconds of a process and its children."""
    command, where = work
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, cwd=where, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
