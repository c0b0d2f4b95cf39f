"""How verified volumes leave: their labels, their copies, and what is taken back when they do not."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media.build_order import BuildOrder
from media.errors import MediaError
from media.fileset.model import Plan
from media.fileset.plan_json import NAME as PLAN
from media.job_files import Job, load_plan
from media.ports import VerifiedImage, Withdrawing
from media.writers import makes_copies, stays, writer_of
from media.writers.copies import copied

if TYPE_CHECKING:
    from media.labels.make import Labels


def labels_of(order: BuildOrder, plan: Plan, report: Mapping[str, Any] | None = None) -> "Labels | None":
    """What the volumes' labels say, None when none is wanted. Raises BadOrder."""
    if order.label is None:
        return None
    from media.labels.make import Labels

    return Labels(order, order.label, plan, Path(order.output), report)


def written_by(kind: str, image: VerifiedImage, copies: int, output: Path) -> Iterator[str]:
    """Write a volume as often as it is wanted; the names in the output."""
    for number in range(1, 1 + (copies if makes_copies(kind) else 1)):
        name = writer_of(kind).write(replace(image, copy=number, copies=copies), output)
        yield name
    if stays(kind):
        yield from (copied(output, name, number) for number in range(2, 1 + copies))


@contextmanager
def taken_back(output: Path, written: Mapping[int, list[str]]) -> Iterator[None]:
    """Leave no volume in the output when not all could be written; receipts of what went elsewhere stay."""
    try:
        yield
    except (OSError, MediaError):
        for path in (output / name for names in written.values() for name in names if name.startswith("volume_")):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        raise


def take_back(order: BuildOrder, job: Job) -> None:
    """Take out of robots' folders what a cancelled job left there and was not begun yet."""
    if not (job / PLAN).exists():
        return
    for volume in load_plan(job).volumes:
        for kind in order.writers:
            writer = writer_of(kind)
            if isinstance(writer, Withdrawing):
                writer.withdraw(f"volume_{volume.number}", Path(order.output))
