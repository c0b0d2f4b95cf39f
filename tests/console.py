"""A modality that says anything to the real service: requests as data sets or bytes, answers as they come."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import N_CREATE, N_SET
from pynetdicom.sop_class import (
    BasicAnnotationBox,
    BasicColorPrintManagementMeta,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
    Printer,
    PrinterInstance,
    PrintJob,
)

from printmgr.scu import undisturbed
from tests.printmgr.scp import requests

SESSION, FILM, BOX, LUT = BasicFilmSession, BasicFilmBox, BasicGrayscaleImageBox, PresentationLUT
TEXT, PRINTER, JOB = BasicAnnotationBox, Printer, PrintJob
METAS = (BasicGrayscalePrintManagementMeta, BasicColorPrintManagementMeta)
NO_ANSWER = -1


class Console:
    """One association with a printer."""

    def __init__(
        self,
        port: int,
        called_ae: str = "PRINTMGR",
        syntax: str | list[str] = requests.EXPLICIT_LE,
        classes: tuple[str, ...] = (BasicGrayscalePrintManagementMeta, PresentationLUT),
        calling_ae: str = "CT1",
    ) -> None:
        ae = AE(calling_ae)
        ae.acse_timeout = ae.dimse_timeout = 20
        ae.network_timeout = None
        ae.maximum_pdu_size = 131072
        for sop_class in classes:
            ae.add_requested_context(sop_class, syntax)
        self.events: list[tuple[str, int, Dataset]] = []  # as they came: class, Event Type ID, information
        self.answers_events = threading.Event()
        self.answers_events.set()
        self.comment = self.named = ""
        heard = [(evt.EVT_N_EVENT_REPORT, self.hear), (evt.EVT_DIMSE_RECV, self.saw)]
        self.association = ae.associate("127.0.0.1", port, ae_title=called_ae, max_pdu=131072, evt_handlers=heard)
        assert self.association.is_established
        self.accepted = {str(context.abstract_syntax) for context in self.association.accepted_contexts}
        self.association.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.talk = ExitStack()
        self.talk.enter_context(undisturbed(self.association))
        self.syntax = syntax
        self.session = generate_uid()

    def saw(self, event: evt.Event) -> None:
        """A message came: the instance that it names."""
        self.named = str(event.message.command_set.get("AffectedSOPInstanceUID", ""))

    def hear(self, event: evt.Event) -> tuple[int, None]:
        request = event.request
        self.events.append((str(request.AffectedSOPClassUID), event.event_type, event.event_information))
        self.answers_events.wait(30)
        return 0, None

    def wait_for_event(self, sop_class: str, event_type: int, seconds: float = 30) -> None:
        patience = time.monotonic() + seconds
        while (sop_class, event_type) not in [event[:2] for event in self.events]:
            assert time.monotonic() < patience, f"no event {event_type}: {self.events}"
            time.sleep(0.01)

    def meta(self, sop_class: str) -> str | None:
        """The meta class on whose context a class is asked; None: its own."""
        return None if sop_class in self.accepted else next((one for one in METAS if one in self.accepted), None)

    def status(self, said: Dataset) -> int:
        self.comment = str(said.get("ErrorComment", ""))
        return int(said.get("Status", NO_ANSWER))

    def create(self, sop_class: str, said: Dataset | None, uid: str | None) -> tuple[int, Dataset]:
        status, made = self.association.send_n_create(said, sop_class, uid, meta_uid=self.meta(sop_class))
        return self.status(status), made or Dataset()

    def set(self, sop_class: str, uid: str, said: Dataset) -> int:
        status, _ = self.association.send_n_set(said, sop_class, uid, meta_uid=self.meta(sop_class))
        return self.status(status)

    def act(self, sop_class: str, uid: str, action_type: int = 1) -> int:
        status, _ = self.association.send_n_action(None, action_type, sop_class, uid, meta_uid=self.meta(sop_class))
        return self.status(status)

    def order(self, sop_class: str, uid: str) -> tuple[int, str]:
        """N-ACTION Print: its status, and the UID of the print job it made."""
        status, reply = self.association.send_n_action(None, 1, sop_class, uid, meta_uid=self.meta(sop_class))
        jobs = (reply or Dataset()).get("ReferencedPrintJobSequencePullStoredPrint", [])
        return self.status(status), str(jobs[0].ReferencedSOPInstanceUID) if jobs else ""

    def get(self, sop_class: str, uid: str = PrinterInstance, tags: list[int] | None = None) -> tuple[int, Dataset]:
        status, data_set = self.association.send_n_get(tags or [], sop_class, uid, meta_uid=self.meta(sop_class))
        return self.status(status), data_set or Dataset()

    def delete(self, sop_class: str, uid: str) -> int:
        return self.status(self.association.send_n_delete(sop_class, uid, meta_uid=self.meta(sop_class)))

    def tell(self, primitive: N_CREATE | N_SET, data: bytes | None) -> int:
        """A request whose data set is these bytes, whatever they are."""
        keyword = "AttributeList" if isinstance(primitive, N_CREATE) else "ModificationList"
        if data is not None:
            setattr(primitive, keyword, BytesIO(data))
        primitive.MessageID = 7
        self.association.dimse.send_msg(primitive, self.association.accepted_contexts[0].context_id)
        _, answer = self.association.dimse.get_msg(block=True)
        self.named = str(answer.AffectedSOPInstanceUID or "") if answer is not None else ""
        return NO_ANSWER if answer is None else int(answer.Status)

    def set_bytes(self, uid: str, data: bytes) -> int:
        """N-SET of an image box with these bytes as its data set."""
        request = N_SET()
        request.RequestedSOPClassUID, request.RequestedSOPInstanceUID = BOX, uid
        return self.tell(request, data)

    def open_session(self, **attributes: object) -> int:
        said = requests.item(**attributes) if attributes else None
        return self.create(SESSION, said, self.session)[0]

    def film(self, image_display_format: str = "STANDARD\\1,1", **attributes: object) -> tuple[int, str, list[str]]:
        """Status, film box UID, image box UIDs."""
        uid = generate_uid()
        status, made = self.create(FILM, requests.film_box(self.session, image_display_format, **attributes), uid)
        return status, uid, [str(box.ReferencedSOPInstanceUID) for box in made.get("ReferencedImageBoxSequence", [])]

    def release(self) -> None:
        self.talk.close()
        if self.association.is_established:
            self.association.release()


@contextmanager
def console(port: int, called_ae: str = "PRINTMGR", **more: object) -> Iterator[Console]:
    one = Console(port, called_ae, **more)
    try:
        yield one
    finally:
        one.answers_events.set()
        one.release()
