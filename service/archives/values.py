"""TABLE. What archives are asked for and what they answer, by keyword."""

from pydicom.dataset import Dataset

from service.archives import RemoteStudy

QUERY_KEYS = {
    "patient_name": "PatientName",
    "patient_id": "PatientID",
    "birth_date": "PatientBirthDate",
    "accession_number": "AccessionNumber",
    "study_date": "StudyDate",
    "study_uid": "StudyInstanceUID",
}
STUDY_KEYS = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "StudyDescription",
    "ModalitiesInStudy",
    "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances",
    "StudyInstanceUID",
)


def study_of(archive: str, found: Dataset) -> RemoteStudy:
    """A study as it was answered."""

    def text(keyword: str) -> str:
        value = found.get(keyword)
        if value is None or value == "":
            return ""
        return "\\".join(map(str, value)) if not isinstance(value, str) and hasattr(value, "append") else str(value)

    return RemoteStudy(
        archive=archive,
        uid=text("StudyInstanceUID"),
        patient_id=text("PatientID"),
        patient_name=text("PatientName"),
        birth_date=text("PatientBirthDate"),
        sex=text("PatientSex"),
        date=text("StudyDate"),
        time=text("StudyTime"),
        accession_number=text("AccessionNumber"),
        description=text("StudyDescription"),
        modalities=text("ModalitiesInStudy"),
        series=counted(found, "NumberOfStudyRelatedSeries"),
        instances=counted(found, "NumberOfStudyRelatedInstances"),
    )


def counted(found: Dataset, keyword: str) -> int | None:
    """A count; None when it is not told."""
    value = found.get(keyword)
    try:
        return None if value is None or value == "" else int(value)
    except (TypeError, ValueError):
        return None
