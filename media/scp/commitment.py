"""Storage Commitment SCP, push model (PS3.4 J.3): what is asked for, what is held, how it is reported."""

import logging
from typing import Any

from pydicom.dataset import Dataset

from media.errors import NoRoom
from media.ports import Inbox
from media.scp.answers import Answer, refusal, sender_of
from media.scp.contexts import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
from media.scp.file_meta import is_uid
from media.scp.statuses import (
    CLASS_INSTANCE_CONFLICT,
    INVALID_ARGUMENT,
    NO_SUCH_ACTION,
    NO_SUCH_INSTANCE,
    PROCESSING_FAILURE,
    SUCCESS,
)
from media.studies import Commitment, CommitmentResult

log = logging.getLogger(__name__)

REQUEST_COMMITMENT = 1  # Action Type ID
ALL_HELD, SOME_FAILED = 1, 2  # Event Type ID
MAX_INSTANCES = 100_000


class BadRequest(Exception):
    """The Action Information is not what PS3.4 table J.3-1 asks for."""


class StorageCommitment:
    """N-ACTION, and the N-EVENT-REPORT that follows it on the same association while that lasts."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def n_action(self, event: Any) -> Answer:
        """Take a request; the report follows the answer."""
        if event.request.RequestedSOPInstanceUID != STORAGE_COMMITMENT_INSTANCE:
            return refusal(NO_SUCH_INSTANCE, f"expected {STORAGE_COMMITMENT_INSTANCE}"), None
        if event.action_type != REQUEST_COMMITMENT:
            return refusal(NO_SUCH_ACTION, "expected Action Type ID 1"), None
        try:
            transaction_uid, instances = asked_for(event.action_information)
            commitment = Commitment(transaction_uid, sender_of(event.assoc), instances)
            self._inbox.promise(commitment)
        except BadRequest as wrong:
            return refusal(INVALID_ARGUMENT, str(wrong)), None
        except NoRoom as error:
            return refusal(PROCESSING_FAILURE, str(error)), None
        event.assoc.afterwards(lambda: self._report(event.assoc, commitment))
        return SUCCESS, None

    def _report(self, assoc: Any, commitment: Commitment) -> None:
        result = result_of(commitment, self._inbox)

        def answered(response: Any) -> None:
            if response is not None and response.Status == SUCCESS:
                self._inbox.reported(commitment)

        try:
            assoc.notify(
                report(result),
                event_type(result),
                STORAGE_COMMITMENT,
                STORAGE_COMMITMENT_INSTANCE,
                answered=answered,
            )
        except (RuntimeError, ValueError) as gone:
            log.info("commitment for %s waits for another association: %s", commitment.sender.calling_ae, gone)


def result_of(commitment: Commitment, inbox: Inbox) -> CommitmentResult:
    """What is held of what was asked for. Raises NoRoom."""
    classes = inbox.held([uid for _, uid in commitment.instances])
    held, failed = [], []
    for class_uid, uid in commitment.instances:
        if uid not in classes:
            failed.append((class_uid, uid, NO_SUCH_INSTANCE))
        elif classes[uid] != class_uid:
            failed.append((class_uid, uid, CLASS_INSTANCE_CONFLICT))
        else:
            held.append((class_uid, uid))
    return CommitmentResult(commitment.transaction_uid, tuple(held), tuple(failed))


def asked_for(information: Dataset) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Transaction UID and the SOP class and instance UIDs of Action Information. Raises BadRequest."""
    transaction = str(information.get("TransactionUID", ""))
    if not is_uid(transaction):
        raise BadRequest("Transaction UID is missing or no UID")
    items = information.get("ReferencedSOPSequence") or ()
    if not 0 < len(items) <= MAX_INSTANCES:
        raise BadRequest(f"Referenced SOP Sequence has {len(items)} items; expected 1 to {MAX_INSTANCES}")
    instances = [
        (str(one.get("ReferencedSOPClassUID", "")), str(one.get("ReferencedSOPInstanceUID", ""))) for one in items
    ]
    if not all(is_uid(class_uid) and is_uid(uid) for class_uid, uid in instances):
        raise BadRequest("Referenced SOP Sequence has an item without its two UIDs")
    return transaction, tuple(dict.fromkeys(instances))


def event_type(result: CommitmentResult) -> int:
    """Event Type ID of the report."""
    return SOME_FAILED if result.failed else ALL_HELD


def report(result: CommitmentResult) -> Dataset:
    """Event Information (PS3.4 table J.3-2)."""
    information = Dataset()
    information.TransactionUID = result.transaction_uid
    if result.held:
        information.ReferencedSOPSequence = [_reference(*one) for one in result.held]
    if result.failed:
        information.FailedSOPSequence = [_reference(*one) for one in result.failed]
    return information


def _reference(class_uid: str, uid: str, failure: int | None = None) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = class_uid, uid
    if failure is not None:
        item.FailureReason = failure
    return item
