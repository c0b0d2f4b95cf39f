"""What the media component needs from outside, as protocols."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

from media.creation import MediaRequest, MediaStatus
from media.fileset.model import Rejection, SourceFile
from media.studies import Commitment, ProcedureStep, Receipt, Received, Sender, StudyFile, StudyState, Transfer

Progress = Callable[[str, int, int], None]
"""progress(what, done, total): `what` is "files", "instances" or "bytes"."""


class Source(Protocol):
    """PLUGIN POINT. Where instances come from."""

    def files(self) -> Iterator[SourceFile | Rejection]:
        """Every file once, in a stable order; what may not be followed comes as its Rejection."""
        ...

    def open(self, file: SourceFile) -> BinaryIO:
        """Open for reading from its first byte. Raises Unreadable."""
        ...


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One file inside an image: its name components and where its bytes are."""

    path: tuple[str, ...]
    offset: int
    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class VerifiedImage:
    """An image that has passed verification, still under a temporary name."""

    path: Path
    name: str  # volume_1
    created_s: int  # seconds since 1970 UTC
    files: tuple[ImageFile, ...]
    copy: int = 1  # which of them a writer is to make
    copies: int = 1  # that are wanted
    label: bytes | None = None  # a PDF of one page, for who prints it
    fields: Mapping[str, str] = field(default_factory=dict)  # what the label says, for labels of a robot's own


class Writer(Protocol):
    """PLUGIN POINT. Brings a verified volume out. Writing twice gives the same."""

    def write(self, image: VerifiedImage, output: Path) -> str:
        """Write into the folder `output`, whole or not at all; give the name there. Raises NoRoom, NotVerified."""
        ...


@runtime_checkable
class Withdrawing(Protocol):
    """A writer that hands volumes to somebody else, and can take them back until they are begun."""

    def withdraw(self, name: str, output: Path) -> bool:
        """Take the volume of this name back; False when it is too late."""
        ...


class Arrival(Protocol):
    """A file of the inbox while its data set arrives; nothing stays of it unless it is kept."""

    @property
    def size_bytes(self) -> int:
        """What it has so far, file meta information included."""
        ...

    @property
    def data_set_at(self) -> int:
        """Where the data set begins."""
        ...

    def write(self, fragment: memoryview, /) -> object:
        """Take the next bytes, which stay until `flush`. What goes wrong shows in `reading`."""
        ...

    def flush(self) -> object:
        """The bytes taken will be overwritten."""
        ...

    def reading(self) -> BinaryIO:
        """What was written, from its first byte. Raises NoRoom, Unreadable."""
        ...

    def keep(self, received: Received) -> Receipt:
        """Make file and catalogue entry as safe as the settings ask, then return. Raises NoRoom, Unreadable."""
        ...

    def drop(self) -> None:
        """Forget it; after `keep` this does nothing."""
        ...


class Inbox(Protocol):
    """Where received instances lie, and the catalogue of them."""

    def arrive(self, meta: bytes) -> Arrival:
        """A new file that begins with `meta`; its name has nothing of what the sender says. Never raises."""
        ...

    def prepare(self) -> None:
        """Do what can be done for the next arrival before it comes. Never raises."""
        ...

    def begin_transfer(self, sender: Sender) -> Transfer:
        """For what an association is going to bring."""
        ...

    def end_transfer(self, transfer: Transfer) -> None:
        """The association ended: note who brought what. Never raises, waits for nothing."""
        ...

    def held(self, sop_instance_uids: Sequence[str]) -> Mapping[str, str]:
        """Of these, the instances whose files are safe on the disk, with their SOP classes. Raises NoRoom."""
        ...

    def begin_step(self, step: ProcedureStep, sender: Sender) -> bool:
        """Note a procedure step in progress; False when its UID is known already. Raises NoRoom."""
        ...

    def step(self, uid: str) -> ProcedureStep | None:
        """What is known of a procedure step."""
        ...

    def change_step(self, step: ProcedureStep) -> None:
        """Note what a procedure step has become. Raises NoRoom."""
        ...

    def promise(self, commitment: Commitment) -> bool:
        """Note that a commitment is to be reported; False when its transaction is known already. Raises NoRoom."""
        ...

    def reported(self, commitment: Commitment) -> None:
        """Note that its report was taken."""
        ...


class MediaRequests(Protocol):
    """Who keeps media creation requests and has them carried out. Raises NoRoom where something is noted."""

    def new_uid(self) -> str:
        """For a request that came without a UID."""
        ...

    def create(self, request: MediaRequest) -> bool:
        """Note a request; False when its UID is known already."""
        ...

    def initiate(self, uid: str, copies: int, priority: int) -> None:
        """Have it carried out; `priority` 1 before 0 before -1. Raises NoSuchRequest, AlreadyInitiated."""
        ...

    def cancel(self, uid: str, calling_ae: str) -> None:
        """Let it not be carried out, and forget it. Raises NoSuchRequest, CannotCancel."""
        ...

    def status(self, uid: str) -> MediaStatus:
        """What has become of it. Raises NoSuchRequest."""
        ...


class Catalogue(Protocol):
    """What a Source asks of the received studies."""

    def state(self, study_uid: str) -> StudyState | None:
        """Whether all of a study has come; None when nothing of it has."""
        ...

    def files(self, study_uid: str) -> Sequence[StudyFile]:
        """The files of all its instances in a stable order, those of one UID with other bytes too."""
        ...
