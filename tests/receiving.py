"""A node with a study inbox in this process, and what it has received."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE
from pynetdicom.association import Association

from media.index.memory import nothing_yet
from media.scp import header
from media.scp.contexts import presentation_contexts
from media.scp.file_meta import file_head
from media.scp.handlers import InboxSCP
from media.studies import Receipt, Sender
from service.group_commit import Durable
from service.inbox import InboxSettings, StudyInbox
from service.node import Node, NodeSettings, PartnerList
from service.store import study_queries
from service.store.completeness import Rule
from service.store.engine import Store
from service.store.study_queries import HeldFile, StudyRecord
from service.titles import Application, Titles
from tests.databases import new_database

ARCHIVE = "ARCHIVE"
IMPLEMENTATION = ("1.2.3.4", "TEST")


class Receiving:
    """A study inbox with its database; `listen` gives it a node."""

    def __init__(
        self,
        folder: Path,
        durable: Durable = Durable.GROUP,
        rule: Rule | None = None,
        database: str = "",
        **more: int,
    ) -> None:
        self.database = database or f"sqlite:///{folder / 'test.db'}"
        if self.database.startswith("sqlite"):
            new_database(self.database)
        self.root = folder / "inbox"
        settings = InboxSettings(self.root, durable, rule or Rule(), **{"min_free_bytes": 0, **more})
        self.inbox = StudyInbox(settings, self.database, header.read_again)
        self.store = Store(self.database)
        self.scp = InboxSCP(self.inbox, IMPLEMENTATION)

    def studies(self) -> list[StudyRecord]:
        with self.store.read() as connection:
            return study_queries.listed(connection)

    def study(self, uid: str) -> StudyRecord:
        with self.store.read() as connection:
            return study_queries.one(connection, uid)

    def held(self, study_uid: str) -> list[HeldFile]:
        with self.store.read() as connection:
            return study_queries.files(connection, study_uid)

    def files(self) -> list[Path]:
        return sorted(self.root.rglob("*.dcm"))

    def applications(self) -> dict[str, Application]:
        return {ARCHIVE: Application(presentation_contexts(), self.scp.handlers())}

    @contextmanager
    def listen(self) -> Iterator[int]:
        """The port of a node."""
        titles = Titles(self.applications())
        node = Node(
            NodeSettings(port=0),
            titles.contexts(),
            titles.handlers(),
            PartnerList([ARCHIVE, "OTHER"], open_to_all=True),
        )
        node.start()
        try:
            yield node.address[1]
        finally:
            node.stop(2)

    def stop(self) -> None:
        self.inbox.stop()
        self.store.close()


@contextmanager
def receiving(
    folder: Path, durable: Durable = Durable.GROUP, rule: Rule | None = None, database: str = "", **more: int
) -> Iterator[Receiving]:
    """An inbox that watches its studies."""
    made = Receiving(folder, durable, rule, database, **more)
    made.inbox.start()
    try:
        yield made
    finally:
        made.stop()


@contextmanager
def association(
    port: int, *contexts: tuple[str, list[str]], called: str = ARCHIVE, **more: object
) -> Iterator[Association]:
    """An association of stock pynetdicom's."""
    ae = AE("MODALITY")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 20
    for abstract_syntax, transfer_syntaxes in contexts:
        ae.add_requested_context(abstract_syntax, transfer_syntaxes)
    assoc = ae.associate("127.0.0.1", port, ae_title=called, **more)
    assert assoc.is_established
    try:
        yield assoc
    finally:
        if assoc.is_established:
            assoc.release()


def instance(number: int = 1, study: str = "1.2.3", series: str = "1.2.3.1", uid: str = "", **more: object) -> Dataset:
    """A small CT instance."""
    ds = Dataset()
    ds.SOPClassUID = CTImageStorage
    ds.SOPInstanceUID = uid or f"{series}.{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study, series
    ds.PatientID, ds.PatientName = "P1", "Doe^Jane"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber = "20240506", "1200", "S", "A1"
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "CT", 1, number
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def encoded(ds: Dataset) -> bytes:
    """The data set in Explicit VR Little Endian."""
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = False, True
    write_dataset(stream, ds)
    return stream.parent.getvalue()


def hand_over(made: Receiving, ds: Dataset) -> Receipt:
    """Give a data set to an inbox without a node; what became of it. Raises MediaError."""
    head = file_head(ds.SOPClassUID, ds.SOPInstanceUID, ExplicitVRLittleEndian, IMPLEMENTATION, "MODALITY")
    arrival = made.inbox.arrive(head)
    try:
        arrival.write(memoryview(encoded(ds)))
        sender = Sender("MODALITY", ARCHIVE, "127.0.0.1")
        found = header.read(arrival.reading(), arrival.size_bytes, arrival.data_set_at, sender, nothing_yet())
        return arrival.keep(found)
    finally:
        arrival.drop()


def data_set_of(file: Path) -> bytes:
    """What follows the file meta information."""
    data = file.read_bytes()
    assert data[128:132] == b"DICM"
    return data[144 + int.from_bytes(data[140:144], "little") :]


__all__ = [
    "ARCHIVE",
    "Receiving",
    "association",
    "data_set_of",
    "encoded",
    "generate_uid",
    "hand_over",
    "instance",
    "receiving",
]
