"""The files of a job's folder, and how they are written: whole or not at all."""

import json
import os
import pickle
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media.build.iso import NO_ROOM
from media.errors import NoRoom
from media.fileset.model import Index, Plan, Reason, Rejection, Volume
from media.fileset.plan_json import NAME as PLAN
from media.fileset.plan_json import read_plan
from media.ports import ImageFile, VerifiedImage

if TYPE_CHECKING:
    from media.verify import Verification

Job = Path
"""The folder of one job; on the file system of the output, so that an image gets its name without a copy."""


def load_plan(job: Job) -> Plan:
    """The plan of a job. Raises FileNotFoundError before there is one."""
    path = job / PLAN
    return _read_plan(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _read_plan(path: Path, _mtime_ns: int) -> Plan:
    """Each step asks for the plan; between steps it stays."""
    with path.open() as lines:
        return read_plan(lines)


def failed_of(job: Job) -> list[Rejection]:
    path = job / "failed.pickle"
    failed: list[Rejection] = pickle.loads(path.read_bytes()) if path.exists() else []  # noqa: S301  # the job's own
    return failed


def forget_patients(job: Job) -> None:
    """Keep of the index what tells whether the sources have changed, and nothing that says whose they are."""
    index: Index = pickle.loads((job / "index.pickle").read_bytes())  # noqa: S301  # the job's own file
    sources = [*(one.source for one in index.instances), *(one.source for one in index.rejections)]
    save(job / "index.pickle", pickle.dumps(Index([], [Rejection(one, Reason.NOT_DICOM) for one in sources])))


def image_of(job: Job, volume: Volume) -> Path:
    return job / f"volume_{volume.number}.iso.part"


def written_of(job: Job, volume: Volume) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((job / f"volume_{volume.number}.written.json").read_bytes())
    return found


def verified_of(job: Job, volume: Volume) -> "Verification":
    path = job / f"volume_{volume.number}.verified.pickle"
    found: Verification = pickle.loads(path.read_bytes())  # noqa: S301  # the job's own file
    return found


def verified_image(job: Job, plan: Plan, volume: Volume, found: "Verification") -> VerifiedImage:
    prefix = "file /"
    files = tuple(
        ImageFile(tuple(region.name.removeprefix(prefix).split("/")), region.offset, region.length, region.sha256)
        for region in found.regions
        if region.name.startswith(prefix)
    )
    created_s = int(datetime.fromisoformat(plan.created).timestamp())
    return VerifiedImage(image_of(job, volume), f"volume_{volume.number}", created_s, files)


def boot() -> str:
    """What tells one run of the machine from another, '' where nothing does."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def save(path: Path, *data: bytes) -> None:
    """A file that is there whole or not at all. Raises NoRoom."""
    part = path.with_name(f".{path.name}.part")
    with room():
        try:
            with part.open("wb") as file:
                file.writelines(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            part.unlink(missing_ok=True)
            raise
        part.replace(path)


@contextmanager
def room() -> Iterator[None]:
    """Tell a full disk from other troubles."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise NoRoom(f"no room for the volumes: {error.strerror}") from error
        raise


@contextmanager
def flushing(image: Path) -> Iterator[None]:
    """Flush the image to the disk beside what is done meanwhile."""
    failures: list[OSError] = []

    def flush() -> None:
        try:
            with image.open("rb") as file:
                os.fsync(file.fileno())
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=flush, name="flush")
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if failures:
        raise failures[0]
