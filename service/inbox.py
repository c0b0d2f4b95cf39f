"""The study inbox of one process (media.ports.Inbox): received files, their catalogue, studies that are complete."""

import itertools
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from media.errors import MediaError, NoRoom
from media.studies import Commitment, ProcedureStep, Receipt, Received, Sender, StudyState, Transfer
from printmgr.errors import ResourceLimit
from service.arrival import FileArrival, named
from service.group_commit import Durable, GroupCommit, Kept, same_data_set
from service.inbox_folder import InboxFolder
from service.node.streamed import StreamedFile
from service.store import commitments, completeness, study_queries, transfers
from service.store.engine import Durability, Store
from service.store.studies import Entry, StudyWriter

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 1.0  # at least so long between two looks at which studies are complete
LOOK_ANYWAY_S = 10.0  # and at most: other processes change what is expected
LOOKED_S = 1.0  # how long a look at the free space holds


@dataclass(frozen=True, slots=True)
class InboxSettings:
    """What an inbox is told."""

    root: Path
    durable: Durable = Durable.GROUP
    rule: completeness.Rule = field(default_factory=completeness.Rule)
    min_free_bytes: int = 1 << 28
    max_instance_bytes: int = 4 << 30


class StudyInbox:
    """Receives instances for one node process."""

    def __init__(
        self, settings: InboxSettings, database_url: str, examine: Callable[[BinaryIO, int], Received]
    ) -> None:
        """`examine`: what a file of the inbox is, for files that a dead process left. Raises OSError."""
        self.settings = settings
        self._examine = examine
        off = settings.durable is Durable.OFF
        self.store = Store(database_url, Durability.REPEATABLE if off else Durability.ANSWERED)
        self.folder = InboxFolder(settings.root)
        self._root, self._arriving = str(settings.root), str(self.folder.arriving)  # as text: once for all instances
        self._durable = settings.durable
        self._writer = StudyWriter(self.store, lambda new, stored: same_data_set(settings.root, new, stored))
        self._commit = GroupCommit(settings.root, self._writer, settings.durable)
        self._clock = threading.Thread(target=self._settle_studies, name="study clock", daemon=True)
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._ahead: list[StreamedFile] = []  # empty files that wait for an instance
        self._transfers = itertools.count()
        self._ended: deque[Transfer] = deque()  # the ledger does not know of them yet
        self._free = 0
        self._looked = 0.0
        if off:
            log.warning('[inbox] durable = "off": a power cut LOSES instances that were answered with success')

    def start(self) -> None:
        """Take in what dead processes left, then watch for studies that are complete."""
        if adopted := self.folder.recover(self._known, self._adopt, self._note_broken_off):
            log.warning("took in %d instances that an earlier process had not entered in the catalogue", adopted)
        self._changed.set()
        self._clock.start()

    def stop(self) -> None:
        """End; the node takes nothing more."""
        self._stopping.set()
        self._changed.set()
        self._clock.join()
        self._ahead.clear()
        self._commit.close()
        self._writer.close()
        self.folder.close(settled=self._note_ended())
        self.store.close()

    # media.ports.Inbox

    def arrive(self, meta: bytes) -> FileArrival:
        return FileArrival(self, meta, self.settings.max_instance_bytes)

    def keep(self, file: StreamedFile, received: Received) -> Receipt:
        """Name a file and make it as safe as the settings ask. Raises NoRoom, Unreadable."""
        try:
            name = self.folder.next_name()
            file.keep(f"{self._root}/{name}", durable=self._durable is Durable.FILE)
        except OSError as error:
            raise named(error) from error
        receipt = self._commit.keep(Kept(Entry(name, received), None if self._durable is Durable.OFF else file))
        if not self._changed.is_set():
            self._changed.set()
        return receipt

    def prepare(self) -> None:
        """Open a file ahead: making one takes longer than naming it, and now nobody waits."""
        if not self._ahead:
            with suppress(OSError):  # `new_file` meets it again
                self._ahead.append(StreamedFile(self._arriving))

    def new_file(self) -> StreamedFile:
        try:
            return self._ahead.pop()
        except IndexError:
            return StreamedFile(self._arriving)

    def check_room(self) -> None:
        """Raises NoRoom when the disk is nearly full."""
        now = time.monotonic()
        if now - self._looked > LOOKED_S:
            disk = os.statvfs(self.settings.root)
            self._free, self._looked = disk.f_bavail * disk.f_frsize, now
        if self._free < self.settings.min_free_bytes:
            raise NoRoom(f"{self._free} bytes are free; expected {self.settings.min_free_bytes}")

    def held(self, sop_instance_uids: Sequence[str]) -> Mapping[str, str]:
        self._commit.flush()
        with self.store.read() as connection:
            found = study_queries.held(connection, sop_instance_uids)
        root = self.settings.root
        return {one.sop_instance_uid: one.sop_class_uid for one in found if _size(root / one.file) == one.size_bytes}

    def begin_transfer(self, sender: Sender) -> Transfer:
        return Transfer(f"{self.folder.run}/{next(self._transfers)}", sender)

    def end_transfer(self, transfer: Transfer) -> None:
        if transfer.studies:
            self._ended.append(transfer)
            self._changed.set()

    def begin_step(self, step: ProcedureStep, sender: Sender) -> bool:
        with _room_named(), self.store.write() as connection:
            new = completeness.begin_step(connection, step, sender)
        self._changed.set()
        return new

    def step(self, uid: str) -> ProcedureStep | None:
        with self.store.read() as connection:
            return completeness.step(connection, uid)

    def change_step(self, step: ProcedureStep) -> None:
        with _room_named(), self.store.write() as connection:
            completeness.change_step(connection, step)
        self._changed.set()

    def promise(self, commitment: Commitment) -> bool:
        with _room_named(), self.store.write() as connection:
            transfers.committed(connection, commitment)
            return commitments.add(connection, commitment)

    def reported(self, commitment: Commitment) -> None:
        with _room_named(), self.store.write() as connection:
            commitments.reported(connection, commitment)

    # what dead processes left

    def _known(self, run: str) -> set[str]:
        with self.store.read() as connection:
            return study_queries.files_below(connection, run)

    def _adopt(self, name: str) -> bool:
        path = self.settings.root / name
        size = path.stat().st_size
        try:
            with path.open("rb", buffering=0) as stream:
                entry = Entry(name, self._examine(cast(BinaryIO, stream), size))
        except MediaError as error:
            log.warning("%s is no whole instance: %s", name, error)
            return False
        self._writer.add([entry])
        return entry.receipt is not Receipt.AGAIN

    # what the ledger is told

    def _note_broken_off(self, run: str) -> None:
        with self.store.write() as connection:
            transfers.broken_off(connection, run)

    def _note_ended(self) -> bool:
        """Note the associations that have ended; whether the ledger knows of all of them now."""
        some = [self._ended.popleft() for _ in range(len(self._ended))]
        if not some:
            return True
        try:
            self._commit.catalogued()
            with self.store.write() as connection:
                transfers.ended(connection, some)
        except Exception:  # on the way to the top of the thread: it is noted with the next ones, or by the next process
            log.exception("%d associations are not in the ledger yet", len(some))
            self._ended.extendleft(reversed(some))
            return False
        return True

    # which studies are complete

    def _settle_studies(self) -> None:
        look_at: float | None = None
        while not self._stopping.is_set():
            wait_s = LOOK_ANYWAY_S if look_at is None else look_at - time.time()
            if self._changed.wait(min(max(wait_s, LOOK_AGAIN_S), LOOK_ANYWAY_S)):
                self._stopping.wait(LOOK_AGAIN_S)  # more is about to come, and a look takes time from who receives it
                self._changed.clear()
            self._note_ended()
            try:
                look_at = self._settle_once()
            except Exception:  # the top of the thread: the next look may find the database free
                log.exception("could not look for studies that are complete")
                look_at = time.time() + LOOK_AGAIN_S

    def _settle_once(self) -> float | None:
        with self.store.write() as connection:
            settled, look_at = completeness.settle(connection, self.settings.rule, time.time())
        for study in settled:
            level = logging.WARNING if study.state is StudyState.INCOMPLETE else logging.INFO
            log.log(level, "study %s is %s by %s: %d instances", study.uid, study.state, study.by, study.instances)
        return look_at


@contextmanager
def _room_named() -> Iterator[None]:
    try:
        yield
    except ResourceLimit as error:
        raise NoRoom(str(error)) from error


def _size(path: Path) -> int:
    """-1 when it is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return -1
