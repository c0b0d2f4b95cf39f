"""Files that cannot stand on one disc together: all that are in conflict are refused, the others stay."""

from collections import Counter
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from media.fileset.model import Index, Reason
from media.index.conflicts import plain_name
from media.index.index import index
from media.sources.folder import FolderSource
from samples.awkward import encoded, image


def indexed(folder: Path, *files: bytes | Dataset) -> Index:
    """The index of files named by their place."""
    for number, file in enumerate(files):
        (folder / f"{number:03d}").write_bytes(file if isinstance(file, bytes) else encoded(file))
    return index([FolderSource(folder)])


def taken(found: Index) -> list[int]:
    return [int(one.source.path[-3:]) for one in found.instances]


def refused(found: Index) -> dict[int, Reason]:
    return {int(one.source.path[-3:]): one.reason for one in found.rejections}


def changed(name: str, number: int = 1, patient: str = "one", **values: object) -> Dataset:
    ds = image(name, number, patient)
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def test_the_same_bytes_are_taken_once(tmp_path: Path) -> None:
    found = indexed(tmp_path, image("a"), image("b"), image("a"), image("a"))
    assert taken(found) == [0, 1]
    assert refused(found) == {2: Reason.DUPLICATE, 3: Reason.DUPLICATE}
    assert all(one.detail.endswith("000") for one in found.rejections)


def test_another_preamble_does_not_make_other_bytes(tmp_path: Path) -> None:
    data = encoded(image("a"))
    assert refused(indexed(tmp_path, data, b"MZ" + data[2:])) == {1: Reason.DUPLICATE}


def test_other_bytes_under_one_uid_are_all_refused(tmp_path: Path) -> None:
    data = encoded(image("a"))
    found = indexed(tmp_path, data, data, data[:-2] + b"\1\1", image("b"))
    assert taken(found) == [3]
    assert refused(found) == dict.fromkeys([0, 1, 2], Reason.SAME_UID_OTHER_BYTES)


def test_one_uid_twelve_times(tmp_path: Path) -> None:
    data = encoded(image("a"))
    found = indexed(tmp_path, *[data[:-2] + bytes([n, n]) for n in range(12)])
    assert Counter(refused(found).values()) == {Reason.SAME_UID_OTHER_BYTES: 12}
    assert "12 files" in found.rejections[0].detail


def test_one_patient_id_with_two_names(tmp_path: Path) -> None:
    found = indexed(
        tmp_path, changed("a"), changed("b", PatientName="Somebody^Else"), changed("c"), image("d", 1, "other")
    )
    assert taken(found) == [3]
    assert refused(found) == dict.fromkeys([0, 1, 2], Reason.PATIENT_TWO_NAMES)


def test_names_that_differ_in_encoding_or_padding_are_one_name(tmp_path: Path) -> None:
    found = indexed(
        tmp_path,
        changed("a", SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jörg"),
        changed("b", SpecificCharacterSet="ISO_IR 192", PatientName="Müller^Jörg^^ "),
        changed("c", SpecificCharacterSet="ISO_IR 192", PatientName=""),
    )
    assert taken(found) == [0, 1, 2]


def test_names_that_differ_only_in_their_ideographs_are_two_names(tmp_path: Path) -> None:
    charset = ["", "ISO 2022 IR 87"]
    found = indexed(
        tmp_path,
        changed("a", SpecificCharacterSet=charset, PatientName="Yamada^Tarou=山田^太郎"),
        changed("b", SpecificCharacterSet=charset, PatientName="Yamada^Tarou=山田^太朗"),
    )
    assert taken(found) == []


def test_two_issuers(tmp_path: Path) -> None:
    found = indexed(
        tmp_path,
        changed("a", IssuerOfPatientID="A"),
        changed("b", IssuerOfPatientID="B"),
        changed("c"),
        image("d", 1, "other"),
    )
    assert refused(found) == dict.fromkeys([0, 1, 2], Reason.PATIENT_TWO_ISSUERS)


def test_an_issuer_that_is_not_told_contradicts_none(tmp_path: Path) -> None:
    assert taken(indexed(tmp_path, changed("a", IssuerOfPatientID="A"), changed("b", IssuerOfPatientID=""))) == [0, 1]


def test_one_study_of_two_patients(tmp_path: Path) -> None:
    found = indexed(
        tmp_path,
        changed("a", StudyInstanceUID="1.2.3"),
        changed("b", patient="two", StudyInstanceUID="1.2.3"),
        changed("c", patient="three"),
    )
    assert taken(found) == [2]
    assert set(refused(found).values()) == {Reason.STUDY_TWO_PATIENTS}


def test_one_series_in_two_studies(tmp_path: Path) -> None:
    found = indexed(
        tmp_path,
        changed("a", SeriesInstanceUID="1.2.3", StudyInstanceUID="1.2.4"),
        changed("b", SeriesInstanceUID="1.2.3", StudyInstanceUID="1.2.5"),
        changed("c"),
    )
    assert taken(found) == [2]
    assert set(refused(found).values()) == {Reason.SERIES_TWO_STUDIES}


def test_missing_patient_ids_are_left_to_the_plan(tmp_path: Path) -> None:
    found = indexed(tmp_path, changed("a", PatientID=""), changed("b", PatientID="", PatientName="Other"))
    assert taken(found) == [0, 1]


@pytest.mark.parametrize(
    ("value", "charset", "expected"),
    [
        (b"", b"", ""),
        (b"Doe^John^^^", b"", "Doe^John"),
        (b"Doe^John==", b"", "Doe^John"),
        (b"\xc4neas", b"ISO_IR 100", "Äneas"),
    ],
)
def test_plain_names(value: bytes, charset: bytes, expected: str) -> None:
    assert plain_name(value, charset) == expected
