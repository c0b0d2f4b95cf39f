"""Associations of ours: opening them, and talking on them without pynetdicom's reactor in between."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.association import Association

from printmgr.errors import PrintError

MAX_PDU_BYTES = 131072
VERIFICATION = "1.2.840.10008.1.1"
UNCOMPRESSED = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")


class SendFailed(PrintError):
    """The peer could not be reached, or answered a failure."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is called, and as whom."""

    host: str
    port: int
    ae_title: str
    calling_ae: str
    timeout_s: float = 60.0  # for each step: to connect, to associate, for an answer
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return f"{self.ae_title} at {self.host} port {self.port}"


class _Gate(threading.Event):
    """Where pynetdicom's reactor waits while somebody talks; here it waits until the talk is over."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.over = False

    def wait(self, timeout: float | None = None) -> bool:
        self.reached.set()
        return super().wait(timeout)

    def set(self) -> None:
        if self.over:
            super().set()


@contextmanager
def undisturbed(association: Association) -> Iterator[None]:
    """Keep pynetdicom's reactor from the answers that a `send_` method waits for.

    On a busy machine the reactor of pynetdicom 3.0 now and then passes its checkpoint just before a request goes out
    and takes the answer; the caller then waits until its timeout. Requests of the peer wait until the talk is over.

    Events are served as they come, each on its thread. pynetdicom believes after one that the reactor runs, which it
    does not, and the next `send_` method would wait for ever."""
    gate, before = _Gate(), association._reactor_checkpoint
    serve_request = association._serve_request

    def serve(message: Any, context_id: int) -> None:
        serve_request(message, context_id)
        if not gate.over:
            association._is_paused = True

    association._serve_request = serve  # type: ignore[method-assign, assignment]
    association._reactor_checkpoint = gate
    before.set()
    gate.reached.wait(association.ae.dimse_timeout or 30.0)
    try:
        yield
    finally:
        gate.over = True
        association._serve_request = serve_request  # type: ignore[method-assign]
        gate.set()


def associate(
    peer: Peer,
    contexts: Mapping[str, Sequence[str]],
    handlers: Sequence[tuple[evt.EventType, Callable[[evt.Event], Any]]] = (),
) -> Association:
    """Open an association that proposes each SOP class with its transfer syntaxes. Raises SendFailed."""
    ae = AE(ae_title=peer.calling_ae)
    ae.maximum_pdu_size = MAX_PDU_BYTES
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = peer.timeout_s
    for sop_class, syntaxes in contexts.items():
        ae.add_requested_context(sop_class, list(syntaxes))
    association = ae.associate(
        peer.host,
        peer.port,
        ae_title=peer.ae_title,
        max_pdu=MAX_PDU_BYTES,
        evt_handlers=[(evt.EVT_CONN_OPEN, _no_delay), *handlers],
        tls_args=(peer.tls, peer.host) if peer.tls else None,
    )
    if not association.is_established:
        raise SendFailed(f"{peer} {_why_not(association)}")
    return association


def echoed(peer: Peer, more: Sequence[str] = ()) -> tuple[float, set[str]]:
    """C-ECHO: how long it took in s, and which of the SOP classes `more` the peer takes. Raises SendFailed."""
    association = associate(peer, dict.fromkeys([VERIFICATION, *more], UNCOMPRESSED))
    try:
        takes = accepted(association)
        if VERIFICATION not in takes:
            raise SendFailed(f"{peer} takes an association and no C-ECHO")
        began = time.monotonic()
        with undisturbed(association):
            status = association.send_c_echo()
        took_s = time.monotonic() - began
    except (RuntimeError, ValueError) as error:  # pynetdicom: the association ended meanwhile
        raise SendFailed(f"{peer} ended the association: {error}") from error
    finally:
        if association.is_established:
            association.release()
    if "Status" not in status:
        raise SendFailed(f"{peer} did not answer C-ECHO in {peer.timeout_s:g} s")
    if status.Status != 0:
        raise SendFailed(f"{peer} answered C-ECHO with {status.Status:04X}H")
    return took_s, takes - {VERIFICATION}


def accepted(association: Association) -> set[str]:
    """The SOP classes that the peer takes."""
    return {str(context.abstract_syntax) for context in association.accepted_contexts}


def _no_delay(event: evt.Event) -> None:
    """Command and data set go in two writes; without this the second waits 40 ms for an acknowledgement."""
    transport = event.assoc.dul.socket
    if transport and transport.socket:
        transport.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _why_not(association: Association) -> str:
    if association.is_rejected:
        answer = association.acceptor.primitive
        return f"rejected the association: {answer.reason_str if answer else 'no reason given'}"
    return "cannot be reached or aborted the association"


def printable(text: str) -> str:
    """Text of another machine, such that a terminal does nothing but show it.

    >>> printable("full" + chr(27) + "[2J")
    'full?[2J'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)
