"""A Print SCP on stock pynetdicom, over real sockets, with a fake service behind it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import build_context
from pynetdicom.transport import ThreadedAssociationServer

from printmgr.scp.contexts import (
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    PRINTER_INSTANCE,
    SOPClass,
    presentation_contexts,
)
from printmgr.scp.handlers import PrintSCP
from tests.fakes import FakePort

META = BASIC_GRAYSCALE_PRINT_MANAGEMENT_META
EXPLICIT_LE = "1.2.840.10008.1.2.1"


@dataclass
class SCU:
    """The other side: sends requests as they are given and hands back statuses."""

    association: Association
    meta: str | None = META
    comments: list[str] = field(default_factory=list)
    responses: list[Dataset] = field(default_factory=list)  # command sets as they came

    @property
    def named(self) -> str:
        """The instance that the last response names."""
        return str(self.responses[-1].get("AffectedSOPInstanceUID", ""))

    def status(self, status: Dataset) -> int:
        assert "Status" in status, "no answer"
        self.comments.append(str(status.get("ErrorComment", "")))
        return int(status.Status)

    def create(self, sop_class: str, said: Dataset | None, uid: str | None = None) -> tuple[int, Dataset | None]:
        status, data_set = self.association.send_n_create(said, sop_class, uid, meta_uid=self.meta_of(sop_class))
        return self.status(status), data_set

    def set(self, sop_class: str, uid: str, said: Dataset) -> tuple[int, Dataset | None]:
        status, data_set = self.association.send_n_set(said, sop_class, uid, meta_uid=self.meta_of(sop_class))
        return self.status(status), data_set

    def act(self, sop_class: str, uid: str, action_type: int = 1) -> int:
        status, _ = self.association.send_n_action(None, action_type, sop_class, uid, meta_uid=self.meta_of(sop_class))
        return self.status(status)

    def delete(self, sop_class: str, uid: str) -> int:
        return self.status(self.association.send_n_delete(sop_class, uid, meta_uid=self.meta_of(sop_class)))

    def get(
        self, tags: list[int], uid: str = PRINTER_INSTANCE, sop_class: str = SOPClass.PRINTER
    ) -> tuple[int, Dataset]:
        status, data_set = self.association.send_n_get(tags, sop_class, uid, meta_uid=self.meta_of(sop_class))
        return self.status(status), data_set

    def meta_of(self, sop_class: str) -> str | None:
        accepted = {context.abstract_syntax for context in self.association.accepted_contexts}
        return self.meta if self.meta in accepted and sop_class not in accepted else None


@dataclass
class Bench:
    """A running Print SCP."""

    port: FakePort
    scp: PrintSCP
    connect: Callable[..., SCU]


def hold_reactor(association: Association) -> None:
    """Stop the SCU's reactor for good: now and then it takes a response that a send_* method is waiting for."""
    association._reactor_checkpoint.clear()
    time.sleep(0.02)
    association._reactor_checkpoint.set = lambda: None  # type: ignore[method-assign]  # let go of in the fixture


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[PrintSCP, ThreadedAssociationServer]]:
    """One server for all tests of a module: it takes half a second to shut down."""
    scp = PrintSCP(FakePort(Path()), "1.2")
    ae = AE("PRINTER")
    ae.supported_contexts = presentation_contexts()
    ae.maximum_pdu_size = 131072
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=scp.stock_handlers())
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    yield scp, server
    server.shutdown()


@pytest.fixture
def bench(server: tuple[PrintSCP, ThreadedAssociationServer], tmp_path: Path) -> Iterator[Bench]:
    scp, listening = server
    scp.port = port = FakePort(tmp_path)
    associations: list[Association] = []

    def connect(*classes: str, syntaxes: tuple[str, ...] = (EXPLICIT_LE,), called: str = "PRINTER") -> SCU:
        scu = AE("CT1")
        contexts = [build_context(uid, list(syntaxes)) for uid in classes or (META, SOPClass.PRESENTATION_LUT)]
        responses: list[Dataset] = []
        seen = (evt.EVT_DIMSE_RECV, lambda event: responses.append(event.message.command_set))
        host, number = listening.socket.getsockname()
        association = scu.associate(host, number, contexts, ae_title=called, evt_handlers=[seen])
        assert association.is_established
        association.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        hold_reactor(association)
        associations.append(association)
        return SCU(association, responses=responses)

    yield Bench(port, scp, connect)
    for association in associations:
        threading.Event.set(association._reactor_checkpoint)
        if association.is_established:
            association.abort()
    wait_for(lambda: not scp.work)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until what another thread does is done."""
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("waited 10 s")
