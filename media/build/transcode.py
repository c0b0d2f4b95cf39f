"""Transcodes instances to what the profile allows, in child processes with limits.

A decoder may crash, hang or eat memory on a hostile file: it takes its child process with it, the file is named, and
the next file gets a new child.
"""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from media.build.iso import NO_ROOM
from media.build.stream import check_stat, from_source
from media.errors import BadOrder, NoRoom
from media.fileset.model import PlannedFile, Reason, Rejection
from media.fileset.transfer_syntaxes import JPEG_LOSSLESS_SV1
from media.limited import LimitedChild, Limits, Lost
from media.ports import Progress, Source

LENT = Path("/proc/self/fd")  # where another process finds what is open here
Task = Mapping[str, str | int | bool]
"""What the child is to make: {"transfer_syntax_uid"}, {"icon_size"}, {"values"}, a bundle of the viewer, or
{"deidentify", "told"}: by a recipe, and where to tell what was done."""


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


MakeOne = Callable[[PlannedFile, Source, Path, LimitedChild, Task], Rejection | None]


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


def make_bundles(
    files: Sequence[PlannedFile],
    values: bool,
    source: Source,
    folder: Path,
    name: Callable[[PlannedFile], str],
    progress: Progress,
    limits: Limits | None = None,
) -> None:
    """Make what the viewer shows of every file, in `name(file).bundle`; `values`: the real values too.

    A file that cannot be shown gets a bundle that says why. Raises SourceChanged, Unreadable, NoRoom.
    """
    from media.build.viewer.bundle import is_whole, without_pictures

    def target(file: PlannedFile) -> Path:
        return folder / f"{name(file)}.bundle"

    for file in files:
        if (path := target(file)).exists() and not is_whole(path):  # bundles are not flushed one by one
            path.unlink()

    def task(_file: PlannedFile) -> Task:
        return {"values": values}

    of_source = {file.instance.source: file for file in files}
    for lost in make_all(files, source, target, task, progress, limits or Limits(), _make_of_lent):
        place = target(of_source[lost.source])
        without_pictures(part := place.with_name(place.name + ".part"), lost.detail)
        part.replace(place)


def make_all(
    files: Sequence[PlannedFile],
    source: Source,
    target_of: Callable[[PlannedFile], Path],
    task_of: Callable[[PlannedFile], Task],
    progress: Progress,
    limits: Limits,
    make_one: MakeOne | None = None,
) -> list[Rejection]:
    """Do the tasks, as many at a time as there are processors; give what could not be made."""
    local = threading.local()
    children: list[LimitedChild] = []

    def work(file: PlannedFile) -> Rejection | None:
        target = target_of(file)
        if target.exists():
            return None
        if not hasattr(local, "child"):
            local.child = LimitedChild("media.build.child", limits)
            children.append(local.child)
        return (make_one or _make_one)(file, source, target, local.child, task_of(file))

    rejections = []
    pool = ThreadPoolExecutor(os.cpu_count() or 1, "transcode")
    try:
        for done, rejection in enumerate(pool.map(work, files), 1):
            progress("instances", done, len(files))
            if rejection is not None:
                rejections.append(rejection)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for child in children:
            child.close()
    return rejections


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


def _make_of_lent(file: PlannedFile, source: Source, target: Path, child: LimitedChild, task: Task) -> Rejection | None:
    """As `_make_one`, of a file that is only looked at: the child reads what we opened and checked, without a copy."""
    wanted, part = file.instance.source, target.with_name(target.name + ".part")
    if wanted.member is not None or not LENT.exists():
        return _make_one(file, source, target, child, task)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open(wanted) as opened:
            check_stat(opened, wanted)
            error, detail = make(child, Path(f"/proc/{os.getpid()}/fd/{opened.fileno()}"), part, task)
            check_stat(opened, wanted)
        if error:
            return Rejection(wanted, Reason(error), detail)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
    return None
