"""Basic Annotation Boxes over real sockets: made with the film, set, erased, printed with it."""

import pytest
from pydicom.dataset import Dataset

from printmgr.film.annotations import ANY_FORMAT
from printmgr.scp.contexts import SOPClass

from . import requests
from .conftest import META, SCU, Bench

SESSION, FILM, TEXT = SOPClass.FILM_SESSION, SOPClass.FILM_BOX, SOPClass.ANNOTATION_BOX
S, F = "1.2.3", "1.2.3.1"


def film_with(
    scu: SCU, format_id: str | None, character_set: str = "", **attributes: object
) -> tuple[int, list[Dataset]]:
    """Status of the film box and its annotation boxes."""
    scu.create(SESSION, requests.item(SpecificCharacterSet=character_set) if character_set else None, S)
    if format_id is not None:
        attributes["AnnotationDisplayFormatID"] = format_id
    status, made = scu.create(FILM, requests.film_box(S, **attributes), F)
    assert made is not None
    return status, list(made.get("ReferencedBasicAnnotationBoxSequence", []))


def text(words: str, position: int | None = 1) -> Dataset:
    return requests.item(**({} if position is None else {"AnnotationPosition": position}), TextString=words)


def test_a_text_is_printed_in_its_box(bench: Bench) -> None:
    scu = bench.connect(META, TEXT)
    status, boxes = film_with(scu, "LABEL")
    assert (status, len(boxes)) == (0, 1)
    assert boxes[0].ReferencedSOPClassUID == TEXT
    assert scu.set(TEXT, boxes[0].ReferencedSOPInstanceUID, text("St. Elsewhere"))[0] == 0
    scu.act(FILM, F)
    (box,) = bench.port.ordered[0].order.films[0].annotation_boxes
    assert (box.position, box.text) == (1, "St. Elsewhere")


def test_any_format_id_is_answered_with_boxes(bench: Bench) -> None:
    status, boxes = film_with(bench.connect(META, TEXT), "0\\LABEL_OF_SOME_CAMERA")
    assert (status, len(boxes)) == (0, len(ANY_FORMAT))
    assert len({box.ReferencedSOPInstanceUID for box in boxes}) == len(ANY_FORMAT)


@pytest.mark.parametrize("words", ["", " "])
def test_a_text_of_no_length_erases(bench: Bench, words: str) -> None:
    scu = bench.connect(META, TEXT)
    _, boxes = film_with(scu, "LABEL")
    scu.set(TEXT, boxes[0].ReferencedSOPInstanceUID, text("A"))
    assert scu.set(TEXT, boxes[0].ReferencedSOPInstanceUID, text(words))[0] == 0
    scu.act(FILM, F)
    assert bench.port.ordered[0].order.films[0].annotation_boxes[0].text == ""


def test_a_set_without_text_changes_nothing(bench: Bench) -> None:
    scu = bench.connect(META, TEXT)
    _, boxes = film_with(scu, "LABEL")
    scu.set(TEXT, boxes[0].ReferencedSOPInstanceUID, text("A"))
    assert scu.set(TEXT, boxes[0].ReferencedSOPInstanceUID, requests.item(AnnotationPosition=1))[0] == 0
    scu.act(FILM, F)
    assert bench.port.ordered[0].order.films[0].annotation_boxes[0].text == "A"


@pytest.mark.parametrize(
    ("words", "character_set", "own"),
    [
        ("Größe Ωμέγα Снимок", "ISO_IR 192", False),
        ("胶片", "GB18030", False),
        ("Снимок", "ISO_IR 144", False),
        ("Снимок", "ISO_IR 144", True),
    ],
)
def test_a_text_is_in_the_films_character_set_or_its_own(
    bench: Bench, words: str, character_set: str, own: bool
) -> None:
    scu = bench.connect(META, TEXT)
    _, boxes = film_with(scu, "LABEL", "ISO_IR 100" if own else character_set)
    codec = {"ISO_IR 192": "utf-8", "GB18030": "gb18030", "ISO_IR 144": "iso8859_5"}[character_set]
    said = requests.item(AnnotationPosition=1)
    said.add_new(0x20300020, "UN", words.encode(codec))
    if own:
        said.SpecificCharacterSet = character_set
    assert scu.set(TEXT, boxes[0].ReferencedSOPInstanceUID, said)[0] == 0
    scu.act(FILM, F)
    assert bench.port.ordered[0].order.films[0].annotation_boxes[0].text == words


@pytest.mark.parametrize("position", [0, 2, 99, None])
def test_the_uid_says_which_box_it_is(bench: Bench, position: int | None) -> None:
    scu = bench.connect(META, TEXT)
    _, boxes = film_with(scu, "ANNOTATION")
    assert scu.set(TEXT, boxes[0].ReferencedSOPInstanceUID, text("first", position))[0] == 0
    scu.act(FILM, F)
    assert [box.text for box in bench.port.ordered[0].order.films[0].annotation_boxes] == ["first", ""]


def test_no_format_id_makes_no_boxes(bench: Bench) -> None:
    assert film_with(bench.connect(META, TEXT), None) == (0, [])


def test_a_format_id_that_was_not_negotiated_is_ignored_with_a_warning(bench: Bench) -> None:
    scu = bench.connect(META)
    assert film_with(scu, "LABEL") == (0x0107, [])
    scu.act(FILM, F)
    film = bench.port.ordered[0].order.films[0]
    assert (film.annotation_display_format_id, film.annotation_boxes) == ("", ())


def test_annotation_of_a_film_that_is_gone_is_no_instance(bench: Bench) -> None:
    scu = bench.connect(META, TEXT)
    _, boxes = film_with(scu, "LABEL")
    assert scu.delete(FILM, F) == 0
    assert scu.set(TEXT, boxes[0].ReferencedSOPInstanceUID, text("A"))[0] == 0x0112
    assert scu.set(TEXT, "9.9", text("A"))[0] == 0x0112


def test_a_second_image_takes_nothing_of_the_first_ones_patient(bench: Bench) -> None:
    scu = bench.connect(META)
    scu.create(SESSION, None, S)
    _, made = scu.create(FILM, requests.film_box(S), F)
    assert made is not None
    uid = made.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
    box_class = SOPClass.GRAYSCALE_IMAGE_BOX
    said = requests.image_box(requests.image(), PatientID="1", PatientName="A^B", InstitutionAddress="x")
    assert scu.set(box_class, uid, said)[0] == 0
    assert scu.set(box_class, uid, requests.image_box(requests.image(), PatientID="2"))[0] == 0
    scu.act(FILM, F)
    (box,) = bench.port.ordered[0].order.films[0].image_boxes
    assert [(value.keyword, value.value) for value in box.identifying] == [("PatientID", "2")]
    assert box.other_attributes == ()
