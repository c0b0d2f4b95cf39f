"""Print over real sockets on stock pynetdicom: the way of a film, what real SCUs do, and every bad input."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pynetdicom.dimse_primitives import N_SET
from pynetdicom.pdu_primitives import P_DATA

from printmgr.film.model import DecimateCropBehavior, IdentifyingValue, LUTShape, OrderKind, Polarity
from printmgr.film.printer import Warnings
from printmgr.scp.contexts import SOPClass

from . import requests
from .conftest import META, SCU, Bench, wait_for
from .requests import SYNTAXES

SESSION, FILM, BOX, LUT = (
    SOPClass.FILM_SESSION,
    SOPClass.FILM_BOX,
    SOPClass.GRAYSCALE_IMAGE_BOX,
    SOPClass.PRESENTATION_LUT,
)
S, F, L = "1.2.3", "1.2.3.1", "1.2.3.2"


def open_session(scu: SCU, **attributes: object) -> None:
    status, _ = scu.create(SESSION, requests.item(**attributes) if attributes else None, S)
    assert status == 0


def open_film(scu: SCU, image_display_format: str = "STANDARD\\1,1", uid: str = F, **attributes: object) -> list[str]:
    """A film box; the UIDs of its image boxes."""
    status, answer = scu.create(FILM, requests.film_box(S, image_display_format, **attributes), uid)
    assert status == 0 and answer is not None
    return [item.ReferencedSOPInstanceUID for item in answer.ReferencedImageBoxSequence]


def a_good_film_still_prints(scu: SCU, bench: Bench, uid: str = "1.2.3.99") -> None:
    """The association works on: another film, its image, its print."""
    before = len(bench.port.ordered)
    scu.create(SESSION, None, S)  # may be there already
    (box,) = open_film(scu, uid=uid)
    assert scu.set(BOX, box, requests.image_box(requests.image()))[0] == 0
    assert scu.act(FILM, uid) == 0
    assert len(bench.port.ordered) == before + 1
    assert bench.port.ordered[-1].pixels() == bytes(range(256))


# The way of a film


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_film_is_printed(bench: Bench, syntax: str) -> None:
    scu = bench.connect(META, LUT, syntaxes=(syntax,))
    assert scu.create(LUT, requests.item(PresentationLUTShape="LIN OD"), L)[0] == 0
    status, used = scu.create(SESSION, requests.item(NumberOfCopies=2, PrintPriority="HIGH"), S)
    assert status == 0 and used is not None
    assert (used.NumberOfCopies, used.PrintPriority) == (2, "HIGH")
    boxes = open_film(
        scu, "STANDARD\\2,1", MaxDensity=300, ReferencedPresentationLUTSequence=requests.referenced(L, LUT)
    )
    pixels = [bytes([i]) * 256 for i in (1, 2)]
    for position, (box, data) in enumerate(zip(boxes, pixels, strict=True), start=1):
        said = requests.image_box(requests.image(pixels=data), position=position, Polarity="REVERSE")
        assert scu.set(BOX, box, said)[0] == 0
    assert scu.act(FILM, F) == 0
    assert scu.delete(FILM, F) == 0
    assert scu.delete(LUT, L) == 0
    assert scu.delete(SESSION, S) == 0
    scu.association.release()

    (ordered,) = bench.port.ordered
    assert (ordered.caller.calling_ae, ordered.caller.called_ae) == ("CT1", "PRINTER")
    assert ordered.caller.address == "127.0.0.1"
    order = ordered.order
    assert (order.kind, order.session.number_of_copies, order.statuses) == (OrderKind.FILM, 2, ())
    (film,) = order.films
    assert film.max_density == 3.0
    assert film.presentation_lut is not None and film.presentation_lut.shape is LUTShape.LIN_OD
    assert [box.uid for box in film.image_boxes] == boxes
    assert all(box.polarity is Polarity.REVERSE for box in film.image_boxes)
    assert [ordered.pixels(position=position) for position in (1, 2)] == pixels
    assert ordered.statuses == {
        "N-CREATE Presentation LUT": [0],
        "N-CREATE film session": [0],
        "N-CREATE film box": [0],
        "N-SET image box": [0, 0],
        "N-ACTION film box": [0],
    }


def test_a_session_prints_all_its_films(bench: Bench) -> None:
    scu = bench.connect()
    open_session(scu)
    for uid in ("1.2.3.1", "1.2.3.2"):
        (box,) = open_film(scu, uid=uid)
        assert scu.set(BOX, box, requests.image_box(requests.image(pixels=uid.encode() * 50)))[0] == 0
    assert scu.act(SESSION, S) == 0
    (ordered,) = bench.port.ordered
    assert ordered.order.kind is OrderKind.SESSION
    assert [ordered.pixels(film)[:7] for film in (0, 1)] == [b"1.2.3.1", b"1.2.3.2"]


def test_the_answer_to_a_film_box_says_the_values_used(bench: Bench) -> None:
    scu = bench.connect()
    open_session(scu)
    said = requests.film_box(S, "standard\\ 2,2", MinDensity=25, BorderDensity="150", ConfigurationInformation="CS1")
    status, used = scu.create(FILM, said, F)
    assert status == 0 and used is not None
    assert used.ImageDisplayFormat == "STANDARD\\2,2"
    assert (used.FilmOrientation, used.FilmSizeID, used.MagnificationType) == ("PORTRAIT", "14INX17IN", "CUBIC")
    assert (used.MinDensity, used.BorderDensity, used.EmptyImageDensity, used.Trim) == (25, "150", "BLACK", "NO")
    assert {item.ReferencedSOPClassUID for item in used.ReferencedImageBoxSequence} == {BOX}
    assert len({item.ReferencedSOPInstanceUID for item in used.ReferencedImageBoxSequence}) == 4


def test_a_printed_film_does_not_change_any_more(bench: Bench) -> None:
    scu = bench.connect()
    open_session(scu)
    (box,) = open_film(scu)
    for value in (1, 2):
        assert scu.set(BOX, box, requests.image_box(requests.image(pixels=bytes([value]) * 256)))[0] == 0
        assert scu.act(FILM, F) == 0
    assert [ordered.pixels()[0] for ordered in bench.port.ordered] == [1, 2]


def test_erased_and_replaced_images_leave_the_spool(bench: Bench) -> None:
    scu = bench.connect()
    open_session(scu)
    boxes = open_film(scu, "STANDARD\\2,1")
    for box in boxes * 2:
        assert scu.set(BOX, box, requests.image_box(requests.image()))[0] == 0
    (spool,) = bench.port.spools
    assert len(list(spool.folder.iterdir())) == 2
    assert scu.set(BOX, boxes[0], requests.image_box())[0] == 0
    assert len(list(spool.folder.iterdir())) == 1
    assert scu.delete(FILM, F) == 0
    assert not list(spool.folder.iterdir())


def test_associations_keep_their_films_apart(bench: Bench) -> None:
    """Session and film UIDs are unique on an association only: some SCUs always send the same."""
    scus = [bench.connect() for _ in range(3)]
    boxes = []
    for scu in scus:
        open_session(scu)
        boxes.append(open_film(scu)[0])
    assert len(set(boxes)) == 3
    assert scus[0].set(BOX, boxes[1], requests.image_box(requests.image()))[0] == 0x0112
    for number, (scu, box) in enumerate(zip(scus, boxes, strict=True)):
        assert scu.set(BOX, box, requests.image_box(requests.image(pixels=bytes([number]) * 256)))[0] == 0
    for scu in scus:
        assert scu.act(FILM, F) == 0
    assert [ordered.pixels()[0] for ordered in bench.port.ordered] == [0, 1, 2]


# Statuses and who names the instances


@pytest.mark.parametrize(
    ("sop_class", "said", "status"),
    [
        (SESSION, requests.item(MemoryAllocation=100), 0xB600),
        (SESSION, requests.item(PrintPriority="SOON"), 0x0116),
        (SESSION, None, 0),
        (FILM, requests.film_box(S, MaxDensity=999), 0xB605),
        (FILM, requests.film_box(S, FilmSizeID="CURRENT"), 0x0116),
        (LUT, requests.item(PresentationLUTShape="IDENTITY"), 0),
    ],
)
def test_an_instance_without_a_name_gets_one_also_with_a_warning(
    bench: Bench, sop_class: str, said: Dataset | None, status: int
) -> None:
    scu = bench.connect()
    if sop_class == FILM:
        open_session(scu)
    answered, data_set = scu.create(sop_class, said)
    assert answered == status
    uid = scu.named
    assert uid.startswith("2.25.")
    assert data_set is None or "AffectedSOPInstanceUID" not in data_set
    assert scu.delete(sop_class, uid) == 0


def test_warnings_can_be_answered_as_success(bench: Bench) -> None:
    bench.port.printer_ = replace(bench.port.printer_, warnings=Warnings.AS_SUCCESS)
    scu = bench.connect()
    open_session(scu, MemoryAllocation=100)
    open_film(scu, MaxDensity=999)
    assert scu.act(FILM, F) == 0
    assert bench.port.ordered[0].order.statuses == (0xB603,)
    assert bench.port.ordered[0].statuses["N-ACTION film box"] == [0]


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ({}, 0xB604),
        ({"RequestedDecimateCropBehavior": "CROP"}, 0xB609),
        ({"RequestedDecimateCropBehavior": "DECIMATE"}, 0xB60A),
        ({"RequestedDecimateCropBehavior": "FAIL"}, 0xC603),
        ({"RequestedDecimateCropBehavior": "DECIMATE", "MagnificationType": "NONE"}, 0xC603),
        ({"MagnificationType": "SHARP"}, 0xB604),
    ],
)
def test_an_image_too_large_for_its_box(bench: Bench, attributes: dict[str, object], status: int) -> None:
    scu = bench.connect()
    open_session(scu)
    boxes = open_film(scu, "STANDARD\\10,10")
    said = requests.image_box(requests.image(600, 600), **attributes)
    assert scu.set(BOX, boxes[0], said)[0] == status
    (spool,) = bench.port.spools
    assert len(list(spool.folder.iterdir())) == (status != 0xC603)
    if status != 0xC603:
        assert scu.act(FILM, F) == status
        assert bench.port.ordered[0].statuses["N-SET image box"] == [status]
    a_good_film_still_prints(scu, bench)


def test_values_used_come_back_with_a_default(bench: Bench) -> None:
    scu = bench.connect()
    open_session(scu)
    (box,) = open_film(scu)
    status, used = scu.set(BOX, box, requests.image_box(requests.image(), Polarity="NEGATIVE"))
    assert status == 0x0116 and used is not None and used.Polarity == "NORMAL"
    status, used = scu.set(SESSION, S, requests.item(NumberOfCopies=0, PrintPriority="LOW"))
    assert status == 0x0116 and used is not None and used.NumberOfCopies == 1
    assert "PrintPriority" not in used
    assert scu.set(FILM, F, requests.item(FilmSizeID="A4", Trim="YES"))[0] == 0x0107
    assert scu.set(FILM, F, requests.item(BorderDensity="WHITE"))[0] == 0


def test_a_film_without_images(bench: Bench) -> None:
    scu = bench.connect()
    open_session(scu)
    assert scu.act(SESSION, S) == 0xC600
    open_film(scu)
    assert scu.act(FILM, F) == 0xB603
    assert scu.act(SESSION, S) == 0xB602
    assert [ordered.order.statuses for ordered in bench.port.ordered] == [(0xB603,), (0xB602,)]
    a_good_film_still_prints(scu, bench)


def test_a_full_queue(bench: Bench) -> None:
    scu = bench.connect()
    open_session(scu)
    open_film(scu)
    bench.port.queue_full = True
    assert scu.act(FILM, F) == 0xC602
    assert scu.act(SESSION, S) == 0xC601
    bench.port.queue_full = False
    a_good_film_still_prints(scu, bench)


def test_a_full_disk(bench: Bench) -> None:
    scu = bench.connect()
    open_session(scu)
    (box,) = open_film(scu)
    bench.port.room_bytes = 10
    assert scu.set(BOX, box, requests.image_box(requests.image()))[0] == 0xC605
    bench.port.room_bytes = 1 << 40
    a_good_film_still_prints(scu, bench)


# Bad input, each with its status, and the next film is good


def no_session(scu: SCU) -> int:
    return scu.create(FILM, requests.film_box(S), F)[0]


def second_session(scu: SCU) -> int:
    open_session(scu)
    return scu.create(SESSION, None, "1.2.4")[0]


def wrong_session(scu: SCU) -> int:
    open_session(scu)
    return scu.create(FILM, requests.film_box("1.2.4"), F)[0]


def film_box_saying(said: Dataset | None) -> Callable[[SCU], int]:
    def request(scu: SCU) -> int:
        open_session(scu)
        return scu.create(FILM, said, F)[0]

    return request


def image_box_saying(said: Dataset) -> Callable[[SCU], int]:
    def request(scu: SCU) -> int:
        open_session(scu)
        (box,) = open_film(scu)
        return scu.set(BOX, box, said)[0]

    return request


def image_of(pixels: bytes | None = None, rows: int = 16, **attributes: object) -> Callable[[SCU], int]:
    return image_box_saying(requests.image_box(requests.image(rows, 16, pixels, **attributes)))


def lut_saying(said: Dataset) -> Callable[[SCU], int]:
    return lambda scu: scu.create(LUT, said, L)[0]


def action(sop_class: str, uid: str, action_type: int = 1) -> Callable[[SCU], int]:
    def request(scu: SCU) -> int:
        open_session(scu)
        open_film(scu)
        return scu.act(sop_class, uid, action_type)

    return request


def unknown_lut(scu: SCU) -> int:
    open_session(scu)
    return scu.create(FILM, requests.film_box(S, ReferencedPresentationLUTSequence=requests.referenced("1.9")), F)[0]


BAD_INPUT = {
    "no session": (no_session, 0x0117),
    "second session": (second_session, 0x0111),
    "wrong session": (wrong_session, 0x0106),
    "no film box data set": (film_box_saying(None), 0x0120),
    "no display format": (film_box_saying(requests.item(ReferencedFilmSessionSequence=requests.referenced(S))), 0x0120),
    "empty display format": (film_box_saying(requests.film_box(S, "")), 0x0121),
    "no reference to the session": (film_box_saying(requests.item(ImageDisplayFormat="STANDARD\\1,1")), 0x0120),
    "nonsense display format": (film_box_saying(requests.film_box(S, "HEXAGONS\\3")), 0x0106),
    "no boxes": (film_box_saying(requests.film_box(S, "STANDARD\\0,0")), 0x0106),
    "too many boxes": (film_box_saying(requests.film_box(S, "STANDARD\\1000000000,1")), 0x0106),
    "unknown LUT": (unknown_lut, 0x0106),
    "set unknown session": (lambda scu: scu.set(SESSION, "1.9", requests.item(NumberOfCopies=1))[0], 0x0112),
    "set unknown film box": (lambda scu: scu.set(FILM, "1.9", requests.item(Trim="YES"))[0], 0x0112),
    "set unknown image box": (lambda scu: scu.set(BOX, "1.9", requests.image_box(requests.image()))[0], 0x0112),
    "print unknown film box": (action(FILM, "1.9"), 0x0112),
    "print unknown session": (action(SESSION, "1.9"), 0x0112),
    "print a session as a film": (action(FILM, S), 0x0112),
    "unknown action": (action(FILM, F, 2), 0x0123),
    "action 0": (action(SESSION, S, 0), 0x0123),
    "delete unknown session": (lambda scu: scu.delete(SESSION, "1.9"), 0x0112),
    "delete unknown film box": (lambda scu: scu.delete(FILM, "1.9"), 0x0112),
    "delete unknown LUT": (lambda scu: scu.delete(LUT, "1.9"), 0x0112),
    "delete an image box": (lambda scu: scu.delete(BOX, "1.9"), 0x0211),
    "no image sequence": (image_box_saying(requests.item(ImageBoxPosition=1)), 0x0120),
    "wrong bits allocated": (image_of(BitsAllocated=9), 0x0106),
    "wrong bits stored": (image_of(BitsStored=12), 0x0106),
    "wrong high bit": (image_of(HighBit=3), 0x0106),
    "no rows": (image_of(Rows=None), 0x0120),
    "rows of 0": (image_of(Rows=0), 0x0106),
    "short pixel data": (image_of(bytes(254)), 0x0000),
    "long pixel data": (image_of(bytes(300)), 0x0000),
    "pixel data mostly missing": (image_of(bytes(100)), 0x0110),
    "absent pixel data": (image_of(PixelData=None), 0x0120),
    "empty pixel data": (image_of(b""), 0x0121),
    "65535 rows, 10 bytes": (image_of(bytes(10), rows=65535), 0x0110),
    "LUT shorter than it says": (lut_saying(requests.lut([0, 1, 2], 12, [256, 0, 12])), 0x0106),
    "LUT of nothing": (lut_saying(requests.item(FilmSessionLabel="x")), 0x0120),
    "LUT of an unknown shape": (lut_saying(requests.item(PresentationLUTShape="SIGMOID")), 0x0106),
    "printer created": (lambda scu: scu.create(SOPClass.PRINTER, None, "1.9")[0], 0x0211),
    "unknown class": (lambda scu: scu.create("1.2.840.10008.3.1.2.3.3", None, "1.9")[0], 0x0118),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_has_its_status_and_the_next_film_is_good(bench: Bench, case: str) -> None:
    request, status = BAD_INPUT[case]
    scu = bench.connect()
    assert f"{request(scu):04X}" == f"{status:04X}"
    a_good_film_still_prints(scu, bench)


def test_a_refusal_says_what_was_expected(bench: Bench) -> None:
    scu = bench.connect()
    open_session(scu)
    scu.create(FILM, requests.film_box(S, "HEXAGONS\\3"), F)
    assert scu.comments[-1].startswith("ImageDisplayFormat is")


@pytest.mark.parametrize("cut", [1, 9, 40, 200])
def test_a_data_set_cut_short_is_refused(bench: Bench, cut: int) -> None:
    scu = bench.connect()
    open_session(scu)
    (box,) = open_film(scu)
    whole = requests.encoded(requests.image_box(requests.image()))
    assert raw_n_set(scu, box, whole[:-cut]) == 0x0110
    a_good_film_still_prints(scu, bench)


def raw_n_set(scu: SCU, uid: str, data: bytes) -> int:
    """An N-SET of bytes that pydicom would not write."""
    request = N_SET()
    request.MessageID, request.RequestedSOPClassUID, request.RequestedSOPInstanceUID = 1, BOX, uid
    request.ModificationList = BytesIO(data)
    scu.association.dimse.send_msg(request, 1)
    _, response = scu.association.dimse.get_msg(block=True)
    return int(response.Status) if response is not None else -1


# What real SCUs do


@pytest.mark.parametrize("position", [None, 0, 7, 65535])
def test_an_image_box_is_known_by_its_uid_whatever_position_it_claims(bench: Bench, position: int | None) -> None:
    scu = bench.connect()
    open_session(scu)
    boxes = open_film(scu, "STANDARD\\2,1")
    assert scu.set(BOX, boxes[1], requests.image_box(requests.image(), position=position))[0] == 0
    assert scu.act(FILM, F) == 0
    images = [box.image for box in bench.port.ordered[0].order.films[0].image_boxes]
    assert images[0] is None and images[1] is not None


@pytest.mark.parametrize(
    "form",
    [
        {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 1},
        {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"},
    ],
)
def test_colour_in_a_gray_box_is_taken(bench: Bench, form: dict[str, object]) -> None:
    scu = bench.connect()
    open_session(scu)
    (box,) = open_film(scu)
    said = requests.image(16, 16, bytes(768), **form)
    colour = requests.item(BasicColorImageSequence=Sequence([said]), ImageBoxPosition=1)
    for request in (requests.image_box(said), colour):
        assert scu.set(BOX, box, request)[0] == 0
    assert scu.act(FILM, F) == 0
    assert len(bench.port.ordered[0].pixels()) == 768


def test_private_groups_character_sets_and_patients_are_no_error(bench: Bench) -> None:
    scu = bench.connect()
    said = requests.item(SpecificCharacterSet="ISO_IR 100", PatientName="A^B")
    said.add_new(0x00091001, "LO", "private")
    assert scu.create(SESSION, said, S)[0] == 0
    (box,) = open_film(scu, PatientID="1")
    assert scu.set(BOX, box, requests.image_box(requests.image(), PatientID="1"))[0] == 0
    assert scu.act(FILM, F) == 0
    film = bench.port.ordered[0].order.films[0]
    said_of_patient = (IdentifyingValue("PatientID", "1"),)
    assert film.identifying == film.image_boxes[0].identifying == said_of_patient
    assert bench.port.ordered[0].order.session.identifying == (IdentifyingValue("PatientName", "A^B"),)


def test_the_sessions_character_set_is_its_films_too(bench: Bench) -> None:
    scu = bench.connect()
    open_session(scu, SpecificCharacterSet="ISO_IR 192")
    said = requests.film_box(S)
    said.add_new(0x20100150, "ST", "Größe".encode())
    assert scu.create(FILM, said, F)[0] == 0
    assert scu.act(FILM, F) == 0xB603
    assert bench.port.ordered[0].order.films[0].configuration_information == "Größe"


def test_uids_are_taken_as_they_are(bench: Bench) -> None:
    scu = bench.connect()
    assert scu.create(SESSION, None, "1.02.003")[0] == 0
    said = requests.item(
        ImageDisplayFormat="STANDARD\\1,1", ReferencedFilmSessionSequence=requests.referenced("1.02.003")
    )
    assert scu.create(FILM, said, "film-1")[0] == 0
    assert scu.act(FILM, "film-1") == 0xB603


def test_a_lut_of_the_session_holds_for_its_films(bench: Bench) -> None:
    scu = bench.connect()
    assert scu.create(LUT, requests.item(PresentationLUTShape="LIN OD"), L)[0] == 0
    open_session(scu, ReferencedPresentationLUTSequence=requests.referenced(L), Illumination=1800)
    open_film(scu)
    assert scu.act(FILM, F) == 0xB603
    film = bench.port.ordered[0].order.films[0]
    assert film.presentation_lut is not None and film.illumination == 1800.0


def test_classes_negotiated_one_by_one(bench: Bench) -> None:
    scu = bench.connect(SESSION, FILM, BOX)
    a_good_film_still_prints(scu, bench)


def test_a_class_on_the_wrong_context_is_served(bench: Bench) -> None:
    """The requested class counts, not the context that it came on."""
    scu = bench.connect(META)
    assert scu.create(LUT, requests.item(PresentationLUTShape="IDENTITY"), L)[0] == 0
    a_good_film_still_prints(scu, bench)


def test_requested_images_sizes_and_behaviors_reach_the_order(bench: Bench) -> None:
    scu = bench.connect()
    open_session(scu)
    (box,) = open_film(scu)
    said = requests.image_box(requests.image(), RequestedImageSize="100", RequestedDecimateCropBehavior="CROP")
    assert scu.set(BOX, box, said)[0] == 0
    assert scu.act(FILM, F) == 0
    image_box = bench.port.ordered[0].order.films[0].image_boxes[0]
    assert image_box.requested_image_size == 100.0
    assert image_box.requested_decimate_crop_behavior is DecimateCropBehavior.CROP


# Printer and Verification


def test_the_printer_tells_its_status(bench: Bench) -> None:
    scu = bench.connect(SOPClass.PRINTER)
    status, said = scu.get([])
    assert status == 0
    assert (said.PrinterStatus, said.PrinterStatusInfo, said.PrinterName) == ("NORMAL", "NORMAL", "Test Printer")
    assert said.SoftwareVersions == "1.2" and said.Manufacturer and said.ManufacturerModelName
    status, said = scu.get([0x21100010, 0x00181200, 0x00080070])
    assert status == 0
    assert [element.keyword for element in said] == ["Manufacturer", "PrinterStatus"]
    assert scu.get([], uid="1.9")[0] == 0x0112
    assert not bench.port.spools


def test_the_printer_answers_on_the_meta_context_too(bench: Bench) -> None:
    scu = bench.connect(META)
    assert scu.get([0x21100010])[1].PrinterStatus == "NORMAL"
    assert scu.get([], uid=S, sop_class=SESSION)[0] == 0x0211


def test_verification(bench: Bench) -> None:
    scu = bench.connect("1.2.840.10008.1.1")
    assert scu.association.send_c_echo().Status == 0


def test_a_printer_that_does_not_exist(bench: Bench) -> None:
    scu = bench.connect(called="NOBODY")
    assert scu.create(SESSION, None, S)[0] == 0x0112
    assert scu.get([])[0] == 0x0112


# How an association ends


def released(scu: SCU) -> None:
    scu.association.release()


def aborted(scu: SCU) -> None:
    scu.association.abort()


def cut(scu: SCU) -> None:
    scu.association.dul.socket.socket.shutdown(socket.SHUT_RDWR)


def cut_within_a_data_set(scu: SCU) -> None:
    fragment = P_DATA()
    fragment.presentation_data_value_list.append((1, b"\x00" + b"half a data set"))
    scu.association.dul.send_pdu(fragment)
    time.sleep(0.05)
    cut(scu)


@pytest.mark.parametrize("end", [released, aborted, cut, cut_within_a_data_set])
def test_what_was_not_ordered_goes_with_the_association(bench: Bench, end: Callable[[SCU], None]) -> None:
    scu = bench.connect()
    open_session(scu)
    (box,) = open_film(scu)
    assert scu.set(BOX, box, requests.image_box(requests.image()))[0] == 0
    (spool,) = bench.port.spools
    assert list(spool.folder.iterdir())
    end(scu)
    wait_for(lambda: not bench.scp.work and spool.closed == 1)
    assert not spool.folder.exists()
    a_good_film_still_prints(bench.connect(), bench)


def test_a_print_ordered_before_the_cut_stays(bench: Bench) -> None:
    scu = bench.connect()
    open_session(scu)
    (box,) = open_film(scu)
    assert scu.set(BOX, box, requests.image_box(requests.image()))[0] == 0
    assert scu.act(FILM, F) == 0
    cut(scu)
    wait_for(lambda: not bench.scp.work)
    assert bench.port.ordered[0].pixels() == bytes(range(256))


def test_an_abort_from_elsewhere_waits_for_the_request_under_way(bench: Bench) -> None:
    scu = bench.connect()
    open_session(scu)
    (box,) = open_film(scu)
    (spool,) = bench.port.spools
    spool.gate.clear()
    (association,) = bench.scp.work
    setting = threading.Thread(
        target=lambda: raw_n_set(scu, box, requests.encoded(requests.image_box(requests.image())))
    )
    setting.start()
    wait_for(spool.waiting.is_set)
    aborting = threading.Thread(target=association.abort)
    aborting.start()
    time.sleep(0.1)
    assert not spool.closed
    spool.gate.set()
    wait_for(lambda: spool.closed == 1)
    aborting.join()
    threading.Event.set(scu.association._reactor_checkpoint)
    setting.join()


def test_many_associations_at_once(bench: Bench) -> None:
    def prints(number: int) -> None:
        scu = bench.connect()
        open_session(scu)
        for film in range(3):
            uid = f"1.2.{film}"
            boxes = open_film(scu, "STANDARD\\3,1", uid)
            for place, box in enumerate(boxes):
                marked = bytes([number, film, place]) + bytes(253)
                assert scu.set(BOX, box, requests.image_box(requests.image(pixels=marked)))[0] == 0
            assert scu.act(FILM, uid) == 0
        scu.association.release()

    threads = [threading.Thread(target=prints, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = sorted(ordered.pixels(position=place)[:3] for ordered in bench.port.ordered for place in (1, 2, 3))
    assert seen == sorted(
        bytes([number, film, place]) for number in range(6) for film in range(3) for place in range(3)
    )
    wait_for(lambda: not bench.scp.work)
