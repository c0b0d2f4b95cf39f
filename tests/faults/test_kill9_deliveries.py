"""kill -9 of the whole service while films are delivered to a slow receiver that fails now and then: every film that
was answered arrives, whole, under its own name."""

import email
import email.policy
import hashlib
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.serving import Serving, film_pixels, scu


class Receiver(ThreadingHTTPServer):
    """Takes its time, is down for every fifth film, and remembers the hash of each PDF by the delivery's name."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = 0
        self.taken: dict[str, set[str]] = defaultdict(set)


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        time.sleep(0.05)
        if self.server.asked % 5 == 0:
            self.send_response(503)
        else:
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts = email.message_from_bytes(head + body, policy=email.policy.HTTP).iter_parts()
            pdf = next(part.get_content() for part in parts if part.get_content_type() == "application/pdf")
            self.server.taken[self.headers["Printmgr-Delivery"]].add(hashlib.sha256(pdf).hexdigest())
            self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("films", "kills"), [(6, 1), pytest.param(60, 15, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_no_delivery_is_lost(receiver: Receiver, tmp_path: Path, films: int, kills: int) -> None:
    (tmp_path / "secret").write_text("s")
    house = {
        "name": "house",
        "kind": "webhook",
        "url": f"http://127.0.0.1:{receiver.server_address[1]}/",
        "secret": f"file:{tmp_path}/secret",
        "identity": False,
        "retry_first_s": 0.1,
        "retry_longest_s": 0.5,
    }
    settings = {
        "PRINTMGR_SINKS": json.dumps([{"name": "folder"}, house]),
        "PRINTMGR_PRINTERS": json.dumps([{"ae_title": "PRINTMGR", "name": "Film", "sinks": ["folder", "house"]}]),
    }
    chance, data_dir, printed = random.Random(films), tmp_path / "data", 0
    for run in range(kills + 1):
        with Serving(data_dir, settings) as serving:
            with scu(serving.port) as modality:
                assert modality.open_session() == 0
                for _ in range(films // (kills + 1) + (films % (kills + 1) if run == kills else 0)):
                    assert modality.print_film(film_pixels(printed)) == 0
                    printed += 1
            if run < kills:
                time.sleep(chance.uniform(0.0, 1.0))
                serving.kill()
                continue
            patience = time.monotonic() + 90
            while len(receiver.taken) < films and time.monotonic() < patience:
                time.sleep(0.1)
            pdfs = {pdf.stem: hashlib.sha256(pdf.read_bytes()).hexdigest() for pdf in data_dir.glob("films/*/*/*.pdf")}
    assert printed == films
    assert dict(receiver.taken) == {name: {digest} for name, digest in pdfs.items()}
