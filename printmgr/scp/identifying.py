"""TABLE. Attributes that may say whose film it is, found anywhere in a request (PS3.4 Table H.4-2, PS3.3 C.13).

The standard has one place for them, the film session's Proposed Study Sequence. SCUs also put them into any data set of
the job, into the item of the image, and into the Original Image Sequence of older editions.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

from printmgr.errors import UnreadableDataSet
from printmgr.film.model import IdentifyingValue
from printmgr.scp.encoded import Element, Elements, items_of
from printmgr.scp.values import Values

MAX_VALUES = 128  # of one request
MAX_VALUE_BYTES = 1024
MAX_DEPTH = 8

KEYWORDS = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "OtherPatientIDs",
    "OtherPatientNames",
    "PatientBirthDate",
    "PatientBirthTime",
    "PatientSex",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "EthnicGroup",
    "Occupation",
    "PatientComments",
    "AdditionalPatientHistory",
    "AdmittingDiagnosesDescription",
    "AdmissionID",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "StudyDescription",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PhysiciansOfRecord",
    "NameOfPhysiciansReadingStudy",
    "PerformingPhysicianName",
    "OperatorsName",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
    "ScheduledProcedureStepID",
    "ScheduledProcedureStepDescription",
    "PerformedProcedureStepID",
    "Modality",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesDate",
    "SeriesTime",
    "SeriesDescription",
    "ProtocolName",
    "BodyPartExamined",
    "ReferencedSOPInstanceUID",
    "ReferencedFrameNumber",
    "SOPInstanceUID",
    "InstanceNumber",
    "AcquisitionDate",
    "AcquisitionTime",
    "ContentDate",
    "ContentTime",
    "InstitutionName",
    "InstitutionalDepartmentName",
    "StationName",
    "ManufacturerModelName",
)


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return int(tag)


IDENTIFYING: Mapping[int, str] = MappingProxyType({_tag(keyword): keyword for keyword in KEYWORDS})

# Sequences that refer to print's own instances: no identity in them.
OF_PRINT = frozenset(
    _tag(keyword)
    for keyword in (
        "ReferencedFilmSessionSequence",
        "ReferencedFilmBoxSequence",
        "ReferencedImageBoxSequence",
        "ReferencedBasicAnnotationBoxSequence",
        "ReferencedPresentationLUTSequence",
        "PresentationLUTSequence",
        "ReferencedPrintJobSequence",
        "ReferencedPrintJobSequencePullStoredPrint",
    )
)


def identifying_values(values: Values) -> tuple[IdentifyingValue, ...]:
    """What a data set says of patient and study, in any of its sequences, in its order; at most MAX_VALUES.

    An empty Proposed Study Sequence, or an empty attribute outside of sequences, stands with the value "".
    """
    found = []
    for value in walk(values, values.elements, ""):
        found.append(value)
        if len(found) == MAX_VALUES:
            break
    return tuple(found)


def walk(values: Values, elements: Elements, place: str) -> Iterator[IdentifyingValue]:
    for tag, element in elements.items():
        if tag in IDENTIFYING:
            if element.length <= MAX_VALUE_BYTES:
                yield IdentifyingValue(IDENTIFYING[tag], values.text(element), place)
        elif is_sequence(tag, element.vr) and tag not in OF_PRINT and place.count("/") < MAX_DEPTH:
            name = keyword_for_tag(tag) or f"{tag:08X}"
            items = items_in(values, element)
            if not items and not place:
                yield IdentifyingValue(name, "")
            for item in items:
                yield from walk(values, item, f"{place}/{name}" if place else name)


def is_sequence(tag: int, vr: str) -> bool:
    """Whether the element is a sequence by what the encoding says, or else the dictionary."""
    return vr == "SQ" or (vr in ("", "UN") and _dictionary_vr(tag) == "SQ")


def items_in(values: Values, element: Element) -> tuple[Elements, ...]:
    """The items of a sequence; none of one that cannot be read, which is no reason to refuse a film."""
    if element.items or not element.length:
        return element.items
    try:
        return items_of(values.data, element, values.encoding, values.caps)
    except UnreadableDataSet:
        return ()


@cache
def _dictionary_vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""
