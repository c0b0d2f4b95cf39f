"""A Print SCU on a plain socket: pre-encoded messages, one write each, nothing between the clock and the server."""

import socket
from collections.abc import Iterable
from struct import Struct

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian

from service.node import command_set

FILM_SESSION = "1.2.840.10008.5.1.1.1"
FILM_BOX = "1.2.840.10008.5.1.1.2"
IMAGE_BOX = "1.2.840.10008.5.1.1.4"
GRAYSCALE_META = "1.2.840.10008.5.1.1.9"
VERIFICATION = "1.2.840.10008.1.1"

_HEADER = Struct(">BxL")
_PDV = Struct(">LBB")
_REFERENCED_INSTANCE = bytes((0x08, 0x00, 0x55, 0x11))


def encoded(data_set: Dataset) -> bytes:
    """A data set in Implicit VR Little Endian."""
    stream = DicomBytesIO()
    stream.is_implicit_VR = stream.is_little_endian = True
    write_dataset(stream, data_set)
    return bytes(stream.parent.getvalue())


def _item(kind: int, body: bytes) -> bytes:
    return bytes((kind, 0)) + len(body).to_bytes(2, "big") + body


def association_request(
    called: str,
    calling: str,
    contexts: Iterable[tuple[str, Iterable[str]]],
    max_pdu: int = 131_072,
) -> bytes:
    """An A-ASSOCIATE-RQ PDU (PS3.8 9.3.2); context ids are 1, 3, 5 …"""
    items = _item(0x10, b"1.2.840.10008.3.1.1.1")
    for number, (abstract_syntax, transfer_syntaxes) in enumerate(contexts):
        body = bytes((2 * number + 1, 0, 0, 0)) + _item(0x30, abstract_syntax.encode())
        items += _item(0x20, body + b"".join(_item(0x40, syntax.encode()) for syntax in transfer_syntaxes))
    user = _item(0x51, max_pdu.to_bytes(4, "big")) + _item(0x52, b"1.2.826.0.1.3680043.9.3811.9.9")
    items += _item(0x50, user)
    titles = called.encode().ljust(16) + calling.encode().ljust(16)
    body = b"\0\1\0\0" + titles + bytes(32) + items
    return _HEADER.pack(1, len(body)) + body


def connected(address: tuple[str, int], timeout_s: float = 60) -> socket.socket:
    """A connection that sends what it is given at once. Raises OSError.

    BBR, which is the default in places, paces a connection by the rate it guesses when that begins: up to 0.15 ms more
    for each half megabyte to one of the servers and none to the next, until the connection ends.
    """
    connection = socket.socket()
    connection.settimeout(timeout_s)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")
    connection.connect(address)
    return connection


class PrintClient:
    """One association."""

    def __init__(self, address: tuple[str, int], called: str = "PRINTER", calling: str = "BENCH") -> None:
        self.socket = connected(address)
        self._buffer = bytearray()
        self._number = 0
        self.max_pdu = 131_072
        contexts = [(GRAYSCALE_META, [ImplicitVRLittleEndian]), (VERIFICATION, [ImplicitVRLittleEndian])]
        self.socket.sendall(association_request(called, calling, contexts))
        kind, _ = self._pdu()
        if kind != 2:
            raise ConnectionError(f"association refused: PDU {kind}")

    def _need(self, size: int) -> None:
        while len(self._buffer) < size:
            data = self.socket.recv(65_536)
            if not data:
                raise ConnectionError("connection closed")
            self._buffer += data

    def _pdu(self) -> tuple[int, bytes]:
        self._need(6)
        kind, length = _HEADER.unpack_from(self._buffer)
        self._need(6 + length)
        body = bytes(self._buffer[6 : 6 + length])
        del self._buffer[: 6 + length]
        return kind, body

    def framed(self, data_set: bytes) -> bytes:
        """A data set as P-DATA-TF PDUs: made once, sent often."""
        parts, step = [], self.max_pdu - 6
        for start in range(0, len(data_set), step):
            fragment = data_set[start : start + step]
            last = 2 if start + step >= len(data_set) else 0
            parts += [_HEADER.pack(4, len(fragment) + 6), _PDV.pack(len(fragment) + 2, 1, last), fragment]
        return b"".join(parts)

    def send(self, command: dict[str, command_set.Value], framed: bytes = b"") -> None:
        """Send one request, its Message ID counted up."""
        self._number = self._number % 65_535 + 1
        kind = command_set.HAS_DATA_SET if framed else command_set.NO_DATA_SET
        set_ = command_set.encode({**command, "MessageID": self._number, "CommandDataSetType": kind})
        head = _HEADER.pack(4, len(set_) + 6) + _PDV.pack(len(set_) + 2, 1, 3) + set_
        if len(framed) < 16_384:
            self.socket.sendall(head + framed)
            return
        sent = self.socket.sendmsg([head, framed])
        self.socket.sendall(memoryview(framed)[max(0, sent - len(head)) :])

    def response(self) -> tuple[dict[str, command_set.Value], bytes]:
        """The next message from the server."""
        command, data, announced = b"", b"", True
        fields: dict[str, command_set.Value] = {}
        while True:
            kind, body = self._pdu()
            if kind != 4:
                raise ConnectionError(f"PDU {kind}")
            position = 0
            while position < len(body):
                length, _context, control = _PDV.unpack_from(body, position)
                fragment = body[position + 6 : position + 4 + length]
                position += 4 + length
                if control & 1:
                    command += fragment
                else:
                    data += fragment
                if control == 3:
                    fields = command_set.decode(command)
                    announced = fields["CommandDataSetType"] != command_set.NO_DATA_SET
                if control & 2 and (not control & 1 or not announced):
                    return fields, data

    def ask(self, command: dict[str, command_set.Value], framed: bytes = b"") -> bytes:
        """Send a request, wait for its answer; the answer's data set. Raises ConnectionError on a failure status."""
        self.send(command, framed)
        fields, data = self.response()
        status = fields["Status"]
        if not isinstance(status, int) or (status and not 0xB000 <= status <= 0xBFFF and status not in (0x107, 0x116)):
            raise ConnectionError(f"status {status!r} to {command}")
        self.last = fields
        return data

    def create_session(self) -> str:
        self.ask({"CommandField": 0x0140, "AffectedSOPClassUID": FILM_SESSION})
        return str(self.last["AffectedSOPInstanceUID"])

    def create_film(self, request: bytes) -> tuple[str, list[str]]:
        """The film box's UID and its image boxes'."""
        data = self.ask({"CommandField": 0x0140, "AffectedSOPClassUID": FILM_BOX}, self.framed(request))
        return str(self.last["AffectedSOPInstanceUID"]), _referenced(data)

    def set_image(self, uid: str, framed: bytes) -> None:
        """N-SET of an image box with a `framed` data set."""
        command: dict[str, command_set.Value] = {
            "CommandField": 0x0120,
            "RequestedSOPClassUID": IMAGE_BOX,
            "RequestedSOPInstanceUID": uid,
        }
        self.ask(command, framed)

    def print_film(self, uid: str) -> None:
        command: dict[str, command_set.Value] = {
            "CommandField": 0x0130,
            "RequestedSOPClassUID": FILM_BOX,
            "RequestedSOPInstanceUID": uid,
            "ActionTypeID": 1,
        }
        self.ask(command)

    def delete(self, class_uid: str, uid: str) -> None:
        self.ask({"CommandField": 0x0150, "RequestedSOPClassUID": class_uid, "RequestedSOPInstanceUID": uid})

    def release(self) -> None:
        self.socket.sendall(_HEADER.pack(5, 4) + bytes(4))
        self._pdu()
        self.socket.close()


def _referenced(data: bytes) -> list[str]:
    """All Referenced SOP Instance UIDs in an Implicit VR data set, the film session's left out."""
    uids, position = [], data.find(_REFERENCED_INSTANCE)
    while position >= 0:
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        uids.append(data[position + 8 : position + 8 + length].rstrip(b"\0").decode())
        position = data.find(_REFERENCED_INSTANCE, position + 8 + length)
    return uids


def film_request(session: str, image_display_format: str) -> bytes:
    """The N-CREATE data set of a film box."""
    data_set = Dataset()
    data_set.ImageDisplayFormat = image_display_format
    data_set.FilmOrientation = "PORTRAIT"
    data_set.FilmSizeID = "14INX17IN"
    reference = Dataset()
    reference.ReferencedSOPClassUID = FILM_SESSION
    reference.ReferencedSOPInstanceUID = session
    data_set.ReferencedFilmSessionSequence = Sequence([reference])
    return encoded(data_set)


def image_request(position: int, rows: int, columns: int, bits: int) -> bytes:
    """The N-SET data set of an image box, with a ramp in it."""
    size = 2 if bits > 8 else 1
    row = b"".join((x * ((1 << bits) - 1) // columns).to_bytes(size, "little") for x in range(columns))
    image = Dataset()
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Rows, image.Columns = rows, columns
    image.BitsAllocated, image.BitsStored, image.HighBit = 8 * size, bits, bits - 1
    image.PixelRepresentation = 0
    image.PixelData = row * rows
    image["PixelData"].VR = "OW"
    data_set = Dataset()
    data_set.ImageBoxPosition = position
    data_set.BasicGrayscaleImageSequence = Sequence([image])
    return encoded(data_set)


__all__ = ["PrintClient", "association_request", "encoded", "film_request", "image_request"]
