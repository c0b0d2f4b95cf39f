"""Instances without files, for tests of the pure part."""

from collections.abc import Mapping

from media.fileset import records
from media.fileset.model import Index, Instance, Rejection, SourceFile
from media.fileset.order import DiscOrder
from media.fileset.sop_classes import STORAGE
from media.fileset.transfer_syntaxes import EXPLICIT_LE

CREATED = "2026-01-02T03:04:05+00:00"
CT = STORAGE + "2"


def us(number: int) -> bytes:
    return number.to_bytes(2, "little")


IMAGE_KEYS: dict[int, bytes] = {
    records.IMAGE_TYPE: b"ORIGINAL\\PRIMARY\\AXIAL",
    0x00280002: us(1),
    0x00280004: b"MONOCHROME2",
    0x00280010: us(32),
    0x00280011: us(32),
    0x00280100: us(16),
    0x00280101: us(12),
    0x00280102: us(11),
    0x00280103: us(0),
}


def instance(
    number: int = 1,
    *,
    patient: str = "P1",
    study: int = 1,
    series: int = 1,
    sop_class: str = CT,
    syntax: str = EXPLICIT_LE,
    size: int = 4000,
    own: Mapping[int, bytes] | None = None,
    without: tuple[int, ...] = (),
    changed: Mapping[int, bytes] | None = None,
) -> Instance:
    """One CT image, or what `sop_class` and `own` make of it; `changed` and `without` are of any level."""
    study_uid = f"1.2.3.{sum(patient.encode())}.{study}"
    levels: list[dict[int, bytes]] = [
        {records.PATIENT_ID: patient.encode(), records.PATIENT_NAME: b"Test^" + patient.encode()},
        {
            records.STUDY_UID: study_uid.encode(),
            records.STUDY_ID: b"%d" % study,
            records.STUDY_DATE: b"20260101",
            records.STUDY_TIME: b"101500",
            records.ACCESSION_NUMBER: b"A%d" % study,
        },
        {
            records.SERIES_UID: f"{study_uid}.{series}".encode(),
            records.SERIES_NUMBER: b"%d" % series,
            records.MODALITY: b"CT",
        },
        {records.INSTANCE_NUMBER: b"%d" % number, **(IMAGE_KEYS if own is None else own)},
    ]
    for level, tags in zip(levels, records.KEY_TAGS.values(), strict=True):
        level.update({tag: value for tag, value in (changed or {}).items() if tag in tags})
        for tag in without:
            level.pop(tag, None)
    uid = f"{study_uid}.{series}.{number}"
    source = SourceFile(f"/source/{patient}/{study}/{series}/{number}", size, 1_700_000_000_000_000_000)
    return Instance(source, sop_class, uid, syntax, levels[0], levels[1], levels[2], levels[3])


def index(*instances: Instance, rejections: tuple[Rejection, ...] = ()) -> Index:
    return Index(list(instances), list(rejections))


def order(profile: str = "", medium: str = "", **options: object) -> DiscOrder:
    return DiscOrder(CREATED, profile, medium, **options)  # type: ignore[arg-type]  # by keyword as the test gives them
