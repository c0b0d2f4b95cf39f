"""Plans of discs, made in a process of their own: reading thousands of headers must not hold up the pages."""

import os
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from service.config import Settings

if TYPE_CHECKING:
    from media.fileset.model import Index, Plan, Rejection, SourceFile
    from media.pipeline import BuildOrder

PLAN_S = 600.0
KEPT = 40  # drafts that pages may still ask for
NAMED = 200  # files that are named one by one


@dataclass(frozen=True, slots=True)
class PlannedVolume:
    """One volume that would be."""

    number: int
    instances: int
    estimated_bytes: int


@dataclass(frozen=True, slots=True)
class Named:
    """A file and why it would not be on the disc."""

    file: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What a disc would become."""

    profile: str
    claim: str
    medium: str
    file_system: str
    capacity_bytes: int
    instances: int
    transcoded: int
    volumes: tuple[PlannedVolume, ...]
    conversions: tuple[tuple[str, str, int], ...]  # from, to, files
    refused: tuple[tuple[str, int], ...]  # reason, files
    left_out: tuple[tuple[str, int], ...]
    ignored: tuple[tuple[str, int], ...]
    named: tuple[Named, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def buildable(self) -> bool:
        return bool(self.volumes) and not self.refused


class Planner:
    """One process that makes drafts, started when it is needed. It remembers what it has read last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._context = get_context("spawn")
        self._progress: Any = self._context.RawArray("q", 3)  # number of the draft, files read, files
        self._pool: ProcessPoolExecutor | None = None
        self._numbers = count(1)
        self._begun: OrderedDict[int, tuple[Future[Draft], BuildOrder | None]] = OrderedDict()

    def begin(self, order: "BuildOrder") -> int:
        """Have a draft made; its number."""
        with self._lock:
            number = next(self._numbers)
            self._begun[number] = self._submitted(number, order), order
            while len(self._begun) > KEPT:
                self._begun.popitem(last=False)[1][0].cancel()
            return number

    def draft(self, number: int, patience_s: float = PLAN_S) -> Draft | None:
        """A draft that was begun, None when it is not made in that time. Raises MediaError."""
        future, order = self._begun[number]
        try:
            return future.result(patience_s)
        except TimeoutError:
            return None
        except BrokenProcessPool:
            if order is None:
                raise
        with self._lock:  # somebody has ended the process: once more
            self._pool = None
            self._begun[number] = self._submitted(number, order), None
        return self.draft(number, patience_s)

    def knows(self, number: int) -> bool:
        """Whether a draft was begun and is not forgotten."""
        return number in self._begun

    def progress(self, number: int) -> tuple[int, int]:
        """How many files were read of how many; 0 of 0 while it waits for its turn."""
        current, done, total = self._progress[:]
        return (done, total) if current == number else (0, 0)

    def stop(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _submitted(self, number: int, order: "BuildOrder") -> Future[Draft]:
        for last in (False, True):
            if self._pool is None:
                self._pool = ProcessPoolExecutor(1, self._context, _begin, (os.getpid(), self._progress))
            try:
                return self._pool.submit(_draft, self._settings, number, order)
            except BrokenProcessPool:
                self._pool = None
                if last:
                    raise
        raise AssertionError


class _Child:
    """What the process that makes drafts has."""

    progress: Any = None
    read: "tuple[set[SourceFile], Index] | None" = None


def _begin(parent: int, progress: Any) -> None:
    from service.roles import end_with_parent

    end_with_parent(parent)
    _Child.progress = progress


def _draft(settings: Settings, number: int, order: "BuildOrder") -> Draft:
    """A draft; the headers are read again only when the files are others than the last time."""
    from media.job_folder import listed
    from media.pipeline import draft, indexed
    from service.wiring.inbox import offer_received_studies
    from service.wiring.privacy import offer_pseudonym_key

    def tell(what: str, done: int, total: int) -> None:
        _Child.progress[1], _Child.progress[2] = done, total

    _Child.progress[:] = [number, 0, 0]
    offer_received_studies(settings)
    offer_pseudonym_key(settings)
    files = listed(order)
    if _Child.read is None or _Child.read[0] != files:
        _Child.read = None
        _Child.read = files, indexed(order, tell)
    return drafted(draft(order, tell, _Child.read[1]))


def drafted(plan: "Plan") -> Draft:
    """A plan in a few numbers and names."""
    files = [file for volume in plan.volumes for file in volume.files]
    conversions = Counter(
        (file.instance.transfer_syntax_uid, file.transfer_syntax_uid) for file in files if file.action == "transcode"
    )
    in_the_way: list[Rejection] = [*plan.refusals, *plan.left_out]
    return Draft(
        profile=plan.profile,
        claim=plan.claim,
        medium=plan.medium,
        file_system=plan.file_system,
        capacity_bytes=plan.capacity_bytes,
        instances=len(files),
        transcoded=sum(conversions.values()),
        volumes=tuple(PlannedVolume(one.number, len(one.files), one.estimated_bytes) for one in plan.volumes),
        conversions=tuple((before, after, number) for (before, after), number in conversions.most_common()),
        refused=_reasons(plan.refusals),
        left_out=_reasons(plan.left_out),
        ignored=_reasons(plan.ignored),
        named=tuple(Named(one.source.name, one.reason.value, one.detail) for one in in_the_way[:NAMED]),
        notes=plan.notes,
    )


def _reasons(rejections: Iterable[Any]) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(one.reason.value for one in rejections).most_common())
