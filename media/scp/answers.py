"""Status data sets, and who is on the other side of an association."""

from typing import Any

from pydicom.dataset import Dataset

from media.studies import Sender

MAX_ERROR_COMMENT = 64  # characters of an LO

Answer = tuple[int | Dataset, Dataset | None]


def refusal(status: int, comment: str) -> Dataset:
    """A status with its reason in words."""
    answer = Dataset()
    answer.Status = status
    answer.ErrorComment = comment.encode("ascii", "replace").decode().replace("\\", "/")[:MAX_ERROR_COMMENT]
    return answer


def sender_of(assoc: Any) -> Sender:
    """Who requested the association."""
    request = assoc.requestor.primitive
    return Sender(
        calling_ae=str(request.calling_ae_title).strip(),
        called_ae=str(request.called_ae_title).strip(),
        address=str(assoc.requestor.address),
    )
