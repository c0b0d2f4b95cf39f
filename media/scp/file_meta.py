"""The head of a Part 10 file: preamble and file meta information (PS3.10 7.1), encoded without a data set object."""

import re
from functools import lru_cache
from struct import Struct
from typing import BinaryIO

UID = re.compile(r"[0-9]+(\.[0-9]+)*")
MAX_UID = 64  # characters (PS3.5 9.1)

_SHORT = Struct("<HH2sH")
_VERSION = b"\x02\0\x01\0OB\0\0\x02\0\0\0\0\x01"
_HEAD = bytes(128) + b"DICM" + _SHORT.pack(2, 0, b"UL", 4)


def is_uid(text: str) -> bool:
    """Whether a text can stand as a UID; leading zeros and a lone number, which some senders write, are let pass.

    >>> is_uid("1.2.840.10008.1.1"), is_uid("1.2.03"), is_uid("../1"), is_uid("1.2/3")
    (True, True, False, False)
    """
    return len(text) <= MAX_UID and UID.fullmatch(text) is not None


def file_head(
    sop_class_uid: str,
    sop_instance_uid: str,
    transfer_syntax_uid: str,
    implementation: tuple[str, str],
    source_ae: str,
) -> bytes:
    """All of a file that comes before its data set.

    implementation  our class UID and version name
    source_ae       the AE title that sent the data set
    """
    before, after = _around_instance(sop_class_uid, transfer_syntax_uid, implementation, source_ae)
    body = before + _element(0x0003, b"UI", sop_instance_uid) + after
    return _HEAD + len(body).to_bytes(4, "little") + body


@lru_cache(maxsize=256)
def _around_instance(
    sop_class_uid: str, transfer_syntax_uid: str, implementation: tuple[str, str], source_ae: str
) -> tuple[bytes, bytes]:
    """What stands before and after the SOP Instance UID, the same for a whole series."""
    before = _VERSION + _element(0x0002, b"UI", sop_class_uid)
    after = (
        _element(0x0010, b"UI", transfer_syntax_uid)
        + _element(0x0012, b"UI", implementation[0])
        + _element(0x0013, b"SH", implementation[1])
        + (_element(0x0016, b"AE", source_ae) if source_ae else b"")
    )
    return before, after


def read_head(stream: BinaryIO) -> tuple[int, str]:
    """Where the data set of a file that `file_head` began starts, and the AE title that sent it. Raises ValueError."""
    begin = stream.read(len(_HEAD) + 4)
    if begin[: len(_HEAD)] != _HEAD or len(begin) < len(_HEAD) + 4:
        raise ValueError("no file of the inbox")
    body = stream.read(int.from_bytes(begin[-4:], "little"))
    at, source_ae = len(_VERSION), ""
    while at + _SHORT.size <= len(body):
        _, number, _, length = _SHORT.unpack_from(body, at)
        if number == 0x0016:
            source_ae = body[at + 8 : at + 8 + length].decode("ascii", "replace").strip()
        at += 8 + length
    return len(begin) + len(body), source_ae


def _element(number: int, vr: bytes, text: str) -> bytes:
    value = text.encode("ascii", "replace")
    if len(value) % 2:
        value += b"\0" if vr == b"UI" else b" "
    return _SHORT.pack(2, number, vr, len(value)) + value
