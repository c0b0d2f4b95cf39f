"""What is known of received studies: the values that pass between the inbox and its catalogue."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent something, and to which of our AE titles."""

    calling_ae: str
    called_ae: str
    address: str


@dataclass(frozen=True, slots=True)
class Study:
    """A study and its patient, as text; what the data set does not have is empty."""

    uid: str
    patient_id: str = ""
    issuer: str = ""  # of the Patient ID (0010,0021)
    patient_name: str = ""
    birth_date: str = ""
    sex: str = ""
    date: str = ""
    time: str = ""
    id: str = ""
    accession_number: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """A series, as text."""

    uid: str
    number: str = ""
    modality: str = ""
    description: str = ""


class Received(NamedTuple):
    """An instance that has arrived: what its header says and how its file is made up."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    number: str  # Instance Number
    study: Study
    series: Series
    sender: Sender
    size_bytes: int  # of the file
    data_set_at: int  # where in the file the data set begins
    transfer: str = ""  # the id of a Transfer that has brought nothing new of this study before


class Receipt(StrEnum):
    """What became of an instance that arrived."""

    NEW = "new"
    AGAIN = "again"  # it was there, byte for byte: nothing was added
    OTHER_BYTES = "other-bytes"  # its SOP Instance UID was there with another data set: both are kept, flagged


_BROUGHT = frozenset({Receipt.NEW, Receipt.OTHER_BYTES})


@dataclass(slots=True)
class Transfer:
    """What one association has brought, by Study Instance UID."""

    id: str  # the inbox's, unique over restarts
    sender: Sender
    studies: defaultdict[str, Counter[Receipt]] = field(default_factory=lambda: defaultdict(Counter))

    def begins(self, study_uid: str) -> bool:
        """Whether nothing new of this study has come with it so far."""
        return _BROUGHT.isdisjoint(self.studies.get(study_uid, ()))

    def count(self, study_uid: str, receipt: Receipt) -> None:
        self.studies[study_uid][receipt] += 1


class StudyState(StrEnum):
    """Whether all of a study has come."""

    ARRIVING = "arriving"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"  # no more comes, and fewer instances are there than were announced


class StepStatus(StrEnum):
    """Performed Procedure Step Status (PS3.3 C.4.14)."""

    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    DISCONTINUED = "DISCONTINUED"


@dataclass(frozen=True, slots=True)
class ProcedureStep:
    """What a Modality Performed Procedure Step says of studies and their instances."""

    uid: str
    status: StepStatus
    study_uids: tuple[str, ...] = ()
    instance_uids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Commitment:
    """A request for storage commitment (PS3.4 J.3.2): SOP class and instance UIDs."""

    transaction_uid: str
    sender: Sender
    instances: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CommitmentResult:
    """What is answered to it (PS3.4 J.3.3): what is held, and what is not with its Failure Reason."""

    transaction_uid: str
    held: tuple[tuple[str, str], ...] = ()
    failed: tuple[tuple[str, str, int], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A file of the inbox, for a disc."""

    path: str
    size_bytes: int
