"""PURE. The directory of one volume: its records in the order of the file, and how they hang together (PS3.3 F.2)."""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from media.fileset import records
from media.fileset.elements import element
from media.fileset.model import Keys, PlannedFile, Volume
from media.fileset.profiles import Profile
from media.fileset.record_keys import RecordKeys
from media.fileset.transfer_syntaxes import EXPLICIT_LE

RECORD_HEAD_BYTES = 8 + 12 + 10 + 12  # item, next record, in-use flag, lower level
OFFSETS_BYTES = 12 + 12 + 10 + 12  # first and last root record, consistency flag, head of the record sequence
DIRECTORY_CLASS = b"1.2.840.10008.1.3.10"
IMPLEMENTATION_CLASS_UID = "2.25.134147076632699498702449488191355905534"
IMPLEMENTATION_VERSION = "PRINTMGR_1"
PRIVATE_RECORD_UID = "2.25.286131641152708233499592846277944304518"
"""(0004,1432) of our PRIVATE records: a file of a SOP class for which PS3.3 has no directory record."""

ROOT = -1
UNIQUE_KEYS = (("PATIENT", records.PATIENT_ID), ("STUDY", records.STUDY_UID), ("SERIES", records.SERIES_UID))

ICON_HEAD = struct.Struct("<HHI")


@dataclass(slots=True)
class Record:
    """One directory record: its encoded content after the offsets, and its relatives by position (-1: none)."""

    body: bytes
    next: int = -1
    child: int = -1
    file: PlannedFile | None = None
    icon: bool = False


@dataclass(slots=True)
class Directory:
    """The records of one File-set in the order of the DICOMDIR."""

    records: list[Record] = field(default_factory=list)
    last_root: int = -1  # the first one is the first record


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


class DirectoryMaker:
    """Makes directories under one profile."""

    def __init__(self, profile: Profile, icons: bool = False, descriptor: str = "") -> None:
        self.descriptor = descriptor
        self.levels = {name: RecordKeys(records.RECORDS[name], profile) for name in ("PATIENT", "STUDY", "SERIES")}
        self.icon = profile.icon if profile.icon and (icons or profile.icon.required) else None
        self.constants: dict[tuple[str, str, str], tuple[bytes, bytes, bytes]] = {}

    def directory(self, files: Iterable[PlannedFile]) -> Directory:
        """The records of `files`, which come patient by patient, study by study, series by series."""
        made = Directory()
        branch: list[tuple[bytes, int]] = []
        last: dict[int, int] = {}
        for file in files:
            if records.RECORDS[file.record_type].parent is records.Level.ROOT:
                parent = ROOT
            else:
                parent = self.open_levels(made, file, branch, last)
            record = Record(self.file_body(file), file=file, icon=self.icon is not None and file.record_type == "IMAGE")
            hang(made, record, parent, last)
        made.last_root = last.get(ROOT, ROOT)
        return made

    def sizes(self, made: Directory) -> list[int]:
        """Bytes of each record as a sequence item, icon included."""
        pixels = icon_bytes(self.icon.size) if self.icon else 0
        return [RECORD_HEAD_BYTES + len(one.body) + (pixels if one.icon else 0) for one in made.records]

    def open_levels(
        self, made: Directory, file: PlannedFile, branch: list[tuple[bytes, int]], last: dict[int, int]
    ) -> int:
        """The position of the file's series record; records of patient, study and series where they begin.

        branch  unique key and position of the open records, from the patient down
        """
        parent = ROOT
        for depth, (name, tag) in enumerate(UNIQUE_KEYS):
            values: Keys = getattr(file.instance, name.lower())
            key = values.get(tag, b"")
            if len(branch) <= depth or branch[depth][0] != key:
                del branch[depth:]
                body = level_body(self.levels[name], name, over(values, file.derived))
                branch.append((key, hang(made, Record(body), parent, last)))
            parent = branch[depth][1]
        return parent

    def file_body(self, file: PlannedFile) -> bytes:
        """Type, File ID, UIDs and keys of an instance's record."""
        instance = file.instance
        kind = (file.record_type, instance.sop_class_uid, file.transfer_syntax_uid)
        around = self.constants.get(kind)
        if around is None:
            around = self.constants[kind] = constants(*kind)
        return b"".join(
            (
                around[0],
                element(0x00041500, "CS", "\\".join(file.file_id).encode()),
                around[1],
                element(0x00041511, "UI", instance.sop_instance_uid.encode()),
                around[2],
                file.keys,
            )
        )


def hang(made: Directory, record: Record, parent: int, last: dict[int, int]) -> int:
    """Append a record as the last child of `parent`; gives its position. last: parent -> its last child so far."""
    at = len(made.records)
    made.records.append(record)
    if parent in last:
        made.records[last[parent]].next = at
    elif parent != ROOT:
        made.records[parent].child = at
    last[parent] = at
    return at


def constants(record_type: str, sop_class_uid: str, transfer_syntax_uid: str) -> tuple[bytes, bytes, bytes]:
    """What records of one kind share: before the File ID, before the instance UID, after it."""
    head = element(0x00041430, "CS", record_type.encode())
    if record_type == "PRIVATE":
        head += element(0x00041432, "UI", PRIVATE_RECORD_UID.encode())
    return (
        head,
        element(0x00041510, "UI", sop_class_uid.encode()),
        element(0x00041512, "UI", transfer_syntax_uid.encode()),
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
    return len(head) + OFFSETS_BYTES + sum(maker.sizes(maker.directory(volume.files)))


def level_body(keys: RecordKeys, name: str, values: Keys) -> bytes:
    """The body of a record that references no file."""
    return element(0x00041430, "CS", name.encode()) + keys.encode(values).body


def over(values: Keys, derived: Mapping[int, bytes]) -> Keys:
    """The values with the derived ones in their places."""
    return {**values, **derived} if derived else values
