"""The flight recorder's file: an association as JSON lines, its header, its messages, its end (docs/recordings.md)."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from printmgr import as_json
from printmgr.errors import PrintError

FORMAT, VERSION = "printmgr recording", 1
MOST_BYTES = 1 << 28  # of a file that is read
CommandValue = int | str | list[int] | None
T = TypeVar("T")


class BadRecording(PrintError):
    """A file that is no recording, or one of another version."""

    def __init__(self, place: str, expected: str) -> None:
        super().__init__(f"{place}: expected {expected}")


@dataclass(frozen=True, slots=True)
class Pixels:
    """In the place of pixels."""

    pixels: int  # bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class DataSet:
    """An encoded data set: bytes in base64, and pixels that are not kept."""

    size_bytes: int
    parts: tuple[str | Pixels, ...] = ()
    unreadable: str = ""  # why nothing was kept of it
    sha256: str = ""  # then

    def encoded(self, pixels_of: Callable[[int], bytes]) -> bytes:
        """The bytes, with pixels made by `pixels_of(size)`; zeros for what was not kept. Raises ValueError."""
        if self.unreadable:
            return bytes(self.size_bytes)
        parts = (base64.b64decode(p, validate=True) if isinstance(p, str) else pixels_of(p.pixels) for p in self.parts)
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Context:
    """A presentation context as it was negotiated."""

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]  # proposed
    accepted: str = ""  # the transfer syntax; "": it was refused


@dataclass(frozen=True, slots=True)
class Header:
    """Who talked to whom."""

    began_at: str  # ISO 8601 with offset
    calling_ae: str
    called_ae: str
    max_pdu_bytes: int  # that the SCU takes
    implementation: str  # the SCU's Implementation Version Name, or class UID
    texts: str  # masked or plain
    contexts: tuple[Context, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One DIMSE message."""

    at_ms: int  # since the association began
    sender: str  # scu or scp
    context: int
    command: Mapping[str, CommandValue]
    data_set: DataSet | None = None

    @property
    def is_request(self) -> bool:
        return self.command.get("MessageIDBeingRespondedTo") is None


@dataclass(frozen=True, slots=True)
class Recording:
    """What one association said, in its order."""

    header: Header
    messages: tuple[Message, ...] = ()
    ended: str = ""  # released, aborted, closed, full; "" when the recorder was cut off
    place: str = field(default="", compare=False)


def header_line(header: Header) -> bytes:
    return _line({"format": FORMAT, "version": VERSION} | asdict(header))


def message_line(message: Message) -> bytes:
    return _line(asdict(message))


def end_line(ended: str) -> bytes:
    return _line({"ended": ended})


def read(path: Path) -> Recording:
    """A recording. Raises BadRecording, OSError."""
    if path.stat().st_size > MOST_BYTES:
        raise BadRecording(str(path), f"a recording of at most {MOST_BYTES} bytes")
    lines = path.read_bytes().split(b"\n")
    if lines[-1]:
        lines.pop()  # cut off
    documents = [_parsed(line, f"{path} line {number}") for number, line in enumerate(lines, 1) if line]
    first = documents.pop(0) if documents else {}
    if first.pop("format", None) != FORMAT or first.pop("version", None) != VERSION:
        raise BadRecording(str(path), f"a {FORMAT} of version {VERSION}")
    ended = documents.pop()["ended"] if documents and "ended" in documents[-1] else ""
    header = _decoded(Header, first, f"{path} line 1")
    messages = [_message(each, f"{path} line {number}") for number, each in enumerate(documents, 2)]
    return Recording(header, tuple(messages), str(ended), str(path))


def write(path: Path, recording: Recording) -> None:
    """For recordings that are made by hand."""
    lines: Iterable[bytes] = (
        header_line(recording.header),
        *map(message_line, recording.messages),
        end_line(recording.ended),
    )
    path.write_bytes(b"".join(lines))


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True).encode("ascii") + b"\n"


def _parsed(line: bytes, place: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRecording(place, f"a line of JSON ({error})") from None
    if not isinstance(document, dict):
        raise BadRecording(place, "a JSON object")
    return document


def _message(document: dict[str, Any], place: str) -> Message:
    command, data = document.get("command"), document.get("data_set")
    if not isinstance(command, dict) or not isinstance(command.get("CommandField"), int):
        raise BadRecording(place, "a message with a Command Field")
    message = _decoded(Message, document | {"command": {}, "data_set": None}, place)
    return Message(message.at_ms, message.sender, message.context, command, _data_set(data, place))


def _data_set(data: object, place: str) -> DataSet | None:
    if data is None:
        return None
    if not isinstance(data, dict) or not isinstance(data.get("parts"), list):
        raise BadRecording(place, "a data set of parts")
    parts = [part if isinstance(part, str) else _decoded(Pixels, part, place) for part in data["parts"]]
    whole = _decoded(DataSet, data | {"parts": []}, place)
    return DataSet(whole.size_bytes, tuple(parts), whole.unreadable, whole.sha256)


def _decoded(kind: type[T], document: object, place: str) -> T:
    try:
        return as_json.decode(kind, document, {})
    except ValueError as error:
        raise BadRecording(place, str(error)) from None
