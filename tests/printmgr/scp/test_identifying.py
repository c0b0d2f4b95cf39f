"""What a request says of its patient is found wherever it stands, and never refused."""

import pytest
from pydicom.datadict import keyword_dict

from printmgr.film.identifying import merged
from printmgr.film.model import PROPOSED_STUDY, IdentifyingValue
from printmgr.scp.identifying import IDENTIFYING, MAX_VALUES, identifying_values
from tests.printmgr.scp import requests
from tests.printmgr.scp.requests import EXPLICIT_LE, IMPLICIT_LE, SYNTAXES, item, values


def test_the_table_names_what_the_dictionary_has() -> None:
    assert all(keyword_dict[keyword] == tag for tag, keyword in IDENTIFYING.items())


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_place_is_looked_at(syntax: str) -> None:
    original = item(PatientID="3", ReferencedSOPInstanceUID="1.2.3")
    image = requests.image(PatientID="2")
    image.add_new(0x213000C0, "SQ", [original])  # Original Image Sequence, retired
    said = requests.image_box(image, PatientName="A^B", ProposedStudySequence=[item(StudyInstanceUID="1.2")])
    image_item = "BasicGrayscaleImageSequence"
    assert set(identifying_values(values(said, syntax))) == {
        IdentifyingValue("PatientName", "A^B"),
        IdentifyingValue("PatientID", "2", image_item),
        IdentifyingValue("PatientID", "3", f"{image_item}/OriginalImageSequence"),
        IdentifyingValue("ReferencedSOPInstanceUID", "1.2.3", f"{image_item}/OriginalImageSequence"),
        IdentifyingValue("StudyInstanceUID", "1.2", PROPOSED_STUDY),
    }


@pytest.mark.parametrize("syntax", [EXPLICIT_LE, IMPLICIT_LE])
def test_sequences_of_undefined_length_are_looked_at(syntax: str) -> None:
    said = item(RequestAttributesSequence=[item(AccessionNumber="7")])
    said["RequestAttributesSequence"].is_undefined_length = True
    said.RequestAttributesSequence[0].is_undefined_length_sequence_item = True
    assert identifying_values(values(said, syntax)) == (
        IdentifyingValue("AccessionNumber", "7", "RequestAttributesSequence"),
    )


def test_references_to_prints_own_instances_say_nothing_of_a_patient() -> None:
    assert identifying_values(values(requests.film_box("1.2.3"))) == ()


def test_names_are_read_in_their_character_set() -> None:
    said = item(SpecificCharacterSet="ISO_IR 192", ProposedStudySequence=[item(PatientName="Μαρία^Παπά=山田^花子")])
    assert identifying_values(values(said)) == (
        IdentifyingValue("PatientName", "Μαρία^Παπά=山田^花子", PROPOSED_STUDY),
    )


def test_a_sequence_that_cannot_be_read_is_no_error() -> None:
    said = item(PatientID="1")
    said.add_new(0x00091010, "OB", b"x" * 20)
    broken = requests.encoded(said).replace(b"OB\0\0", b"SQ\0\0")
    assert identifying_values(requests.read(broken, requests.ENCODINGS[EXPLICIT_LE]))[-1].value in ("1", "")


def test_what_is_kept_is_bounded() -> None:
    many = item(RequestAttributesSequence=[item(AccessionNumber=str(n), StudyID="1") for n in range(500)])
    assert len(identifying_values(values(many))) == MAX_VALUES


def test_a_new_sequence_replaces_the_whole_one_before_and_an_attribute_its_own() -> None:
    def said(**attributes: object) -> tuple[IdentifyingValue, ...]:
        return identifying_values(values(item(**attributes)))

    first = said(ProposedStudySequence=[item(PatientID="A", PatientName="A^A")], PatientID="X", StudyID="1")
    assert {v.value for v in merged(first, said(ProposedStudySequence=[item(PatientID="B")]))} == {"B", "X", "1"}
    assert {v.value for v in merged(first, said(PatientID="Y"))} == {"A", "A^A", "Y", "1"}
    assert {v.value for v in merged(first, said(ProposedStudySequence=[], PatientID=""))} == {"1"}
    assert merged(first, None) == first
