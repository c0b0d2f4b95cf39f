"""Good bytes to begin with: every PDU type, every kind of message of a print and a storage association."""

from collections.abc import Iterable
from functools import cache

from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from benchmarks.node_client import association_request
from service.node import command_set
from tests.printmgr.scp import requests
from tests.receiving import instance
from tests.service.node import wire
from tests.service.node.test_same_as_stock import CONVERSATIONS
from tests.service.node.wire import pdu
from tests.soak.films import LUT, LUT_CLASS

CONTEXTS = [
    (wire.META, [ImplicitVRLittleEndian]),
    (wire.META, [ExplicitVRLittleEndian]),
    (wire.VERIFICATION, [ImplicitVRLittleEndian]),
    (LUT_CLASS, [ImplicitVRLittleEndian]),
    (LUT_CLASS, [ExplicitVRLittleEndian]),
]
STORE_CONTEXTS = [(wire.CT_STORAGE, [ImplicitVRLittleEndian]), (wire.CT_STORAGE, [ExplicitVRLittleEndian])]
SESSION_UID, FILM_UID = "1.2.3.1", "1.2.3.2"

Message = tuple[dict[str, object], bytes, bool]  # command set, data set, whether Explicit VR


def split(stream: bytes) -> Iterable[bytes]:
    """The PDUs of a stream."""
    while stream:
        end = 6 + int.from_bytes(stream[2:6], "big")
        yield stream[:end]
        stream = stream[end:]


def pdus(accept: bytes) -> dict[int, list[bytes]]:
    """Good PDUs by type: those of the recorded conversations, and what only an acceptor sends. `accept`: a real one."""
    found: dict[int, list[bytes]] = {kind: [] for kind in range(1, 8)}
    for steps in CONVERSATIONS.values():
        for data, _ in steps:
            for one in split(data):
                if one[0] in found and one not in found[one[0]] and len(one) < 5000:
                    found[one[0]].append(one)
    found[1].append(association_request("PRINTMGR", "CT1", [*CONTEXTS, *STORE_CONTEXTS]))
    found[2].append(accept)
    found[3] += [pdu(3, b"\0\1\1\7"), pdu(3, b"\0\2\3\2")]
    found[6].append(pdu(6, bytes(4)))
    return found


def messages(boxes: list[str]) -> list[Message]:
    """Requests of a print association in both transfer syntaxes, and answers nobody asked for."""
    found = [(command, data, explicit) for name, data, explicit in data_sets() for command in _commands(name, boxes)]
    return found + [(command, b"", False) for command in _without_data(boxes)]


@cache
def data_sets() -> tuple[tuple[str, bytes, bool], ...]:
    """By name, encoded, and whether in Explicit VR."""
    made = {
        "session": requests.item(NumberOfCopies=2, FilmSessionLabel="L", PrintPriority="LOW", MediumType="PAPER"),
        "film": requests.film_box(
            SESSION_UID, "STANDARD\\2,2", FilmSizeID="A4", FilmOrientation="LANDSCAPE", Trim="YES",
            BorderDensity="150", MaxDensity=300, MagnificationType="CUBIC", RequestedResolutionID="HIGH",
        ),
        "image": requests.image_box(
            requests.image(32, 24, PixelAspectRatio=["1", "1"]), Polarity="REVERSE", RequestedImageSize="120.5"
        ),
        "12 bits": requests.image_box(
            requests.image(20, 20, bytes(800), BitsAllocated=16, BitsStored=12, HighBit=11), position=2
        ),
        "lut": requests.lut(LUT, 12),
        "shape": requests.item(PresentationLUTShape="LIN OD"),
    }  # fmt: skip
    return tuple(
        (name, requests.encoded(data_set, syntax), syntax == requests.EXPLICIT_LE)
        for syntax in (requests.IMPLICIT_LE, requests.EXPLICIT_LE)
        for name, data_set in made.items()
    )


def _commands(name: str, boxes: list[str]) -> list[dict[str, object]]:
    if name in ("lut", "shape"):
        return [wire.values(0x0140, 3, True, AffectedSOPClassUID=LUT_CLASS, AffectedSOPInstanceUID="1.2.3.9")]
    if name in ("session", "film"):
        uid, class_uid = (SESSION_UID, wire.FILM_SESSION) if name == "session" else (FILM_UID, wire.FILM_BOX)
        return [
            wire.values(0x0140, 1, True, AffectedSOPClassUID=class_uid, AffectedSOPInstanceUID=uid + ".7"),
            wire.values(0x0120, 2, True, RequestedSOPClassUID=class_uid, RequestedSOPInstanceUID=uid),
            wire.values(0x0130, 3, True, RequestedSOPClassUID=class_uid, RequestedSOPInstanceUID=uid, ActionTypeID=1),
        ]
    return [
        wire.values(0x0120, 2, True, RequestedSOPClassUID=wire.IMAGE_BOX, RequestedSOPInstanceUID=box)
        for box in boxes[:2]
    ]


def _without_data(boxes: list[str]) -> list[dict[str, object]]:
    film = {"RequestedSOPClassUID": wire.FILM_BOX, "RequestedSOPInstanceUID": FILM_UID}
    printer = {"RequestedSOPClassUID": wire.PRINTER, "RequestedSOPInstanceUID": wire.PRINTER + ".17"}
    return [
        wire.values(0x0130, 3, False, **film, ActionTypeID=1),
        wire.values(0x0150, 4, False, RequestedSOPClassUID=wire.IMAGE_BOX, RequestedSOPInstanceUID=boxes[0]),
        wire.values(0x0110, 5, False, **printer, AttributeIdentifierList=[0x21100010, 0x21100020]),
        wire.values(0x0030, 6, False, AffectedSOPClassUID=wire.VERIFICATION),
        wire.values(0x8100, 7, False, Status=0, EventTypeID=1),
        wire.values(0x8030, 8, False, Status=0),
        wire.values(0x0FFF, 9, False, MessageIDBeingRespondedTo=9),
        wire.values(0x0100, 10, False, AffectedSOPClassUID=wire.PRINTER, AffectedSOPInstanceUID="1.2", EventTypeID=1),
        wire.values(0x0020, 11, False, AffectedSOPClassUID=wire.CT_STORAGE, Priority=0),
    ]


def instance_message(number: int) -> Message:
    """A C-STORE request of a small instance."""
    syntax = (requests.IMPLICIT_LE, requests.EXPLICIT_LE)[number % 2]
    ds = instance(number, PixelData=bytes(200), Rows=10, Columns=10, BitsAllocated=16)
    ds["PixelData"].VR = "OW"
    uids = {"AffectedSOPClassUID": wire.CT_STORAGE, "AffectedSOPInstanceUID": str(ds.SOPInstanceUID)}
    return (
        wire.values(0x0001, 12, True, **uids, Priority=0),
        requests.encoded(ds, syntax),
        syntax == requests.EXPLICIT_LE,
    )


def encoded_command(command: dict[str, object]) -> bytes:
    return command_set.encode(command)  # type: ignore[arg-type]
