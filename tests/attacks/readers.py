"""What reads bytes from outside, as functions of bytes: each may raise its own errors and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from pydicom.uid import ExplicitVRLittleEndian

from media.errors import MediaError
from media.index.memory import nothing_yet
from media.scp import header
from media.scp.file_meta import file_head
from media.studies import Sender
from printmgr.errors import PrintError
from printmgr.scp import attributes, images, luts
from printmgr.scp.encoded import ENCODINGS
from printmgr.scp.values import read
from service.node import association_request, command_set
from service.node.messages import Incoming, as_primitive
from service.node.pdu_buffer import BadPDU
from tests.attacks import corpus
from tests.printmgr.scp import requests

HEAD = file_head("1.2.840.10008.5.1.4.1.1.2", "1.2.3", ExplicitVRLittleEndian, ("1.2.3.4", "TEST"), "CT1")


@dataclass(frozen=True, slots=True)
class Reader:
    """A function, the errors it may raise, good bytes to begin with, and whether they are Explicit VR."""

    function: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]
    seeds: list[bytes]
    explicit: bool = False


def command(data: bytes) -> None:
    """A command set, and the message it makes."""
    incoming = Incoming()
    incoming.fields = command_set.decode(data)
    if incoming.fields.get("CommandField") in command_set.MESSAGES:
        as_primitive(incoming)


def request(data: bytes) -> None:
    association_request.check(memoryview(data))


def print_request(syntax: str) -> Callable[[bytes], None]:
    """Every question the print services ask of a data set."""

    def ask(data: bytes) -> None:
        values = read(data, ENCODINGS[syntax])
        for question in (
            attributes.film_session,
            attributes.film_box,
            attributes.annotation_box,
            images.image_box,
            luts.presentation_lut,
            images.claimed_position,
        ):
            try:
                question(values)
            except PrintError:
                continue

    return ask


def instance(data: bytes) -> None:
    """The header of a received instance."""
    file = HEAD + data
    header.read(BytesIO(file), len(file), len(HEAD), Sender("CT1", "ARCHIVE", "127.0.0.1"), nothing_yet())


def _data_sets(explicit: bool) -> list[bytes]:
    return [data for _, data, is_explicit in corpus.messages(["1.2.3", "1.2.4"]) if data and is_explicit == explicit]


READERS = {
    "command set": Reader(
        command,
        (command_set.BadCommandSet, BadPDU),
        [corpus.encoded_command(said) for said, _, _ in corpus.messages(["1.2.3", "1.2.4"])],
    ),
    "association request": Reader(request, (BadPDU,), corpus.pdus(b"\2")[1]),
    "print, implicit": Reader(print_request(requests.IMPLICIT_LE), (PrintError,), _data_sets(False)),
    "print, explicit": Reader(print_request(requests.EXPLICIT_LE), (PrintError,), _data_sets(True), True),
    "instance": Reader(instance, (MediaError,), [corpus.instance_message(number)[1] for number in (1, 3)], True),
}


def run(reader: Reader, data: bytes) -> None:
    """Read it; only the reader's own errors are caught."""
    try:
        reader.function(data)
    except reader.errors:
        return
