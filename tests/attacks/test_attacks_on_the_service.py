"""Attacks on a real service, each beside a modality that prints; short here, long behind `make fuzz`."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from pynetdicom.dsutils import decode

from benchmarks.node_client import association_request
from tests.attacks import corpus, mutate
from tests.attacks.mutate import Frame, Mutator, Part
from tests.attacks.target import ATTACKERS, BAD, PATIENCE_S, Target, seeded, serving, together, under_attack
from tests.service.node import wire
from tests.service.node.wire import Peer
from tests.serving import Serving

PRINTER, ARCHIVE = "PRINTMGR", "ARCHIVE"
SHORT_DEADLINE_S = 1.0
QUOTA_USED_UP = b"\3\2\3\2"  # A-ASSOCIATE-RJ: for now, by the provider, local limit exceeded (PS3.8 9.3.4)
REQUEST = association_request(PRINTER, BAD, corpus.CONTEXTS)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[bool], Serving]]:
    """The service of the short forms, with short deadlines, or of the long ones, with its own."""
    running: dict[bool, Serving] = {}

    def one(long: bool) -> Serving:
        if long not in running:
            more = "" if long else f', "pdu_timeout_s": {SHORT_DEADLINE_S}, "acse_timeout_s": {SHORT_DEADLINE_S}'
            running[long] = serving(tmp_path_factory.mktemp("attacked"), more, quota=32).wait_ready()
        return running[long]

    yield one
    for each in running.values():
        assert each.stop() == 0


def forms(short: int, long: int) -> pytest.MarkDecorator:
    """A test with a number to attack with: short with the tests, long behind make fuzz."""
    return pytest.mark.parametrize(
        ("number", "long"),
        [pytest.param(short, False, id="short"), pytest.param(long, True, id="long", marks=pytest.mark.slow)],
    )


def associated(target: Target, request: bytes = REQUEST) -> socket.socket:
    """An association; tried again when this machine was too slow to ask for it before the service's deadline."""
    while True:
        began = time.monotonic()
        sock = target.connect()
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.sendall(request)
            if sock.recv(10, socket.MSG_PEEK)[:1] != b"\2":
                raise ConnectionError("the attacker was not let in")
            _pdu(sock)
            return sock
        except ConnectionResetError:
            sock.close()
            if time.monotonic() - began < SHORT_DEADLINE_S / 2:
                raise


def _pdu(sock: socket.socket) -> bytes:
    head = _exactly(sock, 6)
    return head + _exactly(sock, int.from_bytes(head[2:6], "big"))


def _exactly(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


@forms(14, 280)
def test_four_gigabytes_announced(service, number, long):
    """And sent, as far as the service takes them: 64 MB at most."""
    with under_attack(service(long), long=long) as target:
        for one in range(number):
            sock = associated(target) if one % 2 else target.connect()
            taken = 0
            with contextlib.suppress(OSError):
                sock.sendall(bytes((one % 7 + 1, 0, 0xFF, 0xFF, 0xFF, 0xFF)))
                while taken < 64 << 20:
                    taken += sock.send(bytes(1 << 20))
            assert taken < 16 << 20, "the service reads on"
            target.hang_up(sock)
            target.lasting()
        assert target.highest_rss < sum(one.rss_bytes for one in target.before) + 50_000_000


Slow = tuple[socket.socket, bytes, int]  # what it sends, and how much of it was sent


def begun(target: Target) -> Slow:
    return target.connect(), REQUEST, 0


@forms(100, 500)
def test_one_byte_every_three_seconds(service, number, long):
    """Inside an association request, and inside a PDU of an association; those that were ended come again."""
    seconds, every_s = (600, 3.0) if long else (3, 0.3)
    message = wire.set_(1, wire.IMAGE_BOX, "1.2", bytes(60_000))
    with under_attack(service(long), long=long) as target:
        slow: list[Slow] = []
        ended, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            turn = time.monotonic() + every_s
            while len(slow) < number:
                try:
                    slow.append((associated(target), message, 0) if len(slow) % 10 == 0 else begun(target))
                except ConnectionError:  # its quota is used up
                    slow.append(begun(target))
            going = []
            for sock, data, at in slow:
                try:
                    sock.sendall(data[at : at + 1])
                    going.append((sock, data, at + 1))
                except OSError:
                    sock.close()
                    ended += 1
            slow = going
            target.lasting()
            time.sleep(max(0.0, turn - time.monotonic()))
        for sock, _, _ in slow:
            sock.close()
        print(f"{number} slow sockets for {seconds} s, {ended} ended by the service")
        assert ended > 0


@forms(300, 1000)
def test_idle_connections(service, number, long):
    """Half from one address, half from everywhere; connected again when the service closed them."""
    with under_attack(service(long), long=long) as target:
        for _ in range(5 if long else 1):
            idle = [target.connect("127.0.0.9" if one % 2 else "") for one in range(number)]
            time.sleep(10 if long else 2)
            target.lasting()
            for sock in idle:
                sock.close()


@forms(1000, 100_000)
def test_connect_and_close(service, number, long):
    """Before, in and after an association request; a part with a reset."""
    with under_attack(service(long), long=long) as target:
        for one in range(number):
            with target.connect() as sock:
                if one % 10 == 0:
                    sock.sendall(REQUEST)
                elif one % 3 == 0:
                    sock.sendall(REQUEST[: one % len(REQUEST)])
                if one % 2:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            if one % 1000 == 0:
                target.lasting()


@forms(60, 1000)
def test_wrong_titles(service, number, long):
    """None is let in, and no file or folder anywhere is named after one."""
    chance = seeded(3)
    odd = [
        "../x", "..\\x", "../../../../../", "a\0b", " " * 16, "\0" * 16, "\n", "\x1b[31m", "C:\\x", "/etc/passwd",
        "BAD\0", "*", "%s%n", "$(id)", "`id`", "'; DROP TABLE--", "\xe9" * 16, "PRINTMGR/", "printmgr", "CON", "X" * 16,
    ]  # fmt: skip
    with under_attack(service(long), long=long) as target:
        for one in range(number):
            title = odd[one % len(odd)] if one % 2 else chance.randbytes(chance.randrange(17)).decode("latin-1")
            padded = title.encode("latin-1").ljust(16)[:16]
            at = 10 if one % 4 < 2 else 26
            request = REQUEST[:at] + padded + REQUEST[at + 16 :]
            if one % 50 == 7:  # 64 kB of it, where the PDU has room for 16 bytes
                body = REQUEST[6:at] + title.encode("latin-1").ljust(65_536, b"A") + REQUEST[at + 16 :]
                request = wire.pdu(1, body)
            sock = target.connect()
            sock.sendall(request)
            answer = _pdu(sock)
            target.hang_up(sock)
            assert answer[:1] in (b"\3", b"\7"), (title, answer[:20])
        folder = target.settings.data_dir.parent
        names = {path.name for path in folder.rglob("*")}
    assert not {name for name in names if name in odd or any(not " " < c < "\x7f" for c in name)}
    assert {path.name for path in folder.iterdir()} == {"data", "data.log"}
    assert all(line.isprintable() for line in (folder / "data.log").read_text().splitlines())


@forms(25, 10_000)
def test_mutated_pdus(service, number, long):
    """Of each of the seven types; as the first PDU, and on an association."""
    with under_attack(service(long), long=long) as target:
        with target.connect() as sock:
            sock.sendall(REQUEST)
            seeds = corpus.pdus(_pdu(sock))
        strangers = [one for many in seeds.values() for one in many]

        def mutated(kind: int) -> Iterator[tuple[int, bytes]]:
            mutator = Mutator(seeded(kind))
            for one in range(number):
                tree = mutate.read_pdu(mutator.chance.choice(seeds[kind]))
                yield one, mutator.changed(tree, [mutate.read_pdu(mutator.chance.choice(strangers))])

        def attack(item: tuple[int, bytes]) -> None:
            one, data = item
            sock = associated(target) if one % 2 else target.connect()
            with contextlib.suppress(OSError):
                sock.sendall(data)
            target.hang_up(sock)
            if one % 1000 == 0:
                target.lasting()

        for kind in range(1, 8):
            together(attack, mutated(kind))


class Conversation:
    """An association with a film on which mutated messages are said, until the service ends it."""

    def __init__(self, target: Target, request: bytes) -> None:
        self.target = target
        self.boxes: list[str] = []
        end = time.monotonic() + PATIENCE_S
        while True:
            self.peer = Peer(target.address, target.source(), PATIENCE_S)
            answer = self.peer.send(request).pdu()
            if answer[0] == 2:
                return
            target.hang_up(self.peer.socket)
            assert answer[:1] + answer[7:10] == QUOTA_USED_UP and time.monotonic() < end, answer
            time.sleep(0.1)  # associations that were hung up are still being tidied away

    def order(self) -> "Conversation":
        """Open a session with a film box of four images."""
        session = wire.create(1, wire.FILM_SESSION, uid=corpus.SESSION_UID)
        assert self.peer.ask(session)[0]["Status"] == 0
        said = wire.encoded(corpus.requests.film_box(corpus.SESSION_UID, "STANDARD\\2,2"))
        command, made = self.peer.ask(wire.create(2, wire.FILM_BOX, said, uid=corpus.FILM_UID))
        assert command["Status"] == 0
        boxes = decode(BytesIO(made), True, True).ReferencedImageBoxSequence
        self.boxes = [str(box.ReferencedSOPInstanceUID) for box in boxes]
        return self

    def say(self, data: bytes, echo: bytes) -> bool:
        """Send it and an echo after it; whether the association goes on."""
        try:
            self.peer.send(data, echo)
            self.peer.socket.settimeout(0.03)
            while self.peer.answer()[0].get("CommandField") != 0x8030:
                pass
            self.peer.socket.settimeout(PATIENCE_S)
        except (OSError, EOFError, KeyError, ValueError):  # ended, or waiting for the rest of a message
            self.target.hang_up(self.peer.socket)
            return False
        return True


def mutated_message(mutator: Mutator, message: corpus.Message, strangers: list[Part], context: int) -> bytes:
    """Command set or data set changed, then cut into fragments; now and then those are changed too."""
    chance, (command, data_set, explicit) = mutator.chance, message
    elements = Part(Frame.NONE, parts=mutate.read_data_set(corpus.encoded_command(command)))
    content = Part(Frame.NONE, parts=mutate.read_data_set(data_set, explicit))
    said, data = elements.encode(), data_set
    if data_set and chance.random() < 0.7:
        data = mutator.changed(content, strangers)
    else:
        said = mutator.changed(elements, strangers)
    if chance.random() < 0.02:
        data = mutate.nested(chance.choice((10, 64, 65, 1000, 20_000)), explicit)
    pdus, cut = [], chance.choice((60, 500, 16_000, 100_000))
    for bit, content_bytes in ((1, said), (0, data)):
        for at in range(0, len(content_bytes), cut):
            last = 2 if at + cut >= len(content_bytes) else 0
            pdv = Part(Frame.PDV, context, bit | last, body=content_bytes[at : at + cut])
            pdus.append(Part(Frame.PDU, 4, parts=[pdv]))
    whole = Part(Frame.NONE, parts=pdus)
    return mutator.changed(whole, strangers) if chance.random() < 0.1 else whole.encode()


@forms(200, 40_000)
def test_mutated_print_messages(service, number, long):
    """Command sets and data sets of a print association in both transfer syntaxes."""
    strangers = [Part(Frame.NONE, parts=mutate.read_data_set(*data_set[1:])) for data_set in corpus.data_sets()]

    def attack(seed: int) -> None:
        mutator, talk, turns = Mutator(seeded(seed)), None, 0
        for one in range(number // ATTACKERS):
            if talk is None or turns > 50:
                if talk is not None:
                    target.hang_up(talk.peer.socket)
                talk, turns = Conversation(target, REQUEST).order(), 0
                messages = corpus.messages(talk.boxes)
            message = mutator.chance.choice(messages)
            lut = message[0].get("AffectedSOPClassUID") == corpus.LUT_CLASS
            context = (7 if lut else 1) + 2 * message[2]
            turns += 1
            if not talk.say(mutated_message(mutator, message, strangers, context), wire.echo(60_000, context=5)):
                talk = None
            if one % 500 == 0:
                target.lasting()
        if talk is not None:
            target.hang_up(talk.peer.socket)

    with under_attack(service(long), long=long) as target:
        together(attack, range(200, 200 + ATTACKERS))


@forms(80, 10_000)
def test_mutated_instances(service, number, long):
    """C-STORE to the study inbox."""
    contexts = [*corpus.STORE_CONTEXTS, (wire.VERIFICATION, corpus.CONTEXTS[0][1])]
    request = association_request(ARCHIVE, BAD, contexts)

    def attack(part: int) -> None:
        mutator, talk = Mutator(seeded(300 + part)), None
        for one in range(part, number, ATTACKERS):
            talk = talk or Conversation(target, request)
            message = corpus.instance_message(one)
            strangers = [Part(Frame.NONE, parts=mutate.read_data_set(message[1], message[2]))]
            data = mutated_message(mutator, message, strangers, 1 + 2 * message[2])
            if not talk.say(data, wire.echo(60_000, context=5)):
                talk = None
            if one % 500 == part:
                target.lasting()
        if talk is not None:
            target.hang_up(talk.peer.socket)

    with under_attack(service(long), long=long) as target:
        together(attack, range(ATTACKERS))
