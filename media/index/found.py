"""What the scan of one file finds, small enough to hand from process to process."""

from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple, cast

from media.fileset.model import Reason
from media.index.flaws import Flaw
from media.index.keys import EVERY, OWN, PATIENT, SERIES, SOP_CLASS_UID, SOP_INSTANCE_UID, STUDY, WANTED

Part = tuple[tuple[int, ...], tuple[bytes, ...]]
"""Tags in order and their values."""


BITS_ALLOCATED = 0x00280100
PIXELS_ELSEWHERE = frozenset(
    {"1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.204", "1.2.840.10008.1.2.4.205"}
)
"""JPIP transfer syntaxes: the pixel data are at a provider (PS3.5 A.6)."""


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


Take = Callable[[dict[int, bytes]], tuple[bytes, ...]]


@lru_cache(maxsize=1024)
def levels(tags: tuple[int, ...]) -> tuple[tuple[tuple[int, ...], Take], ...]:
    """For the tags of a data set, level by level: which are of it, and what takes their values in order."""
    found = []
    for level in (PATIENT, STUDY, SERIES, OWN):
        mine = tuple(tag for tag in tags if WANTED[tag].level in {level, EVERY})
        found.append((mine, taker(mine)))
    return tuple(found)


def taker(tags: tuple[int, ...]) -> Take:
    """Takes the values of `tags` out of a dictionary."""
    if len(tags) > 1:
        return cast(Take, itemgetter(*tags))
    return lambda values: tuple(values[tag] for tag in tags)


def assembled(meta: Meta, values: dict[int, bytes], pixels: bool) -> Found:
    """The keys of a data set by level. Raises Flaw when file meta and data set contradict each other.

    pixels  whether the data set has pixel data
    """
    agree(meta, values)
    found = Found(
        meta.sop_class_uid.decode("ascii"),
        meta.sop_instance_uid.decode("ascii"),
        meta.transfer_syntax_uid.decode("ascii"),
        parts(values),
    )
    if BITS_ALLOCATED in values and not pixels and found.transfer_syntax_uid not in PIXELS_ELSEWHERE:
        raise Flaw(Reason.TRUNCATED, "it describes pixels and has no pixel data")
    return found


def parts(values: dict[int, bytes]) -> tuple[Part, Part, Part, Part]:
    """The keys by level."""
    patient, study, series, own = levels(tuple(values))
    return (
        (patient[0], patient[1](values)),
        (study[0], study[1](values)),
        (series[0], series[1](values)),
        (own[0], own[1](values)),
    )


def agree(meta: Meta, values: dict[int, bytes]) -> None:
    """See that file meta information and data set name the same instance (PS3.10 7.1). Raises Flaw."""
    if values.get(SOP_CLASS_UID) == meta.sop_class_uid and values.get(SOP_INSTANCE_UID) == meta.sop_instance_uid:
        return
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
