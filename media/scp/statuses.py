"""TABLE. Error kinds as DIMSE statuses (PS3.4 B.2.3, PS3.7 C)."""

from media.errors import (
    BadOrder,
    DeviceFailed,
    MediaError,
    NoRoom,
    NotVerified,
    OneVolumeOnly,
    Refused,
    SourceChanged,
    Unreadable,
)
from media.fileset.model import Reason
from media.index.flaws import Flaw, Odd

SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110
DUPLICATE_SOP_INSTANCE = 0x0111
NO_SUCH_INSTANCE = 0x0112
INVALID_ARGUMENT = 0x0115
INVALID_ATTRIBUTE_VALUE = 0x0106
INVALID_INSTANCE = 0x0117
NO_SUCH_CLASS = 0x0118
CLASS_INSTANCE_CONFLICT = 0x0119
MISSING_ATTRIBUTE = 0x0120
CLASS_NOT_SUPPORTED = 0x0122
NO_SUCH_ACTION = 0x0123
DUPLICATE_TRANSACTION = 0x0131  # PS3.4 J.3.3: a Failure Reason
OPTIONAL_NOT_SUPPORTED = 0x0001  # a warning of N-GET (PS3.4 S.3.2.4.4), as the next four are of N-ACTION
ALREADY_INITIATED = 0xA510
ALREADY_COMPLETED = 0xC201
IN_PROGRESS = 0xC202
CANCEL_DENIED = 0xC203
OUT_OF_RESOURCES = 0xA700
DOES_NOT_MATCH_CLASS = 0xA900
CANNOT_UNDERSTAND = 0xC000

STATUSES: dict[type[MediaError], int] = {
    NoRoom: OUT_OF_RESOURCES,
    Odd: CANNOT_UNDERSTAND,
    Unreadable: PROCESSING_FAILURE,
    SourceChanged: PROCESSING_FAILURE,
    BadOrder: PROCESSING_FAILURE,
    Refused: PROCESSING_FAILURE,
    NotVerified: PROCESSING_FAILURE,
    OneVolumeOnly: PROCESSING_FAILURE,
    DeviceFailed: PROCESSING_FAILURE,
    Flaw: CANNOT_UNDERSTAND,
}

FLAWS: dict[Reason, int] = {
    Reason.BAD_KEY: DOES_NOT_MATCH_CLASS,
    Reason.MISSING_KEY: DOES_NOT_MATCH_CLASS,
}
"""What a Flaw of these reasons is instead."""


def status_of(error: MediaError) -> int:
    """The status that tells the sender of an instance what to do.

    >>> f"{status_of(NoRoom('disk full')):04X}", f"{status_of(Flaw(Reason.BAD_KEY, 'UIDs differ')):04X}"
    ('A700', 'A900')
    """
    if isinstance(error, Flaw):
        return FLAWS.get(error.reason, CANNOT_UNDERSTAND)
    return STATUSES[type(error)]
