"""PURE. Type 1 keys that instances lack, filled from the same study, in the directory only (--derive).

Never a Patient ID, never the file: Study Date and Time, Study ID, Series Number, Instance Number.
"""

from collections.abc import Mapping, Sequence

from media.fileset import records
from media.fileset.model import Instance

DATES_AND_TIMES: tuple[tuple[str, int, int], ...] = (
    ("series", 0x00080021, 0x00080031),
    ("own", 0x00080022, 0x00080032),
    ("own", 0x00080023, 0x00080033),
    ("own", 0x00080012, 0x00080013),
)
"""Where Study Date and Time come from, in this order: series, acquisition, content, instance creation."""

MOST_STUDY_ID = 16  # VR SH


class SeriesGroup:
    """The instances of one series, in the order of the index; `derived` is of its study and series keys."""

    __slots__ = ("derived", "instances", "numbers")

    def __init__(self) -> None:
        self.instances: list[Instance] = []
        self.derived: dict[int, bytes] = {}
        self.numbers: dict[int, bytes] = {}  # position -> derived Instance Number


class StudyGroup:
    """The series of one study."""

    __slots__ = ("series",)

    def __init__(self) -> None:
        self.series: dict[bytes, SeriesGroup] = {}


def derive(studies: Sequence[StudyGroup]) -> None:
    """Fill what the studies of one patient lack; what the study itself cannot tell stays missing."""
    for position, study in enumerate(studies, 1):
        shared = study_keys(study, position)
        used = {number for group in study.series.values() for number in [series_number(group)] if number is not None}
        for group in study.series.values():
            group.derived.update(shared)
            if not any(instance.series.get(records.SERIES_NUMBER) for instance in group.instances):
                free = next_free(used)
                used.add(free)
                group.derived[records.SERIES_NUMBER] = b"%d" % free
            else:
                fill(group, records.SERIES_NUMBER, "series")
            number_instances(group)


def study_keys(study: StudyGroup, position: int) -> dict[int, bytes]:
    """Study ID, Date and Time where an instance of the study lacks them."""
    instances = [instance for group in study.series.values() for instance in group.instances]
    lacking = {
        tag
        for tag in (records.STUDY_ID, records.STUDY_DATE, records.STUDY_TIME)
        if any(not instance.study.get(tag) for instance in instances)
    }
    derived = {tag: value for tag in sorted(lacking) if (value := first(instances, "study", tag))}
    if records.STUDY_ID in lacking and records.STUDY_ID not in derived:
        accession = first(instances, "study", records.ACCESSION_NUMBER)
        derived[records.STUDY_ID] = accession if 0 < len(accession) <= MOST_STUDY_ID else b"%d" % position
    for level, date, time in DATES_AND_TIMES:
        for tag, other in ((records.STUDY_DATE, date), (records.STUDY_TIME, time)):
            if tag in lacking and tag not in derived and (value := first(instances, level, other)):
                derived[tag] = value
    return derived


def first(instances: Sequence[Instance], level: str, tag: int) -> bytes:
    """The first value of a key among the instances, b'' without one."""
    found: Mapping[int, bytes]
    for instance in instances:
        found = getattr(instance, level)
        if found.get(tag):
            return found[tag]
    return b""


def fill(group: SeriesGroup, tag: int, level: str) -> None:
    """A key that some instances of the series have and others lack."""
    if any(not getattr(instance, level).get(tag) for instance in group.instances):
        group.derived[tag] = first(group.instances, level, tag)


def series_number(group: SeriesGroup) -> int | None:
    value = first(group.instances, "series", records.SERIES_NUMBER).strip()
    return int(value) if value.isdigit() else None


def number_instances(group: SeriesGroup) -> None:
    """Instance Numbers for those without one: the next free ones, in the order of the index."""
    lacking = [at for at, one in enumerate(group.instances) if not one.own.get(records.INSTANCE_NUMBER)]
    if not lacking:
        return
    values = (one.own.get(records.INSTANCE_NUMBER, b"").strip() for one in group.instances)
    free = next_free({int(value) for value in values if value.isdigit()})
    for offset, at in enumerate(lacking):
        group.numbers[at] = b"%d" % (free + offset)


def next_free(used: set[int]) -> int:
    """The number after the highest used one."""
    return max(used, default=0) + 1
