"""The webhook sink posts films to a real HTTPS server, signed such that the server can check it."""

import email
import email.policy
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from printmgr.errors import DeliveryFailed, SinkDown, Undeliverable
from printmgr.ports import Print, Sending, Sink
from printmgr.sinks.webhook import WebhookSink
from tests.contracts.sink_contract import PATIENT, Received, SinkContract
from tests.printmgr.sinks.conftest import Certificate
from tests.serving import free_port

pytestmark = pytest.mark.peer("openssl")
SECRET = "the secret of the house"


class Receiver(ThreadingHTTPServer):
    """A program of the house: checks signatures, keeps films, answers what it is told to."""

    daemon_threads = True

    def __init__(self, certificate: Certificate) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.server_address[1]}/films?house=1"
        self.answer = 200
        self.requests: list[tuple[str, dict[str, str], dict[str, bytes]]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust us ends the handshake; that is what some tests want."""


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = f"{self.headers['Printmgr-Timestamp']}.{hashlib.sha256(body).hexdigest()}"
        right = "v1=" + hmac.new(SECRET.encode(), signed.encode(), "sha256").hexdigest()
        status = self.server.answer if hmac.compare_digest(right, self.headers["Printmgr-Signature"]) else 403
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = email.message_from_bytes(head + body, policy=email.policy.HTTP).iter_parts()
        said = {str(part.get_param("name", header="content-disposition")): part.get_content() for part in parts}
        said = {name: each.encode() if isinstance(each, str) else each for name, each in said.items()}
        self.server.requests.append((self.path, dict(self.headers), said))
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:9/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def receiver(certificate: Certificate) -> Iterator[Receiver]:
    server = Receiver(certificate)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class TestWebhookSink(SinkContract):
    @pytest.fixture(autouse=True)
    def secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOUSE_SECRET", SECRET)

    @pytest.fixture
    def sink(self, receiver: Receiver, certificate: Certificate) -> Sink:
        return WebhookSink(url=receiver.url, secret="env:HOUSE_SECRET", ca_file=certificate.certificate)

    @pytest.fixture
    def unreachable(self) -> Sink:
        return WebhookSink(url=f"https://127.0.0.1:{free_port()}/", secret="env:HOUSE_SECRET")

    @pytest.fixture
    def received(self, receiver: Receiver) -> Received:
        return lambda: {headers["Printmgr-Delivery"]: said["pdf"] for _, headers, said in receiver.requests}

    def test_a_probe_is_a_signed_event_without_a_film(self, sink: Sink, receiver: Receiver) -> None:
        assert sink.probe().endswith("127.0.0.1 answered 200")
        ((_, headers, said),) = receiver.requests
        event = json.loads(said["film"])
        assert list(said) == ["film"] and event == {"event": "test", "name": headers["Printmgr-Delivery"]}
        receiver.answer = 503
        with pytest.raises(SinkDown, match="503"):
            sink.probe()

    def test_the_json_says_whose_and_what(self, sink: Sink, receiver: Receiver, print_: Print) -> None:
        self.deliver(sink, print_)
        ((path, headers, said),) = receiver.requests
        film = json.loads(said["film"])
        assert path == "/films?house=1" and headers["Printmgr-Delivery"] == film["name"] == print_.id
        assert film["patient"]["patient_name"] == PATIENT.patient_name
        assert film["films"] == [
            {"size": "14INX17IN", "orientation": "PORTRAIT", "format": "STANDARD\\2,1", "images": 2}
        ]

    def test_without_identity_nothing_names_the_patient(self, sink: Sink, receiver: Receiver, print_: Print) -> None:
        quiet = replace(sink, identity=False, pdf="link", link="https://films.example/films/{id}")
        assert not quiet.needs_patient
        self.deliver(quiet, print_)
        ((_, _, said),) = receiver.requests
        assert list(said) == ["film"]
        assert "patient" not in json.loads(said["film"])
        assert json.loads(said["film"])["link"] == f"https://films.example/films/{print_.id}"

    @pytest.mark.parametrize(
        ("status", "error"),
        [(503, SinkDown), (429, SinkDown), (500, DeliveryFailed), (302, DeliveryFailed), (410, Undeliverable)],
    )
    def test_what_an_answer_means(
        self, sink: Sink, receiver: Receiver, print_: Print, status: int, error: type
    ) -> None:
        receiver.answer = status
        with pytest.raises(error, match=str(status)) as caught:
            self.deliver(sink, print_)
        assert type(caught.value) is error
        assert len(receiver.requests) == 1, "a redirection must not be followed"

    def test_another_secret_is_no_signature(self, sink: Sink, print_: Print, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOUSE_SECRET", "guessed")
        with pytest.raises(DeliveryFailed, match="403"):
            self.deliver(sink, print_)

    def test_a_certificate_nobody_vouches_for_gets_no_film(self, sink: Sink, receiver: Receiver, print_: Print) -> None:
        with pytest.raises(SinkDown, match="certificate"):
            self.deliver(replace(sink, ca_file=None), print_)
        assert receiver.requests == []

    def test_a_correction_names_the_delivery_and_why(self, sink: Sink, receiver: Receiver, print_: Print) -> None:
        sink.correct(print_, Sending(PATIENT), "it is another patient's")
        ((_, headers, said),) = receiver.requests
        film = json.loads(said["film"])
        assert (film["event"], film["id"], film["reason"]) == ("film.correction", print_.id, "it is another patient's")
        assert headers["Printmgr-Delivery"] == f"{print_.id}-correction" and list(said) == ["film"]

    def test_a_secret_that_cannot_be_read_waits(self, sink: Sink, print_: Print, tmp_path: Path) -> None:
        with pytest.raises(SinkDown, match="secret"):
            self.deliver(replace(sink, secret=f"file:{tmp_path}/none"), print_)

    def test_a_secret_comes_from_a_file(self, sink: Sink, receiver: Receiver, print_: Print, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text(SECRET + "\n")
        self.deliver(replace(sink, secret=f"file:{tmp_path}/secret"), print_)
        assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://films.example/"},
        {"url": "ftp://films.example/"},
        {"url": "https://user:word@films.example/"},
        {"secret": ""},
        {"secret": "in the clear"},
        {"link": "https://films.example/"},
        {"password": "x"},
    ],
)
def test_settings_that_are_wrong(wrong: dict[str, str]) -> None:
    good = {"name": "house", "url": "https://films.example/in", "secret": "env:S"}
    TypeAdapter(WebhookSink).validate_python(good)
    with pytest.raises(ValidationError):
        TypeAdapter(WebhookSink).validate_python(good | wrong)
