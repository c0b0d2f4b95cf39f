"""Films to a program of the house over HTTPS, signed: one request a film, JSON and the PDF as multipart/form-data.

POST URL
Content-Type: multipart/form-data      parts: film (application/json), pdf (application/pdf; not with pdf = "link")
Printmgr-Delivery: <name>              the same at every attempt: a receiver that has it may answer 200 at once
Printmgr-Timestamp: <seconds since 1970>
Printmgr-Signature: v1=<hex>           HMAC-SHA256 of "<timestamp>.<SHA-256 of the body, hex>", key: the secret
"""

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from printmgr.errors import DeliveryFailed, SinkDown, Undeliverable
from printmgr.ports import ONCE, Print, Sending
from printmgr.sinks.settings import Seconds, Secret, SinkSettings, one_line, read_secret, tls_context

PIECE_BYTES = 1 << 18
GONE = frozenset({400, 404, 405, 410, 413, 415, 422})  # the receiver understood and does not want it
CORRECTION, FILM, TEST = "film.correction", "film", "test"


def web_address(value: str) -> str:
    """An address to post to, without a password in it. Raises ValueError."""
    parts = urlsplit(value)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.password:
        raise ValueError("expected https://host/path without user or password")
    return value


def secure_or_near(value: str) -> str:
    """The same for films: plain HTTP on loopback only. Raises ValueError."""
    parts = urlsplit(web_address(value))
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError("expected https:// (http:// on loopback only): films are patients' data")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSink(SinkSettings):
    """Posts every film to `url`."""

    kind: Literal["webhook"] = "webhook"
    url: Annotated[str, AfterValidator(secure_or_near)]
    secret: Annotated[Secret, Field(min_length=1)]  # signs every request
    identity: bool = True  # the JSON names the patient; a film waits until it may go out under one
    pdf: Literal["attached", "link"] = "attached"
    link: Annotated[str, Field(pattern=r"^(https?://.*\{id\}.*)?$")] = ""  # where the film is; {id}: the print id
    token: Secret = ""  # sent as Authorization: Bearer
    ca_file: Path | None = None
    certificate_file: Path | None = None  # ours, when the receiver wants one
    key_file: Path | None = None
    timeout_s: Seconds = 30.0

    @property
    def needs_patient(self) -> bool:
        return self.identity

    def deliver(self, print_: Print, pdf: Path, document: Path, sending: Sending = ONCE) -> str:
        """Post the film; the receiver's answer. Raises SinkDown, Undeliverable, DeliveryFailed."""
        said = film_json(print_, sending, FILM)
        if self.link:
            said["link"] = self.link.replace("{id}", print_.id)
        body = Body(print_.id, said, pdf if self.pdf == "attached" else None)
        return self._post(sending.name(print_), body)

    def correct(self, print_: Print, sending: Sending, why: str) -> str:
        """Post that the film is not that patient's. Raises as `deliver`."""
        said = film_json(print_, sending, CORRECTION) | {"reason": why}
        return self._post(sending.name(print_) + "-correction", Body(print_.id, said, None))

    def probe(self) -> str:
        """Post a signed event `test` without a film. Raises as `deliver`."""
        name = f"test-{time.time_ns()}"
        return f"a signed test to {self.url}: {self._post(name, Body(name, {'event': TEST, 'name': name}, None))}"

    def _post(self, name: str, body: "Body") -> str:
        parts = urlsplit(self.url)
        now = str(int(time.time()))
        headers = {
            "Content-Type": body.content_type,
            "Content-Length": str(len(body)),
            "User-Agent": "printmgr",
            "Printmgr-Delivery": name,
            "Printmgr-Timestamp": now,
            "Printmgr-Signature": "v1=" + signature(read_secret(self.secret), now, body.digest()),
        }
        if self.token:
            headers["Authorization"] = f"Bearer {read_secret(self.token)}"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            connection.request("POST", path, body=iter(body), headers=headers)
            answer = connection.getresponse()
            answer.read(PIECE_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise SinkDown(f"{parts.hostname} cannot be reached: {error}") from error
        finally:
            connection.close()
        return self._judged(answer.status, one_line(answer.reason), parts.hostname or "")

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=self.timeout_s)
        context = tls_context(self.ca_file, self.certificate_file, self.key_file)
        return http.client.HTTPSConnection(host, port, timeout=self.timeout_s, context=context)

    def _judged(self, status: int, reason: str, host: str) -> str:
        """What the answer means (RFC 9110 15); redirections are not followed: films go where the settings say."""
        if 200 <= status < 300:
            return f"{host} answered {status}"
        said = f"{host} answered {status} {reason}"
        if status in GONE:
            raise Undeliverable(said)
        raise SinkDown(said) if status in (429, 502, 503, 504) else DeliveryFailed(said)


class Body:
    """A multipart/form-data body (RFC 7578) that is read from the file as it goes out; the same at every attempt."""

    def __init__(self, print_id: str, said: dict[str, object], pdf: Path | None) -> None:
        text = json.dumps(said, ensure_ascii=False, sort_keys=True).encode()
        self.boundary = "printmgr-" + hashlib.sha256(print_id.encode() + text).hexdigest()[:32]
        self.content_type = f"multipart/form-data; boundary={self.boundary}"
        self._head = self._part("film", "film.json", "application/json") + text + b"\r\n"
        self._pdf = pdf
        if pdf is not None:
            self._head += self._part("pdf", f"{print_id}.pdf", "application/pdf")
        self._tail = (b"\r\n" if pdf is not None else b"") + f"--{self.boundary}--\r\n".encode()

    def _part(self, name: str, file: str, content_type: str) -> bytes:
        said = f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        return (said + f"Content-Type: {content_type}\r\n\r\n").encode()

    def __len__(self) -> int:
        return len(self._head) + (self._pdf.stat().st_size if self._pdf else 0) + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        if self._pdf:
            with self._pdf.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece
        yield self._tail

    def digest(self) -> str:
        whole = hashlib.sha256()
        for piece in self:
            whole.update(piece)
        return whole.hexdigest()


def signature(secret: str, timestamp: str, body_sha256: str) -> str:
    """HMAC-SHA256 in hex.

    >>> signature("secret", "1700000000", "ab" * 32)[:16]
    'a85b7831f8bb853a'
    """
    return hmac.new(secret.encode(), f"{timestamp}.{body_sha256}".encode(), hashlib.sha256).hexdigest()


def film_json(print_: Print, sending: Sending, event: str) -> dict[str, object]:
    """What a receiver is told of a film; nothing of a patient but `sending.patient`."""
    said: dict[str, object] = {
        "event": event,
        "name": sending.name(print_),
        "id": print_.id,
        "ordered_at": print_.ordered_at,
        "printer": print_.printer.ae_title,
        "printer_name": print_.printer.name,
        "calling_ae": print_.caller.calling_ae,
        "copies": print_.order.session.number_of_copies,
        "films": [
            {
                "size": film.film_size_id,
                "orientation": film.film_orientation,
                "format": film.image_display_format,
                "images": sum(box.image is not None for box in film.image_boxes),
            }
            for film in print_.order.films
        ],
    }
    if sending.patient is not None:
        said["patient"] = {name: value for name, value in asdict(sending.patient).items() if value}
    return said
