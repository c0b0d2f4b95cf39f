"""The slow path: the keys of a file as pydicom reads it, for all that the fast path leaves."""

import io
import struct
import warnings
from typing import BinaryIO, cast

from pydicom import config
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_sequence
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

from media.fileset import records
from media.fileset.elements import key_value
from media.fileset.model import Reason
from media.fileset.transfer_syntaxes import DEFLATED_LE, EXPLICIT_BE, IMPLICIT_LE
from media.index.deflated import Inflated
from media.index.flaws import Flaw, Odd, truncated
from media.index.found import Found, assembled
from media.index.keys import WANTED, Wanted
from media.index.reader import FIRST_BYTES, read_meta
from media.index.walk import BIG_ENDIAN, DEEPEST, EXPLICIT, IMPLICIT, PIXEL_TAGS, Syntax, header, skip_value
from media.index.window import LARGEST_VALUE_BYTES, Window, read_up_to

PYDICOM_ERRORS = (
    ArithmeticError,
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
"""What pydicom lets out of files that break the encoding."""

FORMATS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}


def read(stream: BinaryIO, size: int) -> Found:
    """The instance in a file of `size` bytes. Raises Flaw."""
    stream.seek(0)
    try:
        meta = read_meta(Window(stream, size, read_up_to(stream, min(size, FIRST_BYTES))))
        uid = meta.transfer_syntax_uid.decode("ascii")
        if uid == DEFLATED_LE:
            inflated = Inflated(stream, meta.start, size)
            stream, size = cast(BinaryIO, inflated), inflated.measured()
        syntax = BIG_ENDIAN if uid == EXPLICIT_BE else IMPLICIT if uid == IMPLICIT_LE else EXPLICIT
        return assembled(meta, *read_values(stream, size, meta.start, syntax))
    except Odd as odd:
        raise Flaw(Reason.UNREADABLE, str(odd)) from odd


def read_values(stream: BinaryIO, size: int, start: int, syntax: Syntax) -> tuple[dict[int, bytes], bool]:
    """The keys of the data set that begins at offset `start`, and whether it has pixel data. Raises Flaw, Odd."""
    metered = Metered(stream)
    metered.seek(start)
    with warnings.catch_warnings(), config.disable_value_validation():
        warnings.simplefilter("ignore")
        try:
            ds = read_dataset(cast(BinaryIO, metered), syntax.implicit, syntax is not BIG_ENDIAN, stop_when=_at_pixels)
            pixels = whole(ds, metered.tell(), Window(stream, size), syntax)
            return values(ds), pixels
        except PYDICOM_ERRORS as error:
            raise flaw_of(error, metered.tell() >= size) from error


def flaw_of(error: Exception, at_end: bool) -> Flaw:
    """What an error of pydicom says of the file; `at_end` when it came where the file ends."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, RecursionError):  # pydicom may raise another error over it
            return Flaw(Reason.TOO_DEEP, f"sequences nested deeper than {DEEPEST} levels")
        cause = cause.__context__
    broken_off = at_end and isinstance(error, EOFError | struct.error)
    return Flaw(Reason.TRUNCATED if broken_off else Reason.UNREADABLE, f"pydicom: {error}")


class Metered(io.RawIOBase):
    """A stream that gives no more than LARGEST_VALUE_BYTES in all. Raises Flaw for more."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self.stream, self.left_bytes = stream, LARGEST_VALUE_BYTES

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.stream.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self.stream.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        data = read_up_to(self.stream, self.left_bytes + 1 if size < 0 else min(size, self.left_bytes + 1))
        self.left_bytes -= len(data)
        if self.left_bytes < 0:
            raise Flaw(Reason.BOMB, f"more than {LARGEST_VALUE_BYTES} bytes before the pixel data")
        return data


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag in PIXEL_TAGS


def whole(ds: Dataset, end: int, window: Window, syntax: Syntax) -> bool:
    """See that every length fits and no sequence is too deep; whether there are pixel data. Raises Flaw, Odd.

    end  offset after what pydicom read
    """
    pixels = False
    for tag in tuple(ds.keys()):
        raw = ds.get_item(tag)
        if isinstance(raw, RawDataElement) and raw.value is not None and len(raw.value) < raw.length < 0xFFFFFFFF:
            raise truncated(f"({tag.group:04X},{tag.element:04X})", raw.value_tell + raw.length, window.size)
    if (depth := deepest(ds)) > DEEPEST:
        raise Flaw(Reason.TOO_DEEP, f"sequences nested {depth} levels deep, at most {DEEPEST} are read")
    while end < window.size:
        if not any(window.value(end, min(8, window.size - end))):
            break  # padding after the last element
        found = header(window, end, syntax)
        pixels = pixels or found.tag in PIXEL_TAGS
        end = skip_value(window, found, syntax, 0)
    return pixels


def deepest(ds: Dataset, depth: int = 0) -> int:
    """Levels of sequences in `ds`, counted until there are too many."""
    levels = depth
    if depth <= DEEPEST:
        for tag in list(ds.keys()):
            element = ds.get_item(tag)
            if element.VR == "SQ" or not isinstance(element, RawDataElement):
                found = ds[tag]
                if found.VR == "SQ":
                    levels = max([levels, depth + 1, *(deepest(item, depth + 1) for item in found.value)])
    return levels


def values(ds: Dataset) -> dict[int, bytes]:
    """The keys of `ds` by tag, as the fast path holds them. Raises Flaw."""
    found = {}
    for tag in tuple(ds.keys()):
        wanted = WANTED.get(int(tag))
        if wanted is not None:
            found[int(tag)] = _value(ds, ds.get_item(tag), wanted)
    return found


def _value(ds: Dataset, element: DataElement | RawDataElement, wanted: Wanted) -> bytes:
    if wanted.vr == "SQ":
        content = ds[element.tag]
        if content.VR != "SQ":
            raise ValueError(f"{element.tag} has VR {content.VR}, not SQ")
        return _items(ds, content, wanted.tag)
    if wanted.text:
        return _text(element, wanted)
    numbers = ds[element.tag].value
    numbers = [] if numbers is None else numbers if isinstance(numbers, list) else [numbers]
    try:
        return struct.pack(f"<{len(numbers)}{FORMATS[wanted.vr]}", *numbers)
    except struct.error as error:
        raise ValueError(f"{element.tag} does not fit {wanted.vr}: {error}") from error


def _text(element: DataElement | RawDataElement, wanted: Wanted) -> bytes:
    """The bytes of a text as the file has them, its padding aside."""
    value = element.value or b""
    if isinstance(value, bytes):
        return value.rstrip(b"\0 ")
    if wanted.vr != element.VR or not isinstance(value, str | MultiValue):
        raise ValueError(f"{element.tag} has VR {element.VR}, not {wanted.vr}")
    # pydicom decodes (0008,0005) while it reads: defined terms, so ASCII
    return (value if isinstance(value, str) else "\\".join(value)).encode("ascii")


def _items(ds: Dataset, content: DataElement, tag: int) -> bytes:
    """What the index keeps of the items of a sequence."""
    items = list(content.value)
    if tag == records.CONTENT_SEQUENCE:
        items = [item for item in items if _relationship(item) == records.HAS_CONCEPT_MOD]
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_sequence(buffer, DataElement(content.tag, "SQ", items), cast(list[str], ds._character_set))
    return key_value(tag, buffer.getvalue())


def _relationship(item: Dataset) -> bytes:
    return str(item.get("RelationshipType", "")).strip().encode()
