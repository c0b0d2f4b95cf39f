"""PURE. Instances by patient, study and series, in the order in which a directory lists them."""

from collections.abc import Iterable, Iterator

from media.fileset import records
from media.fileset.derivation import SeriesGroup, StudyGroup
from media.fileset.model import Instance

UNNUMBERED = 1 << 62


class PatientGroup:
    """The studies of one Patient ID."""

    __slots__ = ("studies",)

    def __init__(self) -> None:
        self.studies: dict[bytes, StudyGroup] = {}


def grouped(instances: Iterable[Instance]) -> list[PatientGroup]:
    """Groups in the order of the index: by Patient ID, Study and Series Instance UID."""
    patients: dict[bytes, PatientGroup] = {}
    met: dict[tuple[int, int, int], SeriesGroup] = {}  # by the mappings themselves, which most instances share
    for instance in instances:
        shared = (id(instance.patient), id(instance.study), id(instance.series))
        group = met.get(shared)
        if group is None:
            key = instance.patient.get(records.PATIENT_ID, b"")
            patient = patients.get(key) or patients.setdefault(key, PatientGroup())
            key = instance.study.get(records.STUDY_UID, b"")
            study = patient.studies.get(key) or patient.studies.setdefault(key, StudyGroup())
            key = instance.series.get(records.SERIES_UID, b"")
            group = met[shared] = study.series.get(key) or study.series.setdefault(key, SeriesGroup())
        group.instances.append(instance)
    return list(patients.values())


def studies_in_order(patient: PatientGroup) -> list[StudyGroup]:
    """By Study Date and Time; those alike as the index has them."""

    def moment(study: StudyGroup) -> tuple[bytes, bytes]:
        group = next(iter(study.series.values()))
        values = group.instances[0].study
        return (
            values.get(records.STUDY_DATE) or group.derived.get(records.STUDY_DATE, b""),
            values.get(records.STUDY_TIME) or group.derived.get(records.STUDY_TIME, b""),
        )

    studies = list(patient.studies.values())
    return studies if len(studies) == 1 else sorted(studies, key=moment)


def series_in_order(study: StudyGroup) -> list[SeriesGroup]:
    """By Series Number; those alike as the index has them."""

    def order(group: SeriesGroup) -> int:
        values = group.instances[0].series
        return whole(values.get(records.SERIES_NUMBER) or group.derived.get(records.SERIES_NUMBER, b""))

    series = list(study.series.values())
    return series if len(series) == 1 else sorted(series, key=order)


def instances_in_order(group: SeriesGroup) -> Iterator[tuple[Instance, bytes]]:
    """By Instance Number, each with its derived one or b''; those alike as the index has them."""
    derived = group.numbers
    if len(group.instances) == 1:
        yield group.instances[0], derived.get(0, b"")
        return
    numbers = [whole(instance.own.get(records.INSTANCE_NUMBER, b"")) for instance in group.instances]
    for at, number in derived.items():
        numbers[at] = whole(number)
    for at in sorted(range(len(numbers)), key=numbers.__getitem__):
        yield group.instances[at], derived.get(at, b"")


def whole(value: bytes) -> int:
    """An integer string as a number; what is none comes last.

    >>> whole(b" 12"), whole(b"") == whole(b"x")
    (12, True)
    """
    try:
        return int(value)
    except ValueError:
        return UNNUMBERED
