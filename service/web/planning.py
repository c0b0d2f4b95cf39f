"""Plans of discs, made in a process of their own: reading thousands of headers must not hold up the pages."""

import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from service.config import Settings

if TYPE_CHECKING:
    from media.fileset.model import Plan, Rejection
    from media.pipeline import BuildOrder

PLAN_S = 600.0
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
    """One process that makes drafts, started when it is needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: ProcessPoolExecutor | None = None

    def draft(self, order: "BuildOrder") -> Draft:
        """What an order would become. Raises MediaError."""
        for last in (False, True):
            if self._pool is None:
                self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin, (os.getpid(),))
            try:
                return self._pool.submit(_draft, self._settings, order).result(PLAN_S)
            except BrokenProcessPool:
                self._pool = None
                if last:
                    raise
        raise AssertionError

    def stop(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _begin(parent: int) -> None:
    from service.roles import end_with_parent

    end_with_parent(parent)


def _draft(settings: Settings, order: "BuildOrder") -> Draft:
    from media.pipeline import draft
    from service.wiring.inbox import offer_received_studies

    offer_received_studies(settings)
    return drafted(draft(order, lambda what, done, total: None))


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
