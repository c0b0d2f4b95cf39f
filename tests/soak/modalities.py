"""What happens to the service: each actor does one thing once when it is called."""

import contextlib
import json
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom.dsutils import decode

from benchmarks.store_client import StoreClient
from tests.service.node import wire
from tests.service.node.wire import Peer, pdu
from tests.serving import film_pixels, scu
from tests.soak import studies
from tests.soak.films import KINDS, LUT_CLASS, LUT_UID, FilmRequest, Kind, digest_of, film
from tests.soak.ledger import Ledger, Study

PATIENCE_S = 60.0
PRINTER, ARCHIVE = "PRINTMGR", "ARCHIVE"
RESET = b"\1\0\0\0\0\0\0\0"  # SO_LINGER: on, 0 s
CUT = 120_000
Answer = tuple[dict[str, Any], bytes]


class Service:
    """Where the service is, and what the actors share."""

    def __init__(
        self, port: int, data_dir: Path, environment: dict[str, str], ledger: Ledger, seed: int, first: int = 0
    ) -> None:
        """`first`: nothing of the service has a number above it yet."""
        self.address = ("127.0.0.1", port)
        self.data_dir, self.environment = data_dir, environment
        self.ledger = ledger
        self.seed = seed
        self._numbers = first

    def number(self) -> int:
        """One that nothing else has."""
        with self.ledger.lock:
            self._numbers += 1
            return self._numbers

    def chance(self) -> random.Random:
        return random.Random((self.seed << 32) + self.number())

    def associated(self, called: str = PRINTER, calling: str = "CT1", max_pdu: int = 131_072) -> Peer:
        peer = Peer(self.address, timeout=PATIENCE_S)
        answer = peer.associate(
            wire.META, wire.VERIFICATION, LUT_CLASS, called=called, calling=calling, max_pdu=max_pdu
        )
        if answer[0] != 2:
            raise ConnectionError(f"association refused: {answer.hex()}")
        return peer

    def cli(self, *arguments: str) -> Any:
        """What `printmgr ARGUMENTS --json` says. Raises RuntimeError."""
        done = subprocess.run(
            [sys.executable, "-c", "from service.cli import main; main()", *arguments, "--json"],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"printmgr {' '.join(arguments)}: {done.stdout[-500:]} {done.stderr[-500:]}")
        return json.loads(done.stdout)


# films


def ordering(request: FilmRequest, ledger: Ledger, number: int) -> Generator[bytes, Answer, None]:
    """The messages of a film, each sent when the one before it was answered."""
    uid = f"1.2.826.0.1.3680043.9.3811.8.{number}"
    session, box = f"{uid}.1", f"{uid}.2"
    if request.kind.lut:
        good((yield wire.message(0x0140, 1, request.lut(), 5, **affected(LUT_CLASS, LUT_UID))))
    good((yield wire.create(2, wire.FILM_SESSION, wire.data_set(NumberOfCopies=1), uid=session)))
    made = good((yield wire.create(3, wire.FILM_BOX, request.box(session), uid=box)))
    boxes = decode(BytesIO(made[1]), True, True).ReferencedImageBoxSequence
    for position, image in enumerate(request.images):
        more = {"RequestedSOPClassUID": wire.IMAGE_BOX}
        more["RequestedSOPInstanceUID"] = boxes[position].ReferencedSOPInstanceUID
        good((yield wire.message(0x0120, 4 + position, image, cut=CUT, **more)))
    ledger.ask(request.digest, request.name)
    good((yield wire.action(50, wire.FILM_BOX, box)))
    ledger.answered(request.digest)
    good((yield wire.delete(51, wire.FILM_BOX, box)))
    good((yield wire.echo(52, context=3)))


def good(answer: Answer) -> Answer:
    if answer[0].get("Status") != 0:
        raise AssertionError(f"answered {answer[0]}")
    return answer


def affected(class_uid: str, uid: str) -> dict[str, str]:
    return {"AffectedSOPClassUID": class_uid, "AffectedSOPInstanceUID": uid}


class Printing:
    """A film, of the next kind each time."""

    def __init__(self, service: Service, kinds: tuple[Kind, ...] = KINDS, start: int = 0) -> None:
        self._service, self._kinds, self._turn = service, kinds, start

    def __call__(self) -> None:
        kind = self._kinds[self._turn % len(self._kinds)]
        self._turn += 1
        number = self._service.number()
        talk = ordering(film(number, kind), self._service.ledger, number)
        with self._service.associated(max_pdu=(131_072, 16_384, 0)[number % 3]) as peer:
            message = next(talk)
            for _ in range(100):
                began = time.monotonic()
                answer = peer.ask(message)
                self._service.ledger.slowest(time.monotonic() - began)
                try:
                    message = talk.send(answer)
                except StopIteration:
                    break
            peer.release()


def print_as_stock(service: Service) -> None:
    """Two films by pynetdicom's own SCU."""
    with scu(service.address[1], calling_ae="MR1") as modality:
        if not modality.established or modality.open_session() != 0:
            raise ConnectionError("no film session")
        for _ in range(2):
            number = service.number()
            pixels = film_pixels(number)
            digest = digest_of([sha256(pixels.tobytes()).hexdigest()])
            service.ledger.ask(digest, f"film {number} (pynetdicom)")
            status = modality.print_film(pixels)
            if status != 0:
                raise AssertionError(f"film {number}: status {status:04X}")
            service.ledger.answered(digest)


def abort_a_film(service: Service) -> None:
    """A film is begun, and the association ends anywhere: between messages or inside one, in four ways."""
    chance, number = service.chance(), service.number()
    kind = chance.choice(KINDS)
    request = film(number, kind)
    talk = ordering(request, service.ledger, number)
    before = chance.randrange(0, len(request.images) + 5)
    with service.associated(calling="CT2") as peer:
        message = next(talk)
        for _ in range(before):
            try:
                message = talk.send(peer.ask(message))
            except StopIteration:
                break
        peer.send(message[: chance.randrange(len(message) + 1)])
        end_somehow(peer, chance)
    service.ledger.count("films broken off")


def end_somehow(peer: Peer, chance: random.Random) -> None:
    way = chance.randrange(4)
    with contextlib.suppress(OSError):  # the service may have ended it before
        if way == 0:
            peer.send(wire.ABORT)
        elif way == 1:
            peer.send(wire.RELEASE)
        elif way == 2:
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


# studies


def store_a_study(service: Service, instances: int = 24) -> None:
    """A study by C-STORE; now and then it is broken off inside an instance and the rest comes later."""
    chance, number = service.chance(), service.number()
    study = Study(studies.study_uid(number))
    service.ledger.studies[study.uid] = study
    left = list(range(instances))
    while left:
        client = StoreClient(service.address, CTImageStorage, ExplicitVRLittleEndian, called=ARCHIVE)
        stop_at = chance.randrange(len(left)) if len(left) == instances and chance.random() < 0.3 else -1
        for position, each in enumerate(list(left)):
            framed = client.framed(studies.data_set(number, each))
            if position == stop_at:
                client.socket.sendall(framed[: chance.randrange(len(framed))])
                client.socket.close()
                break
            status = client.store(studies.instance_uid(number, each), framed)
            if status != 0:
                raise AssertionError(f"instance {each} of study {number}: status {status:04X}")
            study.numbers.append(each)
            left.remove(each)
            service.ledger.count("instances answered")
        else:
            client.release()
    study.ended = time.monotonic()


def build_a_disc(service: Service) -> None:
    """A disc of a received study that is complete, by a job of the service; verified by another process."""
    if (study := newest_complete(service.ledger)) is None:
        return
    output = service.data_dir.parent / "discs" / str(service.number())
    job = service.cli("disc", "build", f"inbox:{study.uid}", "--output", str(output), "--queue")["job"]
    end = time.monotonic() + 300
    while (state := service.cli("jobs", "show", job)["state"]) != "done":
        if state in ("failed", "cancelled") or time.monotonic() > end:
            raise AssertionError(f"the disc of study {study.uid} is {state}")
        time.sleep(1)
    found = service.cli("disc", "verify", str(output / "volume_1.iso"), "--report", str(output / "report.json"))
    if not found["good"] or found["instances"] != len(study.numbers):
        raise AssertionError(f"the disc of {len(study.numbers)} instances of study {study.uid}: {found}")
    service.ledger.count("discs verified")
    shutil.rmtree(output)


def newest_complete(ledger: Ledger, wait_s: float = 15.0) -> Study | None:
    """The study that ended last, but long enough ago; waits for one."""
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        ready = [one for one in list(ledger.studies.values()) if one.ended and time.monotonic() - one.ended > 4]
        if ready:
            return max(ready, key=lambda one: one.ended)
        time.sleep(0.2)
    return None


# everything else


def echo(service: Service) -> None:
    with service.associated(ARCHIVE if service.number() % 2 else PRINTER) as peer:
        for number in range(1, 6):
            good(peer.ask(wire.echo(number, context=3)))
        peer.release()
    service.ledger.count("echoes", 5)


def ask_badly(service: Service) -> None:
    """Requests that are refused: each must be, and never be answered with success."""
    chance = service.chance()
    with service.associated(calling="BAD") as peer:
        bad = [
            wire.set_(1, wire.IMAGE_BOX, "1.2.3.4", wire.data_set(ImageBoxPosition=1)),
            wire.create(2, wire.FILM_BOX, wire.data_set(ImageDisplayFormat="STANDARD\\9999,9999"), uid="1.2.3"),
            wire.create(3, wire.FILM_BOX, chance.randbytes(chance.randrange(1, 300)), uid="1.2.4"),
            wire.action(4, wire.FILM_BOX, "1.2.3"),
            wire.delete(5, wire.FILM_BOX, "1.2.3"),
            wire.get(6, wire.PRINTER, "1.2.3"),
        ]
        for message in bad:
            if (answer := peer.ask(message)[0]).get("Status") == 0:
                raise AssertionError(f"a bad request was answered {answer}")
        peer.release()
    streams = [
        b"\1\0\xff\xff\xff\xff" + bytes(100),
        wire.request([wire.META], called="NOBODY"),
        wire.request([wire.META])[:40] + chance.randbytes(60),
        pdu(4, chance.randbytes(100)),
        b"GET / HTTP/1.1\r\n\r\n",
    ]
    for stream in streams:
        with Peer(service.address, timeout=PATIENCE_S) as peer:
            if (answer := peer.send(stream).rest())[:1] == b"\2":
                raise AssertionError(f"a bad request was accepted: {answer[:20].hex()}")
    service.ledger.count("bad requests", len(bad) + len(streams))


def connect_and_close(service: Service) -> None:
    chance = service.chance()
    request = wire.request([wire.META], called=PRINTER)
    for _ in range(20):
        with socket.create_connection(service.address, timeout=PATIENCE_S) as sock:
            sock.sendall(request[: chance.randrange(len(request) + 1)])
            if chance.random() < 0.5:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    service.ledger.count("connects and closes", 20)


class Idle:
    """Associations that say nothing: the oldest goes, a new one comes."""

    def __init__(self, service: Service, most: int = 8) -> None:
        self._service, self._most = service, most
        self._peers: list[Peer] = []

    def __call__(self) -> None:
        while len(self._peers) >= self._most:
            end_somehow(self._peers[0], self._service.chance())
            self._peers.pop(0).socket.close()
        self._peers.append(self._service.associated(calling="IDLE"))
        self._service.ledger.count("idle associations")

    def close(self) -> None:
        for peer in self._peers:
            peer.socket.close()
