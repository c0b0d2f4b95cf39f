"""What is wrong with one file, and files that the fast path leaves to pydicom."""

from media.errors import MediaError
from media.fileset.model import Reason


class Flaw(MediaError):
    """The file cannot be an instance; the index turns this into its Rejection."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")


class Odd(MediaError):
    """The file does not follow the encoding its transfer syntax names; pydicom may make sense of it."""


def truncated(what: str, end: int, size: int) -> Flaw:
    """`what` ends at byte `end` of a file of `size` bytes."""
    return Flaw(Reason.TRUNCATED, f"{what} ends at byte {end}, the file at {size}")
