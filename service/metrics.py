"""`/metrics`: what the processes counted, and what the database and the disk say at that moment."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from service.config import Settings
from service.store import jobs
from service.store.engine import Store

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST


def folder_of(settings: Settings) -> Path:
    """Where the processes leave their numbers."""
    return settings.data_dir / "metrics"


def begin(settings: Settings) -> dict[str, str]:
    """Forget the numbers of an earlier service; the environment for processes that count."""
    folder = folder_of(settings)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    return {VARIABLE: str(folder)}


def forget(settings: Settings, pid: int) -> None:
    """A process is dead: what it counted stays, what it held at the moment does not."""
    mark_process_dead(pid, str(folder_of(settings)))  # type: ignore[no-untyped-call]


def exposition(settings: Settings, store: Store) -> bytes:
    """The metrics of all processes in Prometheus' text format."""
    registry = CollectorRegistry()
    if folder_of(settings).is_dir():
        MultiProcessCollector(registry, str(folder_of(settings)))  # type: ignore[no-untyped-call]
    registry.register(State(settings, store))
    return generate_latest(registry)


class State(Collector):
    """Jobs and disk, as they are when they are asked for."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with self._store.read() as connection:
            counts, oldest = jobs.count_by_kind(connection), jobs.oldest_open(connection)
        states = GaugeMetricFamily("printmgr_jobs", "Jobs by kind and state.", labels=["kind", "state"])
        waiting = GaugeMetricFamily("printmgr_queue_length", "Jobs that are not done yet.", labels=["kind"])
        for kind in sorted({kind for kind, _ in counts} | {"film"}):
            waiting.add_metric([kind], sum(counts.get((kind, state), 0) for state in jobs.OPEN))
        for (kind, state), number in sorted(counts.items()):
            states.add_metric([kind, state], number)
        yield states
        yield waiting
        age = 0.0 if oldest is None else max(0.0, time.time() - oldest / 1e6)
        yield GaugeMetricFamily("printmgr_queue_oldest_seconds", "Age of the oldest job not done yet.", age)
        disk = os.statvfs(self._settings.data_dir)
        yield GaugeMetricFamily("printmgr_disk_free_bytes", "Room for the spool.", disk.f_bavail * disk.f_frsize)
        size = disk.f_blocks * disk.f_frsize
        yield GaugeMetricFamily("printmgr_disk_bytes", "Size of the spool's file system.", size)
