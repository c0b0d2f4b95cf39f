"""What the scan of one file finds, small enough to hand from process to process."""

from typing import NamedTuple

from media.fileset.model import Reason
from media.index.flaws import Flaw
from media.index.keys import EVERY, SOP_CLASS_UID, SOP_INSTANCE_UID, WANTED

Part = tuple[tuple[int, ...], tuple[bytes, ...]]
"""Tags in order and their values."""


class Meta(NamedTuple):
    """File meta information (PS3.10 7.1) and where the data set begins."""

    sop_class_uid: bytes
    sop_instance_uid: bytes
    transfer_syntax_uid: bytes
    start: int


class Found(NamedTuple):
    """One SOP instance: its UIDs, and its keys by level."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    parts: tuple[Part, Part, Part, Part]


def assembled(meta: Meta, values: dict[int, bytes]) -> Found:
    """The keys of a data set by level. Raises Flaw when file meta and data set contradict each other."""
    tags: tuple[list[int], ...] = ([], [], [], [])
    kept: tuple[list[bytes], ...] = ([], [], [], [])
    for tag, value in values.items():
        level = WANTED[tag].level
        if level >= 0:
            tags[level].append(tag)
            kept[level].append(value)
        elif level == EVERY:
            for one, other in zip(tags, kept, strict=True):
                one.append(tag)
                other.append(value)
    agree(meta, values)
    return Found(
        meta.sop_class_uid.decode("ascii"),
        meta.sop_instance_uid.decode("ascii"),
        meta.transfer_syntax_uid.decode("ascii"),
        (
            (tuple(tags[0]), tuple(kept[0])),
            (tuple(tags[1]), tuple(kept[1])),
            (tuple(tags[2]), tuple(kept[2])),
            (tuple(tags[3]), tuple(kept[3])),
        ),
    )


def agree(meta: Meta, values: dict[int, bytes]) -> None:
    """See that file meta information and data set name the same instance (PS3.10 7.1). Raises Flaw."""
    for tag, uid, name in (
        (SOP_CLASS_UID, meta.sop_class_uid, "SOP Class UID"),
        (SOP_INSTANCE_UID, meta.sop_instance_uid, "SOP Instance UID"),
    ):
        if values.get(tag) != uid:
            said = values.get(tag, b"").decode("ascii", "backslashreplace")
            raise Flaw(
                Reason.BAD_KEY,
                f"{name} is {said!r} in the data set, {uid.decode('ascii')!r} in the file meta information",
            )
