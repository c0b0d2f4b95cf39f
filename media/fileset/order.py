"""PURE. What is asked for: the disc order."""

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from media.errors import BadOrder
from media.fileset.file_ids import COMPONENT
from media.fileset.model import Reason
from media.fileset.transfer_syntaxes import LOSSLESS_TARGETS

FILE_SET_ID = re.compile(r"[A-Z0-9_]{0,16}")


class Fields(NamedTuple):
    """What a disc order says, unchecked."""

    created: str
    profile: str = ""
    medium: str = ""
    leave_out: frozenset[Reason] = frozenset()
    derive: bool = False
    file_set_id: str = "DISC"
    compress: str = ""
    joliet: bool = False
    udf: bool | None = None
    icons: bool = False
    descriptor: str = ""
    private_records: bool = False
    deidentified: str = ""
    secure: bool = False


class DiscOrder(Fields):
    """One order; the same order over the same index gives the same plan.

    created          ISO 8601 with offset; every time on the image
    profile          a name of PROFILES; '' for the plain one of the medium
    medium           a name of MEDIA or a number of bytes; '' for the profile's
    leave_out        refusals with these reasons do not fail the job
    derive           fill missing numbers, dates and times of the directory from the same study
    file_set_id      at most 16 of A-Z 0-9 _ (PS3.10 8.1); several volumes get _1, _2, …
    compress         a transfer syntax of LOSSLESS_TARGETS for native images, '' to leave them
    joliet           a second tree with long names on ISO 9660
    udf              None: as the profile's medium wants it
    icons            write icon images where the profile merely allows them
    descriptor       File-set Descriptor File ID (0004,1141), one component; '' for none
    private_records  SOP classes without a directory record get a PRIVATE one instead of a refusal
    deidentified     what the volumes say of their de-identification; then they name no file of the source
    secure           every file becomes a Secure DICOM File (PS3.15 D.1): the -SEC- profiles
    """

    __slots__ = ()

    if not TYPE_CHECKING:  # the fields themselves say what a caller may give

        def __new__(cls, *values: Any, **named: Any) -> "DiscOrder":
            """Raises BadOrder."""
            order = super().__new__(cls, *values, **named)
            order.check()
            return order

    def check(self) -> None:
        """See that every field can be carried out. Raises BadOrder."""
        if not FILE_SET_ID.fullmatch(self.file_set_id):
            raise BadOrder(f"File-set ID is {self.file_set_id!r}; expected up to 16 of A-Z, 0-9 and _")
        if self.descriptor and not COMPONENT.fullmatch(self.descriptor):
            raise BadOrder(f"descriptor file is {self.descriptor!r}; expected up to 8 of A-Z, 0-9 and _")
        if self.compress and self.compress not in LOSSLESS_TARGETS:
            raise BadOrder(f"cannot compress to {self.compress}; expected one of {', '.join(LOSSLESS_TARGETS)}")
        try:
            moment = datetime.fromisoformat(self.created)
        except ValueError:
            raise BadOrder(f"created is {self.created!r}; expected an ISO 8601 date and time") from None
        if moment.tzinfo is None:
            raise BadOrder(f"created is {self.created!r}; expected it with its offset from UTC")
