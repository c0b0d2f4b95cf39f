"""PURE. The keys of one directory record: chosen by its type and the profile, checked, encoded."""

from collections.abc import Mapping
from typing import NamedTuple

from media.fileset import records, sop_classes, values
from media.fileset.elements import LONG_VRS, concept_modifiers, element, items, last_verification, trimmed
from media.fileset.model import Keys, Reason
from media.fileset.profiles import Profile
from media.fileset.records import Key, KeyType, RecordType


class Fault(NamedTuple):
    """Why a record cannot be made."""

    reason: Reason
    detail: str


class Encoded(NamedTuple):
    """The keys of one record.

    body      encoded elements in tag order
    dropped   keys of type 1C, 2 or 3 whose value no record may hold: tag -> b''
    faults    empty, or the body is none
    """

    body: bytes
    dropped: Mapping[int, bytes]
    faults: tuple[Fault, ...]


class One(NamedTuple):
    """One encoded key; `fault` says why it cannot be encoded."""

    body: bytes
    text: bool  # whether it needs a character set
    fault: str


class Row:
    """A key as the encoder wants it.

    head    tag and VR of an element with a length of two bytes, or nothing
    absent  what stands for a missing value: the empty element of type 2, or nothing
    plain   value -> element, where nothing else has a say in it; None for a missing one
    seen    (value, character set) -> what came of the others
    """

    __slots__ = ("absent", "head", "is_conditional", "is_needed", "key", "plain", "seen")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.head = element(key.tag, key.vr, b"")[:6] if key.vr not in LONG_VRS else b""
        self.absent = element(key.tag, key.vr, b"") if key.type is KeyType.TWO else b""
        self.is_needed = key.type is KeyType.ONE
        self.is_conditional = key.tag in CONDITIONAL
        self.plain: dict[bytes | None, bytes] = {}
        self.seen: dict[tuple[bytes, bytes], One] = {}
        if not self.is_needed and not self.is_conditional:
            self.plain |= {None: self.absent, b"": self.absent}

    def one(self, value: bytes, declared: bytes) -> One:
        """The key of an instance that declares a character set."""
        found = self.seen.get((value, declared))
        if found is None:
            found = encode_one(self, value, declared)
            if (
                found.fault
                or found.text
                or not (self.key.vr in values.PATTERNS or values.is_everywhere_the_same(value))
            ):
                if len(self.seen) < MOST_REMEMBERED:
                    self.seen[value, declared] = found
            elif len(self.plain) < MOST_REMEMBERED:
                self.plain[value] = found.body
        return found


CONDITIONAL = frozenset({records.VERIFICATION_DATETIME, records.HL7_INSTANCE})
"""Keys of type 1C whose condition is another than that the instance has them."""

STRICT = frozenset({records.PATIENT_NAME})
"""Keys of type 2 that are refused, not dropped, when they cannot stand in a record."""

NOTHING: Mapping[int, bytes] = {}
MOST_REMEMBERED = 10_000


class RecordKeys:
    """Encodes records of one type under one profile; remembers values that it has checked."""

    def __init__(self, record: RecordType, profile: Profile) -> None:
        extras = {key.tag: key for key in profile.keys.get(record.name, ())}
        keys = {key.tag: key for key in record.keys} | {
            tag: key for tag, key in extras.items() if not is_weaker(key, record)
        }
        self.record = record
        self.keys = tuple(keys[tag] for tag in sorted(keys))
        self.rows = tuple((row.key.tag, row.plain, row) for row in map(Row, self.keys))
        self.from_groups = any(tag in extras for tag in GROUP_KEYS)
        self.from_verification = record.name == "SR DOCUMENT"

    def encode(self, values_of: Keys, sop_class_uid: str = "") -> Encoded:
        """The keys of a record out of what the file, or the derived values over it, say."""
        if self.from_groups or self.from_verification:
            values_of = self.effective(values_of)
        get = values_of.get
        parts: list[bytes] = []
        text = False
        dropped: dict[int, bytes] = {}
        faults: list[Fault] = []
        for tag, plain, row in self.rows:
            value = get(tag)
            found = plain.get(value)
            if found is not None:
                parts.append(found)
                continue
            if not value:
                if row.is_needed or is_required(row.key, values_of, sop_class_uid):
                    faults.append(Fault(Reason.MISSING_KEY, named(row.key)))
                continue
            body, needs_set, fault = row.one(value, get(records.CHARACTER_SET, b""))
            if not fault:
                parts.append(body)
                text = text or needs_set
            elif row.is_needed or tag in STRICT:
                faults.append(Fault(Reason.BAD_KEY, f"{named(row.key)} {fault}"))
            else:
                dropped[tag] = b""
                parts.append(row.absent)
        if text:
            parts.insert(0, element(records.CHARACTER_SET, "CS", get(records.CHARACTER_SET, b"")))
        return Encoded(b"".join(parts), dropped or NOTHING, tuple(faults))

    def effective(self, values_of: Keys) -> Keys:
        """The values with those that a record takes from inside a sequence of the instance."""
        if self.from_groups and records.SHARED_GROUPS in values_of:
            values_of = from_shared_groups(values_of)
        if self.from_verification:
            values_of = with_verification(values_of)
        return values_of


GROUP_KEYS = {
    0x00200032: 0x00209113,  # ImagePositionPatient in Plane Position Sequence
    0x00200037: 0x00209116,  # ImageOrientationPatient in Plane Orientation Sequence
    0x00280030: 0x00289110,  # PixelSpacing in Pixel Measures Sequence
}


def named(key: Key) -> str:
    return f"{key.name} ({key.tag >> 16:04X},{key.tag & 0xFFFF:04X})"


def is_weaker(key: Key, record: RecordType) -> bool:
    """Whether the record's own table already asks more of this key."""
    own = {one.tag: one.type for one in record.keys}
    return own.get(key.tag) is KeyType.ONE


def is_required(key: Key, values_of: Keys, sop_class_uid: str) -> bool:
    """The conditions of type 1C that do not mean "if the instance has it"."""
    if key.tag == records.VERIFICATION_DATETIME:
        return values_of.get(records.VERIFICATION_FLAG) == b"VERIFIED"
    return key.tag == records.HL7_INSTANCE and sop_class_uid == sop_classes.CDA


def encode_one(row: Row, value: bytes, declared: bytes) -> One:
    """One key; a sequence is trimmed to what the record takes."""
    key = row.key
    pattern = values.PATTERNS.get(key.vr)
    if pattern is not None:
        if pattern.fullmatch(value):
            if len(value) & 1:
                value += b"\0" if key.vr == "UI" else b" "
            return One(row.head + len(value).to_bytes(2, "little") + value, False, "")
        return One(b"", False, f"is no valid {key.vr}")
    try:
        if key.vr == "SQ":
            value = concept_modifiers(value) if key.tag == records.CONTENT_SEQUENCE else trimmed(key.items, value)
            if not value:
                body = element(key.tag, key.vr, b"") if key.type is KeyType.TWO else b""
                return One(body, False, "has no items" if key.type is KeyType.ONE else "")
        elif not values.fits(key.vr, value):
            return One(b"", False, f"is no valid {key.vr}")
        text = values.needs_by(declared)(key.vr, value)
    except ValueError as error:
        return One(b"", False, f"cannot be read: {error}")
    if text and (not declared or not values.is_known_set(declared)):
        return One(b"", False, "goes beyond ASCII without a known Specific Character Set")
    return One(element(key.tag, key.vr, value), text, "")


def with_verification(values_of: Keys) -> Keys:
    """Verification DateTime as the last verifying observer has it, of a verified document only (PS3.3 F.5.25)."""
    moment = b""
    if values_of.get(records.VERIFICATION_FLAG) == b"VERIFIED":
        try:
            moment = last_verification(values_of.get(records.VERIFYING_OBSERVERS, b""))
        except ValueError:
            moment = b""
    return {**values_of, records.VERIFICATION_DATETIME: moment}


def from_shared_groups(values_of: Keys) -> Keys:
    """The values with position, orientation, spacing and image references of the Shared Functional Groups."""
    try:
        shared = {tag: value for one in items(values_of[records.SHARED_GROUPS])[:1] for tag, _, value in one}
        found = {
            tag: value
            for tag, group in GROUP_KEYS.items()
            for one in items(shared.get(group, b""))[:1]
            for nested, _, value in one
            if nested == tag
        }
    except ValueError:
        return values_of
    if records.REFERENCED_IMAGES in shared:
        found[records.REFERENCED_IMAGES] = shared[records.REFERENCED_IMAGES]
    return {**found, **values_of}
