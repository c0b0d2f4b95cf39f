"""Archives elsewhere: studies are searched there and fetched into the inbox, each instance accounted for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from media.errors import MediaError, NotYet

MOST_FOUND = 200  # studies of one answer
NAMED = 20


class ArchiveDown(NotYet):
    """It cannot be reached, or has no resources: later it may."""


class ArchiveRefused(MediaError):
    """It answers, and does not do what was asked."""


class Incomplete(MediaError):
    """Not every instance that the archive lists has come."""

    def __init__(self, study_uid: str, expected: int, missing: Sequence[str], said: str) -> None:
        self.study_uid, self.expected, self.missing = study_uid, expected, tuple(missing)
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        why = f"; the archive said: {said}" if said else ""
        super().__init__(
            f"{len(missing)} of the {expected} instances of study {study_uid} did not come: "
            + f"{', '.join(missing[:NAMED])}{more}{why}"
        )


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched. Names are words that a name begins with; dates YYYYMMDD or a range with '-'."""

    patient_name: str = ""
    patient_id: str = ""
    birth_date: str = ""
    accession_number: str = ""
    study_date: str = ""
    study_uid: str = ""


@dataclass(frozen=True, slots=True)
class RemoteStudy:
    """A study that an archive has; counts are None where it does not tell them."""

    archive: str
    uid: str
    patient_id: str
    patient_name: str
    birth_date: str
    sex: str
    date: str
    time: str
    accession_number: str
    description: str
    modalities: str
    series: int | None
    instances: int | None


@dataclass(frozen=True, slots=True)
class RemoteInstance:
    """An instance that an archive lists; its class is '' where it does not tell it."""

    series_uid: str
    uid: str
    sop_class_uid: str = ""


class Deposit(Protocol):
    """Where fetched instances go."""

    def data_set(self, class_uid: str, uid: str, transfer_syntax: str, data: memoryview) -> None:
        """Keep an encoded data set, as safe as any that was received. Raises MediaError."""
        ...

    def file(self, stream: BinaryIO) -> None:
        """Keep a DICOM file. Raises MediaError."""
        ...


class Archive(Protocol):
    """PLUGIN POINT. A place that has studies. All raise ArchiveDown, ArchiveRefused."""

    def find(self, query: Query, most: int = MOST_FOUND) -> list[RemoteStudy]:
        """Studies that match, at most so many."""
        ...

    def instances(self, study_uid: str) -> list[RemoteInstance]:
        """Every instance of a study; none when the archive does not have it."""
        ...

    def fetch(
        self, study_uid: str, missing: Sequence[RemoteInstance], deposit: Deposit, came: Callable[[], None]
    ) -> str:
        """Bring these instances; `came` is called now and then. What the archive said of those it did not send."""
        ...

    def probe(self) -> str:
        """Ask it for nothing; what was tried and what was answered."""
        ...
