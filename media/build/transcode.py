"""Transcodes instances to what the profile allows, in child processes with limits.

A decoder may crash, hang or eat memory on a hostile file: it takes its child process with it, the file is named, and
the next file gets a new child.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from media.build.iso import NO_ROOM
from media.build.stream import from_source
from media.errors import BadOrder, NoRoom
from media.fileset.model import PlannedFile, Reason, Rejection
from media.fileset.transfer_syntaxes import JPEG_LOSSLESS_SV1
from media.limited import LimitedChild, Limits, Lost
from media.ports import Progress, Source

Task = Mapping[str, str | int | bool]
"""What the child is to make: {"transfer_syntax_uid"}, {"icon_size"}, or {"deidentify", "told"}: by a recipe, and
where to tell what was done."""


def scratch_of(target: Path) -> Path:
    """Where a child keeps the pixels of `target` meanwhile."""
    return target.with_name(target.name + ".pixels")


def make(child: LimitedChild, source: Path, target: Path, task: Task) -> tuple[str, str]:
    """Do one task; give the Reason's value, '' when all is well, and the detail."""
    try:
        answer = child.ask({"source": str(source), "target": str(target), **task})
    except Lost as lost:
        return Reason.TRANSCODE_FAILED, str(lost)
    return answer["error"], answer["detail"]


def check_encoder(transfer_syntax_uid: str) -> None:
    """Raise BadOrder when this installation cannot compress to the transfer syntax asked for."""
    from importlib.util import find_spec

    if transfer_syntax_uid == JPEG_LOSSLESS_SV1 and find_spec("imagecodecs") is None:
        raise BadOrder("compressing to JPEG lossless needs the extra 'encode' (imagecodecs)")


CHILD = "media.build.child"
Item = TypeVar("Item")
Done = TypeVar("Done")


def transcode(
    files: Sequence[PlannedFile],
    source: Source,
    folder: Path,
    name: Callable[[PlannedFile], str],
    progress: Progress,
    limits: Limits | None = None,
) -> list[Rejection]:
    """Transcode `files` into `folder`, each under `name(file)`; what is there already is kept.

    Gives the files that cannot be: TOO_LARGE or TRANSCODE_FAILED. Raises SourceChanged, Unreadable, NoRoom.
    """

    def task(file: PlannedFile) -> Task:
        return {"transfer_syntax_uid": file.transfer_syntax_uid}

    return make_all(files, source, lambda file: folder / name(file), task, progress, limits or Limits())


def make_icons(
    files: Sequence[PlannedFile],
    size: int,
    source: Source,
    folder: Path,
    name: Callable[[PlannedFile], str],
    progress: Progress,
    limits: Limits | None = None,
) -> list[Rejection]:
    """Draw the icons of images: `size` x `size` bytes of MONOCHROME2 in `name(file).icon`. As `transcode`."""

    def task(_file: PlannedFile) -> Task:
        return {"icon_size": size}

    return make_all(files, source, lambda file: folder / f"{name(file)}.icon", task, progress, limits or Limits())


def make_all(
    files: Sequence[PlannedFile],
    source: Source,
    target_of: Callable[[PlannedFile], Path],
    task_of: Callable[[PlannedFile], Task],
    progress: Progress,
    limits: Limits,
) -> list[Rejection]:
    """Do the tasks; give what could not be made."""

    def work(file: PlannedFile, child: LimitedChild) -> Rejection | None:
        target = target_of(file)
        return None if target.exists() else _make_one(file, source, target, child, task_of(file))

    rejections = []
    for done, rejection in enumerate(in_children(files, work, lambda: LimitedChild(CHILD, limits)), 1):
        progress("instances", done, len(files))
        if rejection is not None:
            rejections.append(rejection)
    return rejections


def processors() -> int:
    """How many children work at a time."""
    return os.cpu_count() or 1


def in_children(
    items: Sequence[Item], work: Callable[[Item, LimitedChild], Done], new_child: Callable[[], LimitedChild]
) -> Iterator[Done]:
    """Work on items, as many at a time as there are processors, each beside a child of its own; in order."""
    local = threading.local()
    children: list[LimitedChild] = []

    def with_child(item: Item) -> Done:
        if not hasattr(local, "child"):
            local.child = new_child()
            children.append(local.child)
        return work(item, local.child)

    pool = ThreadPoolExecutor(processors(), "children")
    try:
        yield from pool.map(with_child, items)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for child in children:
            child.close()


def _make_one(file: PlannedFile, source: Source, target: Path, child: LimitedChild, task: Task) -> Rejection | None:
    """Fetch one file into the job's folder, which opens the source once and checks it, and work on it there."""
    fetched, part = target.with_name(target.name + ".source"), target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with fetched.open("wb") as out:

            def put(chunk: memoryview) -> None:
                out.write(chunk)

            from_source(source, file.instance)(put)
        error, detail = make(child, fetched, part, task)
        if error:
            return Rejection(file.instance.source, Reason(error), detail)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(target)
    except OSError as problem:
        if problem.errno in NO_ROOM:
            raise NoRoom(f"no room to transcode: {problem.strerror}") from problem
        raise
    finally:
        for leftover in (fetched, part, scratch_of(part)):
            leftover.unlink(missing_ok=True)
    return None
