"""The DICOM upper layer (PS3.8): pynetdicom's state machine fed by blocking waits, guarded lengths and deadlines."""

import contextlib
import logging
import queue
import select
import threading
import time
from typing import TYPE_CHECKING

from pynetdicom import evt
from pynetdicom.dul import DULServiceProvider
from pynetdicom.fsm import TRANSITION_TABLE
from pynetdicom.pdu_primitives import P_DATA

from service.node import association_request
from service.node.messages import P_DATA_TF
from service.node.pdu_buffer import BadPDU, PDUBuffer
from service.node.transport import NodeSocket
from service.node.waking import MonotonicTimer, Waker, WakingQueue

if TYPE_CHECKING:
    from service.node.association import NodeAssociation

log = logging.getLogger(__name__)

A_ASSOCIATE_RQ, A_ASSOCIATE_AC = 1, 2
_RECEIVED = ("Evt3", "Evt4", "Evt6", "Evt10", "Evt12", "Evt13", "Evt16")  # a PDU came (PS3.8 9.2.2)
_PDUS_A_TURN = 32
_REST_AFTER_S = 5.0  # without a message, before the room for long PDUs is given back
_WATCHED = (evt.EVT_PDU_RECV, evt.EVT_DATA_RECV, evt.EVT_FSM_TRANSITION, evt.EVT_PDU_SENT, evt.EVT_DATA_SENT)


class NodeDUL(DULServiceProvider):
    """pynetdicom's upper layer thread; sleeps until the socket, a local request or a deadline wakes it."""

    def __init__(self, assoc: "NodeAssociation") -> None:
        super().__init__(assoc)
        self.daemon = True
        self._waker = Waker()
        self._send_turn = threading.RLock()
        self.to_provider_queue = WakingQueue(self.wake)
        self.to_user_queue = WakingQueue(assoc.signal.set)
        self._idle_timer = MonotonicTimer(None)
        self._artim = self.artim_timer = MonotonicTimer(None)
        self.ended = False
        self._node = assoc
        self._broken = False  # the stream is out of step: nothing more is read from it
        self._buffer: PDUBuffer | None = None
        self._poller: select.poll | None = None
        self._listening = False

    def begin_with(self, received: bytes) -> None:
        """Bytes read before this thread takes over."""
        assert isinstance(self.socket, NodeSocket)
        self._buffer = PDUBuffer(self.socket, self._pdu_limit(), received, self._node.dimse.flush)

    def wake(self) -> None:
        self._waker.wake()

    def kill_dul(self) -> None:
        super().kill_dul()
        self.wake()

    def stop_dul(self) -> bool:
        if self.state_machine.current_state != "Sta1":
            return False
        self.kill_dul()
        if threading.current_thread() is not self:
            self.join()
        return True

    # the thread

    def run_reactor(self) -> None:
        self._idle_timer.start()
        if self._buffer is None:
            self.begin_with(b"")
        self._poller = select.poll()
        self._poller.register(self._waker, select.POLLIN)
        self._node._dul_ready.set()
        try:
            while not self._kill_thread:
                self._turn()
        except Exception:
            log.exception("the upper layer of %s failed; its association ends", self._node.label)
            self._node.is_established = False  # whose thread tells of its end
            self._node._kill = True
        finally:
            self._end()

    def _turn(self) -> None:
        if self.artim_timer.expired:
            self.event_queue.put("Evt18")
        elif not self.event_queue.queue:
            if self.to_provider_queue.queue:
                self._process_recv_primitive()
            else:
                self._listen()
        if not self.event_queue.queue:  # this thread alone takes from it
            return
        event = self.event_queue.get(block=False)
        if (event, self.state_machine.current_state) in TRANSITION_TABLE:
            self._act(event)
        elif event in ("Evt7", "Evt8", "Evt9", "Evt11", "Evt14", "Evt15"):
            with contextlib.suppress(queue.Empty):  # a local request that came too late
                self.to_provider_queue.get(block=False)

    def _act(self, event: str) -> None:
        try:
            with self._send_turn:
                self.state_machine.do_action(event)
        except Exception as wrong:
            if event not in _RECEIVED:
                raise
            self._refuse(f"PDU that cannot be understood: {wrong!r}")  # pynetdicom raises anything on hostile values

    def _refuse(self, wrong: object) -> None:
        """The stream is out of step: abort, read nothing more."""
        self._node.refused("bad PDU", wrong)
        self._broken = True
        self.event_queue.put("Evt19")

    def _listen(self) -> None:
        """Wait for the next thing, and take what the socket has."""
        leaving = self.state_machine.current_state == "Sta13"
        if self._broken:
            if leaving:
                self._close()
            else:
                self._wait(with_socket=False)
            return
        if self._node.dimse.is_full and not leaving:
            self._hold_up()
            return
        if self._read_pdu() or self.event_queue.queue:
            return
        if leaving:
            self._close()
        else:
            self._wait(with_socket=True)

    def _hold_up(self) -> None:
        """Read nothing until some of what was received is served; the peer is not to blame for the delay."""
        self.was_busy()
        self._node.dimse.held_up()
        if self._node.dimse.is_full:  # still: from now on whoever serves a message wakes us
            self._wait(with_socket=False)

    def was_busy(self) -> None:
        """We did not read for a while: the PDU in work has its time from now on."""
        if self._buffer is not None:
            self._buffer.look_again()

    def _close(self) -> None:
        assert self.socket is not None
        self.socket.close()  # puts Evt17

    def _read_pdu(self) -> bool:
        """Take PDUs; whether there is more to do at once. What is wrong with the stream becomes an event."""
        buffer = self._buffer
        assert buffer is not None
        try:
            buffer.limit = self._pdu_limit()  # whoever takes a PDU that changes the state stops reading there
            if self._take_some(buffer):
                return True
            if buffer.closed:
                self._broken = True
                self.event_queue.put("Evt17")
            elif buffer.began_at is not None and time.monotonic() - buffer.began_at > self._pdu_timeout_s:
                raise BadPDU("PDU not complete before its deadline")
            elif self._node.dimse.is_late:
                raise BadPDU("message not complete before its deadline")
        except BadPDU as wrong:
            self._refuse(wrong)
        return False

    def _take_some(self, buffer: PDUBuffer) -> bool:
        """Take PDUs until no whole one is there (False), or there is something else to do."""
        dimse, events, requests = self._node.dimse, self.event_queue.queue, self.to_provider_queue.queue
        short_way = self.state_machine.current_state == "Sta6" and not self._is_watched()
        for _ in range(_PDUS_A_TURN):
            if not (short_way and buffer.pass_on(dimse.receive_run)):
                pdu = buffer.next()
                if pdu is None:
                    return False
                if short_way and pdu[0] == P_DATA_TF:
                    dimse.receive_fragments(pdu[6:])
                else:
                    self._take(pdu)
            self._idle_timer.start()
            if events or requests or dimse.is_full:
                break
        return True

    def _take(self, pdu: memoryview) -> None:
        if pdu[0] in (A_ASSOCIATE_RQ, A_ASSOCIATE_AC):
            association_request.check(pdu)
        try:
            decoded, event = self._decode_pdu(bytearray(pdu))
        except Exception as wrong:  # noqa: BLE001  # pynetdicom's decoder raises anything on hostile bytes
            raise BadPDU(f"PDU of type {pdu[0]:02X}H cannot be decoded: {wrong!r}") from None
        self._recv_pdu.put(decoded)
        self.event_queue.put(event)

    def _wait(self, *, with_socket: bool) -> None:
        poller, sock = self._poller, self.socket
        assert poller is not None and sock is not None and self._buffer is not None
        if sock.socket is None:
            self.event_queue.put("Evt17")
            return
        fd = sock.socket.fileno()
        if fd < 0:
            self.event_queue.put("Evt17")
            return
        if with_socket != self._listening:
            if with_socket:
                poller.register(fd, select.POLLIN)
            else:
                poller.unregister(fd)
            self._listening = with_socket
        timeout = self._time_left()
        resting = timeout is None and self._buffer.is_wide
        if resting:
            timeout = _REST_AFTER_S
        found = poller.poll(None if timeout is None else max(0.0, timeout) * 1000 + 1)
        if resting and not found:
            self._buffer.rest()
        for ready, _ in found:
            if ready == self._waker.fileno():
                self._waker.clear()

    def _time_left(self) -> float | None:
        """Seconds to the next deadline this thread watches."""
        assert self._buffer is not None
        begun, late_in = self._buffer.began_at, self._node.dimse.late_in_s()
        times = [] if late_in is None else [late_in]
        if self._artim.running:
            times.append(self._artim.remaining)
        if begun is not None:
            times.append(begun + self._pdu_timeout_s - time.monotonic())
        return min(times) if times else None

    def _end(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            assert self.socket is not None
            self.socket._shutdown_socket()
        self._waker.close()
        self.ended = True
        self._buffer = None
        self._node.dimse.break_off()
        self.to_user_queue.put(None)  # whoever waits for a primitive waits no longer
        self.assoc.dimse.msg_queue.put((None, None))

    @property
    def _pdu_timeout_s(self) -> float:
        settings = self._node.settings
        return settings.request_pdu_timeout_s if self._unnegotiated else settings.pdu_timeout_s

    @property
    def _unnegotiated(self) -> bool:
        return self.state_machine.current_state in ("Sta1", "Sta2", "Sta3")

    def _pdu_limit(self) -> int:
        settings = self._node.settings
        return settings.max_request_bytes if self._unnegotiated else settings.max_pdu_bytes + settings.pdu_slack_bytes

    # sending, from the association's thread

    def _is_watched(self) -> bool:
        """Whether somebody wants to see single PDUs: then they go pynetdicom's way."""
        handlers = self._assoc._handlers
        for event in _WATCHED:  # noqa: SIM110  # asked for each PDU: a generator takes three times as long
            if event in handlers:
                return True
        return False

    def send_message(self, pdus: list[bytes]) -> None:
        """Send the encoded P-DATA-TF PDUs of one message, in one write."""
        with self._send_turn:
            state = self.state_machine.current_state
            if state in ("Sta6", "Sta8") and not self.to_provider_queue.queue and not self._is_watched():
                sock = self.socket
                assert isinstance(sock, NodeSocket)
                if not sock.send_all(pdus[0] if len(pdus) == 1 else b"".join(pdus)):
                    self._broken = True
                    self.event_queue.put("Evt17")
                    self.wake()
                self._idle_timer.start()
                return
        for pdu in pdus:
            primitive = P_DATA()
            primitive.presentation_data_value_list.append((pdu[10], pdu[11:]))
            self.to_provider_queue.put(primitive)
