"""Reads a DICOMDIR by its offsets and holds each record against the file it names (PS3.3 Annex F, PS3.10 8)."""

import io
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from media.errors import Unreadable
from media.verify import dataset
from media.verify.findings import Kind, Verification

MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
PIXEL_DATA = 0x7FE00010
UPPER = {"PATIENT": "", "STUDY": "PATIENT", "SERIES": "STUDY"}
ROOTS = frozenset(
    {"PATIENT", "HANGING PROTOCOL", "PALETTE", "IMPLANT", "IMPLANT ASSY", "IMPLANT GROUP", "INVENTORY", "PRIVATE"}
)
IDENTITY = {"PATIENT": 0x00100020, "STUDY": 0x0020000D, "SERIES": 0x0020000E}
NOT_FROM_TOP_LEVEL = frozenset(
    # keys that come out of sequences of the file: functional groups, the verifying observers
    {0x0040A030, 0x00200032, 0x00200037, 0x00280030, 0x00081140, 0x00880200, 0x0040A730}
)
MAY_BE_DERIVED = frozenset({0x00080020, 0x00080030, 0x00200010, 0x00200011, 0x00200013})
FILE_ID = re.compile(r"[A-Z0-9_]{1,8}(\\[A-Z0-9_]{1,8}){0,7}")


@dataclass(slots=True)
class DirectoryRecord:
    """One record as it stands in the file."""

    offset: int
    next: int
    lower: int
    kind: str
    file_id: str = ""
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    transfer_syntax_uid: str = ""
    keys: dict[int, bytes] = field(default_factory=dict)
    parent: "DirectoryRecord | None" = None

    @property
    def path(self) -> str:
        return "/" + self.file_id.replace("\\", "/")

    def __str__(self) -> str:
        return f"DICOMDIR record {self.kind} at byte {self.offset}"


@dataclass(slots=True)
class Directory:
    """A DICOMDIR as it stands."""

    file_set_uid: str = ""
    file_set_id: str = ""
    first: int = 0
    last: int = 0
    records: dict[int, DirectoryRecord] = field(default_factory=dict)

    @property
    def leaves(self) -> list[DirectoryRecord]:
        return [record for record in self.records.values() if record.file_id]


def parse(data: bytes, out: Verification) -> Directory:
    """Read a DICOMDIR. Raises Unreadable where its encoding breaks; findings for what is wrong but readable."""
    where = "DICOMDIR"
    if data[128:132] != b"DICM":
        raise Unreadable(where, "no DICM after the preamble")
    if data[:128].count(0) != 128:
        out.add(Kind.UNEXPECTED, where, "its preamble is not zero")
    meta_end, meta = _meta(data, where)
    directory = Directory(file_set_uid=meta.get(0x00020003, ""))
    for tag, expected in ((0x00020002, MEDIA_DIRECTORY), (0x00020010, EXPLICIT_LITTLE)):
        if meta.get(tag) != expected:
            out.add(
                Kind.DIFFERENT, where, f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is {meta.get(tag)}; expected {expected}"
            )
    seen = set()
    for tag, vr, offset, length in dataset.elements(data, meta_end, len(data), where):
        seen.add(tag)
        if tag == 0x00041130:
            directory.file_set_id = dataset.text(data, offset, length)
        elif tag == 0x00041200:
            directory.first = struct.unpack_from("<I", data, offset)[0]
        elif tag == 0x00041202:
            directory.last = struct.unpack_from("<I", data, offset)[0]
        elif tag == 0x00041212 and struct.unpack_from("<H", data, offset)[0]:
            out.add(Kind.DIFFERENT, where, "the File-set Consistency Flag is not 0000H")
        elif tag == 0x00041220:
            for start, begin, end in dataset.items(data, offset, length, where):
                directory.records[start] = _record(data, start, begin, end, out)
        elif tag not in (0x00041141, 0x00041142, 0x00041212):
            out.add(Kind.UNEXPECTED, where, f"({tag >> 16:04X},{tag & 0xFFFF:04X}) {vr.decode()}")
    for tag in (0x00041130, 0x00041200, 0x00041202, 0x00041212, 0x00041220):
        if tag not in seen:
            out.add(Kind.MISSING, where, f"({tag >> 16:04X},{tag & 0xFFFF:04X})")
    return directory


def _meta(data: bytes, where: str) -> tuple[int, dict[int, str]]:
    """File Meta Information: where it ends, and its UIDs (PS3.10 7.1)."""
    if data[132:140] != b"\x02\x00\x00\x00UL\x04\x00":
        raise Unreadable(where, "File Meta Information has no group length")
    end = 144 + int(struct.unpack_from("<I", data, 140)[0])
    if end > len(data):
        raise Unreadable(where, "File Meta Information runs beyond the end")
    meta = {t: dataset.text(data, o, n) for t, _, o, n in dataset.elements(data, 144, end, where)}
    return end, meta


def _record(data: bytes, start: int, begin: int, end: int, out: Verification) -> DirectoryRecord:
    record = DirectoryRecord(start, 0, 0, "")
    for tag, vr, offset, length in dataset.elements(data, begin, end, f"DICOMDIR record at byte {start}"):
        if tag == 0x00041400:
            record.next = struct.unpack_from("<I", data, offset)[0]
        elif tag == 0x00041410:
            if data[offset : offset + length] != b"\xff\xff":
                out.add(Kind.DIFFERENT, f"DICOMDIR record at byte {start}", "Record In-use Flag is not FFFFH")
        elif tag == 0x00041420:
            record.lower = struct.unpack_from("<I", data, offset)[0]
        elif tag == 0x00041430:
            record.kind = dataset.text(data, offset, length)
        elif tag == 0x00041500:
            record.file_id = dataset.text(data, offset, length)
        elif tag == 0x00041510:
            record.sop_class_uid = dataset.text(data, offset, length)
        elif tag == 0x00041511:
            record.sop_instance_uid = dataset.text(data, offset, length)
        elif tag == 0x00041512:
            record.transfer_syntax_uid = dataset.text(data, offset, length)
        elif tag >> 16 != 0x0004:
            if vr == b"SQ":
                _sequence(data, tag, offset, length, record, out)
            else:
                record.keys[tag] = data[offset : offset + length].rstrip(b" \0")
    return record


def _sequence(data: bytes, tag: int, offset: int, length: int, record: DirectoryRecord, out: Verification) -> None:
    """A key that is a sequence: well formed, and of a report's content only its concept modifiers (F.5.25)."""
    where = f"DICOMDIR record at byte {record.offset}"
    for _, begin, end in dataset.items(data, offset, length, where):
        inside = {t: (o, n) for t, _, o, n in dataset.elements(data, begin, end, where)}
        if tag == 0x0040A730:
            relation = dataset.text(data, *inside.get(0x0040A010, (0, 0)))
            if relation != "HAS CONCEPT MOD":
                out.add(Kind.UNEXPECTED, where, f"a Content Sequence item with relationship {relation!r}")


def walk(directory: Directory, out: Verification) -> None:
    """Follow the offsets: each record is reached once, below the right kind; keys that must be unique are."""
    reached: set[int] = set()
    last_root = 0
    unique: set[tuple[str, bytes]] = set()
    waiting: list[tuple[int, DirectoryRecord | None]] = [(directory.first, None)]
    while waiting:
        offset, parent = waiting.pop()
        while offset:
            record = directory.records.get(offset)
            if record is None:
                out.add(Kind.DIFFERENT, str(parent or "DICOMDIR"), f"offset {offset} does not point to a record")
                break
            if offset in reached:
                out.add(Kind.DIFFERENT, str(record), "is reached twice")
                break
            reached.add(offset)
            record.parent = parent
            _place(record, unique, out)
            if parent is None:
                last_root = offset
            if record.lower:
                waiting.append((record.lower, record))
            offset = record.next
    if last_root != directory.last:
        out.add(Kind.DIFFERENT, "DICOMDIR", f"(0004,1202) is {directory.last}; the last root record is at {last_root}")
    for offset, record in directory.records.items():
        if offset not in reached:
            out.add(Kind.MISSING, str(record), "no offset leads to it")


def _place(record: DirectoryRecord, unique: set[tuple[str, bytes]], out: Verification) -> None:
    above = record.parent.kind if record.parent else ""
    expected = UPPER.get(record.kind, "SERIES")
    if record.kind != "PRIVATE" and above != expected and not (record.kind in ROOTS and not above):
        out.add(Kind.DIFFERENT, str(record), f"stands below {above or 'the root'}; expected {expected or 'the root'}")
    key = IDENTITY.get(record.kind)
    if key:
        value = (record.kind, record.keys.get(key, b""))
        if value in unique:
            out.add(Kind.DIFFERENT, str(record), f"there is another {record.kind} record of the same {key:08X}")
        unique.add(value)
    if record.file_id and not FILE_ID.fullmatch(record.file_id):
        out.add(Kind.DIFFERENT, str(record), f"File ID {record.file_id!r}; expected 1-8 parts of A-Z, 0-9 and _")


@dataclass(slots=True)
class Head:
    """What a file says of itself before its pixels."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    values: Mapping[int, bytes]


def read_head(data: bytes, whole: bool, where: str) -> Head | None:
    """The head of a Part 10 file from its first bytes; None when `data` is too short and not the `whole` file."""
    if data[128:132] != b"DICM":
        raise Unreadable(where, "no DICM after the preamble")
    try:
        end, meta = _meta(data, where)
        syntax = meta.get(0x00020010, "")
        values: Mapping[int, bytes]
        if syntax in ("1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"):
            values = _other_syntax(data, where)
        else:
            values = {}
            for tag, vr, offset, length in dataset.elements(data, end, len(data), where, stop=PIXEL_DATA):
                if vr != b"SQ" and length < 65536:
                    values[tag] = data[offset : offset + length].rstrip(b" \0")
    except (Unreadable, struct.error):
        if whole:
            raise
        return None
    return Head(meta.get(0x00020002, ""), meta.get(0x00020003, ""), syntax, values)


def _other_syntax(data: bytes, where: str) -> dict[int, bytes]:
    from pydicom import dcmread  # takes half a second to import
    from pydicom.errors import InvalidDicomError

    try:
        ds = dcmread(io.BytesIO(data), stop_before_pixels=True)
    except (InvalidDicomError, EOFError, OSError, ValueError) as error:
        raise Unreadable(where, f"cannot be read: {error}") from error
    raw = ((int(tag), ds.get_item(tag)) for tag in ds.keys())  # noqa: SIM118
    return {tag: bytes(e.value or b"").rstrip(b" \0") for tag, e in raw if e is not None and isinstance(e.value, bytes)}


def compare(record: DirectoryRecord, head: Head, derived: Iterable[int] | None, out: Verification) -> None:
    """Hold a record and those above it against its file. `derived` are keys the plan filled in; None: unknown."""
    where = f"{record.path} and its {record}"
    for what, mine, theirs in (
        ("SOP Class UID", record.sop_class_uid, head.sop_class_uid),
        ("SOP Instance UID", record.sop_instance_uid, head.sop_instance_uid),
        ("Transfer Syntax UID", record.transfer_syntax_uid, head.transfer_syntax_uid),
    ):
        if mine != theirs:
            out.add(Kind.DIFFERENT, where, f"{what} is {mine} on the index and {theirs} in the file")
    inside = head.values.get(0x00080018)
    if inside is not None and inside.decode("latin-1") != head.sop_instance_uid:
        out.add(Kind.DIFFERENT, record.path, "its SOP Instance UID and its Media Storage SOP Instance UID differ")
    _compare_keys(record, record.keys, head, derived, out)
    above = record.parent
    while above is not None:
        key = IDENTITY.get(above.kind)
        if key and above.keys.get(key, b"") != head.values.get(key, b""):
            out.add(Kind.DIFFERENT, where, f"belongs to another {above.kind} than the file says")
        above = above.parent


def _compare_keys(
    record: DirectoryRecord, keys: Mapping[int, bytes], head: Head, derived: Iterable[int] | None, out: Verification
) -> None:
    allowed = MAY_BE_DERIVED if derived is None else frozenset(derived)
    for tag, value in keys.items():
        theirs = head.values.get(tag)
        if value == (theirs or b"") or (tag in NOT_FROM_TOP_LEVEL and theirs is None):
            continue
        if tag == 0x00080005 or (not theirs and tag in allowed):
            continue
        out.add(
            Kind.DIFFERENT,
            str(record),
            f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is not what {record.path or 'the file'} says",
        )


def compare_upper(
    record: DirectoryRecord, leaf: DirectoryRecord, head: Head, derived: Iterable[int] | None, out: Verification
) -> None:
    """Hold a PATIENT, STUDY or SERIES record against the first file below it."""
    shown = DirectoryRecord(record.offset, 0, 0, record.kind, leaf.file_id)
    _compare_keys(shown, record.keys, head, derived, out)
