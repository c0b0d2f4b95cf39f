"""PURE. Values of the File-set: what the index finds, what the plan decides."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

Keys = Mapping[int, bytes]
"""Tag -> value as the standard encodes it in Explicit VR Little Endian, padding stripped; of a sequence the
encoded items. A tag that the file does not have is absent; a tag without a value is b''."""

NO_KEYS: Mapping[int, bytes] = {}


class Reason(StrEnum):
    """Why a file is not taken as an instance, or may not go on the disc. The values are what --leave-out takes."""

    NOT_DICOM = "not-dicom"
    DICOMDIR = "dicomdir"
    EMPTY_FILE = "empty-file"  # zero bytes
    NO_FILE_META = "no-file-meta"  # a data set without Part 10 header
    TRUNCATED = "truncated"  # lengths point beyond the file
    UNREADABLE = "unreadable"  # the system will not give it, or it breaks the encoding rules
    TOO_DEEP = "too-deep"  # sequences nested beyond the limit
    BOMB = "bomb"  # decompresses beyond the limit
    OUTSIDE = "outside"  # a link or name that leaves the source
    DUPLICATE = "duplicate"  # same SOP Instance UID, same bytes: taken once, counted, never in the way
    SAME_UID_OTHER_BYTES = "same-uid-other-bytes"
    PATIENT_TWO_NAMES = "patient-two-names"  # one Patient ID with two names
    PATIENT_TWO_ISSUERS = "patient-two-issuers"
    STUDY_TWO_PATIENTS = "study-two-patients"
    SERIES_TWO_STUDIES = "series-two-studies"
    MISSING_KEY = "missing-key"  # a type 1 key of the directory record is absent or empty
    BAD_KEY = "bad-key"  # a key's value cannot stand in a directory record
    NO_RECORD_TYPE = "no-record-type"  # no directory record for this SOP class (private classes)
    PROFILE_SOP_CLASS = "profile-sop-class"
    PROFILE_TRANSFER_SYNTAX = "profile-transfer-syntax"  # and no transcoder leads to an allowed one
    PROFILE_IMAGE = "profile-image"  # photometric interpretation, bits … that the profile does not allow
    TOO_LARGE = "too-large"  # over 4 GiB of Pixel Data after transcoding, or larger than the medium
    TRANSCODE_FAILED = "transcode-failed"
    MAY_SHOW_TEXT = "may-show-text"  # to be de-identified: an image of a kind that has a patient's data in its pixels
    FREE_TEXT = "free-text"  # to be de-identified: a report or document that nobody has seen
    NOT_DEIDENTIFIED = "not-deidentified"  # it breaks the encoding, or its pixels cannot be masked


NEVER_IN_THE_WAY = frozenset({Reason.NOT_DICOM, Reason.DICOMDIR, Reason.DUPLICATE})
"""Found beside the instances of a source and named in the report, but no reason to fail the job."""

WITHHELD = frozenset({Reason.MAY_SHOW_TEXT, Reason.FREE_TEXT})
"""Left out of a de-identified disc whatever the order says, until a person has seen and released them."""


class SourceFile(NamedTuple):
    """A file of a source; `member` names it inside a ZIP."""

    path: str
    size_bytes: int
    mtime_ns: int
    member: str | None = None

    @property
    def name(self) -> str:
        return self.path if self.member is None else f"{self.path}!{self.member}"


class Rejection(NamedTuple):
    """A file that is not on the disc, with the reason and what exactly."""

    source: SourceFile
    reason: Reason
    detail: str = ""


class Instance(NamedTuple):
    """One SOP instance in one file. The mappings of patient, study and series are shared between instances."""

    source: SourceFile
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    patient: Keys
    study: Keys
    series: Keys
    own: Keys
    header_bytes: int = 0
    """Bytes of the file, once inflated, beside the value of Pixel Data; 0: unknown, or no pixels."""


class Index(NamedTuple):
    """All that a source holds: every file is one of the two."""

    instances: list[Instance]
    rejections: list[Rejection]


NO_PROFILE = "no DICOM profile"


class Action(StrEnum):
    ACCEPT = "accept"
    TRANSCODE = "transcode"


class PlannedFile(NamedTuple):
    """One file of a volume."""

    file_id: tuple[str, ...]
    instance: Instance
    action: Action
    transfer_syntax_uid: str  # on the disc
    derived: Mapping[int, bytes] = NO_KEYS
    """Keys that differ in the directory from the file: derived (--derive), or b'' for one left out as not encodable."""
    record_type: str = "IMAGE"  # (0004,1430)
    keys: bytes = b""  # of the instance's record, encoded: what follows (0004,1512)
    levels: tuple[bytes, ...] = ()  # of its patient, study and series records; nothing for a record below the root
    size_bytes: int = 0  # on the disc; of a transcoded file the most it can have


class Volume(NamedTuple):
    """One File-set on one medium."""

    number: int
    file_set_id: str  # also the ISO Volume Identifier
    file_set_uid: str
    files: tuple[PlannedFile, ...]
    estimated_bytes: int


class Plan(NamedTuple):
    """What will be on which volume and why, before anything is written."""

    created: str  # ISO 8601; every time on the image
    profile: str
    medium: str
    capacity_bytes: int
    volumes: tuple[Volume, ...]
    refusals: tuple[Rejection, ...]  # in the way: the job fails unless they are left out
    left_out: tuple[Rejection, ...]  # refusals that --leave-out let pass
    ignored: tuple[Rejection, ...]  # never in the way
    notes: tuple[str, ...] = ()  # for the reader of README.TXT, e.g. why it is no DICOM profile
    claim: str = ""  # what the volumes may call themselves: the profile, or NO_PROFILE
    file_system: str = ""  # of media.FileSystem: the one the volumes are written in
    joliet: bool = False
    udf: bool = False
    icons: bool = False  # icon images where the profile allows them; where it asks for them always
    descriptor: str = ""  # File-set Descriptor File ID (0004,1141), '' for none
    deidentified: str = ""  # what a de-identified volume says of it, '' for one that is not
