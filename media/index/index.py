"""Sources -> Index: every file is an instance or has its reason."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

from media.collector import Held
from media.errors import Unreadable
from media.fileset.model import Index, Instance, Reason, Rejection, SourceFile
from media.index.compact import Pool
from media.index.conflicts import settle
from media.index.flaws import Flaw, Odd
from media.index.found import Found
from media.index.memory import Memory, nothing_yet
from media.index.scan import scan

if TYPE_CHECKING:
    from media.ports import Progress, Source

CHUNK_FILES = 256
"""Files that a process takes at a time."""

LEAST_FILES = 4000
"""Fewer are read before another process has started."""

DIRECTORY_NAME = "DICOMDIR"

DRAIN_BYTES = 1 << 20

Examined = Found | tuple[Reason, str]


def index(sources: "Sequence[Source]", *, processes: int = 1, progress: "Progress | None" = None) -> Index:
    """Every file of the sources once, in their order; rejections of what only fails beside others come last.

    processes  how many may read at the same time; one reads alone when there are few files
    """
    with Held():
        files: list[tuple[Source, SourceFile]] = []
        rejections: list[Rejection] = []
        for source in sources:
            for file in source.files():
                if isinstance(file, Rejection):
                    rejections.append(file)
                else:
                    files.append((source, file))
        instances: list[Instance] = []
        pool = Pool()
        for done, ((_, file), found) in enumerate(zip(files, examine_all(files, processes), strict=True), 1):
            if isinstance(found, Found):
                instances.append(pool.instance(file, found))
            else:
                rejections.append(Rejection(file, *found))
            if progress is not None:
                progress("files", done, len(files))
        instances, conflicts = settle(instances, Opener(files))
        return Index(instances, rejections + conflicts)


class Opener:
    """Opens the file of an instance from the source it came from."""

    def __init__(self, files: "list[tuple[Source, SourceFile]]") -> None:
        self.files = files
        self.origins: dict[int, Source] = {}

    def __call__(self, instance: Instance) -> BinaryIO:
        if not self.origins:  # only sets with equal UIDs come here
            self.origins = {id(file): source for source, file in self.files}
        return self.origins[id(instance.source)].open(instance.source)


def examine_all(files: "list[tuple[Source, SourceFile]]", processes: int) -> Iterator[Examined]:
    """What each file is, in order."""
    if processes < 2 or len(files) < LEAST_FILES:
        yield from examine_some(files)
        return
    # imported here: the commands that read few files start without it
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    chunks = [files[at : at + CHUNK_FILES] for at in range(0, len(files), CHUNK_FILES)]
    with ProcessPoolExecutor(processes, mp_context=get_context("forkserver")) as executor:
        for found in executor.map(examine_chunk, chunks):
            yield from found


def examine_chunk(files: "list[tuple[Source, SourceFile]]") -> list[Examined]:
    """What each of some files is, as another process hands it over."""
    return list(examine_some(files))


def examine_some(files: "list[tuple[Source, SourceFile]]") -> Iterator[Examined]:
    """What each of some neighbouring files is."""
    memory = nothing_yet()
    for source, file in files:
        yield examine(source, file, memory)


def examine(source: "Source", file: SourceFile, memory: Memory) -> Examined:
    """What one file is: opened once, read no further than it takes to know."""
    if file.size_bytes == 0:
        return Reason.EMPTY_FILE, "zero bytes"
    try:
        with source.open(file) as stream:
            found = scanned(stream, file.size_bytes, memory)
            if file.member is not None:
                drain(stream)
            return found
    except Flaw as flaw:
        if last_name(file) == DIRECTORY_NAME:
            return Reason.DICOMDIR, "the index of another File-set"
        return flaw.reason, flaw.detail
    except Unreadable as error:
        return Reason.UNREADABLE, error.what
    except OSError as error:
        return Reason.UNREADABLE, error.strerror or type(error).__name__


def scanned(stream: BinaryIO, size: int, memory: Memory) -> Found:
    """The instance in a file, by the fast path where that is enough. Raises Flaw."""
    try:
        return scan(stream, size, memory)
    except Odd:
        from media.index import slow  # pydicom takes half a second to import

        return slow.read(stream, size)


def drain(stream: BinaryIO) -> None:
    """Read a ZIP member to its end, so that its size and checksum are tested. Raises Unreadable."""
    while stream.read(DRAIN_BYTES):
        pass


def last_name(file: SourceFile) -> str:
    return (file.member or file.path).replace("\\", "/").rsplit("/", 1)[-1].upper()
