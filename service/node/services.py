"""DIMSE-N requests to their handlers, whatever the class and the context; an answer to every request."""

import functools
import logging
from io import BytesIO
from typing import Any, NamedTuple

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import evt
from pynetdicom._globals import STATUS_SUCCESS, STATUS_WARNING
from pynetdicom.association import Association
from pynetdicom.dsutils import encode
from pynetdicom.presentation import PresentationContext
from pynetdicom.service_class import ServiceClass
from pynetdicom.sop_class import uid_to_service_class
from pynetdicom.status import (
    GENERAL_STATUS,
    PRINT_JOB_MANAGEMENT_SERVICE_CLASS_STATUS,
    STORAGE_SERVICE_CLASS_STATUS,
)

from service.node.primitives import set_parameter

log = logging.getLogger(__name__)

PROCESSING_FAILURE = 0x0110
NO_SUCH_SOP_CLASS = 0x0118
SOP_CLASS_NOT_SUPPORTED = 0x0122
MISTYPED_ARGUMENT = 0x0212
RESOURCE_LIMITATION = 0x0213
HANDLER_FAILED = 0xC211  # pynetdicom's
CANNOT_UNDERSTAND = (0xC001, 0xC002)  # the handler's answer: a Dataset without Status, something else


service_class_of = functools.lru_cache(maxsize=512)(uid_to_service_class)


class Service(NamedTuple):
    """How one DIMSE-N service is served: its event, where the request names class and instance, what is echoed."""

    event: evt.InterventionEvent
    class_keyword: str
    instance_keyword: str
    echoed: str | None = None
    reply: str | None = None  # the response's data set; None: the handler gives a status only


SERVICES: dict[str, Service] = {
    "N_CREATE": Service(evt.EVT_N_CREATE, "AffectedSOPClassUID", "AffectedSOPInstanceUID", None, "AttributeList"),
    "N_EVENT_REPORT": Service(
        evt.EVT_N_EVENT_REPORT, "AffectedSOPClassUID", "AffectedSOPInstanceUID", "EventTypeID", "EventReply"
    ),
    "N_GET": Service(evt.EVT_N_GET, "RequestedSOPClassUID", "RequestedSOPInstanceUID", None, "AttributeList"),
    "N_SET": Service(evt.EVT_N_SET, "RequestedSOPClassUID", "RequestedSOPInstanceUID", None, "AttributeList"),
    "N_ACTION": Service(
        evt.EVT_N_ACTION, "RequestedSOPClassUID", "RequestedSOPInstanceUID", "ActionTypeID", "ActionReply"
    ),
    "N_DELETE": Service(evt.EVT_N_DELETE, "RequestedSOPClassUID", "RequestedSOPInstanceUID"),
}


def is_normalized(request: Any) -> bool:
    return type(request).__name__ in SERVICES


def is_bound(assoc: Association, event: evt.InterventionEvent) -> bool:
    """Whether a handler of ours serves the event."""
    handler = assoc.get_handlers(event)
    return bool(handler) and handler[0] is not evt.get_default_handler(event)


def ask(assoc: Any, event: evt.InterventionEvent, request: Any, context: PresentationContext) -> Any:
    """What the handler answers; while it runs, `abort` does not wait. Raises what the handler raises."""
    assoc.abort = assoc._abort_nonblocking
    try:
        return evt.trigger(assoc, event, {"request": request, "context": context.as_tuple})
    finally:
        assoc.abort = assoc._abort_blocking


def refusal(request: Any, status: int) -> Any:
    """The response that refuses `request` with `status`."""
    response = type(request)()
    response.MessageIDBeingRespondedTo = request.MessageID
    service = SERVICES.get(type(request).__name__)
    class_keyword = service.class_keyword if service else "AffectedSOPClassUID"
    instance_keyword = service.instance_keyword if service else "AffectedSOPInstanceUID"
    set_parameter(response, "AffectedSOPClassUID", getattr(request, class_keyword))
    if hasattr(request, instance_keyword):
        set_parameter(response, "AffectedSOPInstanceUID", getattr(request, instance_keyword))
    if service and service.echoed:
        setattr(response, service.echoed, getattr(request, service.echoed))
    response.Status = status
    return response


class NormalizedService(ServiceClass):
    """pynetdicom's DIMSE-N services in one place, for every SOP class.

    As pynetdicom's own, except: a handler may give the response's data set as bytes already encoded in the context's
    transfer syntax; N-CREATE answered with a warning keeps the UID its handler assigned (pynetdicom drops it); a SOP
    class that pynetdicom does not know goes to the bound handler, and is answered 0118H when there is none.
    """

    names_instances = False

    def SCP(self, req: Any, context: PresentationContext) -> None:  # noqa: N802  # pynetdicom's name
        service = SERVICES[type(req).__name__]
        uid = str(getattr(req, service.class_keyword))
        known = service_class_of(uid)
        if known is ServiceClass and not is_bound(self.assoc, service.event):
            self._send(refusal(req, NO_SUCH_SOP_CLASS), context)
            return
        self.statuses = _ANY_STATUS if known is ServiceClass else known.statuses
        if self.names_instances and type(req).__name__ == "N_CREATE" and req.AffectedSOPInstanceUID is None:
            set_parameter(req, "AffectedSOPInstanceUID", generate_uid(prefix=None))
        answer = self._ask(service, req, context)
        if not self.assoc.is_established:
            return
        response = refusal(req, PROCESSING_FAILURE)  # after the handler, which may name the instance it creates
        if answer is not None:
            self._fill(response, service, answer, req, context)
        self._send(response, context)

    def _ask(self, service: Service, req: Any, context: PresentationContext) -> tuple[Any, Any] | None:
        """The handler's status and data set; None when it failed."""
        try:
            answer = ask(self.assoc, service.event, req, context)
            status, data_set = answer if service.reply else (answer, None)
        except Exception:  # the top of the handler's call stack: a failed request must not end the association
            if is_bound(self.assoc, service.event):
                log.exception("the handler of %s failed", service.event.name)
            else:
                log.warning("nobody here serves %s", service.event.name)
            return None
        return status, data_set

    def _fill(
        self, response: Any, service: Service, answer: tuple[Any, Any], req: Any, context: PresentationContext
    ) -> None:
        status, data_set = answer
        self.validate_status(status, response)
        kind = self.statuses.get(response.Status, ("",))[0]
        if kind not in (STATUS_SUCCESS, STATUS_WARNING):
            return
        if type(req).__name__ == "N_CREATE" and response.AffectedSOPInstanceUID is None:
            if not (isinstance(data_set, Dataset) and "AffectedSOPInstanceUID" in data_set):
                log.error("the N-CREATE handler assigned no SOP Instance UID")
                response.Status = PROCESSING_FAILURE
                return
            response.AffectedSOPInstanceUID = data_set.AffectedSOPInstanceUID
            del data_set.AffectedSOPInstanceUID
        if service.reply and data_set:
            encoded = _encoded(data_set, context)
            if encoded is None:
                log.error("the data set of a response to %s cannot be encoded", service.event.name)
                response.Status = PROCESSING_FAILURE
            else:
                setattr(response, service.reply, BytesIO(encoded))

    def _send(self, response: Any, context: PresentationContext) -> None:
        assert context.context_id is not None
        self.dimse.send_msg(response, context.context_id)


class StoreService(ServiceClass):
    """pynetdicom's storage service without its checks of UIDs that are only sent back."""

    statuses = STORAGE_SERVICE_CLASS_STATUS

    def SCP(self, req: Any, context: PresentationContext) -> None:  # noqa: N802  # pynetdicom's name
        try:
            status = ask(self.assoc, evt.EVT_C_STORE, req, context)
        except Exception:  # the top of the handler's call stack: a failed request must not end the association
            log.exception("the handler of EVT_C_STORE failed")
            status = HANDLER_FAILED
        if self.assoc.is_established:
            self.answer(req, context, status)

    def answer(self, req: Any, context: PresentationContext, status: Any) -> None:
        """Send the response, with whatever the handler gave as its status."""
        assert context.context_id is not None
        response = refusal(req, HANDLER_FAILED)
        if type(status) is int:
            response.Status = status
        else:
            self.validate_status(status, response)
        self.dimse.send_msg(response, context.context_id)


_ANY_STATUS = PRINT_JOB_MANAGEMENT_SERVICE_CLASS_STATUS | GENERAL_STATUS


def _encoded(data_set: Dataset | bytes, context: PresentationContext) -> bytes | None:
    if not isinstance(data_set, Dataset):
        return bytes(data_set)
    syntax = context.transfer_syntax[0]
    return encode(data_set, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
