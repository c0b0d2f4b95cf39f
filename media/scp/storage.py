"""Storage SCP (PS3.4 B): the encoded data set goes into a file as it comes, its header into the catalogue."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydicom.dataset import Dataset

from media.errors import MediaError
from media.fileset.model import Reason
from media.index.flaws import Flaw
from media.index.memory import Memory, nothing_yet
from media.ports import Arrival, Inbox
from media.scp import header
from media.scp.answers import refusal
from media.scp.file_meta import file_head, is_uid
from media.scp.statuses import CLASS_NOT_SUPPORTED, INVALID_INSTANCE, SUCCESS, status_of
from media.studies import Receipt, Sender, Transfer

log = logging.getLogger(__name__)

C_STORE_RQ = 0x0001  # Command Field (PS3.7 E.1)
_is_class = lru_cache(maxsize=256)(is_uid)  # the same for a whole series


@dataclass(slots=True)
class Reception:
    """What one association has sent."""

    transfer: Transfer
    memory: Memory = field(default_factory=nothing_yet)
    counts: Counter[str] = field(default_factory=Counter)
    size_bytes: int = 0

    @property
    def sender(self) -> Sender:
        return self.transfer.sender

    def tell(self) -> None:
        """One line of what came."""
        if self.counts:
            told = ", ".join(f"{number} {what}" for what, number in sorted(self.counts.items()))
            log.info("%s sent %d bytes: %s", self.sender.calling_ae, self.size_bytes, told)


class Storage:
    """C-STORE of any number of associations."""

    def __init__(self, inbox: Inbox, implementation: tuple[str, str]) -> None:
        """`implementation`: our class UID and version name, for the files."""
        self._inbox = inbox
        self._implementation = implementation

    def open(self, sender: Sender, command: Mapping[str, Any], transfer_syntax: str) -> Arrival | None:
        """Where the data set of a message goes while it arrives; None when it is no instance."""
        if command.get("CommandField") != C_STORE_RQ:
            return None
        class_uid, uid = str(command.get("AffectedSOPClassUID")), str(command.get("AffectedSOPInstanceUID"))
        return self._arrive(sender, class_uid, uid, transfer_syntax) if _is_class(class_uid) and is_uid(uid) else None

    def prepare(self) -> None:
        """Do what can be done for the next instance before it comes."""
        self._inbox.prepare()

    def begin(self, sender: Sender) -> Reception:
        """An association sends its first instance."""
        return Reception(self._inbox.begin_transfer(sender))

    def end(self, reception: Reception) -> None:
        """The association ended."""
        reception.tell()
        self._inbox.end_transfer(reception.transfer)

    def store(self, reception: Reception, request: Any, abstract_syntax: str, transfer_syntax: str) -> int | Dataset:
        """The status of a C-STORE; success only when the instance is as safe as the settings ask."""
        class_uid, uid = str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID)
        arrival: Arrival | None = getattr(request, "stream", None)
        if arrival is None:
            if not is_uid(class_uid) or not is_uid(uid):
                return refusal(INVALID_INSTANCE, "SOP Class or Instance UID is no UID")
            arrival = self._arrive(reception.sender, class_uid, uid, transfer_syntax)
            arrival.write(request.DataSet.getbuffer())
        return self.store_arrived(reception, arrival, class_uid, uid, abstract_syntax)

    def store_arrived(
        self, reception: Reception, arrival: Arrival, class_uid: str, uid: str, abstract_syntax: str
    ) -> int | Dataset:
        """The same for a data set that is whole in the file that `open` gave."""
        try:
            if class_uid != abstract_syntax:
                return refusal(CLASS_NOT_SUPPORTED, f"{class_uid} on a context of {abstract_syntax}")
            receipt = self._keep(reception, arrival)
        except MediaError as error:
            reception.counts["refused"] += 1
            why = error.reason if isinstance(error, Flaw) else type(error).__name__  # the text may have values in it
            log.warning("instance %s of %s refused: %s", uid, reception.sender.calling_ae, why)
            return refusal(status_of(error), str(error))
        finally:
            arrival.drop()
        reception.counts[receipt] += 1
        if receipt is Receipt.OTHER_BYTES:
            log.warning("instance %s came from %s with other bytes than before", uid, reception.sender.calling_ae)
        return SUCCESS

    def _keep(self, reception: Reception, arrival: Arrival) -> Receipt:
        stream, size_bytes, data_set_at = arrival.reading(), arrival.size_bytes, arrival.data_set_at
        if size_bytes == data_set_at:
            raise Flaw(Reason.EMPTY_FILE, "a data set of zero bytes")
        reception.size_bytes += size_bytes - data_set_at
        found = header.read(stream, size_bytes, data_set_at, reception.sender, reception.memory)
        transfer, study_uid = reception.transfer, found.study.uid
        receipt = arrival.keep(found._replace(transfer=transfer.id) if transfer.begins(study_uid) else found)
        transfer.count(study_uid, receipt)
        return receipt

    def _arrive(self, sender: Sender, class_uid: str, uid: str, transfer_syntax: str) -> Arrival:
        return self._inbox.arrive(file_head(class_uid, uid, transfer_syntax, self._implementation, sender.calling_ae))
