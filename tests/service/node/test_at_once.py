"""Requests that are served in the upper layer's thread: same order, same answers, same end."""

import threading
from typing import Any

import pytest
from pynetdicom import evt
from pynetdicom.dimse_primitives import N_SET

from tests.service.node import wire
from tests.service.node.wire import Peer, running

DATA = wire.data_set(NumberOfCopies=1)
PATIENCE_S = 20.0


def at_once(event: Any) -> None:
    event.assoc.at_once = frozenset({N_SET})


def set_(number: int) -> bytes:
    return wire.set_(number, wire.IMAGE_BOX, "1.2", DATA)


def test_only_these_services_are_served_in_the_thread_that_receives() -> None:
    threads: dict[str, list[bool]] = {"EVT_N_SET": [], "EVT_N_ACTION": []}

    def handler(event: Any) -> tuple[int, None]:
        threads[event.event.name].append(threading.current_thread() is event.assoc.dul)
        return 0x0000, None

    handlers = [(evt.EVT_REQUESTED, at_once), (evt.EVT_N_SET, handler), (evt.EVT_N_ACTION, handler)]
    with running(handlers) as node, Peer(node.address) as peer:
        peer.associate(wire.META)
        for number in range(1, 101):
            assert peer.ask(set_(number))[0]["Status"] == 0
            assert peer.ask(set_(number))[0]["Status"] == 0
            assert peer.ask(wire.action(number, wire.FILM_BOX, "1.2"))[0]["Status"] == 0
        peer.release()
    assert any(threads["EVT_N_SET"]), "one that comes while the other thread ends its work has to wait, but not all"
    assert not any(threads["EVT_N_ACTION"])


def test_none_overtakes_a_request_that_came_before() -> None:
    """All in one write: the N-SETs arrive while the other thread serves or has yet to begin."""
    served: list[int] = []

    def handler(event: Any) -> tuple[int, None]:
        served.append(event.request.MessageID)
        return 0x0000, None

    handlers = [(evt.EVT_REQUESTED, at_once), (evt.EVT_N_SET, handler), (evt.EVT_N_ACTION, handler)]
    with running(handlers) as node, Peer(node.address) as peer:
        peer.associate(wire.META)
        numbers = range(1, 301)
        peer.send(*(set_(n) if n % 3 else wire.action(n, wire.FILM_BOX, "1.2") for n in numbers))
        answered = [peer.answer()[0]["MessageIDBeingRespondedTo"] for _ in numbers]
        peer.release()
    assert served == answered == list(numbers)


@pytest.mark.parametrize("kind", ["raises", "aborts", "waits for the peer"])
def test_a_handler_that_fails_harms_nobody_else(kind: str) -> None:
    def handler(event: Any) -> tuple[int, None]:
        if threading.current_thread() is not event.assoc.dul:
            return 0x0000, None  # it came while the other thread ended its work
        if kind == "raises":
            raise KeyError("no such box")
        if kind == "aborts":
            event.assoc.abort()
        else:
            event.assoc.send_n_event_report(None, 1, wire.FILM_BOX, "1.2", meta_uid=wire.META)
        return 0x0000, None

    with running([(evt.EVT_REQUESTED, at_once), (evt.EVT_N_SET, handler)]) as node:
        with Peer(node.address) as peer:
            peer.associate(wire.META)
            if kind == "aborts":
                with pytest.raises(EOFError, match="PDU 07"):
                    while peer.ask(set_(1))[0]["Status"] == 0:
                        pass
            else:
                while (status := peer.ask(set_(1))[0]["Status"]) == 0:
                    pass
                assert status == 0x0110
                peer.release()
        with Peer(node.address) as peer:
            assert peer.associate(wire.META)[0] == 2
            peer.release()


def test_the_node_stops_while_one_is_served() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def handler(event: Any) -> tuple[int, None]:
        begun.set()
        go_on.wait(PATIENCE_S)
        return 0x0000, None

    with running([(evt.EVT_REQUESTED, at_once), (evt.EVT_N_SET, handler)]) as node, Peer(node.address) as peer:
        peer.associate(wire.META)
        peer.send(set_(1))
        assert begun.wait(PATIENCE_S)
        stopping = threading.Thread(target=node.stop, args=(0.1,))
        stopping.start()
        stopping.join(PATIENCE_S)
        assert not stopping.is_alive(), "the node waits for a handler that does not return"
        go_on.set()
