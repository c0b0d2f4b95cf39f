"""Fakes of ports: the service as the print component sees it, with real files below a folder."""

import itertools
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from printmgr.errors import NoSuchInstance, QueueFull, ResourceLimit
from printmgr.film.model import PrintOrder
from printmgr.film.printer import LogicalPrinter
from printmgr.film.quirks import NO_QUIRKS, Quirk
from printmgr.ports import Caller, ExecutionStatus, PrintJob, PrintProgress


@dataclass
class Ordered:
    """A print that was ordered: the frozen order, and its data sets copied aside."""

    caller: Caller
    order: PrintOrder
    statuses: dict[str, list[int]]
    folder: Path

    def pixels(self, film: int = 0, position: int = 1) -> bytes:
        """The pixel data of an image, read where the order says they lie."""
        image = self.order.films[film].image_boxes[position - 1].image
        assert image is not None
        data = (self.folder / image.pixels.file).read_bytes()
        return data[image.pixels.offset : image.pixels.offset + image.pixels.length]


@dataclass
class FakePort:
    """A PrintPort that knows one printer. `room_bytes` left and `queue_full` play a full disk and a full queue."""

    folder: Path
    printer_: LogicalPrinter = field(default_factory=lambda: LogicalPrinter("PRINTER", "Test Printer"))
    room_bytes: int = 1 << 40
    queue_full: bool = False
    ordered: list[Ordered] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    spools: list["FakeSpool"] = field(default_factory=list)
    quirks_: frozenset[Quirk] = NO_QUIRKS
    followers: dict[str, Callable[[PrintProgress], None]] = field(default_factory=dict)

    def printer(self, called_ae: str) -> LogicalPrinter | None:
        return self.printer_ if called_ae == self.printer_.ae_title else None

    def printer_status(self, printer: LogicalPrinter) -> tuple[str, str]:
        return "NORMAL", "NORMAL"

    def open_spool(self, caller: Caller, printer: LogicalPrinter) -> "FakeSpool":
        spool = FakeSpool(self, caller, self.folder / caller.association)
        spool.folder.mkdir(parents=True)
        self.spools.append(spool)
        return spool

    def quirks(self, caller: Caller) -> frozenset[Quirk]:
        return self.quirks_

    def print_job_uid(self, print_id: str) -> str:
        return f"1.2.9.{print_id.removeprefix('print')}"

    def print_job(self, uid: str) -> PrintJob:
        print_id = f"print{uid.removeprefix('1.2.9.')}"
        if not uid.startswith("1.2.9.") or not 1 <= int(uid.removeprefix("1.2.9.")) <= len(self.ordered):
            raise NoSuchInstance("print job", uid)
        progress = PrintProgress(print_id, ExecutionStatus.PENDING)
        return PrintJob(progress, self.printer_.name, "2024-05-06T07:08:09.000010+02:00", "CT1", "HIGH")

    def follow(self, print_id: str, changed: Callable[[PrintProgress], None]) -> Callable[[], None]:
        self.followers[print_id] = changed
        return lambda: self.followers.pop(print_id, None)


@dataclass
class FakeSpool:
    """One association's folder."""

    port: FakePort
    caller: Caller
    folder: Path
    kept: int = 0
    closed: int = 0
    gate: threading.Event = field(default_factory=threading.Event)  # cleared: keep_data_set waits, as on a slow disk
    waiting: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def keep_data_set(self, data: bytes | memoryview) -> str:
        if len(data) > self.port.room_bytes:
            raise ResourceLimit("no room for the data set")
        if not self.gate.is_set():
            self.waiting.set()
            self.gate.wait(10)
        self.kept += 1
        name = f"{self.kept:06d}"
        (self.folder / name).write_bytes(data)
        return name

    def drop(self, name: str) -> None:
        (self.folder / name).unlink()

    def order(self, order: PrintOrder, statuses: Mapping[str, list[int]]) -> str:
        if self.port.queue_full:
            raise QueueFull("the queue takes no more jobs")
        print_id = f"print{next(self.port.numbers)}"
        folder = self.port.folder / print_id
        shutil.copytree(self.folder, folder)
        self.port.ordered.append(Ordered(self.caller, order, dict(statuses), folder))
        return print_id

    def close(self) -> None:
        self.closed += 1
        shutil.rmtree(self.folder)
