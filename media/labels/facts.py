"""What is known of a volume, as text for labels and papers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType
from typing import Any

from media.build.companions import Imprint, count, date, person_name, series_of, text_of
from media.fileset import records
from media.fileset.model import Plan, Volume
from media.labels.words import Words, english

BIRTH_DATE, SEX, STUDY_DESCRIPTION = 0x00100030, 0x00100040, 0x00081030
DICOM_ONLY, DICOM_AND_WEB = "DICOM ONLY", "DICOM PLUS WEB"  # IHE RAD TF-3 4.47


@dataclass(frozen=True, slots=True)
class Facts:
    """The fields of a template, and the rows of its lists."""

    fields: Mapping[str, str]
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def facts_of(
    plan: Plan,
    volume: Volume,
    *,
    imprint: Imprint,
    audit: str,
    web: bool,
    report: Mapping[str, Any] | None = None,
    identified: bool = True,
    text: str = "",
    handed: Mapping[str, str] = MappingProxyType({}),
    words: Words = english,
) -> Facts:
    """What a label of the volume may say.

    audit       the number that the disc has in the ledger
    web         whether the volume shows pictures in a browser (IHE PDI web content)
    report      report.json of a finished disc
    text        what else is to stand on it
    handed      to whom it was handed out: to_whom, relation, identified_by
    identified  False: nothing of a patient, for a disc that is encrypted
    words       of the label's language
    """
    contents = list(series_of(volume)) if identified else []
    counts = count(list(series_of(volume)))
    patients: dict[str, str] = {}
    for series in contents:
        patients.setdefault(text_of(series, "patient", records.PATIENT_ID), _name(series, words))
    first = contents[0] if contents else None
    one = first if len(patients) == 1 else None
    several = words("{count} patients").format(count=len(patients)) if identified else ""
    whose = next(iter(patients.values())) if one else several
    fields = {
        "patient_name": whose,
        "patient_id": next(iter(patients)) if one else "",
        "birth_date": date(text_of(one, "patient", BIRTH_DATE)) if one else "",
        "sex": text_of(one, "patient", SEX) if one else "",
        "patients": str(counts["patients"]),
        "institution": imprint.institution,
        "contact": imprint.contact,
        "made": plan.created[:10],
        "content": DICOM_AND_WEB if web else DICOM_ONLY,
        "file_set_id": volume.file_set_id,
        "file_set_uid": volume.file_set_uid,
        "audit": audit,
        "number": str(volume.number),
        "volumes": str(len(plan.volumes)),
        "of": _of(volume, plan, words) if len(plan.volumes) > 1 else "",
        "medium": plan.medium,
        "profile": plan.claim or plan.profile,
        "instances": str(counts["instances"]),
        "series": str(counts["series"]),
        "studies": str(counts["studies"]),
        "text": text,
        "verified": _verified(volume, report, words),
        **{name: handed.get(name, "") for name in ("to_whom", "relation", "identified_by")},
    }
    rows = {
        "studies": tuple(_studies(contents)),
        "patients": tuple(f"{isolated(name)}  {patient_id}" for patient_id, name in patients.items()),
        "volumes": tuple(_volumes(plan, words)),
    }
    return Facts(fields, rows)


def isolated(text: str) -> str:
    """A text whose direction is its own: what stands beside it keeps its place (UAX #9, FSI and PDI)."""
    return text if text.isascii() else f"\u2068{text}\u2069"


def _name(series: Any, words: Words) -> str:
    return person_name(text_of(series, "patient", records.PATIENT_NAME)) or words("(no name)")


def _of(volume: Volume, plan: Plan, words: Words) -> str:
    return words("disc {number} of {volumes}").format(number=volume.number, volumes=len(plan.volumes))


def _studies(contents: list[Any]) -> list[str]:
    """A row for each study: date, modalities, description, how many images."""
    rows = []
    for _, group in groupby(contents, key=lambda series: series.sample.instance.study.get(records.STUDY_UID)):
        of_study = list(group)
        modalities = "/".join(dict.fromkeys(text_of(one, "series", records.MODALITY) for one in of_study))
        cells = [
            date(text_of(of_study[0], "study", records.STUDY_DATE)),
            modalities,
            isolated(text_of(of_study[0], "study", STUDY_DESCRIPTION)),
            f"({sum(len(one.files) for one in of_study)})",
        ]
        rows.append("  ".join(cell for cell in cells if cell))
    return rows


def _volumes(plan: Plan, words: Words) -> list[str]:
    row = words("{number}  {file_set_id}  {count} objects  {file_set_uid}")
    return [
        row.format(number=one.number, file_set_id=one.file_set_id, count=len(one.files), file_set_uid=one.file_set_uid)
        for one in plan.volumes
    ]


def _verified(volume: Volume, report: Mapping[str, Any] | None, words: Words) -> str:
    """What reading back said of it."""
    volumes = (report or {}).get("volumes", [])
    found = next((one for one in volumes if one["number"] == volume.number), None)
    if found is None:
        return words("not verified")
    said = words("read back and verified: {found} of {planned} objects, {size} bytes")
    return said.format(found=found["instances"], planned=len(volume.files), size=found["size_bytes"])
