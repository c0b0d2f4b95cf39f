"""Bringing a study from an archive into the inbox: what is there already is not fetched again, nothing is missing."""

import threading
import time
from collections.abc import Callable
from typing import BinaryIO

from pydicom.errors import InvalidDicomError
from pydicom.filereader import _read_file_meta_info, read_preamble

from media.errors import Unreadable
from media.index.memory import Memory, nothing_yet
from media.scp import header
from media.scp.file_meta import file_head
from media.studies import Sender
from service.archives import Archive, ArchiveRefused, Incomplete
from service.inbox import StudyInbox
from service.steps import Progress
from service.store import study_queries

ROUNDS = 2
MOVED_S = 10.0  # what was moved is in the catalogue so long after the archive's last word
TOLD_S = 0.5


class InboxDeposit:
    """Takes fetched instances into the inbox."""

    def __init__(self, inbox: StudyInbox, sender: Sender, implementation: tuple[str, str]) -> None:
        self._inbox, self._sender, self._implementation = inbox, sender, implementation
        self._memory: Memory = nothing_yet()
        self._transfer = inbox.begin_transfer(sender)

    def data_set(self, class_uid: str, uid: str, transfer_syntax: str, data: memoryview) -> None:
        head = file_head(class_uid, uid, transfer_syntax, self._implementation, self._sender.calling_ae)
        arrival = self._inbox.arrive(head)
        try:
            arrival.write(data)
            size, at = arrival.size_bytes, arrival.data_set_at
            found = header.read(arrival.reading(), size, at, self._sender, self._memory)
            uid, transfer = found.study.uid, self._transfer
            receipt = arrival.keep(found._replace(transfer=transfer.id) if transfer.begins(uid) else found)
            transfer.count(uid, receipt)
        finally:
            arrival.drop()

    def end(self) -> None:
        """Nothing more comes: have noted what came."""
        self._inbox.end_transfer(self._transfer)

    def file(self, stream: BinaryIO) -> None:
        try:
            read_preamble(stream, force=False)
            meta = _read_file_meta_info(stream)
            class_uid, uid = str(meta.MediaStorageSOPClassUID), str(meta.MediaStorageSOPInstanceUID)
            syntax = str(meta.TransferSyntaxUID)
        except (InvalidDicomError, AttributeError, ValueError, EOFError) as error:
            raise Unreadable("answer of the archive", f"is no DICOM file: {type(error).__name__}") from error
        self.data_set(class_uid, uid, syntax, memoryview(stream.read()))


def fetch(archive: Archive, study_uid: str, inbox: StudyInbox, deposit: InboxDeposit, progress: Progress) -> int:
    """Fetch what the inbox lacks of a study; how many instances it has.

    Run again it goes on: only what is missing is asked for. Raises ArchiveDown, ArchiveRefused, Incomplete.
    """
    expected = {one.uid: one for one in archive.instances(study_uid)}
    if not expected:
        raise ArchiveRefused(f"{archive} has no study {study_uid}, or lists no instances of it")
    look_again = _telling(lambda: len(expected) - len(_missing(inbox, list(expected))), len(expected), progress)
    said = ""
    for _ in range(ROUNDS):
        missing = _missing(inbox, list(expected))
        if missing:
            said = archive.fetch(study_uid, [expected[uid] for uid in missing], deposit, look_again)
            missing = _settled(inbox, missing)
        if not missing:
            break
    if missing:
        raise Incomplete(study_uid, len(expected), missing, said)
    with inbox.store.write() as connection:
        study_queries.fetched(connection, study_uid, len(expected))
    progress("instances", len(expected), len(expected))
    return len(expected)


def _missing(inbox: StudyInbox, uids: list[str]) -> list[str]:
    held = inbox.held(uids)
    return [uid for uid in uids if uid not in held]


def _settled(inbox: StudyInbox, missing: list[str]) -> list[str]:
    """What is still missing: what was moved goes through the node, which may need a moment for the last ones."""
    left, until = _missing(inbox, missing), time.monotonic() + MOVED_S
    while left and len(left) < len(missing) and time.monotonic() < until:
        threading.Event().wait(0.2)
        left = _missing(inbox, left)
    return left


def _telling(done: Callable[[], int], total: int, progress: Progress) -> Callable[[], None]:
    told = 0.0

    def tell() -> None:
        nonlocal told
        if time.monotonic() - told > TOLD_S:
            told = time.monotonic()
            progress("instances", done(), total)

    return tell
