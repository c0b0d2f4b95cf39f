"""Makes the bundles of a disc: limited children take several files an order, and write one file for all of them.

A file that ends its child, or takes it beyond its limits, is not shown, with the reason; those that were in the same
order are made one by one then.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from media.build.iso import NO_ROOM
from media.build.stream import check_stat, from_source
from media.build.transcode import in_children, processors
from media.build.viewer.bundle import SUFFIX, Blobs, Bundle, is_whole, nothing_of, read_bundles, write_bundles
from media.errors import NoRoom
from media.fileset.model import PlannedFile
from media.limited import LimitedChild, Limits, Lost
from media.ports import Progress, Source

CHILD = "media.build.viewer.child"
LENT = Path("/proc/self/fd")  # where another process finds what is open here
MOST_FILES, MOST_BYTES = 32, 32 << 20  # of an order

Name = Callable[[PlannedFile], str]


def make_bundles(
    files: Sequence[PlannedFile],
    values: bool,
    source: Source,
    folder: Path,
    name: Name,
    progress: Progress,
    limits: Limits | None = None,
) -> None:
    """Make what the viewer shows of every file, in `folder`, under `name(file)`; `values`: the real values too.

    What is there already is kept. Raises SourceChanged, Unreadable, NoRoom.
    """
    folder.mkdir(parents=True, exist_ok=True)
    maker = _Maker(values, source, folder, name)
    done = 0
    for count in in_children(list(_orders(files)), maker.make, partial(_child, limits)):
        done += count
        progress("instances", done, len(files))


@contextmanager
def children_ready() -> Iterator[None]:
    """Start the children now: they load while the sources are indexed. Ends those that nobody needed."""
    started = [LimitedChild(CHILD, Limits()) for _ in range(processors())]
    try:
        for child in started:
            child.start()
        _ready.extend(started)
        yield
    finally:
        for child in started:
            with suppress(ValueError):
                _ready.remove(child)
            child.close()


_ready: list[LimitedChild] = []


def _child(limits: Limits | None) -> LimitedChild:
    if limits is None:
        with suppress(IndexError):
            return _ready.pop()
    return LimitedChild(CHILD, limits or Limits())


def bundles_in(folder: Path) -> dict[str, Bundle]:
    """The bundles that were made, by the names they were made under."""
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    return {bundle.head["name"]: bundle for path in paths for bundle in read_bundles(path)}


def _orders(files: Sequence[PlannedFile]) -> Iterator[list[PlannedFile]]:
    """Files that a child takes at a time."""
    order: list[PlannedFile] = []
    size = 0
    for file in files:
        more = file.instance.source.size_bytes
        if order and (len(order) == MOST_FILES or size + more > MOST_BYTES):
            yield order
            order, size = [], 0
        order.append(file)
        size += more
    if order:
        yield order


@dataclass(frozen=True)
class _Maker:
    values: bool
    source: Source
    folder: Path
    name: Name

    def make(self, files: list[PlannedFile], child: LimitedChild) -> int:
        """Make the bundles of some files; how many."""
        if is_whole(self._target(files)):  # they are not flushed one by one
            return len(files)
        apart = len(files) > 1 and any(is_whole(self._target([file])) for file in files)
        lost = "" if apart else self._ask(files, child)
        if lost and len(files) == 1:
            part = self._part(files)
            write_bundles(part, [nothing_of(self.name(files[0]), lost)], Blobs())
            part.replace(self._target(files))
        elif lost or apart:
            for file in files:
                self.make([file], child)
        return len(files)

    def _target(self, files: list[PlannedFile]) -> Path:
        names = "\0".join(map(self.name, files))
        return self.folder / (hashlib.sha256(names.encode()).hexdigest()[:40] + SUFFIX)

    def _part(self, files: list[PlannedFile]) -> Path:
        return self._target(files).with_suffix(".part")

    def _ask(self, files: list[PlannedFile], child: LimitedChild) -> str:
        """Have a child make the bundles; why it did not, '' if it did."""
        part = self._part(files)
        try:
            with ExitStack() as stack:
                lent = [(self.name(file), str(self._lent(file, stack))) for file in files]
                answer = child.ask({"sources": lent, "target": str(part), "values": self.values})
        except Lost as lost:
            part.unlink(missing_ok=True)
            return str(lost)
        except OSError as problem:
            if problem.errno in NO_ROOM:
                raise NoRoom(f"no room for the viewer: {problem.strerror}") from problem
            raise
        if answer["error"] == "no-room":
            raise NoRoom(f"no room for the viewer: {answer['detail']}")
        if not answer["error"]:
            part.replace(self._target(files))
        return answer["detail"] if answer["error"] else ""

    def _lent(self, file: PlannedFile, stack: ExitStack) -> Path:
        """Where the child reads a file: what we opened and check before and after; a copy of a ZIP's member."""
        wanted = file.instance.source
        if wanted.member is not None or not LENT.exists():
            copy = self.folder / f"{self.name(file)}.source"
            stack.callback(copy.unlink, missing_ok=True)
            with copy.open("wb") as out:

                def put(chunk: memoryview) -> None:
                    out.write(chunk)

                from_source(self.source, file.instance)(put)
            return copy
        opened = stack.enter_context(self.source.open(wanted))
        check_stat(opened, wanted)
        stack.callback(check_stat, opened, wanted)
        return Path(f"/proc/{os.getpid()}/fd/{opened.fileno()}")
