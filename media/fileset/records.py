"""TABLE. PURE. Directory records: their keys, types and nesting (PS3.3 F.5), and the tags the index reads for them."""

from enum import StrEnum
from typing import NamedTuple

CHARACTER_SET = 0x00080005
PATIENT_NAME = 0x00100010
PATIENT_ID = 0x00100020
STUDY_DATE = 0x00080020
STUDY_TIME = 0x00080030
STUDY_ID = 0x00200010
STUDY_UID = 0x0020000D
ACCESSION_NUMBER = 0x00080050
MODALITY = 0x00080060
SERIES_UID = 0x0020000E
SERIES_NUMBER = 0x00200011
INSTANCE_NUMBER = 0x00200013
IMAGE_TYPE = 0x00080008
REFERENCED_IMAGES = 0x00081140
SHARED_GROUPS = 0x52009229
VERIFYING_OBSERVERS = 0x0040A073
VERIFICATION_DATETIME = 0x0040A030
VERIFICATION_FLAG = 0x0040A493
CONTENT_SEQUENCE = 0x0040A730
HL7_INSTANCE = 0x0040E001
RELATIONSHIP_TYPE = 0x0040A010
HAS_CONCEPT_MOD = b"HAS CONCEPT MOD"
RELATED_CLASSES = 0x0008001A
ICON = 0x00880200


class Level(StrEnum):
    """Where a directory record hangs (PS3.3 F.4)."""

    ROOT = "root"
    PATIENT = "patient"
    STUDY = "study"
    SERIES = "series"


class KeyType(StrEnum):
    """Type of a key (PS3.3 F.2.2.1 with PS3.5 7.4)."""

    ONE = "1"
    ONE_C = "1C"
    TWO = "2"
    TWO_C = "2C"
    THREE = "3"


class Key(NamedTuple):
    """One attribute of a directory record; of a sequence without `items` the items are taken whole.

    when    what makes a key of type 1C required; without it: whenever the instance has it
    """

    tag: int
    vr: str
    type: KeyType
    name: str
    items: tuple["Key", ...] = ()
    when: str = ""


class RecordType(NamedTuple):
    """A directory record type: the value of (0004,1430), the parent it hangs under, its keys in tag order."""

    name: str
    parent: Level
    section: str
    keys: tuple[Key, ...]


def record_type(name: str, parent: Level, section: str, keys: tuple[Key, ...]) -> RecordType:
    """A record type, its keys given in any order."""
    return RecordType(name, parent, section, tuple(sorted(keys, key=lambda key: key.tag)))


ONE, ONE_C, TWO, TWO_C, THREE = KeyType.ONE, KeyType.ONE_C, KeyType.TWO, KeyType.TWO_C, KeyType.THREE

INSTANCE_NUMBER_1 = Key(INSTANCE_NUMBER, "IS", ONE, "InstanceNumber")
CONTENT_DATE_1 = Key(0x00080023, "DA", ONE, "ContentDate")
CONTENT_TIME_1 = Key(0x00080033, "TM", ONE, "ContentTime")
TITLE = Key(0x0040A043, "SQ", ONE, "ConceptNameCodeSequence")
MODIFIERS = Key(
    CONTENT_SEQUENCE,
    "SQ",
    ONE_C,
    "ContentSequence",
    when="the root content item has HAS CONCEPT MOD children; only these",
)

CONTENT_IDENTIFICATION = (  # PS3.3 Table 10-12
    INSTANCE_NUMBER_1,
    Key(0x00700080, "CS", ONE, "ContentLabel"),
    Key(0x00700081, "LO", TWO, "ContentDescription"),
    Key(0x00700084, "PN", TWO, "ContentCreatorName"),
)
CONTENT_MOMENT = (CONTENT_DATE_1, CONTENT_TIME_1)

SOP_REFERENCE = (  # PS3.3 Table 10-11
    Key(0x00081150, "UI", ONE, "ReferencedSOPClassUID"),
    Key(0x00081155, "UI", ONE, "ReferencedSOPInstanceUID"),
)
REFERENCED_SERIES_IMAGES = (
    Key(SERIES_UID, "UI", ONE, "SeriesInstanceUID"),
    Key(REFERENCED_IMAGES, "SQ", ONE, "ReferencedImageSequence", SOP_REFERENCE),
)
REFERENCED_SERIES_WAVEFORMS = (
    Key(SERIES_UID, "UI", ONE, "SeriesInstanceUID"),
    Key(0x0008113A, "SQ", ONE_C, "ReferencedWaveformSequence", SOP_REFERENCE),
    Key(0x0008114A, "SQ", ONE_C, "ReferencedInstanceSequence", SOP_REFERENCE),
)
BLENDED_STUDIES = (
    Key(STUDY_UID, "UI", ONE, "StudyInstanceUID"),
    Key(0x00081115, "SQ", ONE, "ReferencedSeriesSequence", REFERENCED_SERIES_IMAGES),
)
HANGING_PROTOCOL_DEFINITION = (
    Key(MODALITY, "CS", ONE_C, "Modality"),
    Key(0x00082218, "SQ", ONE_C, "AnatomicRegionSequence"),
    Key(0x00200060, "CS", TWO_C, "Laterality", when="Anatomic Region Sequence is present"),
    Key(0x00081032, "SQ", TWO, "ProcedureCodeSequence"),
    Key(0x0040100A, "SQ", TWO, "ReasonForRequestedProcedureCodeSequence"),
)

PATIENT = record_type(
    "PATIENT",
    Level.ROOT,
    "F.5.1",
    (Key(PATIENT_NAME, "PN", TWO, "PatientName"), Key(PATIENT_ID, "LO", ONE, "PatientID")),
)
STUDY = record_type(
    "STUDY",
    Level.PATIENT,
    "F.5.2",
    (
        Key(STUDY_DATE, "DA", ONE, "StudyDate"),
        Key(STUDY_TIME, "TM", ONE, "StudyTime"),
        Key(ACCESSION_NUMBER, "SH", TWO, "AccessionNumber"),
        Key(0x00081030, "LO", TWO, "StudyDescription"),
        Key(STUDY_UID, "UI", ONE, "StudyInstanceUID"),  # 1C, but the record references no file
        Key(STUDY_ID, "SH", ONE, "StudyID"),
    ),
)
SERIES = record_type(
    "SERIES",
    Level.STUDY,
    "F.5.3",
    (
        Key(MODALITY, "CS", ONE, "Modality"),
        Key(SERIES_UID, "UI", ONE, "SeriesInstanceUID"),
        Key(SERIES_NUMBER, "IS", ONE, "SeriesNumber"),
    ),
)


def below_series(name: str, section: str, *keys: Key) -> RecordType:
    """A record that hangs under SERIES."""
    return record_type(name, Level.SERIES, section, keys)


def below_root(name: str, section: str, *keys: Key) -> RecordType:
    """A record that hangs under the root directory entity."""
    return record_type(name, Level.ROOT, section, keys)


INSTANCE_RECORDS: tuple[RecordType, ...] = (
    below_series("IMAGE", "F.5.4", INSTANCE_NUMBER_1),
    below_series("RT DOSE", "F.5.19", INSTANCE_NUMBER_1, Key(0x3004000A, "CS", ONE, "DoseSummationType")),
    below_series(
        "RT STRUCTURE SET",
        "F.5.20",
        INSTANCE_NUMBER_1,
        Key(0x30060002, "SH", ONE, "StructureSetLabel"),
        Key(0x30060008, "DA", TWO, "StructureSetDate"),
        Key(0x30060009, "TM", TWO, "StructureSetTime"),
    ),
    below_series(
        "RT PLAN",
        "F.5.21",
        INSTANCE_NUMBER_1,
        Key(0x300A0002, "SH", ONE, "RTPlanLabel"),
        Key(0x300A0006, "DA", TWO, "RTPlanDate"),
        Key(0x300A0007, "TM", TWO, "RTPlanTime"),
    ),
    below_series(
        "RT TREAT RECORD",
        "F.5.22",
        INSTANCE_NUMBER_1,
        Key(0x30080250, "DA", TWO, "TreatmentDate"),
        Key(0x30080251, "TM", TWO, "TreatmentTime"),
    ),
    below_series(
        "PRESENTATION",
        "F.5.23",
        *CONTENT_IDENTIFICATION,
        Key(0x00700082, "DA", ONE, "PresentationCreationDate"),
        Key(0x00700083, "TM", ONE, "PresentationCreationTime"),
        Key(0x00081115, "SQ", ONE_C, "ReferencedSeriesSequence", REFERENCED_SERIES_IMAGES),
        Key(0x00700402, "SQ", ONE_C, "BlendingSequence", BLENDED_STUDIES),
    ),
    below_series("WAVEFORM", "F.5.24", INSTANCE_NUMBER_1, *CONTENT_MOMENT),
    below_series(
        "SR DOCUMENT",
        "F.5.25",
        INSTANCE_NUMBER_1,
        Key(0x0040A491, "CS", ONE, "CompletionFlag"),
        Key(VERIFICATION_FLAG, "CS", ONE, "VerificationFlag"),
        *CONTENT_MOMENT,
        Key(VERIFICATION_DATETIME, "DT", ONE_C, "VerificationDateTime", when="Verification Flag is VERIFIED"),
        TITLE,
        MODIFIERS,
    ),
    below_series("KEY OBJECT DOC", "F.5.26", *CONTENT_MOMENT, INSTANCE_NUMBER_1, TITLE, MODIFIERS),
    below_series(
        "SPECTROSCOPY",
        "F.5.27",
        Key(IMAGE_TYPE, "CS", ONE, "ImageType"),
        *CONTENT_MOMENT,
        INSTANCE_NUMBER_1,
        Key(0x00089092, "SQ", ONE_C, "ReferencedImageEvidenceSequence"),
        Key(0x00280008, "IS", ONE, "NumberOfFrames"),
        Key(0x00280010, "US", ONE, "Rows"),
        Key(0x00280011, "US", ONE, "Columns"),
        Key(0x00289001, "UL", ONE, "DataPointRows"),
        Key(0x00289002, "UL", ONE, "DataPointColumns"),
    ),
    below_series("RAW DATA", "F.5.28", *CONTENT_MOMENT, Key(INSTANCE_NUMBER, "IS", TWO, "InstanceNumber")),
    below_series("REGISTRATION", "F.5.29", *CONTENT_MOMENT, *CONTENT_IDENTIFICATION),
    below_series("FIDUCIAL", "F.5.30", *CONTENT_MOMENT, *CONTENT_IDENTIFICATION),
    below_root(
        "HANGING PROTOCOL",
        "F.5.31",
        Key(0x00720002, "SH", ONE, "HangingProtocolName"),
        Key(0x00720004, "LO", ONE, "HangingProtocolDescription"),
        Key(0x00720006, "CS", ONE, "HangingProtocolLevel"),
        Key(0x00720008, "LO", ONE, "HangingProtocolCreator"),
        Key(0x0072000A, "DT", ONE, "HangingProtocolCreationDateTime"),
        Key(0x0072000C, "SQ", ONE, "HangingProtocolDefinitionSequence", HANGING_PROTOCOL_DEFINITION),
        Key(0x00720014, "US", ONE, "NumberOfPriorsReferenced"),
        Key(0x0072000E, "SQ", TWO, "HangingProtocolUserIdentificationCodeSequence"),
    ),
    below_series(
        "ENCAP DOC",
        "F.5.32",
        Key(0x00080023, "DA", TWO, "ContentDate"),
        Key(0x00080033, "TM", TWO, "ContentTime"),
        INSTANCE_NUMBER_1,
        Key(0x00420010, "ST", TWO, "DocumentTitle"),
        Key(HL7_INSTANCE, "ST", ONE_C, "HL7InstanceIdentifier", when="the document is a CDA"),
        Key(0x0040A043, "SQ", TWO, "ConceptNameCodeSequence"),
        Key(0x00420012, "LO", ONE, "MIMETypeOfEncapsulatedDocument"),
    ),
    below_series("VALUE MAP", "F.5.33", *CONTENT_MOMENT, *CONTENT_IDENTIFICATION),
    # Table F.5-34 asks for nothing; other implementations write and expect Content Identification here.
    below_series(
        "STEREOMETRIC",
        "F.5.34",
        Key(INSTANCE_NUMBER, "IS", THREE, "InstanceNumber"),
        Key(0x00700080, "CS", THREE, "ContentLabel"),
        Key(0x00700081, "LO", TWO, "ContentDescription"),
        Key(0x00700084, "PN", TWO, "ContentCreatorName"),
    ),
    below_root(
        "PALETTE",
        "F.5.35",
        Key(0x00700080, "CS", ONE, "ContentLabel"),
        Key(0x00700081, "LO", TWO, "ContentDescription"),
    ),
    below_series("SURFACE", "F.5.36", *CONTENT_MOMENT, *CONTENT_IDENTIFICATION),
    below_root(
        "IMPLANT",
        "F.5.37",
        Key(0x00080070, "LO", ONE, "Manufacturer"),
        Key(0x00221095, "LO", ONE, "ImplantName"),
        Key(0x00686210, "LO", ONE_C, "ImplantSize"),
        Key(0x00221097, "LO", ONE, "ImplantPartNumber"),
    ),
    below_root(
        "IMPLANT ASSY",
        "F.5.38",
        Key(0x00760001, "LO", ONE, "ImplantAssemblyTemplateName"),
        # Type 1 in Table F.5-38, but no module of the IOD has it (PS3.3 C.29.2): written when the instance carries it,
        # and the issuer, which the IOD does have, beside it.
        Key(0x00080070, "LO", ONE_C, "Manufacturer"),
        Key(0x00760003, "LO", THREE, "ImplantAssemblyTemplateIssuer"),
        Key(0x00760020, "SQ", ONE, "ProcedureTypeCodeSequence"),
    ),
    below_root(
        "IMPLANT GROUP",
        "F.5.39",
        Key(0x00780001, "LO", ONE, "ImplantTemplateGroupName"),
        Key(0x00780010, "ST", THREE, "ImplantTemplateGroupDescription"),
        Key(0x00780020, "LO", ONE, "ImplantTemplateGroupIssuer"),
    ),
    below_series("PLAN", "F.5.40"),
    below_series("MEASUREMENT", "F.5.41", *CONTENT_MOMENT, *CONTENT_IDENTIFICATION),
    below_series("SURFACE SCAN", "F.5.42", *CONTENT_MOMENT),
    below_series("TRACT", "F.5.44", *CONTENT_MOMENT, *CONTENT_IDENTIFICATION),
    below_series(
        "ASSESSMENT",
        "F.5.45",
        INSTANCE_NUMBER_1,
        Key(0x00080012, "DA", ONE, "InstanceCreationDate"),
        Key(0x00080013, "TM", TWO, "InstanceCreationTime"),
    ),
    below_series(
        "RADIOTHERAPY",
        "F.5.46",
        INSTANCE_NUMBER_1,
        Key(0x30100033, "SH", ONE_C, "UserContentLabel"),
        Key(0x30100034, "LO", ONE_C, "UserContentLongLabel"),
        Key(0x00700081, "LO", TWO, "ContentDescription"),
        Key(0x00700084, "PN", TWO, "ContentCreatorName"),
    ),
    below_series("ANNOTATION", "F.5.47", *CONTENT_MOMENT, *CONTENT_IDENTIFICATION),
    below_root(
        "INVENTORY",
        "F.5.48",
        *CONTENT_MOMENT,
        Key(0x00080403, "CS", ONE, "InventoryLevel"),
        Key(0x00080426, "CS", ONE, "InventoryCompletionStatus"),
        Key(0x00080428, "UV", ONE, "TotalNumberOfStudyRecords"),
        Key(0x00080401, "LT", TWO, "InventoryPurpose"),
        Key(0x00080400, "SQ", TWO, "ScopeOfInventorySequence"),
    ),
    below_series(
        "WF PRESENTATION",
        "F.5.49",
        Key(0x00700082, "DA", ONE, "PresentationCreationDate"),
        Key(0x00700083, "TM", ONE, "PresentationCreationTime"),
        *CONTENT_IDENTIFICATION,
        Key(0x00081115, "SQ", ONE_C, "ReferencedSeriesSequence", REFERENCED_SERIES_WAVEFORMS),
    ),
    below_series("PRIVATE", "F.6.1"),
)

RECORDS: dict[str, RecordType] = {record.name: record for record in (PATIENT, STUDY, SERIES, *INSTANCE_RECORDS)}

# What profiles add (PS3.11), what the plan judges by, and what --derive draws upon, beside the keys above.
PATIENT_EXTRAS = (
    Key(0x00100021, "LO", THREE, "IssuerOfPatientID"),
    Key(0x00100030, "DA", THREE, "PatientBirthDate"),
    Key(0x00100040, "CS", THREE, "PatientSex"),
)
STUDY_EXTRAS = (Key(0x00080090, "PN", THREE, "ReferringPhysicianName"),)
SERIES_EXTRAS = (
    Key(0x00080021, "DA", THREE, "SeriesDate"),
    Key(0x00080031, "TM", THREE, "SeriesTime"),
    Key(0x0008103E, "LO", THREE, "SeriesDescription"),
    Key(0x00080080, "LO", THREE, "InstitutionName"),
    Key(0x00080081, "ST", THREE, "InstitutionAddress"),
    Key(0x00081050, "PN", THREE, "PerformingPhysicianName"),
)
FRAME_OF_REFERENCE = (
    Key(0x00200052, "UI", THREE, "FrameOfReferenceUID"),
    Key(0x00200200, "UI", THREE, "SynchronizationFrameOfReferenceUID"),
)
PLANE = (
    Key(0x00200032, "DS", THREE, "ImagePositionPatient"),
    Key(0x00200037, "DS", THREE, "ImageOrientationPatient"),
    Key(0x00280030, "DS", THREE, "PixelSpacing"),
)
SHARED_FUNCTIONAL_GROUPS = (
    Key(REFERENCED_IMAGES, "SQ", THREE, "ReferencedImageSequence"),
    Key(0x00209113, "SQ", THREE, "PlanePositionSequence", PLANE[:1]),
    Key(0x00209116, "SQ", THREE, "PlaneOrientationSequence", PLANE[1:2]),
    Key(0x00289110, "SQ", THREE, "PixelMeasuresSequence", PLANE[2:]),
)
OWN_EXTRAS = (
    Key(IMAGE_TYPE, "CS", THREE, "ImageType"),
    Key(0x00080012, "DA", THREE, "InstanceCreationDate"),
    Key(0x00080013, "TM", THREE, "InstanceCreationTime"),
    Key(RELATED_CLASSES, "UI", THREE, "RelatedGeneralSOPClassUID"),
    Key(0x00080022, "DA", THREE, "AcquisitionDate"),
    Key(0x00080023, "DA", THREE, "ContentDate"),
    Key(0x0008002A, "DT", THREE, "AcquisitionDateTime"),
    Key(0x00080032, "TM", THREE, "AcquisitionTime"),
    Key(0x00080033, "TM", THREE, "ContentTime"),
    Key(REFERENCED_IMAGES, "SQ", THREE, "ReferencedImageSequence", SOP_REFERENCE),
    Key(0x00181800, "CS", THREE, "AcquisitionTimeSynchronized"),
    Key(0x00186011, "SQ", THREE, "SequenceOfUltrasoundRegions", (Key(0x00186012, "US", ONE, "RegionSpatialFormat"),)),
    *FRAME_OF_REFERENCE,
    *PLANE,
    Key(0x00280002, "US", THREE, "SamplesPerPixel"),
    Key(0x00280004, "CS", THREE, "PhotometricInterpretation"),
    Key(0x00280008, "IS", THREE, "NumberOfFrames"),
    Key(0x00280010, "US", THREE, "Rows"),
    Key(0x00280011, "US", THREE, "Columns"),
    Key(0x00280100, "US", THREE, "BitsAllocated"),
    Key(0x00280101, "US", THREE, "BitsStored"),
    Key(0x00280102, "US", THREE, "HighBit"),
    Key(0x00280103, "US", THREE, "PixelRepresentation"),
    Key(0x00282112, "DS", THREE, "LossyImageCompressionRatio"),
    Key(
        VERIFYING_OBSERVERS,
        "SQ",
        THREE,
        "VerifyingObserverSequence",
        (Key(VERIFICATION_DATETIME, "DT", ONE, "VerificationDateTime"),),
    ),
    Key(0x00500004, "CS", THREE, "CalibrationImage"),
    Key(SHARED_GROUPS, "SQ", THREE, "SharedFunctionalGroupsSequence", SHARED_FUNCTIONAL_GROUPS),
)

CHARACTER_SET_KEY = Key(CHARACTER_SET, "CS", ONE_C, "SpecificCharacterSet", when="a key needs it; it does not inherit")
PATIENT_KEYS = (CHARACTER_SET_KEY, *PATIENT.keys, *PATIENT_EXTRAS)
STUDY_KEYS = (CHARACTER_SET_KEY, *STUDY.keys, *STUDY_EXTRAS)
SERIES_KEYS = (CHARACTER_SET_KEY, *SERIES.keys, *SERIES_EXTRAS)
OWN_KEYS = (CHARACTER_SET_KEY, *OWN_EXTRAS, *(key for record in INSTANCE_RECORDS for key in record.keys))

KEY_TAGS: dict[str, frozenset[int]] = {
    "patient": frozenset(key.tag for key in PATIENT_KEYS),
    "study": frozenset(key.tag for key in STUDY_KEYS),
    "series": frozenset(key.tag for key in SERIES_KEYS),
    "own": frozenset(key.tag for key in OWN_KEYS),
}
"""Level -> tags that the index keeps in Instance.patient, .study, .series and .own; (0008,0005) is of every level."""

KEY_VRS: dict[int, str] = {key.tag: key.vr for key in (*PATIENT_KEYS, *STUDY_KEYS, *SERIES_KEYS, *OWN_KEYS)}
"""VR of every tag in KEY_TAGS."""
