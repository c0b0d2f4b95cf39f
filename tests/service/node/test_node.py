"""A node on the wire: dispatch, notifications, limits, and its end."""

import random
import threading
import time
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt

from service.node import PartnerList, Rule
from tests.service.node import wire
from tests.service.node.wire import CALLED, CALLING, Peer, running

EMPTY = wire.data_set(NumberOfCopies=1)


def answers(event: Any) -> tuple[int, None]:
    return 0x0000, None


ALL = [(event, answers) for event in (evt.EVT_N_CREATE, evt.EVT_N_SET, evt.EVT_N_GET, evt.EVT_N_ACTION)]


@pytest.mark.parametrize(
    ("context", "sop_class"),
    [
        (wire.META, wire.IMAGE_BOX),
        (wire.IMAGE_BOX, wire.IMAGE_BOX),
        (wire.FILM_BOX, wire.IMAGE_BOX),
        (wire.META, wire.ANNOTATION_BOX),
        (wire.VERIFICATION, wire.IMAGE_BOX),
        (wire.CT_STORAGE, wire.FILM_SESSION),
        (wire.META, wire.UNKNOWN_CLASS),
        (wire.META, wire.CT_STORAGE),
    ],
)
def test_every_n_request_reaches_its_handler(context: str, sop_class: str) -> None:
    """Singly negotiated classes, a class on another's context, and a class pynetdicom does not know."""
    asked = []

    def n_set(event: Any) -> tuple[int, None]:
        asked.append((event.request.RequestedSOPClassUID, event.context.abstract_syntax))
        return 0x0000, None

    with running([(evt.EVT_N_SET, n_set)]) as node, Peer(node.address) as peer:
        peer.associate(context)
        fields, _ = peer.ask(wire.set_(1, sop_class, "1.2.3", EMPTY))
    assert fields["Status"] == 0
    assert asked == [(sop_class, context)]


def test_requests_nobody_serves_are_answered() -> None:
    with running([]) as node, Peer(node.address) as peer:
        peer.associate()
        assert peer.ask(wire.set_(1, wire.UNKNOWN_CLASS, "1.2.3", EMPTY))[0]["Status"] == 0x0118
        store = wire.message(1, 2, EMPTY, AffectedSOPClassUID=wire.META, AffectedSOPInstanceUID="1.2", Priority=0)
        assert peer.ask(store)[0]["Status"] == 0x0122
        missing = wire.message(0x0130, 3, RequestedSOPClassUID=wire.FILM_BOX, RequestedSOPInstanceUID="1.2")
        assert peer.ask(missing)[0]["Status"] == 0x0212
        assert peer.ask(wire.echo(4, 3))[0]["Status"] == 0
        peer.release()


def test_a_warning_keeps_the_uid_the_handler_assigned() -> None:
    def n_create(event: Any) -> tuple[int, Dataset]:
        reply = Dataset()
        reply.AffectedSOPInstanceUID = "1.2.3.4"
        return 0x0116, reply

    with running([(evt.EVT_N_CREATE, n_create)]) as node, Peer(node.address) as peer:
        peer.associate()
        fields, data = peer.ask(wire.create(1, wire.FILM_BOX, EMPTY))
    assert (fields["Status"], fields["AffectedSOPInstanceUID"], data) == (0x0116, "1.2.3.4", b"")


def test_a_handler_may_name_the_instance_in_the_request() -> None:
    def n_create(event: Any) -> tuple[int, None]:
        event.request.AffectedSOPInstanceUID = "1.2.3.5"
        return 0xB600, None

    with running([(evt.EVT_N_CREATE, n_create)]) as node, Peer(node.address) as peer:
        peer.associate()
        fields, _ = peer.ask(wire.create(1, wire.FILM_SESSION, EMPTY))
    assert (fields["Status"], fields["AffectedSOPInstanceUID"]) == (0xB600, "1.2.3.5")


def test_a_handler_may_answer_in_bytes() -> None:
    with running([(evt.EVT_N_GET, lambda event: (0, EMPTY))]) as node, Peer(node.address) as peer:
        peer.associate()
        assert peer.ask(wire.get(1, wire.PRINTER, "1.2.3"))[1] == EMPTY


def test_events_go_out_while_requests_come_in() -> None:
    """The answer to N-EVENT-REPORT is told from requests; one that never comes harms nothing."""
    associations: list[Any] = []
    answered: list[Any] = []

    def n_set(event: Any) -> tuple[int, None]:
        associations.append(event.assoc)
        for number in (1, 2, 3):
            event.assoc.notify(None, number, wire.PRINT_JOB, f"1.2.{number}", wire.META, answered.append)
        return 0x0000, None

    with running([(evt.EVT_N_SET, n_set)]) as node, Peer(node.address) as peer:
        peer.associate()
        peer.send(wire.set_(7, wire.IMAGE_BOX, "1.2", EMPTY))
        events = [peer.answer()[0] for _ in range(3)]
        assert [fields["EventTypeID"] for fields in events] == [1, 2, 3]
        assert peer.answer()[0]["MessageIDBeingRespondedTo"] == 7
        reply: dict[str, Any] = {"AffectedSOPClassUID": wire.PRINT_JOB, "AffectedSOPInstanceUID": "1.2.2"}
        peer.send(wire.message(0x8100, events[1]["MessageID"], Status=0, EventTypeID=2, **reply))
        assert peer.ask(wire.set_(8, wire.IMAGE_BOX, "1.2", EMPTY))[0]["EventTypeID"] == 1
        assert [response.MessageIDBeingRespondedTo for response in answered] == [events[1]["MessageID"]]
        peer.send(wire.message(0x8100, 999, Status=0))  # an answer nobody asked for
        for _ in range(2):
            peer.answer()
        assert peer.answer()[0]["MessageIDBeingRespondedTo"] == 8
        assert peer.release()[0] == 6
    assert len(answered) == 6
    assert answered.count(None) == 5


def test_a_late_answer_to_an_event_is_not_waited_for() -> None:
    """pynetdicom's own call, from another thread, without an answer: the association goes on."""
    results: list[Any] = []

    def n_set(event: Any) -> tuple[int, None]:
        def tell() -> None:
            results.append(event.assoc.send_n_event_report(None, 1, wire.PRINT_JOB, "1.2", meta_uid=wire.META))

        threading.Thread(target=tell).start()
        return 0x0000, None

    with running([(evt.EVT_N_SET, n_set)], dimse_timeout_s=0.3) as node, Peer(node.address) as peer:
        peer.associate()
        peer.send(wire.set_(1, wire.IMAGE_BOX, "1.2", EMPTY))
        fields = [peer.answer()[0]["CommandField"] for _ in range(2)]
        assert sorted(fields) == [0x0100, 0x8120]
        time.sleep(0.4)
        assert peer.ask(wire.echo(2, 3))[0]["Status"] == 0
        peer.release()
    assert results == [(Dataset(), None)]


def test_an_answered_event_gives_its_status() -> None:
    results: list[Any] = []

    def n_action(event: Any) -> tuple[int, None]:
        results.append(event.assoc.send_n_event_report(None, 3, wire.PRINT_JOB, "1.2", meta_uid=wire.META))
        return 0x0000, None

    with running([(evt.EVT_N_ACTION, n_action)]) as node, Peer(node.address) as peer:
        peer.associate()
        event, _ = peer.ask(wire.action(1, wire.FILM_BOX, "1.2"))
        assert peer.ask(wire.message(0x8100, event["MessageID"], Status=0x0110))[0]["CommandField"] == 0x8130
        peer.release()
    assert results[0][0].Status == 0x0110


def test_quota_and_reserved_slots() -> None:
    access = PartnerList([CALLED], [Rule.of(CALLING, quota=2)], open_to_all=True)
    with running(ALL, access, max_associations=4, reserved_associations=2) as node:
        peers = [Peer(node.address) for _ in range(7)]
        kinds = [peer.associate(calling=title) for peer, title in zip(peers, ["X", "Y", "Z"], strict=False)]
        assert [answer[0] for answer in kinds] == [2, 2, 3]
        assert kinds[2][7:10] == bytes((2, 3, 2))
        assert [peer.associate(calling=CALLING)[0] for peer in peers[3:6]] == [2, 2, 3]
        peers[3].release()
        _until(lambda: node.partners().get(CALLING) == 1)
        assert peers[6].associate(calling=CALLING)[0] == 2
        assert node.refusals.counts() == {"only reserved associations left": 1, "all associations in use": 1}
        for peer in peers:
            peer.socket.close()
        _until(lambda: node.associations == 0)
        assert node.partners() == {}


def test_who_is_rejected_why() -> None:
    with running(ALL) as node:
        with Peer(node.address) as peer:
            assert peer.associate(called="NOBODY", calling="NOBODY")[7:10] == bytes((1, 1, 7))
            assert peer.rest() == b""
        with Peer(node.address) as peer:
            assert peer.associate(calling="NOBODY")[7:10] == bytes((1, 1, 3))
        assert node.refusals.counts() == {"called AE title unknown": 1, "calling AE title or address unknown": 1}


def test_a_data_set_over_the_limit_is_answered() -> None:
    asked = []

    def n_set(event: Any) -> tuple[int, None]:
        asked.append(len(event.request.ModificationList.getvalue()))
        return 0x0000, None

    with running([(evt.EVT_N_SET, n_set)], max_data_set_bytes=50_000) as node, Peer(node.address) as peer:
        peer.associate()
        assert peer.ask(wire.set_(1, wire.IMAGE_BOX, "1.2", bytes(50_002)))[0]["Status"] == 0x0213
        assert peer.ask(wire.set_(2, wire.IMAGE_BOX, "1.2", bytes(50_000)))[0]["Status"] == 0
        peer.release()
    assert asked == [50_000]


def test_requests_that_wait_are_bounded() -> None:
    """A peer that does not wait for its answers is read no further than the limit; all are served in order."""
    go, served = threading.Event(), []

    def n_set(event: Any) -> tuple[int, None]:
        go.wait(10)
        served.append(event.message_id)
        return 0x0000, None

    with running([(evt.EVT_N_SET, n_set)], max_waiting_bytes=100_000) as node, Peer(node.address) as peer:
        peer.associate()
        many = b"".join(wire.set_(number, wire.IMAGE_BOX, "1.2", bytes(40_000)) for number in range(1, 101))
        sender = threading.Thread(target=peer.send, args=(many, wire.RELEASE))
        sender.start()
        time.sleep(0.3)
        waiting = next(iter(node._ae.associations)).dimse._waiting_bytes  # type: ignore[attr-defined]
        assert waiting <= 150_000
        go.set()
        assert [peer.answer()[0]["MessageIDBeingRespondedTo"] for _ in range(100)] == list(range(1, 101))
        assert peer.pdu()[0] == 6
        sender.join()
    assert served == list(range(1, 101))


def test_stop_lets_running_associations_end() -> None:
    with running(ALL) as node:
        peer = Peer(node.address)
        peer.associate()
        idle = Peer(node.address)
        address = node.address
        stopper = threading.Thread(target=node.stop, args=(5,))
        stopper.start()
        assert idle.rest() == b""
        with pytest.raises(OSError, match="refused"):
            Peer(address)
        assert peer.ask(wire.set_(1, wire.IMAGE_BOX, "1.2", EMPTY))[0]["Status"] == 0
        assert stopper.is_alive()
        peer.release()
        stopper.join(3)
        assert not stopper.is_alive()


def test_stop_aborts_what_goes_on_too_long() -> None:
    with running(ALL) as node, Peer(node.address) as peer:
        peer.associate()
        began = time.monotonic()
        node.stop(0.2)
        assert 0.2 <= time.monotonic() - began < 2
        assert peer.rest() == wire.ABORT


def test_an_idle_association_is_aborted() -> None:
    with running(ALL, idle_timeout_s=0.4) as node, Peer(node.address) as peer:
        peer.associate()
        began = time.monotonic()
        assert peer.rest()[:1] == b"\x07"
        assert 0.3 < time.monotonic() - began < 1.5


def test_a_slow_handler_is_not_idle() -> None:
    def slow(event: Any) -> tuple[int, None]:
        time.sleep(0.6)
        return 0x0000, None

    with running([(evt.EVT_N_SET, slow)], idle_timeout_s=0.4) as node, Peer(node.address) as peer:
        peer.associate()
        assert peer.ask(wire.set_(1, wire.IMAGE_BOX, "1.2", EMPTY))[0]["Status"] == 0
        assert peer.ask(wire.set_(2, wire.IMAGE_BOX, "1.2", EMPTY))[0]["Status"] == 0
        peer.release()


def _until(true: Any, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "still not so"
        time.sleep(0.01)


def test_a_private_class_is_stored_where_its_handler_is_bound() -> None:
    stored = []

    def c_store(event: Any) -> int:
        stored.append(event.request.AffectedSOPClassUID)
        return 0x0000

    contexts = [(wire.UNKNOWN_CLASS, wire.SYNTAXES)]
    more: dict[str, Any] = {"AffectedSOPClassUID": wire.UNKNOWN_CLASS, "AffectedSOPInstanceUID": "1.2", "Priority": 0}
    with running([(evt.EVT_C_STORE, c_store)], contexts=contexts) as node, Peer(node.address) as peer:
        peer.associate(wire.UNKNOWN_CLASS)
        assert peer.ask(wire.message(1, 1, EMPTY, **more))[0]["Status"] == 0
        peer.release()
    assert stored == [wire.UNKNOWN_CLASS]


def test_a_receiver_gets_data_sets_as_they_arrive() -> None:
    """What a storage SCP sets before the association is accepted; tasks of its handler follow the answer."""
    pieces: list[bytes] = []
    order: list[str] = []

    class Stream:
        def __init__(self) -> None:
            self.held: list[memoryview] = []

        def write(self, fragment: memoryview, /) -> None:
            self.held.append(fragment)

        def flush(self) -> None:
            pieces.extend(map(bytes, self.held))
            self.held.clear()

    def requested(event: Any) -> None:
        event.assoc.receive_into = lambda fields, context: Stream() if fields["CommandField"] == 1 else None

    def c_store(event: Any) -> int:
        order.append(type(event.request.stream).__name__)
        event.assoc.afterwards(lambda: order.append("afterwards"))
        return 0x0000

    more: dict[str, Any] = {"AffectedSOPClassUID": wire.CT_STORAGE, "AffectedSOPInstanceUID": "1.2", "Priority": 0}
    handlers = [(evt.EVT_C_STORE, c_store), (evt.EVT_REQUESTED, requested), *ALL]
    with running(handlers) as node, Peer(node.address) as peer:
        peer.associate(wire.CT_STORAGE, wire.META)
        assert peer.ask(wire.message(1, 1, bytes(range(250)), cut=100, **more))[0]["Status"] == 0
        assert peer.ask(wire.set_(2, wire.IMAGE_BOX, "1.2", EMPTY, 3))[0]["Status"] == 0
        assert pieces == [bytes(range(100)), bytes(range(100, 200)), bytes(range(200, 250))]
        assert order == ["Stream", "afterwards"]
        for size, cut in ((3_000_000, 100_000), (300_000, 1_000), (2_000_000, 131_000), (200_000, 16_000)):
            data = random.Random(size).randbytes(size)
            pieces.clear()
            assert peer.ask(wire.message(1, 1, data, cut=cut, **more))[0]["Status"] == 0
            assert b"".join(pieces) == data, "the bytes of a fragment changed before its stream was told"
        peer.release()


def test_two_nodes_may_share_a_port() -> None:
    with running(ALL, share_port=True) as first, running(ALL, share_port=True, port=first.address[1]) as second:
        peers = [Peer(first.address) for _ in range(40)]
        assert [peer.associate()[0] for peer in peers] == [2] * 40
        assert first.associations + second.associations == 40
        assert min(first.associations, second.associations) > 0
        for peer in peers:
            peer.release()
    with running(ALL) as alone, pytest.raises(OSError, match="in use"), running(ALL, port=alone.address[1]):
        pass
