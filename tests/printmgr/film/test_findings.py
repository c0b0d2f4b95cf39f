"""What an order itself says: attributes wherever they stand, label, annotation."""

from printmgr.film.findings import findings_of
from printmgr.film.identity import Finding, Identity, IdentityState, Source, judge
from printmgr.film.model import (
    AnnotationBox,
    FilmBox,
    FilmSession,
    IdentifyingValue,
    ImageBox,
    OrderKind,
    PrintOrder,
)

PROPOSED = "ProposedStudySequence"


def order(session: FilmSession, *films: FilmBox) -> PrintOrder:
    return PrintOrder(OrderKind.SESSION, session, films)


def said(place: str = "", **values: str) -> tuple[IdentifyingValue, ...]:
    return tuple(IdentifyingValue(keyword, value, place) for keyword, value in values.items())


def test_proposed_study_sequence():
    session = FilmSession(
        "1", identifying=said(PROPOSED, PatientID="1", PatientName="DOE^JOHN", StudyInstanceUID="1.2")
    )
    expected = Finding(
        Source.PROPOSED_STUDY, Identity("1", "", "DOE^JOHN", study_uid="1.2"), "film session, ProposedStudySequence"
    )
    assert findings_of(order(session)) == [expected]


def test_two_items_of_a_sequence_are_two_identities():
    items = said(PROPOSED, PatientID="1", PatientName="DOE^JOHN") + said(
        PROPOSED, PatientID="2", PatientName="ROE^JANE"
    )
    found = findings_of(order(FilmSession("1", identifying=items)))
    assert [finding.identity.patient_id for finding in found] == ["1", "2"]
    assert judge(found).state is IdentityState.CONFLICT


def test_attributes_anywhere_each_with_its_place():
    boxes = tuple(ImageBox(f"3.{n}", n, identifying=said("BasicGrayscaleImageSequence", PatientID="1")) for n in (1, 2))
    film = FilmBox("2", "STANDARD\\1,2", image_boxes=boxes, identifying=said(PatientName="DOE^JOHN", Modality="CT"))
    found = findings_of(order(FilmSession("1"), film))
    assert [(finding.where, finding.source) for finding in found] == [
        ("film 1", Source.ATTRIBUTES),
        ("film 1, image 1, BasicGrayscaleImageSequence", Source.ATTRIBUTES),
        ("film 1, image 2, BasicGrayscaleImageSequence", Source.ATTRIBUTES),
    ]
    assert judge(found).identity == Identity("1", "", "DOE^JOHN")


def test_label_and_annotation_keep_their_text():
    film = FilmBox(
        "2", "STANDARD\\1,1", annotation_boxes=(AnnotationBox("4", 1, "ID: 7"),), stray_texts=("WARD DOE^JOHN", "stray")
    )
    found = findings_of(order(FilmSession("1", film_session_label="WARD DOE^JOHN"), film))
    assert [(finding.source, finding.raw) for finding in found] == [
        (Source.LABEL, "WARD DOE^JOHN"),
        (Source.ANNOTATION, "ID: 7"),
        (Source.ANNOTATION, "stray"),
    ]
    assert judge(found).state is IdentityState.PROPOSED
    assert judge(found).identity == Identity("7", "", "DOE^JOHN")


def test_an_order_that_says_nothing():
    assert findings_of(order(FilmSession("1"), FilmBox("2", "STANDARD\\1,1"))) == []
