"""DIMSE messages from and to the upper layer: fragments appended as they come, answers told from requests."""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from io import BytesIO
from struct import Struct, error
from typing import TYPE_CHECKING, Any

from pynetdicom import evt
from pynetdicom.dimse import _RQ_TO_MESSAGE, _RSP_TO_MESSAGE, DIMSEServiceProvider
from pynetdicom.dimse_primitives import C_CANCEL, N_EVENT_REPORT
from pynetdicom.pdu_primitives import P_DATA

from service.node import command_set
from service.node.held import HeldDataSet
from service.node.messages import (
    COMMAND,
    LAST,
    P_DATA_TF,
    PDU_AND_PDV,
    DataStream,
    Incoming,
    as_message,
    as_primitive,
    command_field,
    data_set_of,
    size_of,
    split,
)
from service.node.pdu_buffer import BadPDU
from service.node.streamed import StreamedDataSet
from service.node.upper_layer import NodeDUL
from service.node.waking import WakingQueue

if TYPE_CHECKING:
    from service.node.association import NodeAssociation

log = logging.getLogger(__name__)

_PDV_HEADER = Struct(">LBB")  # item length, context id, message control header
_MAX_COMMAND_BYTES = 65_536
_MAX_OUTSTANDING = 32

Answer = Callable[[N_EVENT_REPORT | None], None]


class NodeDIMSE(DIMSEServiceProvider):
    """pynetdicom's DIMSE provider without an object a fragment and without pydicom for command sets."""

    def __init__(self, assoc: "NodeAssociation") -> None:
        super().__init__(assoc)
        self._node = assoc
        self.msg_queue = WakingQueue(assoc.signal.set)
        self._incoming: Incoming | None = None
        self._commands = command_set.Decoder()
        self._memory = assoc.memory
        self._waiting_bytes = 0
        self._held_up = False
        self._counting = threading.Lock()
        self._outstanding: dict[int, tuple[float, Answer]] = {}
        self._last_id = 0
        self._peer_pdu_bytes: int | None = None

    # receiving, in the upper layer's thread

    @property
    def is_full(self) -> bool:
        """Whether what was received and not served yet is enough for now; any, when the memory is used up."""
        waiting = self._waiting_bytes
        return waiting > 0 and (waiting > self._node.settings.max_waiting_bytes or self._memory.is_used_up)

    @property
    def is_late(self) -> bool:
        late_in = self.late_in_s()
        return late_in is not None and late_in < 0

    def late_in_s(self) -> float | None:
        """Seconds until the arriving message is too slow; None when none is arriving."""
        incoming = self._incoming
        if incoming is None:
            return None
        settings = self._node.settings
        allowed = settings.dimse_timeout_s + incoming.size / settings.min_bytes_per_s
        return incoming.began_at + allowed - time.monotonic()

    def held_up(self) -> None:
        """We do not read until a message is served: the peer is not to blame for the delay."""
        self._held_up = True
        if self._incoming is not None:
            self._incoming.began_at = time.monotonic()

    def receive_primitive(self, primitive: P_DATA) -> None:
        for context_id, data in primitive.presentation_data_value_list:
            if not data:
                raise BadPDU("presentation data value without a message control header")
            self._receive(context_id, data[0], memoryview(data)[1:])

    def receive_fragments(self, items: memoryview) -> None:
        """Take the presentation data values of one P-DATA-TF PDU (PS3.8 9.3.5). Raises BadPDU."""
        position, end = 0, len(items)
        while position < end:
            try:
                length, context_id, control = _PDV_HEADER.unpack_from(items, position)
            except error:
                raise BadPDU(f"{end - position} bytes after the last presentation data value") from None
            after = position + 4 + length
            if length < 2 or after > end:
                raise BadPDU(f"presentation data value of {length} bytes; {end - position - 4} are left")
            self._receive(context_id, control, items[position + 6 : after])
            position = after

    def break_off(self) -> None:
        """The association is over: whatever was arriving, and its file, goes."""
        self._incoming = None

    def receive_run(self, data: bytearray, start: int, end: int, limit: int) -> int:
        """Take the PDUs that begin at `start` as long as each is one more fragment of the data set that arrives.

        Ends after the last fragment, or before what is different; gives where. What most bytes come by: no call a PDU.
        """
        incoming = self._incoming
        if incoming is None or incoming.stream is None:
            return start
        view, write = memoryview(data), incoming.stream.write
        while end - start >= PDU_AND_PDV.size:
            kind, length, item, context_id, control = PDU_AND_PDV.unpack_from(data, start)
            after = start + 6 + length
            if kind != P_DATA_TF or item + 4 != length or item < 2 or length > limit or after > end:
                break
            if control:
                if control == LAST:
                    self._receive(context_id, control, view[start + PDU_AND_PDV.size : after])
                    start = after
                break
            write(view[start + PDU_AND_PDV.size : after])
            incoming.size += item - 2
            start = after
        return start

    def flush(self) -> None:
        """The fragments that were given will be overwritten."""
        if self._incoming is not None and self._incoming.stream is not None:
            self._incoming.stream.flush()

    def _receive(self, context_id: int, control: int, fragment: memoryview) -> None:
        incoming = self._incoming
        if incoming is None:
            incoming = self._incoming = Incoming()
        if control & COMMAND:
            complete = self._receive_command(incoming, context_id, control, fragment)
        else:
            complete = self._receive_data(incoming, control, fragment)
        if complete:
            self._incoming = None
            self._deliver(incoming)

    def _receive_command(self, incoming: Incoming, context_id: int, control: int, fragment: memoryview) -> bool:
        if incoming.command_done:
            raise BadPDU("command fragment after a whole command set; expected the data set")
        if len(incoming.command) + len(fragment) > _MAX_COMMAND_BYTES:
            raise BadPDU(f"command set of more than {_MAX_COMMAND_BYTES} bytes")
        incoming.command += fragment
        if not control & LAST:
            return False
        incoming.command_done, incoming.context_id = True, context_id
        try:
            incoming.fields = self._commands.decode(bytes(incoming.command))
        except command_set.BadCommandSet as wrong:
            raise BadPDU(str(wrong)) from None
        if incoming.fields.get("CommandField") not in command_set.MESSAGES:
            raise BadPDU(f"Command Field is {incoming.fields.get('CommandField')!r}")
        complete = incoming.fields.get("CommandDataSetType") == command_set.NO_DATA_SET
        if not complete:
            incoming.stream = self._open_stream(incoming)
        if incoming.stream is None:
            incoming.data = HeldDataSet(self._memory)
        return complete

    def _open_stream(self, incoming: Incoming) -> DataStream | None:
        context = self._node._accepted_cx.get(incoming.context_id)
        if self._node.receive_into is None or context is None:
            return None
        return self._node.receive_into(incoming.fields, context)

    def _receive_data(self, incoming: Incoming, control: int, fragment: memoryview) -> bool:
        if not incoming.command_done:
            raise BadPDU("data set fragment before its command set")
        incoming.size += len(fragment)
        settings = self._node.settings
        try:
            if incoming.stream is not None:
                incoming.stream.write(fragment)
                if control & LAST:
                    incoming.stream.flush()
            elif incoming.too_large or incoming.size > settings.max_data_set_bytes:
                incoming.too_large, incoming.data = True, BytesIO()
            elif isinstance(incoming.data, StreamedDataSet):
                incoming.data.append(fragment)
            else:
                self._hold(incoming, fragment)
        except OSError as wrong:
            self._node.refused("data set cannot be written", wrong.strerror)
            incoming.too_large, incoming.data = True, BytesIO()
        return bool(control & LAST)

    def _hold(self, incoming: Incoming, fragment: memoryview) -> None:
        """Keep a fragment in memory; the data set goes into a file when it gets long or there is no memory for it."""
        folder, data = self._node.settings.stream_folder, incoming.data
        assert isinstance(data, HeldDataSet)
        short = folder is None or incoming.size <= self._node.settings.stream_over_bytes
        if short and data.hold(fragment):
            return
        if folder is None:
            self._node.refused("no memory for a data set", incoming.size)
            incoming.too_large, incoming.data = True, BytesIO()
            return
        incoming.data = streamed = StreamedDataSet(folder, data.getbuffer())
        streamed.append(fragment)

    def _deliver(self, incoming: Incoming) -> None:
        if self._node.message_log is not None:
            there = incoming.size and incoming.stream is None and not incoming.too_large
            data = incoming.data.getbuffer() if incoming.data and there else None
            self._node.message_log.received(incoming.context_id, incoming.fields, data)
        if incoming.stream is not None and self._node.store_at_once(incoming):
            self._upper_layer.was_busy()
            return
        if evt.EVT_DIMSE_RECV in self._node._handlers:
            primitive = self._told(incoming)
        else:
            primitive = as_primitive(incoming)
        primitive.too_large, primitive.stream = incoming.too_large, incoming.stream
        primitive.data_set_bytes, primitive.arrived_at = incoming.size, time.monotonic()
        if isinstance(primitive, C_CANCEL):
            if len(self.cancel_req) < 10 and primitive.MessageIDBeingRespondedTo is not None:
                self.cancel_req[primitive.MessageIDBeingRespondedTo] = primitive
            return
        if isinstance(primitive, N_EVENT_REPORT):
            if primitive.is_valid_request:
                # on its own thread, as in pynetdicom: the association's thread may be waiting for something else
                serve = threading.Thread(target=self._node._serve_request, args=(primitive, incoming.context_id))
                serve.daemon = True
                serve.start()
                return
            if self._answered(primitive):
                return
        if self._node.serve_at_once(primitive, incoming.context_id):
            self._upper_layer.was_busy()
            return
        with self._counting:
            self._waiting_bytes += size_of(primitive)
        self.msg_queue.put((incoming.context_id, primitive))

    def _told(self, incoming: Incoming) -> Any:
        """The primitive after EVT_DIMSE_RECV, whose listeners may change the command set, as in pynetdicom."""
        try:
            message = as_message(incoming)
            evt.trigger(self._node, evt.EVT_DIMSE_RECV, {"message": message})
            return message.message_to_primitive()
        except Exception as wrong:  # noqa: BLE001  # pydicom and pynetdicom raise anything on hostile bytes
            raise BadPDU(f"command set cannot be decoded: {wrong!r}") from None

    # in the association's thread

    @property
    def all_served(self) -> bool:
        """Whether no message waits; what only wakes whoever waits for one is none."""
        return all(message is None for _, message in tuple(self.msg_queue.queue))

    def get_msg(self, block: bool = False) -> Any:
        try:
            context_id, message = self.msg_queue.get(block=block, timeout=self.dimse_timeout)
        except queue.Empty:
            return None, None
        if message is not None:
            with self._counting:
                self._waiting_bytes -= size_of(message)
            if self._held_up:
                self._held_up = False
                self._upper_layer.wake()
        return context_id, message

    @property
    def _upper_layer(self) -> NodeDUL:
        upper_layer = self._node.dul
        assert isinstance(upper_layer, NodeDUL)
        return upper_layer

    @property
    def maximum_pdu_size(self) -> int:
        if self._peer_pdu_bytes is None:
            self._peer_pdu_bytes = self._node.requestor.maximum_length or 0
        return self._peer_pdu_bytes

    def send_msg(self, primitive: Any, context_id: int) -> None:
        """Send a message: command set and data set in one write. Raises ValueError when the peer's PDU is too short."""
        if getattr(primitive, "_dataset_path", None):
            super().send_msg(primitive, context_id)
            return
        field = command_field(primitive)
        data_set = data_set_of(primitive, field)
        if evt.EVT_DIMSE_SENT in self._node._handlers:
            self._tell_sent(primitive, context_id)
        kind = command_set.HAS_DATA_SET if data_set is not None else command_set.NO_DATA_SET
        command = command_set.encode_primitive(primitive, field, kind)
        self._send(command, data_set, context_id)

    def send_stored(self, incoming: Incoming, status: int) -> None:
        """Answer a C-STORE that has all its parameters. Raises ValueError when the peer's PDU is too short."""
        fields, number = incoming.fields, incoming.fields["MessageID"]
        assert isinstance(number, int)
        uids = str(fields["AffectedSOPClassUID"]), str(fields["AffectedSOPInstanceUID"])
        command = command_set.encode_stored(*uids, number, status)
        self._send(command, None, incoming.context_id)

    def _send(self, command: bytes, data_set: bytes | memoryview | None, context_id: int) -> None:
        if self._node.message_log is not None:
            data = None if data_set is None else memoryview(data_set)
            self._node.message_log.sent(context_id, command_set.decode(command), data)
        limit = self.maximum_pdu_size
        pdus = split(command, context_id, COMMAND, limit)
        if data_set is not None:
            pdus += split(data_set, context_id, 0, limit)
        self._upper_layer.send_message(pdus)

    def _tell_sent(self, primitive: Any, context_id: int) -> None:
        kinds: dict[Any, Any] = _RQ_TO_MESSAGE if primitive.MessageIDBeingRespondedTo is None else _RSP_TO_MESSAGE
        message = kinds[type(primitive)]()
        message.primitive_to_message(primitive)
        message.context_id = context_id
        evt.trigger(self._node, evt.EVT_DIMSE_SENT, {"message": message})

    # notifications of ours and their answers

    def notify(self, request: N_EVENT_REPORT, context_id: int, answered: Answer) -> int:
        """Send an N-EVENT-REPORT request; its Message ID. `answered` gets the response, or None when none will come.

        Never waits: the response is found by its Command Field and Message ID whenever it comes.
        """
        now = time.monotonic()
        with self._counting:
            late = [key for key, (until, _) in self._outstanding.items() if until < now]
            forgotten = [self._outstanding.pop(key)[1] for key in late]
            if len(self._outstanding) >= _MAX_OUTSTANDING:
                forgotten.append(self._outstanding.pop(next(iter(self._outstanding)))[1])
            number = self._next_id()
            self._outstanding[number] = (now + self._node.settings.dimse_timeout_s, answered)
        for answer in forgotten:
            answer(None)
        request.MessageID = number
        self.send_msg(request, context_id)
        return number

    def _next_id(self) -> int:
        while True:
            self._last_id = self._last_id % 65_535 + 1
            if self._last_id not in self._outstanding:
                return self._last_id

    def forget(self, number: int) -> None:
        """Nobody waits for this answer any more."""
        with self._counting:
            self._outstanding.pop(number, None)

    def forget_all(self) -> None:
        with self._counting:
            outstanding, self._outstanding = self._outstanding, {}
        for _, answer in outstanding.values():
            answer(None)
        with contextlib.suppress(queue.Empty):  # nobody serves these any more; their files close now
            while True:
                self.msg_queue.get(block=False)

    def _answered(self, response: N_EVENT_REPORT) -> bool:
        with self._counting:
            found = self._outstanding.pop(response.MessageIDBeingRespondedTo or 0, None)
        if found is not None:
            found[1](response)
        return found is not None
