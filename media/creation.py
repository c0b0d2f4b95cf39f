"""Media creation requests and what becomes of them (PS3.4 S): the values between the DIMSE edge and who keeps them."""

from dataclasses import dataclass
from enum import StrEnum

Reference = tuple[str, str]
"""SOP class and instance UIDs."""


class Execution(StrEnum):
    """Execution Status (2100,0020) (PS3.3 C.22.1)."""

    IDLE = "IDLE"
    PENDING = "PENDING"
    CREATING = "CREATING"
    DONE = "DONE"
    FAILURE = "FAILURE"


class Info(StrEnum):
    """Execution Status Info (2100,0030): those that are sent (PS3.3 C.22.1.3)."""

    NORMAL = "NORMAL"
    QUEUED = "QUEUED"
    CHECK_OPERATOR = "CHECK_MCD_OP"  # somebody has to do something: put in a stick, confirm the patients
    CHECK_SERVER = "CHECK_MCD_SRV"
    DIRECTORY_ERROR = "DIR_PROC_ERR"
    DUPLICATE = "DUPL_REF_INST"
    PROFILE_CONFLICT = "INST_AP_CONFLICT"
    DEVICE_BUSY = "MCD_BUSY"
    INSTANCE_OVERSIZED = "INST_OVERSIZED"
    NO_MEMORY = "INSUFFIC MEMORY"
    DEVICE_FAILURE = "MCD_FAILURE"
    NO_INSTANCE = "NO_INSTANCE"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    NO_SUPPLIES = "OUT_OF_SUPPLIES"
    FAILED = "PROC_FAILURE"
    SET_OVERSIZED = "SET_OVERSIZED"


NO_SUCH_INSTANCE, CLASS_CONFLICT, PROCESSING = 0x0112, 0x0119, 0x0110
PROFILE_CONFLICT, COMPRESSION_CONFLICT, OVERSIZED = 0x0202, 0x0203, 0x0205  # Failure Reasons (PS3.3 C.22.1.4)


class Objects(StrEnum):
    """Include Non-DICOM Objects (2200,0008)."""

    NONE = "NO"
    FOR_PHYSICIAN = "FOR_PHYSICIAN"
    FOR_PATIENT = "FOR_PATIENT"
    FOR_TEACHING = "FOR_TEACHING"
    FOR_RESEARCH = "FOR_RESEARCH"


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """What an N-CREATE asked for; what it did not say is empty or None."""

    uid: str
    calling_ae: str
    references: tuple[Reference, ...]
    profiles: tuple[str, ...] = ()  # Requested Media Application Profiles, each once
    file_set_id: str = ""
    label: bool | None = None  # Label Using Information Extracted from Instances
    label_text: str = ""
    label_style: str = ""  # Label Style Selection: one of our templates, "" for any other
    barcode: str = ""
    splitting: bool = True
    objects: Objects | None = None
    viewer: bool | None = None  # Include Display Application


@dataclass(frozen=True, slots=True)
class MediaStatus:
    """What has become of a request; `file_sets` are File-set IDs and UIDs of finished volumes."""

    execution: Execution
    info: Info = Info.NORMAL
    pieces: int | None = None
    file_sets: tuple[tuple[str, str], ...] = ()
    failed: tuple[tuple[str, str, int], ...] = ()


class NoSuchRequest(Exception):
    """No request has this UID, or it was cancelled."""


class AlreadyInitiated(Exception):
    """Initiate came before."""


class CannotCancel(Exception):
    """A request is not cancelled."""


class AlreadyCompleted(CannotCancel):
    """It ended before."""


class InProgress(CannotCancel):
    """It is past where it could be interrupted."""


class Denied(CannotCancel):
    """Who asks is not who requested it."""
