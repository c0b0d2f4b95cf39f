"""Instances that cannot stand on one disc together: all of them are refused, none is chosen.

Each test looks at what the tests before it left, in this order: duplicates and other bytes under one UID, names,
issuers, studies, series. An empty value contradicts nothing; a missing Patient ID is
for the plan to judge.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import BinaryIO

from media.fileset import records
from media.fileset.model import Instance, Keys, Reason, Rejection

ISSUER = 0x00100021
PREAMBLE_BYTES = 128
CHUNK_BYTES = 1 << 20

Open = Callable[[Instance], BinaryIO]
Split = tuple[list[Instance], list[Rejection]]


def settle(instances: list[Instance], open_file: Open) -> Split:
    """The instances that agree with each other, and the others with their reasons. Raises Unreadable."""
    instances, rejections = one_uid(instances, open_file)
    some = families(instances)
    for of, must_agree, reason, what in RULES:
        instances, more = refused(instances, some, of, must_agree, reason, what)
        if more:
            rejections += more
            some = families(instances)
    return instances, rejections


def families(instances: list[Instance]) -> list[Instance]:
    """One instance for each combination of patient, study and series: these share their keys."""
    found: dict[tuple[int, int, int], Instance] = {}
    last: tuple[Keys, Keys, Keys] | None = None
    for one in instances:
        patient, study, series = one.patient, one.study, one.series
        if last is None or series is not last[2] or study is not last[1] or patient is not last[0]:
            last = patient, study, series
            found.setdefault((id(patient), id(study), id(series)), one)
    return list(found.values())


def one_uid(instances: list[Instance], open_file: Open) -> Split:
    """Each SOP Instance UID once: the same bytes are taken once, other bytes not at all."""
    if len({instance.sop_instance_uid for instance in instances}) == len(instances):
        return instances, []
    seen = Counter(instance.sop_instance_uid for instance in instances)
    groups: dict[str, list[Instance]] = {}
    for instance in instances:
        if seen[instance.sop_instance_uid] > 1:
            groups.setdefault(instance.sop_instance_uid, []).append(instance)
    rejections = [one for group in groups.values() for one in same_uid(group, open_file)]
    out = {id(one.source) for one in rejections}
    return [instance for instance in instances if id(instance.source) not in out], rejections


def same_uid(group: list[Instance], open_file: Open) -> list[Rejection]:
    """What is refused of the instances of one SOP Instance UID."""
    first, *others = group
    if len({one.source.size_bytes for one in group}) == 1 and len({digest(one, open_file) for one in group}) == 1:
        return [Rejection(one.source, Reason.DUPLICATE, f"same as {first.source.name}") for one in others]
    detail = f"SOP Instance UID {first.sop_instance_uid} is in {len(group)} files that differ, here and in "
    return [
        Rejection(one.source, Reason.SAME_UID_OTHER_BYTES, detail + (others[0] if one is first else first).source.name)
        for one in group
    ]


def digest(instance: Instance, open_file: Open) -> bytes:
    """SHA-256 of what follows the preamble, which is not for the use of a File-set (PS3.10 7.1)."""
    from hashlib import sha256  # few sets have equal UIDs

    sha = sha256()
    with open_file(instance) as stream:
        stream.seek(PREAMBLE_BYTES)
        while data := stream.read(CHUNK_BYTES):
            sha.update(data)
    return sha.digest()


Value = Callable[[Instance], tuple[bytes, Keys]]
"""What is compared, and the keys whose character set it is in."""


def patient_id(instance: Instance) -> tuple[bytes, Keys]:
    return instance.patient.get(records.PATIENT_ID, b"").strip(b" \0"), instance.patient


def name(instance: Instance) -> tuple[bytes, Keys]:
    return instance.patient.get(records.PATIENT_NAME, b""), instance.patient


def issuer(instance: Instance) -> tuple[bytes, Keys]:
    return instance.patient.get(ISSUER, b"").strip(b" \0"), instance.patient


def study_uid(instance: Instance) -> tuple[bytes, Keys]:
    return instance.study.get(records.STUDY_UID, b""), instance.study


def series_uid(instance: Instance) -> tuple[bytes, Keys]:
    return instance.series.get(records.SERIES_UID, b""), instance.series


RULES: tuple[tuple[Value, Value, Reason, str], ...] = (
    (patient_id, name, Reason.PATIENT_TWO_NAMES, "one Patient ID with {} names"),
    (patient_id, issuer, Reason.PATIENT_TWO_ISSUERS, "one Patient ID from {} issuers"),
    (study_uid, patient_id, Reason.STUDY_TWO_PATIENTS, "one Study Instance UID under {} Patient IDs"),
    (series_uid, study_uid, Reason.SERIES_TWO_STUDIES, "one Series Instance UID in {} studies"),
)
"""What instances share, what they must then agree in, and what is said when they do not."""


def refused(
    instances: list[Instance], some: list[Instance], of: Value, must_agree: Value, reason: Reason, what: str
) -> Split:
    """All instances that share `of` but not `must_agree`; empty values share and contradict nothing.

    some  one instance of each family
    """
    first: dict[bytes, bytes] = {}
    doubtful: set[bytes] = set()
    for instance in some:
        key, value = of(instance)[0], must_agree(instance)[0]
        if key and value and first.setdefault(key, value) != value:
            doubtful.add(key)
    if not doubtful:
        return instances, []
    seen: dict[bytes, dict[bytes, Keys]] = {}
    for instance in some:
        key = of(instance)[0]
        value, keys = must_agree(instance)
        if value and key in doubtful:
            seen.setdefault(key, {}).setdefault(value, keys)
    bad = {key: len(found) for key, found in seen.items() if len(found) > 1 and contradict(found.items(), must_agree)}
    if not bad:
        return instances, []
    rejections = [Rejection(one.source, reason, what.format(bad[of(one)[0]])) for one in instances if of(one)[0] in bad]
    return [one for one in instances if of(one)[0] not in bad], rejections


def contradict(found: Iterable[tuple[bytes, Keys]], of: Value) -> bool:
    """Whether values differ in more than their encoding."""
    if of is not name:
        return True
    return len({plain_name(value, keys.get(records.CHARACTER_SET, b"")) for value, keys in found}) > 1


def plain_name(value: bytes, character_set: bytes) -> str:
    """A person name decoded, without empty components at the end of a group (PS3.5 6.2.1).

    >>> plain_name(b"Doe^John^^", b"") == plain_name(b"Doe^John ", b"ISO_IR 100")
    True
    >>> plain_name("Jörg".encode(), b"ISO_IR 192") == plain_name("Jörg".encode("latin-1"), b"ISO_IR 100")
    True
    """
    from pydicom.charset import convert_encodings, decode_bytes

    names = [one.strip() for one in character_set.decode("ascii", "replace").split("\\")]
    text = decode_bytes(value, convert_encodings(names), {ord(one) for one in "^=\\"})
    groups = ["^".join(part.strip() for part in group.split("^")).rstrip("^") for group in text.split("=")]
    return "=".join(groups).rstrip("=")
