"""Instances that are answered with no primitive and no event: the same answers as on the long way, the same order."""

import threading
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt

from tests.service.node import wire
from tests.service.node.wire import Peer, running

PIXELS = bytes(range(250))
PATIENCE_S = 20.0


def commented() -> Dataset:
    status = Dataset()
    status.Status, status.ErrorComment, status.OffendingElement = 0xC000, "what is that", [0x00100010]
    return status


ANSWERS = {1: 0x0000, 2: 0xB000, 3: 0xA700, 4: commented(), 5: Dataset(), 6: "no status", 7: 0x1234, 8: None}
"""By Message ID; the handler of another one raises."""

CONTEXTS = [(each, wire.SYNTAXES) for each in (wire.CT_STORAGE, wire.UNKNOWN_CLASS, wire.META)]
WHOLE = {"AffectedSOPClassUID": wire.CT_STORAGE, "AffectedSOPInstanceUID": "1.2.3", "Priority": 0}


class Stream:
    """Where a data set goes while it arrives."""

    def __init__(self) -> None:
        self.data = b""
        self.fragments: list[memoryview] = []

    def write(self, fragment: memoryview, /) -> None:
        self.fragments.append(fragment)

    def flush(self) -> None:
        self.data += b"".join(self.fragments)
        self.fragments.clear()


class Receiver:
    """Handlers of a node that keeps what it gets, and which way each instance came."""

    def __init__(self, *more: Any, short: bool = True) -> None:
        self.short, self.more = short, more
        self.stored: list[tuple[str, int, bytes]] = []
        self.after: list[int] = []

    def handlers(self) -> list[Any]:
        return [(evt.EVT_REQUESTED, self.requested), (evt.EVT_C_STORE, self.c_store), *self.more]

    def requested(self, event: Any) -> None:
        assoc = event.assoc

        def store(stream: Any, command: Any, context: Any) -> Any:
            way = "short" if threading.current_thread() is assoc.dul else "short, in another thread"
            return self.answer(way, assoc, command["MessageID"], stream)

        assoc.receive_into = lambda command, context: Stream() if command["CommandField"] == 1 else None
        if self.short:
            assoc.store = store

    def c_store(self, event: Any) -> Any:
        return self.answer("long", event.assoc, event.request.MessageID, event.request.stream)

    def answer(self, way: str, assoc: Any, number: int, stream: Stream) -> Any:
        self.stored.append((way, number, stream.data))
        assoc.afterwards(lambda: self.after.append(number))
        return ANSWERS[number]


def store(number: int, context: int = 1, cut: int = 100, **values: Any) -> bytes:
    whole = wire.message(1, number, PIXELS, context, cut=cut, **{**WHOLE, **values})
    assert isinstance(whole, bytes)
    return whole


@pytest.mark.parametrize("number", [*ANSWERS, 9])
def test_the_answer_is_that_of_the_long_way(number: int) -> None:
    answers, stored = [], []
    for short in (True, False):
        receiver = Receiver(short=short)
        with running(receiver.handlers(), contexts=CONTEXTS) as node, Peer(node.address) as peer:
            peer.associate(wire.CT_STORAGE)
            answers.append(peer.send(store(number)).pdu())
            peer.send(store(1))
            answers[-1] += peer.pdu()
            peer.release()
        stored.append(receiver)
    assert answers[0] == answers[1]
    for receiver in stored:
        assert [come for _, *come in receiver.stored] == [[number, PIXELS], [1, PIXELS]]
    assert {way for way, *_ in stored[1].stored} == {"long"}
    assert stored[0].after == stored[1].after == [number, 1]


def test_they_are_served_in_the_thread_that_receives() -> None:
    receiver = Receiver()
    with running(receiver.handlers(), contexts=CONTEXTS) as node, Peer(node.address) as peer:
        peer.associate(wire.CT_STORAGE)
        for _ in range(50):
            assert peer.ask(store(1))[0]["Status"] == 0
        peer.release()
    ways = [way for way, *_ in receiver.stored]
    assert set(ways) <= {"short", "long"}
    assert ways.count("short") > 25, "one that comes while the other thread begins has to wait, but not all"


ODD: dict[str, dict[str, Any]] = {
    "no priority": {"Priority": None},
    "a priority there is not": {"Priority": 7},
    "no class": {"AffectedSOPClassUID": None},
    "no instance": {"AffectedSOPInstanceUID": None},
    "an empty instance": {"AffectedSOPInstanceUID": ""},
    "no number": {"MessageID": None},
    "a private class": {"AffectedSOPClassUID": wire.UNKNOWN_CLASS, "context": 3},
    "a context that was not accepted": {"context": 9},
    "moved here": {"MoveOriginatorApplicationEntityTitle": "MOVER", "MoveOriginatorMessageID": 4},
    "a long UID": {"AffectedSOPInstanceUID": "1." + "2" * 63},
    "one that is no UID": {"AffectedSOPInstanceUID": "../x"},
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_requests_are_answered_as_on_the_long_way(odd: str) -> None:
    answers = []
    for short in (True, False):
        receiver = Receiver(short=short)
        with running(receiver.handlers(), contexts=CONTEXTS) as node, Peer(node.address) as peer:
            peer.associate(wire.CT_STORAGE, wire.UNKNOWN_CLASS)
            answers.append([peer.send(store(1, **ODD[odd])).pdu() if odd != "no number" else b""])
            if answers[-1][0][:1] != b"\7" and odd != "no number":
                answers[-1].append(peer.send(store(2)).pdu())
        answers[-1].append(bytes(len(receiver.stored)))
    assert answers[0] == answers[1]


def test_a_peer_that_takes_no_answer_ends_alone() -> None:
    receiver = Receiver()
    with running(receiver.handlers(), contexts=CONTEXTS) as node, Peer(node.address) as other:
        other.associate(wire.CT_STORAGE)
        with Peer(node.address) as peer:
            peer.associate(wire.CT_STORAGE, max_pdu=5)
            assert peer.send(store(1)).pdu()[0] == 7
        assert other.ask(store(2))[0]["Status"] == 0xB000
        other.release()
    assert [number for _, number, _ in receiver.stored] == [1, 2]


@pytest.mark.parametrize("event", [evt.EVT_DIMSE_RECV, evt.EVT_DIMSE_SENT])
def test_who_listens_is_told(event: Any) -> None:
    told: list[str] = []
    receiver = Receiver((event, lambda happened: told.append(happened.event.name)))
    with running(receiver.handlers(), contexts=CONTEXTS) as node, Peer(node.address) as peer:
        peer.associate(wire.CT_STORAGE)
        told.clear()
        assert peer.ask(store(1))[0]["Status"] == 0
        assert told
        peer.release()
    assert [way for way, *_ in receiver.stored] == ["long"]


def test_one_that_comes_while_another_request_is_served_waits_for_it() -> None:
    order: list[str] = []
    come = threading.Event()

    def action(event: Any) -> tuple[int, None]:
        come.wait(PATIENCE_S)
        order.append("action")
        return 0x0000, None

    receiver = Receiver((evt.EVT_N_ACTION, action))
    with running(receiver.handlers(), contexts=CONTEXTS) as node, Peer(node.address) as peer:
        peer.associate(wire.CT_STORAGE, wire.META)
        peer.send(wire.action(5, wire.FILM_BOX, "1.2", context=3), store(1), store(2))
        threading.Timer(0.2, come.set).start()
        answered = [peer.answer()[0]["MessageIDBeingRespondedTo"] for _ in range(3)]
        peer.release()
    assert answered == [5, 1, 2]
    assert order == ["action"] and [number for _, number, _ in receiver.stored] == [1, 2]
    assert receiver.stored[0][0] == "long"


def test_messages_are_logged_on_both_ways() -> None:
    logs: list[list[Any]] = []

    class Log:
        def received(self, context_id: int, command: Any, data: Any) -> None:
            logs[-1].append(("received", context_id, dict(command), data))

        def sent(self, context_id: int, command: Any, data: Any) -> None:
            logs[-1].append(("sent", context_id, dict(command), data))

    for short in (True, False):
        logs.append([])
        receiver = Receiver(short=short)

        def requested(event: Any, receiver: Receiver = receiver) -> None:
            receiver.requested(event)
            event.assoc.message_log = Log()

        handlers = [(evt.EVT_REQUESTED, requested), (evt.EVT_C_STORE, receiver.c_store)]
        with running(handlers, contexts=CONTEXTS) as node, Peer(node.address) as peer:
            peer.associate(wire.CT_STORAGE)
            assert peer.ask(store(1))[0]["Status"] == 0
            peer.release()
    assert len(logs[0]) == 2 and logs[0] == logs[1]
