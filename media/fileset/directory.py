"""PURE. The directory of one volume: its records in the order of the file, and how they hang together (PS3.3 F.2)."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from media.fileset import records
from media.fileset.elements import HEAD, element
from media.fileset.model import Keys, PlannedFile, Volume
from media.fileset.profiles import Profile
from media.fileset.transfer_syntaxes import EXPLICIT_LE

RECORD_HEAD_BYTES = 8 + 12 + 10 + 12  # item, next record, in-use flag, lower level
OFFSETS_BYTES = 12 + 12 + 10 + 12  # first and last root record, consistency flag, head of the record sequence
DIRECTORY_CLASS = b"1.2.840.10008.1.3.10"
IMPLEMENTATION_CLASS_UID = "2.25.134147076632699498702449488191355905534"
IMPLEMENTATION_VERSION = "PRINTMGR_1"
PRIVATE_RECORD_UID = "2.25.286131641152708233499592846277944304518"
"""(0004,1432) of our PRIVATE records: a file of a SOP class for which PS3.3 has no directory record."""

LEVELS = (
    (records.PATIENT_ID, element(0x00041430, "CS", b"PATIENT")),
    (records.STUDY_UID, element(0x00041430, "CS", b"STUDY")),
    (records.SERIES_UID, element(0x00041430, "CS", b"SERIES")),
)
"""From the root down: the unique key of the records, and how they begin."""

ICON_HEAD = struct.Struct("<HHI")


class Record(NamedTuple):
    """One directory record in the order of the file: how deep it hangs, and its content after the offsets.

    depth  0 under the root, 1 under a patient, 2 under a study, 3 under a series
    file   of a record that references one
    """

    depth: int
    body: bytes
    file: PlannedFile | None


class Links(NamedTuple):
    """Relatives of each record by position, -1 for none; the first record is the first of the root."""

    next: list[int]
    child: list[int]
    last_root: int


def links(depths: Sequence[int]) -> Links:
    """How records hang together, from their depths in the order of the file.

    >>> links([0, 1, 1, 0])
    Links(next=[3, 2, -1, -1], child=[1, -1, -1, -1], last_root=3)
    """
    following, child = [-1] * len(depths), [-1] * len(depths)
    latest: list[int] = []  # the last record at each depth, while its parent is open
    for at, depth in enumerate(depths):
        if depth < len(latest):
            following[latest[depth]] = at
            del latest[depth:]
        elif latest:
            child[at - 1] = at
        latest.append(at)
    return Links(following, child, latest[0] if latest else -1)


def icon_bytes(size: int) -> int:
    """Bytes of an encoded Icon Image Sequence."""
    return len(icon_element(size, bytes(size * size)))


def icon_element(size: int, pixels: bytes) -> bytes:
    """Icon Image Sequence (0088,0200) with one item: `size` x `size` pixels of 8 bits, MONOCHROME2 (PS3.3 F.7)."""
    number = struct.Struct("<H").pack
    content = b"".join(
        (
            element(0x00280002, "US", number(1)),
            element(0x00280004, "CS", b"MONOCHROME2"),
            element(0x00280010, "US", number(size)),
            element(0x00280011, "US", number(size)),
            element(0x00280100, "US", number(8)),
            element(0x00280101, "US", number(8)),
            element(0x00280102, "US", number(7)),
            element(0x00280103, "US", number(0)),
            element(0x7FE00010, "OB", pixels),
        )
    )
    return element(records.ICON, "SQ", ICON_HEAD.pack(0xFFFE, 0xE000, len(content)) + content)


class Around(NamedTuple):
    """What the records of one kind of file share: before the File ID, before the instance UID, after it.

    size_bytes  of such a record as a sequence item without File ID, instance UID and keys
    """

    before: bytes
    between: bytes
    after: bytes
    at_root: bool
    size_bytes: int


class DirectoryMaker:
    """Makes directories under one profile."""

    def __init__(self, profile: Profile, icons: bool = False, descriptor: str = "") -> None:
        self.descriptor = descriptor
        self.icon = profile.icon if profile.icon and (icons or profile.icon.required) else None
        self.kinds: dict[tuple[str, str, str], Around] = {}

    def records(self, files: Iterable[PlannedFile]) -> Iterator[Record]:
        """The records of `files`, which come patient by patient, study by study, series by series."""
        for file, around, begun in self.walk(files):
            if begun:
                yield from begun
            yield Record(0 if around.at_root else 3, file_body(file, around), file)

    def records_bytes(self, files: Iterable[PlannedFile]) -> int:
        """Bytes of the records of `files`, icons included, without making them."""
        icon = icon_bytes(self.icon.size) if self.icon else 0
        total = 0
        for file, around, begun in self.walk(files):
            total += around.size_bytes + len(file.keys)
            total += even(len("\\".join(file.file_id))) + even(len(file.instance.sop_instance_uid))
            if icon and file.record_type == "IMAGE":
                total += icon
            for record in begun:
                total += RECORD_HEAD_BYTES + len(record.body)
        return total

    def walk(self, files: Iterable[PlannedFile]) -> Iterator[tuple[PlannedFile, Around, Sequence[Record]]]:
        """Each file with what is around its record, and the patient, study and series records that begin before it."""
        opened: list[bytes] = []
        study: Keys | None = None
        series: Keys | None = None
        kinds = self.kinds
        for file in files:
            instance = file.instance
            kind = (file.record_type, instance.sop_class_uid, file.transfer_syntax_uid)
            around = kinds.get(kind) or self.around(*kind)
            begun: Sequence[Record] = ()
            if around.at_root:
                opened, study, series = [], None, None
            elif instance.series is not series or instance.study is not study:
                study, series = instance.study, instance.series
                begun = open_levels(opened, (instance.patient, study, series), file.levels)
            yield file, around, begun

    def around(self, record_type: str, sop_class_uid: str, transfer_syntax_uid: str) -> Around:
        """The shared parts of records of one kind, made once."""
        before = element(0x00041430, "CS", record_type.encode())
        if record_type == "PRIVATE":
            before += element(0x00041432, "UI", PRIVATE_RECORD_UID.encode())
        between = element(0x00041510, "UI", sop_class_uid.encode())
        after = element(0x00041512, "UI", transfer_syntax_uid.encode())
        at_root = records.RECORDS[record_type].parent is records.Level.ROOT
        size = RECORD_HEAD_BYTES + len(before) + HEAD.size + len(between) + HEAD.size + len(after)
        found = self.kinds[record_type, sop_class_uid, transfer_syntax_uid] = Around(
            before, between, after, at_root, size
        )
        return found

    def has_icon(self, record: Record) -> bool:
        """Whether the record carries an icon image."""
        return self.icon is not None and record.file is not None and record.file.record_type == "IMAGE"

    def sizes(self, made: Iterable[Record]) -> list[int]:
        """Bytes of each record as a sequence item, icon included."""
        if self.icon is None:
            return [RECORD_HEAD_BYTES + len(record.body) for record in made]
        icon = icon_bytes(self.icon.size)
        return [RECORD_HEAD_BYTES + len(record.body) + (icon if self.has_icon(record) else 0) for record in made]


def open_levels(opened: list[bytes], values: tuple[Keys, ...], bodies: tuple[bytes, ...]) -> list[Record]:
    """Records of the patient, study and series that begin; `opened`: the unique keys of those that are open."""
    begun = []
    for depth, (tag, head) in enumerate(LEVELS):
        key = values[depth].get(tag, b"")
        if len(opened) <= depth or opened[depth] != key:
            opened[depth:] = [key]
            begun.append(Record(depth, head + bodies[depth], None))
    return begun


def even(count: int) -> int:
    return count + (count & 1)


FILE_ID_HEADS = tuple(HEAD.pack(0x0004, 0x1500, b"CS", length) for length in range(74))
UID_HEADS = tuple(HEAD.pack(0x0004, 0x1511, b"UI", length) for length in range(66))


def file_body(file: PlannedFile, around: Around) -> bytes:
    """Type, File ID, UIDs and keys of an instance's record."""
    file_id = "\\".join(file.file_id).encode()
    if len(file_id) & 1:
        file_id += b" "
    uid = file.instance.sop_instance_uid.encode()
    if len(uid) & 1:
        uid += b"\0"
    return b"".join(
        (
            around.before,
            FILE_ID_HEADS[len(file_id)],
            file_id,
            around.between,
            UID_HEADS[len(uid)],
            uid,
            around.after,
            file.keys,
        )
    )


def header(file_set_id: str, file_set_uid: str, descriptor: str) -> bytes:
    """Preamble, file meta information (PS3.10 7.1), and what stands before the offsets of the root directory.

    descriptor  File ID of a file that describes the File-set in words, '' without; no README.TXT: it has a dot
    """
    meta = b"".join(
        (
            element(0x00020001, "OB", b"\0\1"),
            element(0x00020002, "UI", DIRECTORY_CLASS),
            element(0x00020003, "UI", file_set_uid.encode()),
            element(0x00020010, "UI", EXPLICIT_LE.encode()),
            element(0x00020012, "UI", IMPLEMENTATION_CLASS_UID.encode()),
            element(0x00020013, "SH", IMPLEMENTATION_VERSION.encode()),
        )
    )
    length = element(0x00020000, "UL", struct.pack("<I", len(meta)))
    file_set = element(0x00041130, "CS", file_set_id.encode())
    if descriptor:
        file_set += element(0x00041141, "CS", descriptor.encode()) + element(0x00041142, "CS", b"ISO_IR 192")
    return bytes(128) + b"DICM" + length + meta + file_set


def directory_bytes(volume: Volume, maker: DirectoryMaker) -> int:
    """The size of the DICOMDIR of a volume."""
    head = header(volume.file_set_id, volume.file_set_uid, maker.descriptor)
    return len(head) + OFFSETS_BYTES + maker.records_bytes(volume.files)
