"""An association: pynetdicom's, woken instead of polling, admitted by our rules, with every request answered."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE, N_EVENT_REPORT
from pynetdicom.service_class import ServiceClass, StorageServiceClass

from service.node.access import Partner
from service.node.acse import NodeACSE
from service.node.dimse import NodeDIMSE
from service.node.event_reports import event_reply, event_report
from service.node.messages import Incoming, MessageLog, OpenStream, StoreStreamed, as_primitive, is_whole_store
from service.node.refusals import printable
from service.node.services import (
    HANDLER_FAILED,
    MISTYPED_ARGUMENT,
    RESOURCE_LIMITATION,
    SOP_CLASS_NOT_SUPPORTED,
    NormalizedService,
    StoreService,
    is_bound,
    is_normalized,
    refusal,
    service_class_of,
)
from service.node.settings import NodeSettings
from service.node.upper_layer import NodeDUL
from service.node.waking import Signal

if TYPE_CHECKING:
    from service.node.server import NodeAE

log = logging.getLogger(__name__)

CALLED_AE_UNKNOWN = (1, 1, 7)  # A-ASSOCIATE-RJ: result, source, reason (PS3.8 9.3.4)
CALLING_AE_UNKNOWN = (1, 1, 3)
LOCAL_LIMIT_EXCEEDED = (2, 3, 2)


class NodeAssociation(Association):
    """pynetdicom's association without its polling."""

    def __init__(self, ae: "NodeAE", mode: str, ended: Callable[["NodeAssociation"], None]) -> None:
        """`ended` is called once, when the association is over and its connection closed."""
        self.signal = Signal()
        super().__init__(ae, mode)
        self._node_ae = ae
        self.settings: NodeSettings = ae.settings
        self.memory = ae.memory
        self._ended = ended
        self.partner: Partner | None = None
        self.certificate: bytes | None = None
        # where data sets go while they arrive, then `event.request.stream`; set at EVT_REQUESTED: the peer may be fast
        self.receive_into: OpenStream | None = None
        # answers instances that went into such a stream, in the thread that received them and with no event; those that
        # have to wait for their turn, or whose messages somebody listens to, come to the handler of EVT_C_STORE
        self.store: StoreStreamed | None = None
        self.message_log: MessageLog | None = None  # set at EVT_REQUESTED too
        # requests of these services are served in the upper layer's thread when nothing else is being served: no change
        # of threads, but their handlers must not wait for anything from the peer; set at EVT_REQUESTED
        self.at_once: frozenset[type] = frozenset()
        self._serving = threading.Lock()
        self._takes_requests = self._serves_at_once = False
        self._afterwards: list[Callable[[], None]] = []
        self._told_end = False
        self.acse = NodeACSE(self)
        self.dul = NodeDUL(self)
        self.dimse: NodeDIMSE = NodeDIMSE(self)
        self.acse_timeout = ae.acse_timeout  # again: these set the timers of the upper layer
        self.network_timeout = ae.network_timeout

    def _bind_defaults(self) -> None:
        for event in evt._INTERVENTION_EVENTS:
            self._handlers[event] = (evt.get_default_handler(event), None)

    @property
    def label(self) -> str:
        """Who it is, for a log line."""
        return f"{printable(self.requestor._ae_title or '?')} at {self.address}"

    @property
    def address(self) -> str:
        where = self.requestor.address_info
        return where.address if where is not None else "?"

    def refused(self, reason: str, detail: object) -> None:
        self._node_ae.refusals.add(reason, self.address, detail)

    def admit(self) -> tuple[int, int, int] | None:
        """Take a slot for the caller; or the reject codes."""
        request: Any = self.requestor.primitive
        called, calling = str(request.called_ae_title), str(request.calling_ae_title)
        access = self._node_ae.access
        if not access.answers(called):
            self.refused("called AE title unknown", called)
            return CALLED_AE_UNKNOWN
        partner = access.partner(calling, self.address, self.certificate)
        if partner is None:
            self.refused("calling AE title or address unknown", calling)
            return CALLING_AE_UNKNOWN
        full = self._node_ae.slots.take(partner)
        if full:
            self.refused(full, calling)
            return LOCAL_LIMIT_EXCEEDED
        self.partner = partner
        self._node_ae.meter.began(_metered(partner))
        return None

    # the thread

    def run_reactor(self) -> None:
        try:
            super().run_reactor()
        except Exception:
            log.exception("the association with %s failed", self.label)
        finally:
            self.is_established = False
            self.dul.kill_dul()
            self._tell_end()
            self.dimse.forget_all()
            sock = self.dul.socket
            if sock is not None:
                sock._shutdown_socket()
            if self.partner is not None:
                self._node_ae.slots.give_back(self.partner)
                how = "released" if self.is_released else "aborted" if self.is_aborted else "lost"
                self._node_ae.meter.ended(_metered(self.partner), how)
            self._ended(self)

    def _run_reactor(self) -> None:
        dul = self.dul
        assert isinstance(dul, NodeDUL)
        self._takes_requests = True
        while not self._kill:
            # paused as pynetdicom understands it: another thread may take answers from the queues now
            self._is_paused = True
            if self.dimse.msg_queue.empty() and dul.to_user_queue.empty() and not dul.ended:
                self.signal.wait(self._idle_left_s())
            self._reactor_checkpoint.wait()
            self._is_paused = False
            with self._serving:
                context_id, message = self.dimse.get_msg()
                if message is not None:
                    self._serve_request(message, context_id)
                message = None  # its memory, or its file, is free while we wait
                if self._is_over(dul):
                    return

    def serve_at_once(self, message: Any, context_id: int) -> bool:
        """Serve a request in the calling thread, the upper layer's; False: it has to wait for its turn."""
        return type(message) in self.at_once and self._in_turn(self._serve, message, context_id)

    def store_at_once(self, incoming: Incoming) -> bool:
        """Answer a C-STORE whose data set is in its stream; False: it goes the long way.

        With no primitive, service class and event: these took longer than all else that is done for a small image.
        """
        if self.store is None or not is_whole_store(incoming):
            return False
        if evt.EVT_DIMSE_RECV in self._handlers or evt.EVT_DIMSE_SENT in self._handlers:
            return False
        return self._in_turn(self._store, incoming)

    def _in_turn(self, serve: Callable[..., None], *request: Any) -> bool:
        """Have a request served now; False: another is, or has to be before."""
        if not self._takes_requests or not self._reactor_checkpoint.is_set():
            return False
        if not self._serving.acquire(blocking=False):
            return False
        try:
            if self.dimse.msg_queue.queue:
                return False
            self._serves_at_once = True
            serve(*request)
        finally:
            self._serves_at_once = False
            self._serving.release()
        return True

    def _idle_left_s(self) -> float | None:
        timer = self.dul._idle_timer
        return None if timer.timeout is None else timer.remaining + 0.001

    def _is_over(self, dul: NodeDUL) -> bool:
        """Whether the association ended; the same steps as pynetdicom's."""
        ended = dul.ended or not dul.is_alive()  # looked at first: what it said before is then seen below
        if self.is_established and self.dimse.all_served and self.acse.is_release_requested():
            self.acse.send_release(is_response=True)
            self.is_released, self.is_established, self._told_end = True, False, True
            evt.trigger(self, evt.EVT_RELEASED, {})
        elif self.acse.is_aborted():
            dul.receive_pdu(wait=False)  # tells EVT_ACSE_RECV
            self.is_aborted, self.is_established, self._told_end = True, False, True
            evt.trigger(self, evt.EVT_ABORTED, {})
        elif ended and self.dimse.all_served:
            pass
        elif dul.idle_timer_expired():
            self.refused("idle", "")
            self.abort()
        else:
            return False
        self.kill()
        return True

    def _tell_end(self) -> None:
        """Tell of the end if nobody did, so that whoever keeps something for the association lets go of it."""
        with self._serving:  # a request that the upper layer's thread serves is served first, and none after it
            self._takes_requests = False
        told = self._told_end or self._sent_abort or self.is_rejected  # who sends an abort or a reject tells of it
        if self.partner is not None and not told:
            self.is_aborted, self._told_end = not self.is_released, True
            evt.trigger(self, evt.EVT_ABORTED, {})

    def kill(self) -> None:
        self._reactor_checkpoint.set()
        self._kill = True
        self.is_established = False
        self._is_paused = True
        self.signal.set()
        if threading.current_thread() is self.dul:
            return
        while self.dul.is_alive() and not self.dul.stop_dul():
            if self._serves_at_once:
                self.dul.kill_dul()  # it ends after what it serves
                return
            self.dul.join(0.05)

    # requests

    def _serve_request(self, msg: Any, context_id: int) -> None:
        self._is_paused = True
        self._serve(msg, context_id)
        self._is_paused = False

    def _serve(self, msg: Any, context_id: int) -> None:
        if self._sent_release:
            return
        context = self._accepted_cx.get(context_id)
        if context is None:
            self.refused("message on a context that was not accepted", context_id)
            self._give_up()
            return
        if not msg.is_valid_request:
            if msg.MessageID is not None and msg.MessageIDBeingRespondedTo is None:
                self.dimse.send_msg(refusal(msg, MISTYPED_ARGUMENT), context_id)
            return
        if msg.too_large:  # its data set was over the limit and read away
            self.refused("data set too long", type(msg).__name__)
            self.dimse.send_msg(refusal(msg, RESOURCE_LIMITATION), context_id)
            return
        self.dimse.cancel_req = {}
        service = self._service_class(msg)(self)
        if isinstance(service, NormalizedService):
            service.names_instances = self.settings.name_instances
        try:
            service.SCP(msg, context)
        except NotImplementedError:
            self.dimse.send_msg(refusal(msg, SOP_CLASS_NOT_SUPPORTED), context_id)
        except Exception as wrong:
            if isinstance(service, NormalizedService | StoreService):
                log.exception("%s of %s could not be served", type(msg).__name__, self.label)
            else:  # pynetdicom's raise anything on a request of another service than theirs
                self.refused("request cannot be served", f"{type(msg).__name__}: {wrong!r}")
            self._give_up()
        self._served(type(msg).__name__, msg.data_set_bytes, msg.arrived_at)

    def _store(self, incoming: Incoming) -> None:
        if self._sent_release:
            return
        arrived_at = time.monotonic()
        context = self._accepted_cx[incoming.context_id]
        assert self.store is not None
        try:
            status = self.store(incoming.stream, incoming.fields, context)
        except Exception:  # the top of the handler's call stack, as in StoreService
            log.exception("an instance of %s could not be stored", self.label)
            status = HANDLER_FAILED
        if not self.is_established:
            return
        try:
            if type(status) is int:
                self.dimse.send_stored(incoming, status)
            else:
                StoreService(self).answer(as_primitive(incoming), context, status)
        except ValueError as wrong:
            self.refused("answer cannot be sent", wrong)
            self._give_up()
        self._served("C_STORE", incoming.size, arrived_at)

    def _served(self, service: str, size_bytes: int, arrived_at: float) -> None:
        self._node_ae.meter.message(service, size_bytes, time.monotonic() - arrived_at)
        self._do_afterwards()
        self.dimse.cancel_req = {}

    def _give_up(self) -> None:
        self.abort(block=threading.current_thread() is not self.dul)

    def afterwards(self, task: Callable[[], None]) -> None:
        """Have `task` done, in the association's thread, when the request that is being served has its answer."""
        self._afterwards.append(task)

    def _do_afterwards(self) -> None:
        while self._afterwards:
            task = self._afterwards.pop(0)
            try:
                task()
            except Exception:  # the top of the task's call stack: the association goes on
                log.exception("what was to follow an answer to %s failed", self.label)

    def _service_class(self, msg: Any) -> type[ServiceClass]:
        if is_normalized(msg):
            return NormalizedService
        uid = msg.AffectedSOPClassUID
        with contextlib.suppress(KeyError):
            uid = self.acceptor.accepted_common_extended[uid][0]
        known = service_class_of(uid)
        if isinstance(msg, C_STORE) and (known is StorageServiceClass or is_bound(self, evt.EVT_C_STORE)):
            return StoreService  # for private SOP classes too
        return ServiceClass if known.__module__ == "pynetdicom.service_class_n" and not _finds(known) else known

    # notifications

    def notify(
        self,
        dataset: Dataset | None,
        event_type: int,
        class_uid: str,
        instance_uid: str,
        meta_uid: str | None = None,
        answered: Callable[[N_EVENT_REPORT | None], None] = lambda response: None,
    ) -> int:
        """Send an N-EVENT-REPORT and go on; its Message ID. May be called from any thread, in a handler or not.

        `answered` is called with the response, or with None when none came in time or the association ended; it must
        not block. Raises RuntimeError when the association is over, ValueError without a context for the class.
        """
        request, context = event_report(self, dataset, event_type, class_uid, instance_uid, meta_uid)
        assert context.context_id is not None
        return self.dimse.notify(request, context.context_id, answered)

    def send_n_event_report(
        self,
        dataset: Dataset | None,
        event_type: int,
        class_uid: str | UID,
        instance_uid: str | UID,
        msg_id: int = 1,
        meta_uid: str | UID | None = None,
    ) -> tuple[Dataset, Dataset | None]:
        """pynetdicom's call: waits for the answer, but an answer that never comes harms nothing.

        `msg_id` is chosen here, so that no two outstanding requests have the same.
        """
        arrived: list[N_EVENT_REPORT | None] = []
        done = threading.Event()

        def answered(response: N_EVENT_REPORT | None) -> None:
            arrived.append(response)
            done.set()

        if threading.current_thread() is self.dul:
            raise RuntimeError("a handler that is served at once cannot wait for the peer; `notify` does not wait")
        number = self.notify(dataset, event_type, class_uid, instance_uid, meta_uid, answered)
        done.wait(self.dimse_timeout)
        self.dimse.forget(number)
        if not arrived or arrived[0] is None or not arrived[0].is_valid_response:
            return Dataset(), None
        status = self._check_received_status(arrived[0])
        context = self._get_valid_context(meta_uid or class_uid, "", None)
        return status, event_reply(arrived[0], context)


def _metered(partner: Partner) -> str:
    """Callers that are not listed share a name: they choose their own, as many as they like."""
    return partner.name if partner.listed else "(not listed)"


def _finds(known: type[ServiceClass]) -> bool:
    """Whether this service class has DIMSE-C services too."""
    return known.__name__ == "UnifiedProcedureStepServiceClass"
