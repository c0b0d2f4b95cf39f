"""A modality that says anything to the real service: requests as data sets or bytes, answers as they come."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE
from pynetdicom.dimse_primitives import N_CREATE, N_SET
from pynetdicom.sop_class import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
)

from printmgr.scu import undisturbed
from tests.printmgr.scp import requests

SESSION, FILM, BOX, LUT = BasicFilmSession, BasicFilmBox, BasicGrayscaleImageBox, PresentationLUT
NO_ANSWER = -1


class Console:
    """One association with a printer."""

    def __init__(self, port: int, called_ae: str = "PRINTMGR", syntax: str = requests.EXPLICIT_LE) -> None:
        ae = AE("CT1")
        ae.acse_timeout = ae.dimse_timeout = 20
        ae.network_timeout = None
        ae.maximum_pdu_size = 131072
        for sop_class in (BasicGrayscalePrintManagementMeta, PresentationLUT):
            ae.add_requested_context(sop_class, syntax)
        self.association = ae.associate("127.0.0.1", port, ae_title=called_ae, max_pdu=131072)
        assert self.association.is_established
        self.association.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.talk = ExitStack()
        self.talk.enter_context(undisturbed(self.association))
        self.syntax = syntax
        self.session = generate_uid()
        self.comment = self.named = ""

    def meta(self, sop_class: str) -> str | None:
        return None if sop_class == LUT else BasicGrayscalePrintManagementMeta

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
def console(port: int, called_ae: str = "PRINTMGR", syntax: str = requests.EXPLICIT_LE) -> Iterator[Console]:
    one = Console(port, called_ae, syntax)
    try:
        yield one
    finally:
        one.release()
