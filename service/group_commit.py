"""Safe before answered: received files and their catalogue entries become durable in groups.

The first thread to come commits for all that come while a commit is under way: nobody waits for a timer, and a lone
sender waits for nobody.
"""

import ctypes
import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from media.errors import MediaError, NoRoom, Unreadable
from media.studies import Receipt
from printmgr.errors import ResourceLimit
from printmgr.files import sync_folder
from service.arrival import named
from service.node.streamed import StreamedFile
from service.store.studies import Entry, StoredFile, StudyWriter

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20
SHARED_FROM = 3  # files of a group from which on one flush of the file system replaces theirs
LATER_S = 0.05  # durable "off": how long instances gather before they go into the catalogue
RETRY_S = 2.0
MOST_WAITING = 5000  # durable "off": instances answered and not yet in the catalogue


class Durable(StrEnum):
    """What an answer to C-STORE promises."""

    FILE = "file"  # each file is fsynced, its entry committed
    GROUP = "group"  # the same; what comes together shares one fsync
    OFF = "off"  # the file is written; a power cut may take it


@dataclass(slots=True)
class Kept:
    """A file that has its name and waits for the group it belongs to."""

    entry: Entry
    file: StreamedFile | None  # open while it is to be fsynced
    error: MediaError | None = field(default=None)


class GroupCommit:
    """Makes instances durable as the settings ask."""

    def __init__(self, root: Path, writer: StudyWriter, durable: Durable) -> None:
        """`root`: the folder that the entries' files are below."""
        self._root = root
        self._writer = writer
        self._durable = durable
        self._lock = threading.Lock()  # of the two lists
        self._turn = threading.Lock()  # of the one who commits
        self._waiting: list[Kept] = []
        self._come = threading.Event()
        self._resting = False  # nothing waits, and whoever comes next says so: waking a thread costs the sender time
        self._stopping = threading.Event()
        self._later = threading.Thread(target=self._write_later, name="catalogue", daemon=True)
        if durable is Durable.OFF:
            self._later.start()

    def keep(self, kept: Kept) -> Receipt:
        """Return when the instance is as safe as was asked for. Raises NoRoom, Unreadable; then nothing stays of it."""
        with self._lock:
            if self._durable is Durable.OFF and len(self._waiting) >= MOST_WAITING:
                self._unlink(kept)
                raise NoRoom(f"{MOST_WAITING} instances wait for the catalogue")
            self._waiting.append(kept)
        if self._durable is Durable.OFF:
            if self._resting:
                self._come.set()
            return Receipt.NEW
        with self._turn:
            if kept.entry.receipt is None and kept.error is None:
                self._commit(self._take())
        if kept.entry.receipt is None:
            raise kept.error or Unreadable(kept.entry.file, "could not be taken into the catalogue")
        return kept.entry.receipt

    def flush(self) -> None:
        """Make everything that was answered durable. Raises NoRoom, Unreadable."""
        if self._durable is Durable.OFF:
            if not self._written():
                raise NoRoom("instances wait for the catalogue, which does not take them")
            try:
                sync_file_system(self._root)
            except OSError as error:
                raise named(error) from error

    def catalogued(self) -> None:
        """Have everything that was answered in the catalogue, if it takes it."""
        if self._durable is Durable.OFF:
            self._written()

    def close(self) -> None:
        """Take in what waits; nobody calls `keep` any more."""
        if self._durable is Durable.OFF:
            self._stopping.set()
            self._come.set()
            self._later.join()
            self._written()

    def _take(self) -> list[Kept]:
        with self._lock:
            group, self._waiting = self._waiting, []
        return group

    def _commit(self, group: Sequence[Kept]) -> None:
        """Files, then catalogue; each of the group has its receipt or its error afterwards."""
        try:
            self._sync(group)
            self._writer.add([kept.entry for kept in group])
        except ResourceLimit as error:
            self._fail(group, NoRoom(str(error)))
        except OSError as error:
            self._fail(group, named(error))
        for kept in group:
            if kept.entry.receipt in (None, Receipt.AGAIN):
                self._unlink(kept)

    def _sync(self, group: Sequence[Kept]) -> None:
        """In "file" each thread has fsynced its own file before it came here; the folders' names are left."""
        if self._durable is Durable.GROUP:
            if len(group) >= SHARED_FROM:
                sync_file_system(self._root)
                return
            for kept in group:
                if kept.file is not None:
                    os.fsync(kept.file.fileno())
        for folder in {(self._root / kept.entry.file).parent for kept in group}:
            sync_folder(folder)

    def _fail(self, group: Sequence[Kept], error: MediaError) -> None:
        for kept in group:
            if kept.entry.receipt is None:
                kept.error = error

    def _unlink(self, kept: Kept) -> None:
        (self._root / kept.entry.file).unlink(missing_ok=True)

    def _write_later(self) -> None:
        while not self._stopping.is_set():
            self._rest()
            self._stopping.wait(LATER_S)
            if not self._written():
                self._stopping.wait(RETRY_S)

    def _rest(self) -> None:
        """Until something comes, or it is time to end."""
        self._come.clear()
        self._resting = True
        if not self._waiting and not self._stopping.is_set():
            self._come.wait()
        self._resting = False

    def _written(self) -> bool:
        """Whether what waited is in the catalogue; if not, it waits on."""
        with self._turn:
            group = self._take()
            try:
                self._writer.add([kept.entry for kept in group])
            except Exception:  # the top of the thread: what was answered must not be forgotten
                log.exception("%d instances wait for the catalogue", len(group))
            again = [kept for kept in group if kept.entry.receipt is None]
            for kept in group:
                if kept.entry.receipt is Receipt.AGAIN:
                    self._unlink(kept)
            with self._lock:
                self._waiting = again + self._waiting
        return not again


def same_data_set(root: Path, new: Entry, stored: StoredFile) -> bool:
    """Whether two files of the inbox have the same data set, byte for byte. Raises FileNotFoundError."""
    found = new.received
    with (root / stored.file).open("rb", buffering=0) as before:
        if stored.size_bytes - stored.data_set_at != found.size_bytes - found.data_set_at:
            return False
        with (root / new.file).open("rb", buffering=0) as after:
            before.seek(stored.data_set_at)
            after.seek(found.data_set_at)
            while data := after.read(CHUNK_BYTES):
                if data != before.read(CHUNK_BYTES):
                    return False
    return True


def sync_file_system(folder: Path) -> None:
    """Flush the whole file system that `folder` is on: one wait for any number of files (syncfs(2)). Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _LIBC.syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)


_LIBC = ctypes.CDLL(None, use_errno=True)
