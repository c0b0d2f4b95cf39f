"""Where data lies between the wire and the sinks: one folder an association, one folder a print.

    DATA_DIR/spool/associations/<association>/<n>.ds    data sets as they came; associations-2 ...: other processes
    DATA_DIR/spool/prints/<print id>/                   the data sets an order uses, order.json, what the steps leave

N-SET makes a data set durable with the association; N-ACTION commits the order to the database and is answered; a
thread then settles it: links its data sets into the print's own folder (docs/adr/0002-outbox.md).
"""

import errno
import itertools
import logging
import os
import queue
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from printmgr import order_json
from printmgr.errors import ResourceLimit
from printmgr.files import sync_folder, whole
from printmgr.film.model import PrintOrder
from printmgr.film.printer import LogicalPrinter
from printmgr.film.session import files_of
from printmgr.ports import Caller, Print

log = logging.getLogger(__name__)

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
RETRY_S = 2.0
PIECE_BYTES = 1 << 20  # one write of 10 MB took up to ten times as long as ten of 1 MiB
ANSWER_FIRST_S = 0.02  # settling waits so long for the answer to go out: both want the same interpreter


class OrderBook(Protocol):
    """Where orders become durable."""

    def add(self, print_: Print, document: bytes) -> None:
        """Commit the print, its order as JSON, and its job. Raises QueueFull, ResourceLimit."""
        ...

    def settled(self, print_id: str) -> None:
        """The print's folder is whole: its job may start. Raises ResourceLimit."""
        ...

    def lost(self, print_id: str, error: str) -> None:
        """The print's data sets are gone: its job has failed. Raises ResourceLimit."""
        ...


@runtime_checkable
class InFile(Protocol):
    """Bytes that are in a file already, which has no name yet (service.node.streamed)."""

    def __len__(self) -> int: ...

    def keep(self, target: Path, /) -> None:
        """Make the file appear as `target`, whole and fsynced. Raises OSError."""
        ...


def local_now() -> datetime:
    """The time on the machine's clock, with its offset."""
    return datetime.now().astimezone()


@dataclass(frozen=True, slots=True)
class Place:
    """One of the processes that take orders: number `number`, from 0, of so many."""

    number: int = 0
    of: int = 1

    @property
    def is_first(self) -> bool:
        return self.number == 0

    @property
    def folder(self) -> str:
        """Where its associations lie in the spool."""
        return "associations" if self.is_first else f"associations-{self.number + 1}"


class Spool:
    """The spool of one data directory, as a process uses it that takes orders."""

    def __init__(
        self,
        root: Path,
        book: OrderBook,
        max_association_bytes: int = 2 << 30,
        now: Callable[[], datetime] = local_now,
        place: Place = Place(),
    ) -> None:
        """`place`: which of the processes that take orders this is."""
        self.associations = root / place.folder
        self.place = place
        self.prints = root / "prints"
        self.book = book
        self.max_association_bytes = max_association_bytes
        self.now = now
        for folder in (self.associations, self.prints):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._settler = threading.Thread(target=self._settle_orders, name="settler", daemon=True)

    def recover(self, unsettled: Iterable[tuple[str, bytes]], known_prints: Callable[[], set[str]]) -> list[str]:
        """Settle what a dead process had answered, remove what it had not; the names of what was removed.

        To be called before this process listens. What living processes have is left alone: their associations have
        folders of their own, and a folder of a print that was there before `known_prints` was asked is known by then.
        """
        mine = self._mine()
        orphans = list(self.prints.iterdir()) if self.place.is_first else []
        for print_id, document in unsettled:
            print_ = order_json.decode_order(document, self.prints / print_id)
            source = self._folder_of(print_.caller.association)
            if source.parent in mine or (self.place.is_first and not source.exists()):
                self.settle(print_, document, source)
        leftovers = [folder for parent in mine for folder in parent.iterdir()]
        known = known_prints() if orphans else set()
        leftovers += [folder for folder in orphans if folder.name not in known]
        for folder in leftovers:
            if folder.is_dir():
                shutil.rmtree(folder)
            else:  # a data set that arrived, where the file system has no nameless files
                folder.unlink()
        return [folder.name for folder in leftovers]

    def _mine(self) -> list[Path]:
        """Where dead processes left associations that this process looks after; the first has those nobody else has."""
        if not self.place.is_first:
            return [self.associations]
        living = {Place(number, self.place.of).folder for number in range(1, self.place.of)}
        return [folder for folder in self._of_all() if folder.name not in living]

    def _of_all(self) -> list[Path]:
        return sorted(self.associations.parent.glob(f"{Place().folder}*"))

    def _folder_of(self, association: str) -> Path:
        """Where an association's folder is, whosever it is."""
        folders = [parent / association for parent in self._of_all()]
        return next((folder for folder in folders if folder.exists()), self.associations / association)

    def start(self) -> None:
        """Start to settle orders."""
        self._settler.start()

    def stop(self) -> None:
        """Settle what was ordered, then end; what cannot be settled now is at the next start."""
        self._stopping.set()
        self._tasks.put(None)
        self._settler.join()

    def open(self, caller: Caller, printer: LogicalPrinter) -> "AssociationSpool":
        """A new association's place."""
        return AssociationSpool(self, caller, printer)

    def later(self, task: Callable[[], None]) -> None:
        """Have a task done by the settling thread, after all that were given before."""
        self._tasks.put(task)

    def settle(self, print_: Print, document: bytes, source: Path | None = None) -> None:
        """Give a print its own folder, whole. May run again at any point. Raises ResourceLimit.

        `source`: its association's folder, when that is not one of this process.
        """
        print_id, folder = print_.id, print_.folder
        source = source or self.associations / print_.caller.association
        try:
            with no_room_named():
                folder.mkdir(exist_ok=True, mode=0o700)
                for name in _data_sets(print_.order):
                    _link(source / name, folder / name)
                with whole(folder / order_json.FILE) as file:
                    file.write(document)
                sync_folder(self.prints)
        except FileNotFoundError as error:
            log.error("print %s lost a data set: %s", print_id, error)
            self.book.lost(print_id, f"the spool has lost {error.filename}")
            return
        self.book.settled(print_id)

    def _settle_orders(self) -> None:
        while True:
            if self._tasks.empty():
                task = self._tasks.get()
                self._stopping.wait(ANSWER_FIRST_S)
            else:
                task = self._tasks.get()
            if task is None:
                return
            while not self._done(task):
                if self._stopping.wait(RETRY_S):
                    return

    def _done(self, task: Callable[[], None]) -> bool:
        """Whether a task was done. What is behind it waits: the end of an association must not outrun its orders."""
        try:
            task()
        except (ResourceLimit, OSError) as error:
            log.warning("the spool waits to settle an order: %s", error)
            return False
        except Exception:  # the top of the thread, which must not end: nothing that was answered is forgotten
            log.exception("an order could not be settled; trying again")
            return False
        return True


class AssociationSpool:
    """One association's place on disk (printmgr.ports.PrintSpool)."""

    def __init__(self, spool: Spool, caller: Caller, printer: LogicalPrinter) -> None:
        self._spool = spool
        self._caller = caller
        self._printer = printer
        self._numbers = itertools.count(1)
        self._folder = spool.associations / caller.association
        self._there = False
        self._sizes: dict[str, int] = {}

    def keep_data_set(self, data: bytes | memoryview) -> str:
        """Write an encoded data set as it came and fsync it; its name. Raises ResourceLimit when there is no room."""
        size, limit = memoryview(data).nbytes, self._spool.max_association_bytes
        if sum(self._sizes.values()) + size > limit:
            raise ResourceLimit(f"the association has {limit} bytes in the spool already, its limit")
        name = f"{next(self._numbers)}.ds"
        with no_room_named():
            self._make_folder()
            keep_synced(self._folder / name, data)
            sync_folder(self._folder)
        self._sizes[name] = size
        return name

    def _make_folder(self) -> None:
        if not self._there:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._spool.associations)
            self._there = True

    def drop(self, name: str) -> None:
        """Forget a data set; prints ordered before have their own link to it by then."""
        file = self._folder / name
        self._sizes.pop(name, None)
        self._spool.later(lambda: file.unlink(missing_ok=True))

    def order(self, order: PrintOrder, statuses: Mapping[str, list[int]]) -> str:
        """Make the order and its job durable and return the print id. Raises QueueFull, ResourceLimit."""
        now = self._spool.now()
        print_id = new_id(now)
        print_ = Print(
            id=print_id,
            date=now.date().isoformat(),
            ordered_at=now.isoformat(timespec="microseconds"),
            caller=self._caller,
            printer=self._printer,
            order=order,
            statuses={request: list(given) for request, given in statuses.items()},
            folder=self._spool.prints / print_id,
        )
        document = order_json.encode_order(print_)
        with no_room_named():
            self._make_folder()  # for a film without images too: where it lies says whose its order is
        self._spool.book.add(print_, document)
        self._spool.later(lambda: self._spool.settle(print_, document))
        return print_id

    def close(self) -> None:
        """The association ended: everything not ordered goes."""
        if self._there:
            self._spool.later(lambda: shutil.rmtree(self._folder, ignore_errors=True))


def new_id(now: datetime) -> str:
    """An id no other job has: local time to the microsecond and 32 random bits."""
    return f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(4)}"


def load_print(root: Path, print_id: str) -> Print:
    """A settled print of the spool at `root`, as it was ordered. Raises DamagedSpool, FileNotFoundError."""
    folder = root / "prints" / print_id
    return order_json.decode_order((folder / order_json.FILE).read_bytes(), folder)


def keep_synced(file: Path, data: bytes | memoryview) -> None:
    """Have data in a new file, fsynced: what the node wrote to a file while it arrived gets its name only."""
    content = data.obj if isinstance(data, memoryview) else None
    if isinstance(content, InFile) and len(data) == len(content):
        content.keep(file)
    else:
        write_synced(file, data)


def write_synced(file: Path, data: bytes | memoryview) -> None:
    """Write a new file and fsync it; nothing stays when that fails."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest[:PIECE_BYTES]) :]
        os.fsync(descriptor)
    except OSError:
        file.unlink()
        raise
    finally:
        os.close(descriptor)


def _data_sets(order: PrintOrder) -> list[str]:
    """The files that the order's images and ICC profiles lie in."""
    return sorted({name for film in order.films for name in files_of(film)})


def _link(source: Path, target: Path) -> None:
    """Link `source`; a target that is there from an earlier try stands for it."""
    if not target.exists():
        os.link(source, target)


@contextmanager
def no_room_named() -> Iterator[None]:
    """A full, read-only or limited disk is told as ResourceLimit."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise ResourceLimit(f"the spool has no room: {error.strerror}") from error
        raise
