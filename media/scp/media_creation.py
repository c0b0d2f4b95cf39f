"""Media Creation Management SCP (PS3.4 S.3.2): N-CREATE, N-ACTION, N-GET."""

from collections.abc import Iterable
from typing import Any

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset

from media import creation
from media.creation import MediaRequest, MediaStatus, Objects
from media.errors import MediaError, NoRoom
from media.labels.template import TEMPLATES
from media.ports import MediaRequests
from media.scp.answers import Answer, refusal, sender_of
from media.scp.commitment import MAX_INSTANCES
from media.scp.file_meta import is_uid
from media.scp.statuses import (
    ALREADY_COMPLETED,
    ALREADY_INITIATED,
    CANCEL_DENIED,
    DUPLICATE_SOP_INSTANCE,
    IN_PROGRESS,
    INVALID_ARGUMENT,
    INVALID_ATTRIBUTE_VALUE,
    INVALID_INSTANCE,
    MISSING_ATTRIBUTE,
    NO_SUCH_ACTION,
    NO_SUCH_INSTANCE,
    OPTIONAL_NOT_SUPPORTED,
    PROCESSING_FAILURE,
    SUCCESS,
)

INITIATE, CANCEL = 1, 2  # Action Type ID
MOST_COPIES = 99
PRIORITIES = {"HIGH": 1, "MED": 0, "LOW": -1, "": 0}
YES_NO = {"YES": True, "NO": False, "": None}
STATUS_OF_CANCEL: dict[type[creation.CannotCancel], int] = {
    creation.AlreadyCompleted: ALREADY_COMPLETED,
    creation.InProgress: IN_PROGRESS,
    creation.Denied: CANCEL_DENIED,
}


class Wrong(Exception):
    """An attribute may not be so; with the status that says it."""

    def __init__(self, status: int, comment: str) -> None:
        self.status, self.comment = status, comment
        super().__init__(comment)


class MediaCreation:
    """The service over whoever keeps the requests."""

    def __init__(self, requests: MediaRequests) -> None:
        self._requests = requests

    def n_create(self, event: Any) -> Answer:
        """Take a request; nothing is made before Initiate."""
        uid, attributes = str(event.request.AffectedSOPInstanceUID or ""), event.attribute_list
        if uid and not is_uid(uid):
            return refusal(INVALID_INSTANCE, "Affected SOP Instance UID is no UID"), None
        answered = Dataset()
        answered.update(attributes)
        if not uid:
            uid = answered.AffectedSOPInstanceUID = self._requests.new_uid()
        try:
            request = requested(uid, sender_of(event.assoc).calling_ae, attributes)
            new = self._requests.create(request)
        except Wrong as wrong:
            return refusal(wrong.status, wrong.comment), None
        except NoRoom as error:
            return refusal(PROCESSING_FAILURE, str(error)), None
        return (SUCCESS, answered) if new else (refusal(DUPLICATE_SOP_INSTANCE, "known already"), None)

    def n_action(self, event: Any) -> Answer:
        """Initiate or cancel."""
        uid = str(event.request.RequestedSOPInstanceUID)
        try:
            if event.action_type == INITIATE:
                copies, priority = initiated(event.request.ActionInformation and event.action_information)
                self._requests.initiate(uid, copies, priority)
            elif event.action_type == CANCEL:
                self._requests.cancel(uid, sender_of(event.assoc).calling_ae)
            else:
                return refusal(NO_SUCH_ACTION, "expected Action Type ID 1 or 2"), None
        except Wrong as wrong:
            return refusal(wrong.status, wrong.comment), None
        except creation.NoSuchRequest:
            return refusal(NO_SUCH_INSTANCE, "no such media creation request"), None
        except creation.AlreadyInitiated:
            return refusal(ALREADY_INITIATED, "Initiate came already"), None
        except creation.CannotCancel as reason:
            return refusal(STATUS_OF_CANCEL[type(reason)], str(reason)), None
        except MediaError as error:
            return refusal(PROCESSING_FAILURE, str(error)), None
        return SUCCESS, None

    def n_get(self, event: Any) -> Answer:
        """What has become of it."""
        try:
            status = self._requests.status(str(event.request.RequestedSOPInstanceUID))
        except creation.NoSuchRequest:
            return refusal(NO_SUCH_INSTANCE, "no such media creation request"), None
        known = attributes_of(status)
        wanted = [int(tag) for tag in event.request.AttributeIdentifierList or ()]
        if not wanted:
            return SUCCESS, known
        answer = Dataset()
        for tag in wanted:
            if tag in known:
                answer[tag] = known[tag]
        missing = [keyword_for_tag(tag) or f"{tag:08X}" for tag in wanted if tag not in KEPT]
        return (refusal(OPTIONAL_NOT_SUPPORTED, ", ".join(missing)) if missing else SUCCESS), answer


KEPT = frozenset({0x21000020, 0x21000030, 0x2200000B, 0x00081198, 0x2200000D})


def requested(uid: str, calling_ae: str, attributes: Dataset) -> MediaRequest:
    """The request of an N-CREATE (PS3.4 table S.3.2.1.1-1). Raises Wrong."""
    items = attributes.get("ReferencedSOPSequence") or ()
    if not 0 < len(items) <= MAX_INSTANCES:
        raise Wrong(MISSING_ATTRIBUTE, f"Referenced SOP Sequence has {len(items)} items; expected 1 to {MAX_INSTANCES}")
    pairs = [(str(one.get("ReferencedSOPClassUID", "")), str(one.get("ReferencedSOPInstanceUID", ""))) for one in items]
    if not all(is_uid(class_uid) and is_uid(instance) for class_uid, instance in pairs):
        raise Wrong(MISSING_ATTRIBUTE, "Referenced SOP Sequence has an item without its two UIDs")
    profiles = dict.fromkeys(_text(one, "RequestedMediaApplicationProfile") for one in items)
    splitting = _one_of(attributes, "AllowMediaSplitting", YES_NO)
    _one_of(attributes, "AllowLossyCompression", YES_NO)  # nothing is compressed with loss
    return MediaRequest(
        uid,
        calling_ae,
        tuple(pairs),
        tuple(filter(None, profiles)),
        file_set_id=_text(attributes, "StorageMediaFileSetID"),
        label=_one_of(attributes, "LabelUsingInformationExtractedFromInstances", YES_NO),
        label_text=_text(attributes, "LabelText"),
        label_style=_style(_text(attributes, "LabelStyleSelection")),
        barcode=_text(attributes, "BarcodeValue"),
        splitting=splitting is not False,
        objects=_one_of(attributes, "IncludeNonDICOMObjects", {"": None, **{one.value: one for one in Objects}}),
        viewer=_one_of(attributes, "IncludeDisplayApplication", YES_NO),
    )


def initiated(information: Dataset | None) -> tuple[int, int]:
    """Copies and priority of an Initiate (PS3.4 table S.3.2.2.1-1). Raises Wrong."""
    given = information if information is not None else Dataset()
    try:
        copies = int(given.get("NumberOfCopies") or 1)
    except (TypeError, ValueError):
        copies = 0
    if not 1 <= copies <= MOST_COPIES:
        raise Wrong(INVALID_ARGUMENT, f"Number of Copies: expected 1 to {MOST_COPIES}")
    priority = _text(given, "RequestPriority").upper()
    if priority not in PRIORITIES:
        raise Wrong(INVALID_ARGUMENT, "Request Priority: expected HIGH, MED or LOW")
    return copies, PRIORITIES[priority]


def attributes_of(status: MediaStatus) -> Dataset:
    """The attributes of an N-GET (PS3.4 table S.3.2.4.1-1); sequences are there though they be empty."""
    known = Dataset()
    known.ExecutionStatus, known.ExecutionStatusInfo = status.execution.value, status.info.value
    if status.pieces is not None:
        known.TotalNumberOfPiecesOfMediaCreated = status.pieces
    known.FailedSOPSequence = list(_failed(status.failed))
    known.ReferencedStorageMediaSequence = list(_media(status.file_sets))
    return known


def _failed(failed: Iterable[tuple[str, str, int]]) -> Iterable[Dataset]:
    for class_uid, uid, reason in failed:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = class_uid, uid
        item.FailureReason = reason
        yield item


def _media(file_sets: Iterable[tuple[str, str]]) -> Iterable[Dataset]:
    for file_set_id, uid in file_sets:
        item = Dataset()
        item.StorageMediaFileSetID, item.StorageMediaFileSetUID = file_set_id, uid
        yield item


def _style(value: str) -> str:
    """The template that a code string names, JEWEL_CASE for jewel-case."""
    template = value.lower().replace("_", "-").replace(" ", "-")
    return template if template in TEMPLATES else ""


def _text(attributes: Dataset, keyword: str) -> str:
    return str(attributes.get(keyword) or "").strip()


def _one_of(attributes: Dataset, keyword: str, values: Any) -> Any:
    given = _text(attributes, keyword).upper()
    if given not in values:
        raise Wrong(INVALID_ATTRIBUTE_VALUE, f"{keyword}: expected {', '.join(filter(None, values))}")
    return values[given]
