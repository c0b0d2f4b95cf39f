"""Print Job events to associations that keep sending N-SETs and answer the events at once, late, never or wrongly."""

import random
import threading
from collections import Counter
from typing import Any

import pytest
from pynetdicom import evt

from tests.service.node import wire
from tests.service.node.wire import Peer, running

SETS = 120
EVENTS_A_SET = 2
IMAGE = wire.data_set(PixelData=bytes(3000), BitsAllocated=8)


class Printer:
    """A handler of N-SET, and a thread an association that tells events the while."""

    def __init__(self) -> None:
        self.told: Counter[str] = Counter()
        self.heard: Counter[str] = Counter()
        self._threads: list[threading.Thread] = []

    def n_set(self, event: Any) -> tuple[int, None]:
        thread = threading.Thread(target=self.tell, args=[event.assoc])
        thread.start()
        self._threads.append(thread)
        return 0x0000, None

    def tell(self, assoc: Any) -> None:
        for number in range(EVENTS_A_SET):
            try:
                uid = f"1.2.{len(self._threads)}.{number}"
                assoc.notify(None, 1, wire.PRINT_JOB, uid, wire.META, lambda _, uid=uid: self.heard.update([uid]))
                self.told[uid] += 1
            except RuntimeError:  # it is over
                return

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


def converse(address: tuple[str, int], how: str, wrong: list[str]) -> None:
    """Send all N-SETs without waiting for answers one by one; answer events as `how` says."""
    chance, late = random.Random(how), list[int]()
    try:
        with Peer(address) as peer:
            peer.associate()
            statuses: list[int] = []
            for number in range(1, SETS + 1):
                peer.send(wire.set_(number, wire.IMAGE_BOX, "1.2", IMAGE))
                while len(statuses) < number - 5:  # up to five are on their way
                    one(peer, how, late, statuses, chance)
            while len(statuses) < SETS:
                one(peer, how, late, statuses, chance)
            assert statuses == list(range(1, SETS + 1)), "answers are missing or out of order"
            peer.send(wire.echo(60_000, context=3), wire.RELEASE)
            while (whole := peer.pdu())[0] == 4:
                pass
            assert whole[0] == 6, whole
    except Exception as error:  # the top of the thread; the test looks at it
        wrong.append(f"{how}: {error!r}")


def one(peer: Peer, how: str, late: list[int], statuses: list[int], chance: random.Random) -> None:
    """Take one message: an answer to an N-SET, or an event."""
    fields, _ = peer.answer()
    if fields["CommandField"] == 0x8120:
        assert fields["Status"] == 0
        statuses.append(fields["MessageIDBeingRespondedTo"])
        if how == "late" and late and chance.random() < 0.3:
            peer.send(wire.message(0x8100, late.pop(chance.randrange(len(late))), Status=0, EventTypeID=1))
        return
    assert fields["CommandField"] == 0x0100
    number = fields["MessageID"]
    if how in ("at once", "twice", "failure"):
        peer.send(wire.message(0x8100, number, Status=0x0110 if how == "failure" else 0, EventTypeID=1))
    if how == "twice":
        peer.send(wire.message(0x8100, number, Status=0, EventTypeID=1))
    if how == "another's":
        peer.send(wire.message(0x8100, number % 65_535 + 7, Status=0, EventTypeID=1))
    if how == "late":
        late.append(number)


@pytest.mark.parametrize("hows", [("at once", "late", "never", "twice", "failure", "another's")])
def test_no_association_is_harmed(hows: tuple[str, ...]) -> None:
    """Every N-SET is answered once and in order, and every event's teller hears once: an answer, or that none came."""
    printer, wrong = Printer(), list[str]()
    with running([(evt.EVT_N_SET, printer.n_set)]) as node:
        peers = [threading.Thread(target=converse, args=(node.address, how, wrong)) for how in hows]
        for peer in peers:
            peer.start()
        for peer in peers:
            peer.join(60)
        printer.join()
    assert wrong == []
    assert len(printer.told) > SETS
    assert printer.heard == printer.told
