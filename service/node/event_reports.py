"""N-EVENT-REPORT from our side: the request, and what its answer says (PS3.7 10.1.1)."""

from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.dsutils import decode, encode
from pynetdicom.presentation import PresentationContext


def event_report(
    assoc: Any, dataset: Dataset | None, event_type: int, class_uid: str, instance_uid: str, meta_uid: str | None
) -> tuple[N_EVENT_REPORT, PresentationContext]:
    """The request and its context. Raises RuntimeError when the association is over, ValueError without a context."""
    if not assoc.is_established:
        raise RuntimeError("the association is over; nobody can be notified")
    context: PresentationContext = assoc._get_valid_context(meta_uid or class_uid, "", None)
    request = N_EVENT_REPORT()
    request.AffectedSOPClassUID = UID(class_uid)
    request.AffectedSOPInstanceUID = UID(instance_uid)
    request.EventTypeID = event_type
    if dataset:
        syntax = context.transfer_syntax[0]
        encoded = encode(dataset, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
        if encoded is None:
            raise ValueError("Event Information cannot be encoded")
        request.EventInformation = BytesIO(encoded)
    return request, context


def event_reply(response: N_EVENT_REPORT, context: PresentationContext) -> Dataset | None:
    """The data set of the answer, empty when it has none."""
    stream = response.EventReply
    if not stream or not stream.getvalue():
        return Dataset()
    syntax = context.transfer_syntax[0]
    return decode(stream, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
