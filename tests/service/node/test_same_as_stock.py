"""The same requests to stock pynetdicom and to the node: the same bytes back, handler calls and events."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pynetdicom import AE, _config, evt

from service.node import Node, NodeSettings, PartnerList, Rule
from tests.service.node import wire
from tests.service.node.wire import CALLED, CALLING, CONTEXTS, Peer, message, pdu

PRIVATE = "1.2.826.0.1.3680043.9.3811.1"
ACSE = (evt.EVT_ACSE_RECV, evt.EVT_ACSE_SENT)
DIMSE = (evt.EVT_DIMSE_RECV, evt.EVT_DIMSE_SENT)
PDUS = (evt.EVT_PDU_RECV, evt.EVT_PDU_SENT, evt.EVT_DATA_RECV, evt.EVT_DATA_SENT, evt.EVT_FSM_TRANSITION)
STATES = (
    evt.EVT_REQUESTED,
    evt.EVT_ACCEPTED,
    evt.EVT_ESTABLISHED,
    evt.EVT_REJECTED,
    evt.EVT_RELEASED,
    evt.EVT_ABORTED,
    evt.EVT_CONN_OPEN,
    evt.EVT_CONN_CLOSE,
)


class Recorder:
    """Handlers whose answers depend on the request only, and a log of what they were asked."""

    def __init__(self, watched: tuple[Any, ...]) -> None:
        self.calls: list[Any] = []
        self.dimse: list[Any] = []
        self.acse: list[Any] = []
        self.states: list[str] = []
        self.watched = watched

    def forget(self) -> None:
        for log in (self.calls, self.dimse, self.acse, self.states):
            log.clear()

    def handlers(self) -> list[Any]:
        asked = (evt.EVT_N_CREATE, evt.EVT_N_SET, evt.EVT_N_GET, evt.EVT_N_ACTION)
        single = (evt.EVT_N_DELETE, evt.EVT_C_ECHO, evt.EVT_C_STORE)
        watching = [(event, self.note) for event in (*ACSE, *STATES, *self.watched)]
        return [*[(e, self.answer) for e in asked], *[(e, self.answer_status) for e in single], *watching]

    def note(self, event: Any) -> None:
        if event.event in ACSE:
            self.acse.append((event.event.name, type(event.primitive).__name__, vars(event.primitive).get("_result")))
        elif event.event in DIMSE:
            sent = event.message
            data = sent.data_set.getvalue() if sent.data_set else b""
            self.dimse.append((event.event.name, type(sent).__name__, sent.context_id, str(sent.command_set), data))
        elif event.event in STATES:
            self.states.append(event.event.name)

    def _remember(self, event: Any) -> None:
        request = event.request
        ours_only = ("_dataset", "too_large", "arrived_at", "data_set_bytes")
        shown = {key: value for key, value in vars(request).items() if key not in ours_only and value is not None}
        data = request._dataset.getvalue() if getattr(request, "_dataset", None) else b""
        self.calls.append(
            (event.event.name, type(request).__name__, sorted(shown.items(), key=str), data, event.context)
        )

    def answer_status(self, event: Any) -> Any:
        self._remember(event)
        return self._status(event)

    def answer(self, event: Any) -> Any:
        self._remember(event)
        reply = Dataset()
        if event.event is evt.EVT_N_CREATE and event.request.AffectedSOPInstanceUID is None:
            reply.AffectedSOPInstanceUID = f"{PRIVATE}.{event.message_id}"
        reply.FilmSizeID = "14INX17IN"
        item = Dataset()
        item.ReferencedSOPInstanceUID = f"{PRIVATE}.2.{event.message_id}"
        reply.ReferencedImageBoxSequence = Sequence([item] * (event.message_id % 4))
        status = self._status(event)
        return status, None if event.message_id % 7 == 6 else reply

    def _status(self, event: Any) -> Any:
        """By Message ID: success, warnings, failures, and everything a handler should not give."""
        number = event.message_id
        if number == 111:
            raise KeyError("a handler's mistake")
        if number == 112:
            return "no status"
        if number == 113:
            return Dataset()
        status = {101: 0x0106, 102: 0xB605, 103: 0x0116, 104: 0xC616, 105: 0x1234}.get(number, 0x0000)
        if number != 106:
            return status
        full = Dataset()
        full.Status, full.ErrorComment, full.ErrorID = 0xB600, "with a comment", 7
        full.AffectedSOPInstanceUID = f"{PRIVATE}.106"
        return full


@contextmanager
def stock(recorder: Recorder) -> Iterator[tuple[str, int]]:
    level, _config.LOG_HANDLER_LEVEL = _config.LOG_HANDLER_LEVEL, "none"
    application = AE(CALLED)
    application.maximum_pdu_size = NodeSettings().max_pdu_bytes
    application.require_called_aet = True
    application.require_calling_aet = [CALLING]
    application.maximum_associations = 100
    for abstract_syntax, syntaxes in CONTEXTS:
        application.add_supported_context(abstract_syntax, syntaxes)
    server = application.start_server(("127.0.0.1", 0), block=False, evt_handlers=recorder.handlers())
    assert server is not None
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or each answer waits 40 ms
    try:
        yield server.server_address[:2]
    finally:
        server.shutdown()
        _config.LOG_HANDLER_LEVEL = level


@contextmanager
def ours(recorder: Recorder) -> Iterator[tuple[str, int]]:
    access = PartnerList([CALLED], [Rule.of(CALLING, quota=100)])
    node = Node(NodeSettings(port=0, ae_title=CALLED), CONTEXTS, recorder.handlers(), access)
    node.start()
    try:
        yield node.address
    finally:
        node.stop(2)


Step = tuple[bytes, str]  # what is sent, and what comes back: "pdu", "message", "end", "nothing"


def play(address: tuple[str, int], steps: list[Step]) -> list[bytes]:
    """What came back on each step."""
    back = []
    with Peer(address) as peer:
        for data, expected in steps:
            peer.send(data)
            if expected == "pdu":
                back.append(peer.pdu())
            elif expected == "message":
                back.append(_whole_message(peer))
            elif expected == "end":
                back.append(peer.rest())
    return back


def _whole_message(peer: Peer) -> bytes:
    """The PDUs of the next message."""
    data, has_data, command = b"", False, b""
    while True:
        each = peer.pdu()
        data += each
        control = each[11]
        if control & 1:
            command += each[12:]
        if control == 3:
            has_data = dict(wire.command_set.decode(command))["CommandDataSetType"] != 0x0101
        if control & 2 and (not control & 1 or not has_data):
            return data


def both(steps: list[Step], watched: tuple[Any, ...] = ()) -> None:
    expected, found = Recorder(watched), Recorder(watched)
    with stock(expected) as address:
        stock_bytes = play(address, steps)
        settle(expected)
    with ours(found) as address:
        our_bytes = play(address, steps)
        settle(found)
    assert our_bytes == stock_bytes
    assert found.calls == expected.calls
    assert found.dimse == expected.dimse
    assert found.acse == expected.acse
    assert sorted(found.states) == sorted(expected.states)
    opening = ["EVT_CONN_OPEN", "EVT_REQUESTED", "EVT_ACCEPTED", "EVT_ESTABLISHED"]
    assert [name for name in found.states if name in opening] == [name for name in expected.states if name in opening]


def settle(recorder: Recorder) -> None:
    """Wait until the association's last event was told."""
    for _ in range(3000):
        if "EVT_CONN_CLOSE" in recorder.states and recorder.states[-1:] != ["EVT_ESTABLISHED"]:
            time.sleep(0.05)
            return
        time.sleep(0.01)


def associate(**options: Any) -> Step:
    contexts = [wire.META, wire.VERIFICATION, wire.PRINT_JOB, wire.CT_STORAGE, wire.PRINTER]
    return wire.request(contexts, **options), "pdu"


RELEASE: Step = (wire.RELEASE, "pdu")
IMAGE = wire.data_set(PatientName="A^B", BitsAllocated=8, PixelData=bytes(range(256)) * 100)
SESSION = wire.data_set(NumberOfCopies=2, FilmSessionLabel="L")

FILM: list[Step] = [
    (wire.create(1, wire.FILM_SESSION, SESSION), "message"),
    (wire.create(2, wire.FILM_BOX, wire.data_set(ImageDisplayFormat="STANDARD\\1,1"), uid="1.2.3"), "message"),
    (wire.set_(3, wire.IMAGE_BOX, "1.2.3.1", IMAGE), "message"),
    (wire.get(4, wire.PRINTER, wire.PRINTER + ".17", tags=[0x21100010, 0x21100020]), "message"),
    (wire.action(5, wire.FILM_BOX, "1.2.3"), "message"),
    (wire.action(6, wire.FILM_BOX, "1.2.3", SESSION), "message"),
    (wire.delete(7, wire.FILM_BOX, "1.2.3"), "message"),
    (wire.echo(8, context=3), "message"),
]
STATUSES: list[Step] = [
    (each, "message")
    for number in (*range(101, 107), 111, 112, 113)
    for each in (
        wire.create(number, wire.FILM_BOX, SESSION, uid="1.2.3"),
        wire.set_(number, wire.IMAGE_BOX, "1.2.3", SESSION),
        wire.get(number, wire.PRINTER, "1.2.3"),
        wire.action(number, wire.FILM_BOX, "1.2.3"),
        wire.delete(number, wire.FILM_BOX, "1.2.3"),
    )
]
STORE: list[Step] = [
    (
        message(1, 9, IMAGE, 7, AffectedSOPClassUID=wire.CT_STORAGE, AffectedSOPInstanceUID="1.2.3.4", Priority=2),
        "message",
    )
]
CONVERSATIONS: dict[str, list[Step]] = {
    "film": [associate(), *FILM, RELEASE],
    "film, short PDUs": [associate(max_pdu=60), *FILM, RELEASE],
    "film, no limit": [associate(max_pdu=0), *FILM, RELEASE],
    "statuses": [associate(), *STATUSES, RELEASE],
    "store": [associate(), *STORE, RELEASE],
    "release at once": [associate(), RELEASE],
    "abort at once": [associate(), (wire.ABORT, "end")],
    "abort after a film": [associate(), *FILM, (wire.ABORT, "end")],
    "abort as provider": [associate(), *FILM[:2], (pdu(7, b"\0\0\2\1"), "end")],
    "cut": [associate(), *FILM[:3]],
    "cut in a message": [associate(), (wire.set_(3, wire.IMAGE_BOX, "1.2.3.1", IMAGE)[:5000], "nothing")],
    "called AE unknown": [associate(called="NOBODY")],
    "calling AE unknown": [associate(calling="NOBODY")],
    "both unknown": [associate(called="NOBODY", calling="NOBODY")],
    "second request": [associate(), (wire.request([wire.META]), "end")],
    "unexpected accept": [associate(), (pdu(2, bytes(68)), "end")],
    "unexpected release response": [associate(), (pdu(6, bytes(4)), "end")],
    "unknown PDU type": [associate(), (pdu(9, b""), "end")],
    "PDV too long": [associate(), (pdu(4, b"\0\0\1\0\1\3"), "end")],
    "context not accepted": [associate(), (wire.echo(1, context=99), "end")],
}


@pytest.mark.parametrize("name", CONVERSATIONS)
@pytest.mark.parametrize("watched", [(), DIMSE, (*DIMSE, *PDUS)], ids=["quiet", "DIMSE", "PDUs"])
def test_conversations(name: str, watched: tuple[Any, ...]) -> None:
    both(CONVERSATIONS[name], watched)


@pytest.mark.parametrize(
    "first",
    [
        pdu(9, b""),
        pdu(4, b"\0\0\0\4\1\3\0\0"),
        pdu(2, bytes(68)),
        wire.RELEASE,
        wire.ABORT,
        pdu(1, b"\0\1" + bytes(66)),
        pdu(1, b"\0\2\0\0" + wire.request([wire.META])[10:]),
    ],
    ids=["unknown type", "data", "accept", "release", "abort", "request without titles", "protocol version 2"],
)
def test_first_pdus_that_are_no_request(first: bytes) -> None:
    """The bytes back; stock pynetdicom tells EVT_CONN_OPEN for connections that are never handed to an association."""
    with stock(Recorder(())) as address:
        expected = play(address, [(first, "end")])
    with ours(Recorder(())) as address:
        assert play(address, [(first, "end")]) == expected


DATA = wire.data_set(PatientName="A^B", PatientID="12345678")
NAMED: dict[str, Any] = {"RequestedSOPClassUID": wire.IMAGE_BOX, "RequestedSOPInstanceUID": "1.2.3"}


def cuts_everywhere() -> Iterator[bytes]:
    """One N-SET in fragments of every length, a PDU each and all in one PDU; and in two cut at every place."""
    for cut in range(1, 140):
        parts = wire.fragments(0x0120, 1, DATA, cut=cut, **NAMED)
        yield b"".join(pdu(4, each) for each in parts)
        yield pdu(4, b"".join(parts))
    whole = wire.fragments(0x0120, 1, DATA, **NAMED)
    for number, part in enumerate(whole):
        for at in range(1, len(part) - 6):
            parts = [*whole[:number], *in_two(part, at), *whole[number + 1 :]]
            yield b"".join(pdu(4, each) for each in parts)


def in_two(fragment: bytes, at: int) -> list[bytes]:
    """A presentation data value as two; only the second keeps the bit that it is the last."""
    context, control, content = fragment[4], fragment[5], fragment[6:]
    return [
        len(part).to_bytes(4, "big") + part
        for part in (bytes((context, control & 1)) + content[:at], bytes((context, control)) + content[at:])
    ]


def test_cut_at_every_place() -> None:
    """The same requests arrive and the same answers go out."""
    found = []
    for node in (stock, ours):
        recorder, answers = Recorder(DIMSE), []
        with node(recorder) as address, Peer(address) as peer:
            peer.associate()
            answers = [_whole_message(peer.send(each)) for each in cuts_everywhere()]
            peer.release()
            settle(recorder)
        # an answer is told of after it went out: the next request may be told of before it
        received = [each for each in recorder.dimse if each[0] == "EVT_DIMSE_RECV"]
        sent = [each for each in recorder.dimse if each[0] != "EVT_DIMSE_RECV"]
        found.append({"answers": answers, "calls": recorder.calls, "in": received, "out": sent, "acse": recorder.acse})
    for what, expected in found[0].items():
        pairs = zip_longest(expected, found[1][what])
        different = [number for number, (theirs, mine) in enumerate(pairs) if theirs != mine]
        assert not different, f"{what}: {len(different)} differ, the first is number {different[0]}"
    assert len(set(found[1]["answers"])) == 1
    assert len(found[1]["calls"]) == len(found[1]["answers"]) > 350


REQUESTS = st.sampled_from([step[0] for step in (*FILM, *STATUSES, *STORE)])


def test_any_sequence_in_any_segments() -> None:
    """The same answers and calls, however TCP cuts the stream."""
    expected, found = Recorder(()), Recorder(())

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(requests=st.lists(REQUESTS, min_size=1, max_size=6), cuts=st.lists(st.integers(1, 3000), max_size=8))
    def check(requests: list[bytes], cuts: list[int]) -> None:
        whole = play(stock_address, [associate(), *[(each, "message") for each in requests], RELEASE])
        assert play_in_segments(our_address, requests, cuts) == whole
        assert found.calls == expected.calls

    with stock(expected) as stock_address, ours(found) as our_address:
        check()


def play_in_segments(address: tuple[str, int], requests: list[bytes], cuts: list[int]) -> list[bytes]:
    with Peer(address) as peer:
        back = [peer.send(associate()[0]).pdu()]
        for rest in requests:
            for cut in cuts:
                peer.send(rest[:cut])
                rest = rest[cut:]
            back.append(_whole_message(peer.send(rest)))
        return [*back, peer.release()]


UIDS = st.lists(st.integers(0, 99_999), min_size=1, max_size=6).map(lambda parts: ".".join(map(str, [1, 2, *parts])))
CLASSES = st.sampled_from([wire.FILM_SESSION, wire.FILM_BOX, wire.IMAGE_BOX, wire.PRINTER, wire.PRINT_JOB])


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """Any request, with any data set or none, in any fragments, any number of them in a PDU."""
    field = draw(st.sampled_from([0x0140, 0x0120, 0x0110, 0x0130, 0x0150, 0x0030, 0x0001]))
    data = draw(st.one_of(st.just(b""), st.binary(max_size=3000)))
    more: dict[str, Any]
    if field == 0x0030:
        more, data, context = {"AffectedSOPClassUID": wire.VERIFICATION}, b"", 3
    elif field == 0x0001:
        more = {"AffectedSOPClassUID": wire.CT_STORAGE, "AffectedSOPInstanceUID": draw(UIDS), "Priority": 0}
        data, context = data or b"\0\0", 7
    else:
        kind, context = ("Affected" if field == 0x0140 else "Requested"), 1
        more = {f"{kind}SOPClassUID": draw(CLASSES), f"{kind}SOPInstanceUID": draw(UIDS)}
        data = b"" if field in (0x0110, 0x0150) else data or (b"\0\0" if field == 0x0120 else b"")
        if field == 0x0130:
            more["ActionTypeID"] = draw(st.integers(0, 65_535))
    fragments = wire.fragments(field, draw(st.integers(1, 65_535)), data, context, **more)
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(fragments) - 1))
        if len(fragments[at]) > 7:
            fragments[at : at + 1] = in_two(fragments[at], draw(st.integers(1, len(fragments[at]) - 7)))
    sent, waiting = b"", list[bytes]()
    for fragment in fragments:
        waiting.append(fragment)
        if draw(st.booleans()):
            sent, waiting = sent + pdu(4, b"".join(waiting)), []
    return sent + (pdu(4, b"".join(waiting)) if waiting else b"")


def test_any_requests_in_any_fragments() -> None:
    """The same bytes, calls and events, whatever is asked and however it is cut."""
    expected, found = Recorder(DIMSE), Recorder(DIMSE)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(requests=st.lists(messages(), min_size=1, max_size=5), end=st.sampled_from([RELEASE, (wire.ABORT, "end")]))
    def check(requests: list[bytes], end: Step) -> None:
        for recorder in (expected, found):
            recorder.forget()
        steps: list[Step] = [associate(), *[(each, "message") for each in requests], end]
        assert play(our_address, steps) == play(stock_address, steps)
        for recorder in (expected, found):
            settle(recorder)
        assert found.calls == expected.calls
        assert found.dimse == expected.dimse
        assert found.acse == expected.acse

    with stock(expected) as stock_address, ours(found) as our_address:
        check()
