"""The job folder inside an output folder: begun, taken up again after an interruption, known as finished."""

import fcntl
import json
import pickle
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from media.errors import BadOrder, MediaError
from media.fileset.model import Index, Rejection, SourceFile
from media.job_files import Job, save
from media.pipeline import BuildOrder, sources_of

NAME = ".job"
VOLUMES = ("volume_[0-9]*.iso", "volume_[0-9]*.zip", "volume_[0-9]*")


@contextmanager
def job_in_output(order: BuildOrder, keep_created: bool) -> Iterator[tuple[BuildOrder, Job]]:
    """The order to carry out and its job folder, locked while it is used.

    The same order in the same folder goes on where it was interrupted, with the time it was first given at when
    `keep_created` is false; a finished one has nothing left to do. When building fails the folder is emptied, so that
    the next try reads the sources anew.

    Raises BadOrder when the output holds the volumes of another order, when its sources are no longer what they were
    when they were built, or when another build is at work there.
    """
    output = Path(order.output)
    job = output / NAME
    job.mkdir(parents=True, exist_ok=True)
    with (job / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadOrder(f"{output}: another build is at work there") from None
        order = _taken_up(order, job, keep_created)
        try:
            yield order, job
        except MediaError:
            _empty(job)
            raise


def _taken_up(order: BuildOrder, job: Job, keep_created: bool) -> BuildOrder:
    """The order as it was first given when this is the same one, else the new one in an empty folder."""
    before = order_of(job)
    if before is not None and _same(before, order, keep_created):
        if not (job / "done.json").exists():
            return before
        if _are_written(before, job):
            if listed(before) != _indexed(job):
                raise BadOrder(f"{before.output}: the sources have changed since it was built; choose another output")
            return before
    else:
        held = sorted(path.name for pattern in VOLUMES for path in Path(order.output).glob(pattern))
        if held:
            raise BadOrder(f"{order.output} holds {held[0]} of another order; choose another output")
    _empty(job)
    save(job / "order.json", json.dumps(order.to_json()).encode())
    return order


def order_of(job: Job) -> BuildOrder | None:
    """The order a job folder is of."""
    try:
        return BuildOrder.from_json(json.loads((job / "order.json").read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _same(before: BuildOrder, order: BuildOrder, keep_created: bool) -> bool:
    if not keep_created:
        order = replace(order, disc=order.disc._replace(created=before.disc.created))
    return before == order


def _are_written(order: BuildOrder, job: Job) -> bool:
    """Whether all that a finished job wrote is still there."""
    written = json.loads((job / "done.json").read_text())["written"]
    return all((Path(order.output) / name).exists() for names in written.values() for name in names)


def listed(order: BuildOrder) -> set[SourceFile]:
    """Every file of an order's sources as it is now. Raises BadOrder."""
    files = (one for source in sources_of(order) for one in source.files())
    return {one.source if isinstance(one, Rejection) else one for one in files}


def _indexed(job: Job) -> set[SourceFile]:
    index: Index = pickle.loads((job / "index.pickle").read_bytes())  # noqa: S301  # the job's own file
    return {one.source for one in index.instances} | {one.source for one in index.rejections}


def _empty(job: Job) -> None:
    """Remove all but the lock."""
    for path in job.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()
