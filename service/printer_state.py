"""What state a logical printer is in, from what is the case: switched off, disk, queue, worker (PS3.3 C.13.9.1)."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from printmgr.files import sync_folder
from printmgr.film.printer import LogicalPrinter

log = logging.getLogger(__name__)

LOOK_S = 1.0  # how long what was seen holds
WATCH_S = 2.0  # between two looks for those who want to know of changes
FULL = 10  # the disk is full when it has less than this part of min_free_bytes
BUSY = 0.8  # of the longest queue
SILENT_S = 60.0  # a worker not heard of for so long is gone

State = tuple[str, str]  # Printer Status, Printer Status Info
NORMAL: State = ("NORMAL", "NORMAL")


class Switches:
    """Which printers an operator has switched off: one file each, so every process of the service sees it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def is_off(self, slug: str) -> bool:
        return (self._folder / slug).exists()

    def turn(self, slug: str, on: bool) -> None:
        """Switch a printer on or off, for good."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if on:
            (self._folder / slug).unlink(missing_ok=True)
        else:
            (self._folder / slug).touch(mode=0o600)
        sync_folder(self._folder)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of the machine."""

    free_bytes: int
    queue: int  # prints not done yet
    worker_seen_s: float  # ago


def state_of(seen: Seen, min_free_bytes: int, max_queue: int) -> State:
    """The state all printers of the service share; the worst comes first.

    >>> state_of(Seen(5_000, 0, 1.0), 10_000, 100)
    ('WARNING', 'RECEIVER FULL')
    """
    if seen.free_bytes * FULL < min_free_bytes:
        return "FAILURE", "RECEIVER FULL"
    if seen.queue >= max_queue:
        return "FAILURE", "PRINT BUFF FULL"
    if seen.worker_seen_s > SILENT_S:
        return "WARNING", "PROC DOWN"
    if seen.free_bytes < min_free_bytes:
        return "WARNING", "RECEIVER FULL"
    if seen.queue >= BUSY * max_queue:
        return "WARNING", "PRINTER BUSY"
    return NORMAL


@dataclass(slots=True)
class PrinterStates:
    """The states of this service's printers."""

    data_dir: Path
    min_free_bytes: int
    max_queue: int
    queue_and_worker: Callable[[], tuple[int, float]]  # prints not done, seconds since a worker was heard of
    switches: Switches
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _looked: float = 0.0
    _shared: State = NORMAL

    def of(self, printer: LogicalPrinter) -> State:
        """Printer Status and Printer Status Info."""
        if self.switches.is_off(printer.slug):
            return "FAILURE", "PRINTER OFFLINE"
        with self._lock:
            if time.monotonic() - self._looked > LOOK_S:
                self._shared = state_of(self._look(), self.min_free_bytes, self.max_queue)
                self._looked = time.monotonic()
            return self._shared

    def _look(self) -> Seen:
        disk = os.statvfs(self.data_dir)
        return Seen(disk.f_bavail * disk.f_frsize, *self.queue_and_worker())


class PrinterWatch:
    """Notices when a printer's state changes."""

    def __init__(
        self,
        states: PrinterStates,
        printers: Sequence[LogicalPrinter],
        wanted: Callable[[], bool],
        changed: Callable[[LogicalPrinter, str, str], None],
        watch_s: float = WATCH_S,
    ) -> None:
        """`wanted`: whether anybody wants to know; `changed` is told, on this watch's thread."""
        self._states, self._printers, self._wanted, self._changed = states, printers, wanted, changed
        self._watch_s = watch_s
        self._last: dict[str, State] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="printer watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Tell what has changed since the last look; what nobody wanted to know was no look."""
        if not self._wanted():
            self._last.clear()
            return
        for printer in self._printers:
            state = self._states.of(printer)
            if self._last.get(printer.ae_title, state) != state:
                self._changed(printer, *state)
            self._last[printer.ae_title] = state

    def _run(self) -> None:
        while not self._stopping.wait(self._watch_s):
            try:
                self.look()
            except Exception:  # the top of the thread: the next look may go well
                log.exception("could not look at the printers")
