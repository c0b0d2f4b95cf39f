"""What real consoles do that the standard does not foresee: a test for each, named after it.

What becomes of print jobs and of partners' quirks is in tests/service/test_print_jobs.py, on the real service.
"""

import socket
import time
from io import BytesIO

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pynetdicom import AE
from pynetdicom.dimse_primitives import N_CREATE
from pynetdicom.presentation import build_context

from printmgr.film.model import LUTShape, MagnificationType, Polarity
from printmgr.film.printer import LogicalPrinter, Warnings
from printmgr.scp.contexts import BASIC_COLOR_PRINT_MANAGEMENT_META, SOPClass

from . import requests
from .conftest import META, SCU, Bench, hold_reactor
from .requests import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, item

SESSION, FILM, BOX = SOPClass.FILM_SESSION, SOPClass.FILM_BOX, SOPClass.GRAYSCALE_IMAGE_BOX
LUT, TEXT, PRINTER = SOPClass.PRESENTATION_LUT, SOPClass.ANNOTATION_BOX, SOPClass.PRINTER
S, F, L = "1.2.3", "1.2.3.1", "1.2.3.2"


def started(bench: Bench, *classes: str, **attributes: object) -> SCU:
    scu = bench.connect(*(classes or (META, LUT)))
    assert scu.create(SESSION, item(**attributes) if attributes else None, S)[0] in (0, 0x0116, 0xB600)
    return scu


def filmed(
    scu: SCU, display_format: str = "STANDARD\\1,1", uid: str = F, **attributes: object
) -> tuple[int, list[str]]:
    status, made = scu.create(FILM, requests.film_box(S, display_format, **attributes), uid)
    boxes = made.ReferencedImageBoxSequence if made is not None else []
    return status, [box.ReferencedSOPInstanceUID for box in boxes]


def raw(**attributes: bytes) -> Dataset:
    """Values in bytes, whatever their VR allows."""
    data_set = Dataset()
    for keyword, value in attributes.items():
        data_set.add_new(keyword, "UN", value)
    return data_set


@pytest.mark.parametrize("sop_class", [SESSION, FILM, LUT])
def test_n_create_without_affected_sop_instance_uid(bench: Bench, sop_class: str) -> None:
    scu = started(bench) if sop_class != SESSION else bench.connect()
    said = {SESSION: None, FILM: requests.film_box(S), LUT: item(PresentationLUTShape="IDENTITY")}[sop_class]
    assert scu.create(sop_class, said, None)[0] == 0
    assert scu.named


def test_n_create_without_uid_answered_with_a_warning_still_names_it(bench: Bench) -> None:
    scu = bench.connect()
    assert scu.create(SESSION, item(MemoryAllocation=100), None)[0] == 0xB600
    assert scu.create(FILM, requests.film_box(scu.named, MaxDensity=9999), None)[0] == 0xB605
    assert scu.named


def test_n_create_is_answered_with_a_data_set(bench: Bench) -> None:
    scu = bench.connect()
    assert scu.create(SESSION, None, S)[1]
    _, made = scu.create(FILM, requests.film_box(S), F)
    assert made is not None and len(made.ReferencedImageBoxSequence) == 1


@pytest.mark.parametrize("announced", [False, True], ids=["without a data set", "with an empty one"])
def test_n_create_session_without_data_set_or_with_an_empty_one(bench: Bench, announced: bool) -> None:
    scu = bench.connect()
    request = N_CREATE()
    request.MessageID, request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = 1, SESSION, S
    if announced:
        group_length = b"\x08\0\0\0UL\4\0\0\0\0\0"  # a data set that says nothing but that it is one
        request.AttributeList = BytesIO(group_length)
    association = scu.association
    association.dimse.send_msg(request, association.accepted_contexts[0].context_id)
    _, answer = association.dimse.get_msg(block=True)
    assert answer is not None and answer.Status == 0


def test_zero_length_values(bench: Bench) -> None:
    scu = bench.connect()
    assert scu.create(SESSION, raw(NumberOfCopies=b"", PrintPriority=b"", MediumType=b""), S)[0] == 0
    status, (box,) = filmed(scu, FilmSizeID="", MagnificationType="", FilmOrientation="")
    assert status == 0
    assert scu.set(BOX, box, requests.image_box(requests.image(), Polarity=""))[0] == 0


@pytest.mark.parametrize("text", [b"standard\\1,1", b"STANDARD\\ 1, 1 ", b"STANDARD\\01,01", b"STANDARD\\1,1 "])
def test_lower_case_and_blanks(bench: Bench, text: bytes) -> None:
    scu = bench.connect()
    assert scu.create(SESSION, raw(PrintPriority=b"high", MediumType=b"blue film "), S)[0] == 0
    said = requests.film_box(S)
    said.add_new("ImageDisplayFormat", "UN", text)
    assert scu.create(FILM, said, F)[0] == 0


@pytest.mark.parametrize(("warnings", "status"), [(Warnings.REPORT, 0xB600), (Warnings.AS_SUCCESS, 0)])
def test_memory_allocation_present(bench: Bench, warnings: Warnings, status: int) -> None:
    bench.port.printer_ = LogicalPrinter("PRINTER", warnings=warnings)
    assert bench.connect().create(SESSION, item(MemoryAllocation=1024), S)[0] == status


def test_attributes_outside_the_iod(bench: Bench) -> None:
    scu = started(bench, SpecificCharacterSet="ISO_IR 100", PatientName="A^B")
    _, (box,) = filmed(scu, PatientID="1")
    said = requests.image_box(requests.image(), PatientID="1")
    said.add_new(0x00091001, "LO", "private")
    assert scu.set(BOX, box, said)[0] == 0
    scu.act(FILM, F)
    image = bench.port.ordered[0].order.films[0].image_boxes[0]
    assert (image.identifying[0].value, image.other_attributes) == ("1", (("00091001", "private"),))


@pytest.mark.parametrize("level", ["session", "film", "image"])
def test_plut_illumination_and_ambient_light_on_any_level(bench: Bench, level: str) -> None:
    scu = bench.connect()
    scu.create(LUT, item(PresentationLUTShape="LIN OD"), L)
    said = {"ReferencedPresentationLUTSequence": requests.referenced(L, LUT)}
    light = {"Illumination": 3000, "ReflectedAmbientLight": 5}
    assert scu.create(SESSION, item(**said, **light) if level == "session" else None, S)[0] == 0
    _, (box,) = filmed(scu, **(said | light if level == "film" else {}))
    assert scu.set(BOX, box, requests.image_box(requests.image(), **(said if level == "image" else {})))[0] == 0
    scu.act(FILM, F)
    film = bench.port.ordered[0].order.films[0]
    lut = film.image_boxes[0].presentation_lut if level == "image" else film.presentation_lut
    assert lut is not None and lut.shape is LUTShape.LIN_OD
    assert film.illumination == (None if level == "image" else 3000)


@pytest.mark.parametrize(
    "said",
    [
        requests.lut(list(range(256)), 10),
        requests.lut(list(range(4096)), 12),
        requests.lut(list(range(256)), 10, first=16),
        requests.lut(list(range(256)), 8),
        item(PresentationLUTShape="INVERSE"),
    ],
    ids=["256 for 12 bits", "4096 for 8 bits", "first value 16", "8-bit entries", "INVERSE"],
)
@pytest.mark.parametrize("stored", [8, 12])
def test_plut_that_does_not_match_the_image(bench: Bench, said: Dataset, stored: int) -> None:
    scu = started(bench)
    assert scu.create(LUT, said, L)[0] == 0
    _, (box,) = filmed(scu, ReferencedPresentationLUTSequence=requests.referenced(L, LUT))
    deep = {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "PixelData": bytes(512)}
    assert scu.set(BOX, box, requests.image_box(requests.image(**(deep if stored == 12 else {}))))[0] == 0


def test_plut_shape_and_table_both(bench: Bench) -> None:
    scu = started(bench)
    said = requests.lut(list(range(256)), 10)
    said.PresentationLUTShape = "LIN OD"
    assert scu.create(LUT, said, L)[0] == 0
    filmed(scu, ReferencedPresentationLUTSequence=requests.referenced(L, LUT))
    scu.act(FILM, F)
    lut = bench.port.ordered[0].order.films[0].presentation_lut
    assert lut is not None and lut.shape is None and len(lut.table) == 256


@pytest.mark.parametrize("data_vr", ["OW", "US"])
@pytest.mark.parametrize("descriptor_vr", ["US", "SS"])
def test_lut_descriptor_of_65536_entries_as_us_or_ss(bench: Bench, data_vr: str, descriptor_vr: str) -> None:
    scu = started(bench)
    said = requests.lut([n % 4096 for n in range(4096 if data_vr == "US" else 65536)], 12)
    table = said.PresentationLUTSequence[0]
    if data_vr == "US":
        table.add_new("LUTData", "US", [n % 4096 for n in range(4096)])
    table.add_new("LUTDescriptor", descriptor_vr, [4096 if data_vr == "US" else 0, 0, 12])
    assert scu.create(LUT, said, L)[0] == 0


def test_annotation_as_label_or_configuration_information(bench: Bench) -> None:
    scu = started(bench, FilmSessionLabel="WARD 7")
    filmed(scu, ConfigurationInformation="ANNOTATION1=PATID")
    scu.act(FILM, F)
    assert bench.port.ordered[0].order.films[0].stray_texts == ("WARD 7", "PATID")


@pytest.mark.parametrize(("format_id", "position"), [("LABEL", 0), ("ANNOTATION", 2), ("0\\LABEL", 0)])
def test_annotation_at_positions_of_other_cameras(bench: Bench, format_id: str, position: int) -> None:
    scu = started(bench, META, TEXT)
    _, made = scu.create(FILM, requests.film_box(S, AnnotationDisplayFormatID=format_id), F)
    assert made is not None
    uid = made.ReferencedBasicAnnotationBoxSequence[0].ReferencedSOPInstanceUID
    assert scu.set(TEXT, uid, item(AnnotationPosition=position, TextString="A" * 32))[0] == 0
    scu.act(FILM, F)
    assert bench.port.ordered[0].order.films[0].annotation_boxes[0].text == "A" * 32


def test_annotation_negotiated_without_a_format_id_and_the_other_way_round(bench: Bench) -> None:
    assert filmed(started(bench, META, TEXT))[0] == 0
    assert filmed(started(bench, META), AnnotationDisplayFormatID="LABEL")[0] == 0x0107


@pytest.mark.parametrize(
    "text",
    [
        "CS000",
        "CS015",
        "PERCEPTION_LUT=LINEAR",
        "KANAMORI",
        "WINDOW_WIDTH=400\\WINDOW_CENTER=40",
        "G=0.5",
        "aycan print",
    ],
)
def test_configuration_information_of_other_cameras(bench: Bench, text: str) -> None:
    scu = started(bench)
    assert filmed(scu, ConfigurationInformation=text)[0] == 0
    scu.act(FILM, F)
    film = bench.port.ordered[0].order.films[0]
    assert (film.configuration_information, film.stray_texts) == (text, ())


@pytest.mark.parametrize("smoothing", ["0", "15", "140", "NONE", "SHARP", "NORMAL"])
def test_smoothing_type_of_other_cameras(bench: Bench, smoothing: str) -> None:
    assert filmed(started(bench), SmoothingType=smoothing)[0] == 0


def test_magnification_type_unknown(bench: Bench) -> None:
    scu = started(bench)
    assert filmed(scu, MagnificationType="SHARP")[0] == 0x0116
    scu.act(FILM, F)
    assert bench.port.ordered[0].order.films[0].magnification_type is MagnificationType.CUBIC


@pytest.mark.parametrize("density", ["150", " 150 ", "BLACK", "WHITE", "white"])
def test_border_and_empty_density_as_text(bench: Bench, density: str) -> None:
    scu = started(bench)
    assert filmed(scu, BorderDensity=density, EmptyImageDensity=density)[0] == 0
    scu.act(FILM, F)
    assert bench.port.ordered[0].order.films[0].border_density == density.strip().upper()


@pytest.mark.parametrize(("density", "status", "used"), [(9999, 0xB605, 3.2), (0, 0, None)])
def test_max_density_beyond_or_zero(bench: Bench, density: int, status: int, used: float | None) -> None:
    scu = started(bench)
    assert filmed(scu, MaxDensity=density)[0] == status
    scu.act(FILM, F)
    assert bench.port.ordered[0].order.films[0].max_density == used


@pytest.mark.parametrize(
    ("stored", "high", "allocated", "signed"),
    [(10, 9, 16, 0), (16, 15, 16, 0), (12, 15, 16, 0), (8, 7, 16, 0), (12, 11, 16, 1), (8, 7, 8, 1)],
)
def test_bits_that_print_does_not_allow(bench: Bench, stored: int, high: int, allocated: int, signed: int) -> None:
    scu = started(bench)
    _, (box,) = filmed(scu)
    image = requests.image(
        BitsAllocated=allocated,
        BitsStored=stored,
        HighBit=high,
        PixelRepresentation=signed,
        PixelData=bytes(256 * allocated // 8),
    )
    assert scu.set(BOX, box, requests.image_box(image))[0] == 0
    assert scu.act(FILM, F) == 0


def test_rubbish_above_the_stored_bits(bench: Bench) -> None:
    scu = started(bench)
    _, (box,) = filmed(scu)
    image = requests.image(BitsAllocated=16, BitsStored=12, HighBit=11, PixelData=b"\x34\xf2" * 256)
    assert scu.set(BOX, box, requests.image_box(image))[0] == 0
    assert scu.act(FILM, F) == 0
    assert bench.port.ordered[0].pixels() == b"\x34\xf2" * 256  # masked where it is rendered


@pytest.mark.parametrize(("size", "status"), [(250, 0), (300, 0), (255, 0), (257, 0), (0, 0x0121)])
def test_pixel_data_too_short_too_long_or_odd(bench: Bench, size: int, status: int) -> None:
    scu = started(bench)
    _, (box,) = filmed(scu)
    assert scu.set(BOX, box, requests.image_box(requests.image(PixelData=bytes(size))))[0] == status


def test_monochrome1_together_with_polarity_reverse(bench: Bench) -> None:
    scu = started(bench)
    _, (box,) = filmed(scu)
    image = requests.image(PhotometricInterpretation="MONOCHROME1")
    assert scu.set(BOX, box, requests.image_box(image, Polarity="REVERSE"))[0] == 0
    scu.act(FILM, F)
    kept = bench.port.ordered[0].order.films[0].image_boxes[0]
    assert kept.polarity is Polarity.REVERSE and kept.image is not None
    assert kept.image.format.photometric_interpretation == "MONOCHROME1"  # turned twice where it is rendered


def test_rgb_to_the_gray_box_and_monochrome_in_the_colour_box(bench: Bench) -> None:
    scu = started(bench)
    _, (box,) = filmed(scu)
    rgb = requests.image(
        SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0, PixelData=bytes(768)
    )
    assert scu.set(BOX, box, requests.image_box(rgb))[0] == 0
    color = bench.connect(BASIC_COLOR_PRINT_MANAGEMENT_META)
    color.meta = BASIC_COLOR_PRINT_MANAGEMENT_META
    color.create(SESSION, None, S)
    _, (box,) = filmed(color)
    gray = item(ImageBoxPosition=1, BasicColorImageSequence=[requests.image()])
    assert color.set(SOPClass.COLOR_IMAGE_BOX, box, gray)[0] == 0


@pytest.mark.parametrize("planar", [None, 0, 1])
def test_planar_configuration_missing_or_0_or_1(bench: Bench, planar: int | None) -> None:
    scu = started(bench)
    _, (box,) = filmed(scu)
    rgb = requests.image(
        SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=planar, PixelData=bytes(768)
    )
    assert scu.set(BOX, box, requests.image_box(rgb))[0] == 0


@pytest.mark.parametrize("aspect", [[0, 0], [1, 0], [1, 1, 1], [1]])
def test_pixel_aspect_ratio_that_is_none(bench: Bench, aspect: list[int]) -> None:
    scu = started(bench)
    _, (box,) = filmed(scu)
    assert scu.set(BOX, box, requests.image_box(requests.image(PixelAspectRatio=aspect)))[0] == 0
    scu.act(FILM, F)
    image = bench.port.ordered[0].order.films[0].image_boxes[0].image
    assert image is not None and image.format.pixel_aspect_ratio == (1, 1)


def test_image_box_position_missing_zero_beyond_or_twice(bench: Bench) -> None:
    scu = started(bench)
    _, boxes = filmed(scu, "STANDARD\\2,2")
    for number, (box, position) in enumerate(zip(boxes, (None, 0, 99, 1), strict=True)):
        image = requests.image(PixelData=bytes([number]) * 256)
        assert scu.set(BOX, box, requests.image_box(image, position=position))[0] == 0
    assert scu.act(FILM, F) == 0
    assert [bench.port.ordered[0].pixels(position=place)[0] for place in (1, 2, 3, 4)] == [0, 1, 2, 3]


def test_images_in_any_order_and_some_never(bench: Bench) -> None:
    scu = started(bench)
    _, boxes = filmed(scu, "STANDARD\\3,4")
    for number in (8, 2, 5):
        image = requests.image(PixelData=bytes([number]) * 256)
        assert scu.set(BOX, boxes[number], requests.image_box(image, position=number + 1))[0] == 0
    assert scu.act(FILM, F) == 0
    filled = [box.position - 1 for box in bench.port.ordered[0].order.films[0].image_boxes if box.image]
    assert filled == [2, 5, 8]
    assert bench.port.ordered[0].pixels(position=9)[0] == 8


def test_sequence_with_two_items(bench: Bench) -> None:
    scu = started(bench)
    _, (box,) = filmed(scu)
    first, second = requests.image(PixelData=b"\1" * 256), requests.image(PixelData=b"\2" * 256)
    assert scu.set(BOX, box, requests.image_box(first, second))[0] == 0
    scu.act(FILM, F)
    assert bench.port.ordered[0].pixels()[0] == 1


def test_erase_with_an_empty_sequence(bench: Bench) -> None:
    scu = started(bench)
    _, (box,) = filmed(scu)
    scu.set(BOX, box, requests.image_box(requests.image()))
    assert scu.set(BOX, box, item(ImageBoxPosition=1, BasicGrayscaleImageSequence=Sequence()))[0] == 0
    assert scu.act(FILM, F) == 0xB603


def test_n_set_after_the_film_was_printed_of_an_older_film_and_print_twice(bench: Bench) -> None:
    scu = started(bench)
    _, (first,) = filmed(scu)
    filmed(scu, uid="1.2.3.9")
    for value in (1, 2):
        assert scu.set(BOX, first, requests.image_box(requests.image(PixelData=bytes([value]) * 256)))[0] == 0
        assert scu.act(FILM, F) == 0
    assert [print_.pixels()[0] for print_ in bench.port.ordered] == [1, 2]


def test_film_n_action_and_then_session_n_action_print_twice(bench: Bench) -> None:
    scu = started(bench)
    _, (box,) = filmed(scu)
    scu.set(BOX, box, requests.image_box(requests.image()))
    assert (scu.act(FILM, F), scu.act(SESSION, S)) == (0, 0)
    assert len(bench.port.ordered) == 2


@pytest.mark.parametrize(("action_type", "status"), [(0, 0x0123), (1, 0), (2, 0x0123)])
def test_n_action_with_a_data_set_and_other_action_types(bench: Bench, action_type: int, status: int) -> None:
    scu = started(bench)
    _, (box,) = filmed(scu)
    scu.set(BOX, box, requests.image_box(requests.image()))
    answer, _ = scu.association.send_n_action(item(Trim="YES"), action_type, FILM, F, meta_uid=META)
    assert answer.Status == status


@pytest.mark.parametrize("end", ["release", "abort"])
def test_no_n_delete_just_release_or_abort(bench: Bench, end: str) -> None:
    scu = started(bench)
    _, (box,) = filmed(scu)
    scu.set(BOX, box, requests.image_box(requests.image()))
    assert scu.act(FILM, F) == 0
    if end == "abort":
        scu.association.abort()
    assert bench.port.ordered[0].pixels() == bytes(range(256))


@pytest.mark.parametrize("alone", [True, False])
def test_printer_n_get_with_tags_it_lacks_also_alone(bench: Bench, alone: bool) -> None:
    scu = bench.connect(*((PRINTER,) if alone else ()))
    status, said = scu.get([0x21100010, 0x00080070, 0x00081090, 0x00181000, 0x00181020, 0x00181200, 0x00181201])
    assert status == 0
    assert (said.PrinterStatus, said.Manufacturer) == ("NORMAL", "printmgr")
    assert "DateOfLastCalibration" not in said


def test_class_on_the_wrong_context(bench: Bench) -> None:
    scu = started(bench, META, TEXT)
    _, made = scu.create(FILM, requests.film_box(S, AnnotationDisplayFormatID="LABEL"), F)
    assert made is not None
    uid = made.ReferencedBasicAnnotationBoxSequence[0].ReferencedSOPInstanceUID
    answer, _ = scu.association.send_n_set(item(AnnotationPosition=1, TextString="A"), TEXT, uid, meta_uid=META)
    assert answer.Status == 0


@pytest.mark.parametrize("syntaxes", [(EXPLICIT_BE,), (IMPLICIT_LE,), (EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE)])
def test_presentation_contexts_with_explicit_be_or_only_implicit_le(bench: Bench, syntaxes: tuple[str, ...]) -> None:
    scu = bench.connect(META, syntaxes=syntaxes)
    (context,) = scu.association.accepted_contexts
    assert context.transfer_syntax[0] == syntaxes[0]
    scu.create(SESSION, None, S)
    assert filmed(scu)[0] == 0


REFUSED = {
    "Basic Print Image Overlay Box": "1.2.840.10008.5.1.1.24.1",
    "Image Overlay Box": "1.2.840.10008.5.1.1.24",
    "VOI LUT Box": "1.2.840.10008.5.1.1.22",
    "Print Queue Management": "1.2.840.10008.5.1.1.26",
    "Referenced Grayscale Print Management Meta": "1.2.840.10008.5.1.1.9.1",
    "Referenced Color Print Management Meta": "1.2.840.10008.5.1.1.18.1",
    "Pull Print Request": "1.2.840.10008.5.1.1.31",
}


@pytest.mark.parametrize("name", REFUSED)
def test_retired_contexts_are_refused_and_the_others_go_on(bench: Bench, name: str) -> None:
    scu = bench.connect(META, REFUSED[name])
    (refused,) = scu.association.rejected_contexts
    assert (refused.abstract_syntax, refused.result) == (REFUSED[name], 3)  # abstract syntax not supported
    scu.create(SESSION, None, S)
    assert filmed(scu)[0] == 0


def test_compressed_syntaxes_are_refused(bench: Bench) -> None:
    ae = AE("CT1")
    contexts = [build_context(META, ["1.2.840.10008.1.2.4.50"]), build_context(PRINTER, [EXPLICIT_LE])]
    host, port = bench.connect().association.dul.socket.socket.getpeername()
    association = ae.associate(host, port, contexts, ae_title="PRINTER")
    try:
        (refused,) = association.rejected_contexts
        assert (refused.abstract_syntax, refused.result) == (META, 4)  # transfer syntaxes not supported
    finally:
        association.release()


@pytest.mark.parametrize("max_pdu", [4096, 16382, 32768, 65542, 262144])
def test_max_pdu_of_any_size(bench: Bench, max_pdu: int) -> None:
    ae = AE("CT1")
    ae.maximum_pdu_size = max_pdu
    host, port = bench.connect().association.dul.socket.socket.getpeername()
    association = ae.associate(host, port, [build_context(META, [EXPLICIT_LE])], ae_title="PRINTER", max_pdu=max_pdu)
    association.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    hold_reactor(association)
    scu = SCU(association)
    try:
        scu.create(SESSION, None, S)
        _, boxes = filmed(scu, "STANDARD\\5,8")  # an answer longer than the smallest PDU
        assert len(boxes) == 40
        image = requests.image(300, 300, bytes(90_000))
        assert scu.set(BOX, boxes[0], requests.image_box(image))[0] == 0
    finally:
        association.abort()
        time.sleep(0)


def test_session_and_film_uids_not_unique_across_associations(bench: Bench) -> None:
    for value in (1, 2):
        scu = started(bench)
        _, (box,) = filmed(scu)
        assert scu.set(BOX, box, requests.image_box(requests.image(PixelData=bytes([value]) * 256)))[0] == 0
        assert scu.act(FILM, F) == 0
    assert [print_.pixels()[0] for print_ in bench.port.ordered] == [1, 2]


@pytest.mark.parametrize("uid", ["1.02.003", "1.2." + "3" * 80, "not-a-uid"])
def test_uids_that_do_not_conform(bench: Bench, uid: str) -> None:
    scu = bench.connect()
    status, _ = scu.create(SESSION, None, uid[:64])
    assert status == 0
    assert scu.create(FILM, requests.film_box(uid[:64]), uid[:60] + "1")[0] == 0


@pytest.mark.parametrize(
    ("own", "words"), [("GB18030", "胶片"), ("ISO_IR 144", "Снимок"), ("ISO_IR 192", "Ωμέγα"), ("ISO_IR 13", "ﾌｨﾙﾑ")]
)
def test_text_in_a_character_set_that_nobody_names(bench: Bench, own: str, words: str) -> None:
    codec = {"GB18030": "gb18030", "ISO_IR 144": "iso8859_5", "ISO_IR 192": "utf-8", "ISO_IR 13": "shift_jis"}[own]
    bench.port.printer_ = LogicalPrinter("PRINTER", character_set=own)
    scu = bench.connect()
    assert scu.create(SESSION, raw(FilmSessionLabel=words.encode(codec)), S)[0] == 0
    filmed(scu)
    scu.act(FILM, F)
    assert bench.port.ordered[0].order.session.film_session_label == words


def test_rows_and_columns_are_not_swapped_for_landscape(bench: Bench) -> None:
    scu = started(bench)
    filmed(scu, "STANDARD\\2,3", FilmOrientation="LANDSCAPE")
    scu.act(FILM, F)
    assert bench.port.ordered[0].order.films[0].image_display_format == "STANDARD\\2,3"


def test_no_session_a_second_one_and_a_wrong_reference(bench: Bench) -> None:
    scu = bench.connect()
    assert scu.create(FILM, requests.film_box(S), F)[0] == 0x0117
    scu.create(SESSION, None, S)
    assert scu.create(SESSION, None, "1.9")[0] == 0x0111
    assert scu.create(FILM, requests.film_box("1.9"), F)[0] == 0x0106
