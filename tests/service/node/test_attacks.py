"""Short forms of the attacks the node must not notice; each beside a modality that prints."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import evt

from service.node import Node
from service.shared_counts import OwnCounts
from tests.service.node import wire
from tests.service.node.wire import Peer, pdu, running, wait_until

IMAGE = wire.data_set(PatientName="A", BitsAllocated=8, PixelData=bytes(40_000))
ELSEWHERE = "127.0.0.2"  # where attacks come from


def rss_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def handles() -> int:
    return len(os.listdir("/proc/self/fd"))


def handlers() -> list[Any]:
    def with_reply(event: Any) -> tuple[int, None]:
        return 0x0000, None

    events = (evt.EVT_N_CREATE, evt.EVT_N_SET, evt.EVT_N_GET, evt.EVT_N_ACTION)
    return [*[(event, with_reply) for event in events], (evt.EVT_N_DELETE, lambda event: 0x0000)]


def print_once(node: Node, source: str = "127.0.0.1") -> float:
    """One film by the modality: how long it took. Fails when anything is refused."""
    began = time.monotonic()
    with Peer(node.address, source, timeout=20) as peer:
        assert peer.associate()[0] == 2
        for request in (
            wire.create(1, wire.FILM_SESSION, uid="1.2"),
            wire.create(2, wire.FILM_BOX, wire.data_set(NumberOfCopies=1), uid="1.2.3"),
            wire.set_(3, wire.IMAGE_BOX, "1.2.3.4", IMAGE),
            wire.action(4, wire.FILM_BOX, "1.2.3"),
        ):
            assert peer.ask(request)[0]["Status"] == 0
        assert peer.release()[0] == 6
    return time.monotonic() - began


@contextmanager
def printing(node: Node) -> Iterator[list[float]]:
    """A modality prints all the time; its durations. Its failures fail the test."""
    durations: list[float] = []
    wrong: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            durations.append(print_once(node))
            while not done.wait(0.1):
                durations.append(print_once(node))
        except Exception as error:  # the top of this thread; the test looks at it
            wrong.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield durations
    finally:
        done.set()
        thread.join()
    assert not wrong, wrong
    assert max(durations) < 2


def settled(node: Node, threads: int, open_before: int = 1 << 20) -> None:
    """Wait until all is over; fails when threads or file handles stay behind."""
    end = time.monotonic() + 5
    while node.associations or threading.active_count() > threads or handles() > open_before:
        assert time.monotonic() < end, (node.associations, threading.enumerate(), handles(), open_before)
        time.sleep(0.02)


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x80000000, (1 << 20) + 1])
@pytest.mark.parametrize("kind", range(1, 8))
def test_a_long_first_pdu_is_refused_by_its_header(kind: int, length: int) -> None:
    with running(handlers()) as node, Peer(node.address) as peer:
        before = rss_mb()
        peer.send(bytes((kind, 0)) + length.to_bytes(4, "big"))
        assert peer.rest() == wire.ABORT
        assert rss_mb() - before < 5
        assert node.refusals.counts() == {"bad first PDU": 1}


@pytest.mark.parametrize("length", [0xFFFFFFFF, 131_072 + 4_097])
@pytest.mark.parametrize("kind", range(1, 8))
def test_a_long_pdu_on_an_association_is_refused_by_its_header(kind: int, length: int) -> None:
    with running(handlers()) as node, Peer(node.address) as peer:
        peer.associate()
        before = rss_mb()
        peer.send(bytes((kind, 0)) + length.to_bytes(4, "big"))
        assert peer.rest() == bytes((7, 0, 0, 0, 0, 4, 0, 0, 2, 0))
        assert rss_mb() - before < 5
        assert node.refusals.counts() == {"bad PDU": 1}


@pytest.mark.parametrize(
    "first",
    [pdu(7, b"\0\0\xff\1"), pdu(7, b"\0\0\2\x99"), pdu(3, b"\0\x99\x99\x99")],
    ids=["abort source", "abort reason", "reject codes"],
)
def test_values_pynetdicom_cannot_take_are_bad_pdus(first: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """They raised in its state machine and ended the upper layer's thread with a traceback."""
    with running(handlers()) as node, Peer(node.address) as peer:
        peer.associate()
        assert peer.send(first).rest()[:1] in (b"", b"\7")
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize(
    "items",
    [
        bytes((0x20, 0, 0, 4, 1, 0, 0, 0)) * 120_000,
        bytes((0x10, 0, 0, 0)) * 250_000,
        bytes((0x50, 0, 0xFF, 0xFC)) + bytes((0x55, 0, 0, 0)) * 0x3FFF,
        bytes((0x20, 0, 0xFF, 0xFC, 1, 0, 0, 0)) + bytes((0x40, 0, 0, 0)) * 0x3FFE,
    ],
    ids=["contexts", "application contexts", "user items", "transfer syntaxes"],
)
def test_a_request_of_very_many_items_does_not_hold_us_up(items: bytes) -> None:
    with running(handlers()) as node, printing(node), Peer(node.address, ELSEWHERE) as peer:
        began = time.monotonic()
        peer.send(pdu(1, wire.request([wire.META])[6:74] + items))
        assert peer.rest() == wire.ABORT
        assert time.monotonic() - began < 1
        assert node.refusals.counts() == {"bad PDU": 1}


def test_a_request_that_cannot_be_negotiated_is_aborted() -> None:
    context = bytes((0x20, 0, 0, 4, 1, 0, 0, 0))  # without an abstract syntax
    with running(handlers()) as node, Peer(node.address) as peer:
        peer.send(pdu(1, wire.request([wire.META])[6:74] + context))
        assert peer.rest()[:1] == b"\x07"
        assert node.refusals.counts() == {"association request cannot be negotiated": 1}
        end = time.monotonic() + 2
        while node.partners():
            assert time.monotonic() < end
            time.sleep(0.01)


def test_one_byte_at_a_time_does_not_hold_a_connection() -> None:
    """Before negotiation: 100 sockets that send a byte now and then, closed at the PDU's deadline."""
    request = wire.request([wire.META])
    with running(handlers(), request_pdu_timeout_s=0.8, max_half_open_per_address=200) as node, printing(node):
        peers = [Peer(node.address, ELSEWHERE) for _ in range(100)]
        for position in range(7):
            for peer in peers:
                with contextlib.suppress(OSError):
                    peer.send(request[position : position + 1])
            time.sleep(0.2)
        assert node.refusals.counts() == {"association request not complete in time": 100}
        for peer in peers:
            assert peer.rest() == b""
            peer.socket.close()


def test_one_byte_at_a_time_does_not_hold_an_association() -> None:
    with running(handlers(), pdu_timeout_s=0.8, idle_timeout_s=30) as node, printing(node):
        peers = [Peer(node.address, ELSEWHERE) for _ in range(20)]
        for peer in peers:
            assert peer.associate()[0] == 2
        image = wire.set_(3, wire.IMAGE_BOX, "1.2.3.4", IMAGE)
        for position in range(7):
            for peer in peers:
                with contextlib.suppress(OSError):
                    peer.send(image[position : position + 1])
            time.sleep(0.2)
        assert node.refusals.counts() == {"bad PDU": 20}
        for peer in peers:
            peer.socket.close()


def test_a_message_of_many_small_pdus_does_not_hold_an_association() -> None:
    """Whole PDUs in time, but a message that never ends."""
    with running(handlers(), dimse_timeout_s=0.5, idle_timeout_s=30) as node, Peer(node.address) as peer:
        peer.associate()
        command = wire.fragments(0x0120, 1, IMAGE, RequestedSOPClassUID="1.2", RequestedSOPInstanceUID="1.2.3")[0]
        peer.send(pdu(4, command))
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 3:
                peer.send(pdu(4, bytes((0, 0, 0, 3, 1, 0, 0))))
                time.sleep(0.05)
        assert time.monotonic() - began < 2
        assert node.refusals.counts() == {"bad PDU": 1}


def test_a_peer_that_does_not_read_does_not_hold_an_association() -> None:
    big = wire.data_set(BitsAllocated=8, PixelData=bytes(30_000_000))
    answering = [(evt.EVT_N_GET, lambda event: (0x0000, big))]
    with running(answering, pdu_timeout_s=0.5) as node, Peer(node.address) as peer:
        peer.associate()
        peer.send(wire.get(1, wire.PRINTER, "1.2.3"))
        end = time.monotonic() + 5
        while node.associations:
            assert time.monotonic() < end
            time.sleep(0.02)


def test_idle_connections_lock_nobody_out() -> None:
    """Three times as many as are kept, from the modality's own address too."""
    with running(handlers(), max_half_open=100, max_half_open_per_address=40) as node, printing(node):
        threads = threading.active_count()
        idle = []
        for source in ("127.0.0.1", ELSEWHERE, "127.0.0.3"):
            for _ in range(100):
                idle.append(Peer(node.address, source))
                time.sleep(0.002)  # the modality shares this interpreter: it must come to send its request
        time.sleep(0.3)
        assert threading.active_count() <= threads + 3
        assert node.refusals.counts()["too many connections from one address"] >= 180
        for peer in idle:
            peer.socket.close()


def test_who_asked_in_time_is_not_shut_out_because_the_node_was_slow() -> None:
    """One place for an address: the second connection takes it from the first, whose request came before."""
    counts = OwnCounts()
    with running(handlers(), counts=counts, max_half_open_per_address=1) as node, Peer(node.address) as first:
        wait_until(lambda: counts.total("connections from 127.0.0.1") == 1)
        with counts.turn():  # the node is slow: it takes the second connection, and waits
            second = Peer(node.address)
            time.sleep(0.2)
            first.send(wire.request([wire.META]))
            time.sleep(0.2)
        assert first.pdu()[0] == 2
        first.release()
        assert node.refusals.counts() == {}
        with Peer(node.address):  # nothing came from the second: it has to go
            assert second.rest() == b""
        assert node.refusals.counts() == {"too many connections from one address": 1}
        second.socket.close()


def test_connect_and_close_leaves_nothing_behind() -> None:
    with running(handlers()) as node:
        threads = threading.active_count()
        print_once(node)
        settled(node, threads)
        before, open_before = rss_mb(), handles()
        request = wire.request([wire.META])
        with printing(node):
            for number in range(1500):
                sock = socket.create_connection(node.address)
                if number % 3:
                    sock.sendall(request[: 1 + number % len(request)])
                sock.close()
            for number in range(150):  # whole requests, nobody waits for the answer
                sock = socket.create_connection(node.address)
                sock.sendall(request)
                if number % 2:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                sock.close()
        settled(node, threads, open_before)
        assert rss_mb() - before < 20


@pytest.mark.parametrize(
    "title",
    ["../x", "..\\x", "a\0b", "\n", " " * 16, "A" * 16, "MODALITY\0", "\x1b[31m", "", "\xe9", "PRINTER\\x"],
)
def test_odd_titles_are_not_let_in(title: str, caplog: pytest.LogCaptureFixture) -> None:
    raw = wire.request([wire.META])
    padded = title.encode("latin-1").ljust(16)[:16]
    with running(handlers()) as node:
        for first, last in ((10, 26), (26, 42)):
            with Peer(node.address) as peer:
                peer.send(raw[:first] + padded + raw[last:])
                answer = peer.rest()
            assert answer[:1] in (b"\x03", b"\x07"), answer
        assert sum(node.refusals.counts().values()) == 2
    for record in caplog.records:
        assert record.getMessage().isprintable()


SAID = wire.fragments(0x0030, 1, context=3, AffectedSOPClassUID=wire.VERIFICATION)[0]
LENGTHS = [0, 1, 2, 3, len(SAID) - 5, len(SAID) - 3, len(SAID) - 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF]


def test_every_length_context_and_header_of_a_fragment() -> None:
    """DCMTK PR 87, as a grid: each ends in an answer or in the end of the association, none in silence."""
    grid = [(length, 3, 3) for length in LENGTHS]
    grid += [(len(SAID) - 4, context, control) for context in (0, 1, 2, 3, 255) for control in (*range(8), 0xFF)]
    with running(handlers(), pdu_timeout_s=1, dimse_timeout_s=1) as node:

        def ends(length: int, context: int, control: int) -> None:
            with Peer(node.address, ELSEWHERE, timeout=20) as peer:
                peer.associate()
                peer.send(pdu(4, length.to_bytes(4, "big") + bytes((context, control)) + SAID[6:]))
                assert peer.socket.recv(1) in (b"\4", b"\7", b""), (length, context, control)

        with ThreadPoolExecutor(8) as pool:  # most of them wait for a deadline
            for _ in pool.map(ends, *zip(*grid, strict=True)):
                pass
        print_once(node)
