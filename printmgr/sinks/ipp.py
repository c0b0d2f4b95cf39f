"""As much of an IPP client as printing a PDF takes (RFC 8010, RFC 8011), with collections, streaming the document.

The libraries there are (pyipp and its like) cannot encode collections, which a tray is asked for by, and hold the
whole document in memory.
"""

import base64
import http.client
import ssl
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from printmgr.errors import PrintError

VERSION = (2, 0)
PIECE_BYTES = 1 << 18
LONGEST_ANSWER = 4 << 20
MAX_DEPTH = 8  # collections inside collections


class IppError(PrintError):
    """The printer cannot be talked to."""


class Operation(IntEnum):
    PRINT_JOB = 0x0002
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B


class Tag(IntEnum):
    """RFC 8010 3.5."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    RANGE = 0x33
    BEGIN_COLLECTION = 0x34
    END_COLLECTION = 0x37
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME = 0x49
    MEMBER = 0x4A


class Value(NamedTuple):
    """One value of an attribute; a collection's are by member name."""

    tag: Tag
    data: "int | bool | str | tuple[int, int] | Mapping[str, Value]"


Attributes = Mapping[str, Value | Sequence[Value]]
Answer = dict[str, list[Any]]  # values by attribute name: int, bool, str, (low, high), dict of a collection, bytes


def keyword(text: str) -> Value:
    return Value(Tag.KEYWORD, text)


def integer(number: int) -> Value:
    return Value(Tag.INTEGER, number)


def encode(operation: Operation, request: int, groups: Sequence[tuple[Tag, Attributes]]) -> bytes:
    """A request without its document."""
    out = bytearray(struct.pack(">BBHI", *VERSION, operation, request))
    for group, attributes in groups:
        out.append(group)
        for name, values in attributes.items():
            each = [values] if isinstance(values, Value) else list(values)
            for number, value in enumerate(each):
                out += _encoded(name if number == 0 else "", value)
    out.append(Tag.END)
    return bytes(out)


def _encoded(name: str, value: Value) -> bytes:
    if isinstance(value.data, Mapping):
        out = _field(Tag.BEGIN_COLLECTION, name, b"")
        for member, inner in value.data.items():
            out += _field(Tag.MEMBER, "", member.encode()) + _encoded("", inner)
        return out + _field(Tag.END_COLLECTION, "", b"")
    if value.tag is Tag.BOOLEAN:
        return _field(value.tag, name, b"\1" if value.data else b"\0")
    if isinstance(value.data, tuple):
        return _field(value.tag, name, struct.pack(">ii", *value.data))
    if isinstance(value.data, int):
        return _field(value.tag, name, struct.pack(">i", value.data))
    return _field(value.tag, name, value.data.encode())


def _field(tag: Tag, name: str, data: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(data)) + data


def decode(data: bytes) -> tuple[int, list[Answer]]:
    """Status and attribute groups of an answer. Raises IppError."""
    try:
        status = int(struct.unpack_from(">H", data, 2)[0])
        return status, list(_groups(data, 8))
    except (struct.error, IndexError, UnicodeDecodeError, RecursionError) as error:
        raise IppError(f"the answer is no IPP: {error}") from error


def _groups(data: bytes, position: int) -> Iterator[Answer]:
    group: Answer | None = None
    name = ""
    while (tag := data[position]) != Tag.END:
        if tag < 0x10:
            if group is not None:
                yield group
            group, position = {}, position + 1
            continue
        if group is None:
            raise IppError("the answer has an attribute outside a group")
        named, raw, position = _next(data, position)
        value: Any = _decoded(tag, raw)
        if tag == Tag.BEGIN_COLLECTION:
            value, position = _collection(data, position, 0)
        name = named or name
        group.setdefault(name, []).append(value)
    if group is not None:
        yield group


def _next(data: bytes, position: int) -> tuple[str, bytes, int]:
    """Name and value of the attribute at `position`, and where the next one begins."""
    (length,) = struct.unpack_from(">H", data, position + 1)
    name, position = data[position + 3 : position + 3 + length].decode(), position + 3 + length
    (length,) = struct.unpack_from(">H", data, position)
    value = data[position + 2 : position + 2 + length]
    if len(value) != length:
        raise IndexError("a value goes beyond the end")
    return name, value, position + 2 + length


def _collection(data: bytes, position: int, depth: int) -> tuple[dict[str, list[Any]], int]:
    if depth > MAX_DEPTH:
        raise RecursionError(f"more than {MAX_DEPTH} collections inside each other")
    found: dict[str, list[Any]] = {}
    member = ""
    while True:
        tag = data[position]
        _, raw, position = _next(data, position)
        if tag == Tag.END_COLLECTION:
            return found, position
        if tag == Tag.MEMBER:
            member = raw.decode()
            continue
        value: Any = _decoded(tag, raw)
        if tag == Tag.BEGIN_COLLECTION:
            value, position = _collection(data, position, depth + 1)
        found.setdefault(member, []).append(value)


def _decoded(tag: int, raw: bytes) -> Any:
    if tag in (Tag.INTEGER, Tag.ENUM):
        return struct.unpack(">i", raw)[0]
    if tag == Tag.BOOLEAN:
        return raw != b"\0"
    if tag == Tag.RANGE:
        return struct.unpack(">ii", raw)
    if 0x41 <= tag <= 0x49:
        return raw.decode("utf-8", "replace")
    return raw


@dataclass(frozen=True, slots=True)
class Printer:
    """An IPP printer: its URI (ipp, ipps, http or https), and who asks."""

    uri: str
    tls: ssl.SSLContext | None = None
    user: str = ""
    password: str = ""
    timeout_s: float = 30.0

    def ask(
        self, operation: Operation, said: Attributes, job: Attributes | None = None, document: Path | None = None
    ) -> tuple[int, list[Answer]]:
        """Status and attribute groups of the answer. Raises IppError."""
        parts = urlsplit(self.uri)
        target = f"{parts.scheme.replace('http', 'ipp')}://{parts.netloc}{parts.path or '/'}"
        first: dict[str, Value | Sequence[Value]] = {
            "attributes-charset": Value(Tag.CHARSET, "utf-8"),
            "attributes-natural-language": Value(Tag.LANGUAGE, "en"),
            "printer-uri": Value(Tag.URI, target),
            "requesting-user-name": Value(Tag.NAME, self.user or "printmgr"),
        }
        groups = [(Tag.OPERATION, first | dict(said)), *([(Tag.JOB, job)] if job else [])]
        head = encode(operation, 1, groups)
        size = len(head) + (document.stat().st_size if document else 0)
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port or 631)
        try:
            headers = {"Content-Type": "application/ipp", "Content-Length": str(size), **self._authority()}
            connection.request("POST", parts.path or "/", body=_body(head, document), headers=headers)
            answer = connection.getresponse()
            data = answer.read(LONGEST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            raise IppError(f"{parts.hostname} port {parts.port or 631} cannot be reached: {error}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise IppError(f"{parts.hostname} answered HTTP {answer.status}")
        return decode(data)

    def _connection(self, scheme: str, host: str, port: int) -> http.client.HTTPConnection:
        if scheme in ("ipps", "https"):
            return http.client.HTTPSConnection(host, port, timeout=self.timeout_s, context=self.tls)
        return http.client.HTTPConnection(host, port, timeout=self.timeout_s)

    def _authority(self) -> dict[str, str]:
        if not self.password:
            return {}
        return {"Authorization": "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()}


def _body(head: bytes, document: Path | None) -> Iterator[bytes]:
    yield head
    if document is not None:
        with document.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece
