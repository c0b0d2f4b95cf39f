"""Every association that was established is told to have ended, once, whatever ended it and whenever."""

import socket
import threading
import time
from collections import Counter
from typing import Any

import pytest
from pynetdicom import evt
from pynetdicom.dimse_primitives import N_SET

from tests.service.node import wire
from tests.service.node.wire import Peer, running

TURNS = 30
IMAGE = wire.data_set(PixelData=bytes(3000), BitsAllocated=8)
LAST_WORDS = {
    "release": wire.RELEASE,
    "abort": wire.ABORT,
    "nothing": b"",
    "request and release": wire.echo(1, context=3) + wire.RELEASE,
    "image and release": wire.set_(1, wire.IMAGE_BOX, "1.2", IMAGE) + wire.RELEASE,
    "images and release": b"".join(wire.set_(n, wire.IMAGE_BOX, "1.2", IMAGE) for n in range(1, 5)) + wire.RELEASE,
    "two releases": wire.RELEASE + wire.RELEASE,
    "release and abort": wire.RELEASE + wire.ABORT,
    "release of a wrong length": wire.pdu(5, b""),
    "answer to a release": wire.pdu(6, bytes(4)),
    "unknown PDU": wire.pdu(9, bytes(4)),
}
RELEASING = 7  # of them: a release that came whole is one, whatever comes after it


class Ends:
    """What was told of associations."""

    def __init__(self) -> None:
        self.open: set[Any] = set()
        self.how: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._turn = threading.Lock()

    def established(self, event: Any) -> None:
        with self._turn:
            self.open.add(event.assoc)

    def ended(self, event: Any) -> None:
        with self._turn:
            self.how[event.event.name] += 1
            if event.assoc not in self.open:
                self.wrong.append(f"{event.assoc.name}: {event.event.name} again, or before it was established")
            self.open.discard(event.assoc)

    def handlers(self) -> list[Any]:
        return [
            (evt.EVT_ESTABLISHED, self.established),
            (evt.EVT_RELEASED, self.ended),
            (evt.EVT_ABORTED, self.ended),
        ]


@pytest.mark.parametrize("at_once", [False, True])
def test_each_is_told_once(at_once: bool) -> None:
    """The connection closed at once after the last words, or when the node closes it."""
    ends, served = Ends(), Counter[str]()

    def requested(event: Any) -> None:
        event.assoc.at_once = frozenset({N_SET} if at_once else ())

    def n_set(event: Any) -> tuple[int, None]:
        served.update(["N-SET"])
        return 0, None

    with running([*ends.handlers(), (evt.EVT_REQUESTED, requested), (evt.EVT_N_SET, n_set)]) as node:
        for turn in range(TURNS):
            for last in LAST_WORDS.values():
                with Peer(node.address) as peer:
                    assert peer.associate()[0] == 2
                    peer.send(last)
                    if turn % 2:
                        peer.socket.shutdown(socket.SHUT_WR)
                        peer.rest()
        until = time.monotonic() + 30
        while node.associations and time.monotonic() < until:
            time.sleep(0.01)
    assert ends.wrong == []
    assert ends.open == set()
    assert sum(ends.how.values()) == TURNS * len(LAST_WORDS)
    # who closes at once resets the connection when answers come: what it said last may be lost then
    assert TURNS // 2 * RELEASING <= ends.how["EVT_RELEASED"] <= TURNS * RELEASING
    assert served["N-SET"] >= TURNS // 2 * 5
