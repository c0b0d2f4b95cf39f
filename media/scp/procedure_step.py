"""Modality Performed Procedure Step SCP (PS3.4 F.7): which instances a study is to have, and when no more come."""

import logging
from typing import Any

from pydicom.dataset import Dataset

from media.errors import NoRoom
from media.ports import Inbox
from media.scp.answers import Answer, refusal, sender_of
from media.scp.file_meta import is_uid
from media.scp.statuses import (
    DUPLICATE_SOP_INSTANCE,
    INVALID_ATTRIBUTE_VALUE,
    INVALID_INSTANCE,
    MISSING_ATTRIBUTE,
    NO_SUCH_INSTANCE,
    PROCESSING_FAILURE,
    SUCCESS,
)
from media.studies import ProcedureStep, StepStatus

log = logging.getLogger(__name__)

MAY_NO_LONGER_BE_UPDATED = 0xA710  # Error ID beside 0110H (PS3.4 F.7.2.2.2)
REFERENCES = ("ReferencedImageSequence", "ReferencedNonImageCompositeSOPInstanceSequence")


class ProcedureSteps:
    """N-CREATE and N-SET of procedure steps."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def n_create(self, event: Any) -> Answer:
        """A step has begun."""
        uid = str(event.request.AffectedSOPInstanceUID or "")
        if not is_uid(uid):
            return refusal(INVALID_INSTANCE, "Affected SOP Instance UID is missing or no UID"), None
        attributes: Dataset = event.attribute_list
        wrong = _wrong_status(attributes, (StepStatus.IN_PROGRESS,), needed=True)
        if wrong is not None:
            return wrong, None
        studies = _uids(attributes.get("ScheduledStepAttributesSequence"), "StudyInstanceUID")
        if not studies:
            return refusal(MISSING_ATTRIBUTE, "Scheduled Step Attributes Sequence names no study"), None
        try:
            new = self._inbox.begin_step(ProcedureStep(uid, StepStatus.IN_PROGRESS, studies), sender_of(event.assoc))
        except NoRoom as error:
            return refusal(PROCESSING_FAILURE, str(error)), None
        return (SUCCESS, attributes) if new else (refusal(DUPLICATE_SOP_INSTANCE, "known already"), None)

    def n_set(self, event: Any) -> Answer:
        """A step goes on or has ended; what has ended stays as it is."""
        uid = str(event.request.RequestedSOPInstanceUID)
        before = self._inbox.step(uid)
        if before is None:
            return refusal(NO_SUCH_INSTANCE, "no such procedure step"), None
        if before.status is not StepStatus.IN_PROGRESS:
            answer = refusal(PROCESSING_FAILURE, "Performed Procedure Step Object may no longer be updated")
            answer.ErrorID = MAY_NO_LONGER_BE_UPDATED
            return answer, None
        changes: Dataset = event.modification_list
        wrong = _wrong_status(changes, tuple(StepStatus), needed=False)
        if wrong is not None:
            return wrong, None
        status = StepStatus(changes.get("PerformedProcedureStepStatus") or before.status)
        series = changes.get("PerformedSeriesSequence")
        instances = before.instance_uids if series is None else _instances(series)
        try:
            self._inbox.change_step(ProcedureStep(uid, status, before.study_uids, instances))
        except NoRoom as error:
            return refusal(PROCESSING_FAILURE, str(error)), None
        return SUCCESS, changes


def _wrong_status(attributes: Dataset, allowed: tuple[StepStatus, ...], *, needed: bool) -> Dataset | None:
    """The refusal of a Performed Procedure Step Status that may not stand here."""
    status = attributes.get("PerformedProcedureStepStatus")
    if not status:
        return refusal(MISSING_ATTRIBUTE, "Performed Procedure Step Status is missing") if needed else None
    if status not in allowed:
        expected = " or ".join(allowed)
        return refusal(INVALID_ATTRIBUTE_VALUE, f"Performed Procedure Step Status: expected {expected}")
    return None


def _instances(series: Any) -> tuple[str, ...]:
    return tuple(
        uid for one in series for name in REFERENCES for uid in _uids(one.get(name), "ReferencedSOPInstanceUID")
    )


def _uids(items: Any, keyword: str) -> tuple[str, ...]:
    found = (str(item.get(keyword, "")) for item in items or ())
    return tuple(dict.fromkeys(uid for uid in found if is_uid(uid)))
