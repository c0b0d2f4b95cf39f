"""PURE. Which instances go on which volume: in order, studies and series together as far as they fit."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Bundle(NamedTuple):
    """Files that belong together: one series of `study`, or the files without a patient.

    sizes     bytes of each file on the medium, at most
    overhead  bytes of the folder and record of the bundle itself
    """

    study: object
    sizes: Sequence[int]
    overhead: int = 0

    @property
    def total(self) -> int:
        return self.overhead + sum(self.sizes)


class Part(NamedTuple):
    """The files `start` to `stop` of one bundle."""

    bundle: int
    start: int
    stop: int


def split(bundles: Sequence[Bundle], capacity: int, study_overhead: int = 0) -> list[list[Part]]:
    """The volumes, each a list of parts; nothing is reordered, every file is on exactly one.

    A study that fits a volume is on one; of a larger study each series that fits a volume is on one; a larger
    series begins a volume of its own. study_overhead is what the folders and records of a study, and of its
    patient, take on every volume where it has a part. No file may be larger than the capacity less the overheads.

    >>> split([Bundle("a", [4, 4]), Bundle("b", [4])], capacity=10)
    [[Part(bundle=0, start=0, stop=2)], [Part(bundle=1, start=0, stop=1)]]
    """
    volumes: list[list[Part]] = [[]]
    free = capacity
    for study in studies(bundles):
        total = study_overhead + sum(bundles[at].total for at in study)
        if total > free and free < capacity:
            volumes.append([])
            free = capacity
        if total <= free:
            volumes[-1] += [Part(at, 0, len(bundles[at].sizes)) for at in study]
            free -= total
            continue
        free -= study_overhead
        for at in study:
            free = place(volumes, at, bundles[at], free, capacity - study_overhead)
    return [volume for volume in volumes if volume]


def studies(bundles: Sequence[Bundle]) -> Iterator[list[int]]:
    """Runs of bundles of one study."""
    run: list[int] = []
    for at, bundle in enumerate(bundles):
        if run and bundles[run[-1]].study != bundle.study:
            yield run
            run = []
        run.append(at)
    if run:
        yield run


def place(volumes: list[list[Part]], at: int, bundle: Bundle, free: int, empty: int) -> int:
    """Put one bundle of a study too large for one volume; gives what is left of the last volume."""
    if bundle.total > free and volumes[-1]:
        volumes.append([])
        free = empty
    if bundle.total <= free:
        volumes[-1].append(Part(at, 0, len(bundle.sizes)))
        return free - bundle.total
    start, free = 0, free - bundle.overhead
    for position, size in enumerate(bundle.sizes):
        if size > free and position > start:
            volumes[-1].append(Part(at, start, position))
            volumes.append([])
            start, free = position, empty - bundle.overhead
        free -= size
    volumes[-1].append(Part(at, start, len(bundle.sizes)))
    return free
