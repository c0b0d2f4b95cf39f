"""Every cap of [limits], reached on the running service: its status, the association goes on, a film is printed."""

import json

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid
from pynetdicom.sop_class import PrinterConfigurationRetrieval, PrinterConfigurationRetrievalInstance

from service.config import load
from tests.console import BOX, FILM, LUT, METAS, SESSION, console
from tests.printmgr.scp import requests
from tests.serving import Serving, film_pixels, image_box

UNREADABLE, RESOURCE_LIMITATION, NO_MEMORY_FOR_IMAGE = 0x0110, 0x0213, 0xC605
SIDE = 100
LIMITS = {
    "films": 2,
    "image_boxes": 20,
    "image_pixels": SIDE * SIDE,
    "session_pixels": SIDE * SIDE * 5 // 2,
    "presentation_luts": 2,
    "lut_entries": 500,
    "data_set_bytes": 1 << 16,
    "data_set_depth": 4,
    "data_set_elements": 100,
}
SHAPE = requests.item(PresentationLUTShape="IDENTITY")


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    folder = tmp_path_factory.mktemp("caps")
    dicom = {"port": 0, "open": True, "max_data_bytes": 1 << 20}
    environment = {"PRINTMGR_LIMITS": json.dumps(LIMITS), "PRINTMGR_DICOM": json.dumps(dicom)}
    with Serving(folder / "data", environment) as serving:
        yield serving.port


@pytest.fixture
def modality(port):
    """An association with a film session; after each test it prints a film as if nothing had been."""
    with console(port, classes=(METAS[0], LUT, PrinterConfigurationRetrieval)) as one:
        assert one.open_session() == 0
        yield one
        assert one.delete(SESSION, one.session) == 0
        assert one.open_session() == 0
        _, film, boxes = one.film()
        assert one.set(BOX, boxes[0], image_box(1, film_pixels(1))) == 0
        assert one.act(FILM, film) == 0


def test_films(modality):
    films = [modality.film()[:2] for _ in range(3)]
    assert [status for status, _ in films] == [0, 0, RESOURCE_LIMITATION]
    assert modality.delete(FILM, films[0][1]) == 0
    assert modality.film()[0] == 0


def test_what_the_printer_says_of_its_films(modality):
    _, told = modality.get(PrinterConfigurationRetrieval, PrinterConfigurationRetrievalInstance)
    assert told.PrinterConfigurationSequence[0].MaximumCollatedFilms == LIMITS["films"]


def test_image_boxes(modality):
    assert [modality.film("STANDARD\\4,3")[0] for _ in range(2)] == [0, RESOURCE_LIMITATION]
    assert modality.film("STANDARD\\4,2")[0] == 0


def test_pixels_of_an_image(modality):
    _, _, boxes = modality.film()
    assert modality.set(BOX, boxes[0], image_box(1, film_pixels(1, SIDE, SIDE + 1))) == NO_MEMORY_FOR_IMAGE
    assert modality.set(BOX, boxes[0], image_box(1, film_pixels(1, SIDE, SIDE))) == 0


def test_pixels_of_all_images(modality):
    _, _, boxes = modality.film("STANDARD\\3,1")
    said = [modality.set(BOX, box, image_box(n, film_pixels(n, SIDE, SIDE))) for n, box in enumerate(boxes, 1)]
    assert said == [0, 0, NO_MEMORY_FOR_IMAGE]


def test_bytes_of_all_images(port):
    """Few pixels, but data sets of 60 kB each, in a spool of 1 MiB for the association."""
    padded = image_box(1, film_pixels(1, 10, 10))
    padded.add_new(0x00090010, "LO", "PADDING")
    padded.add_new(0x00091010, "OB", bytes(60_000))
    with console(port) as one:
        assert one.open_session() == 0
        _, film, boxes = one.film("STANDARD\\5,4")
        said = [one.set(BOX, box, padded) for box in boxes]
        room = (1 << 20) // len(requests.encoded(padded))
        assert said == [0] * room + [NO_MEMORY_FOR_IMAGE] * (20 - room)
        assert one.set(BOX, boxes[0], padded) == NO_MEMORY_FOR_IMAGE, "the new one is kept before the old one goes"
        assert one.delete(FILM, film) == 0
        _, _, boxes = one.film()
        assert one.set(BOX, boxes[0], padded) == 0


def test_presentation_luts(modality):
    uids = [generate_uid() for _ in range(3)]
    assert [modality.create(LUT, SHAPE, uid)[0] for uid in uids] == [0, 0, RESOURCE_LIMITATION]
    for uid in uids[:2]:
        assert modality.delete(LUT, uid) == 0


def test_entries_of_presentation_luts(modality):
    table = requests.item(LUTDescriptor=[256, 0, 8], LUTData=bytes(range(256)))
    said = requests.item(PresentationLUTSequence=Sequence([table]))
    first = generate_uid()
    assert modality.create(LUT, said, first)[0] == 0
    assert modality.create(LUT, said, generate_uid())[0] == RESOURCE_LIMITATION
    assert modality.delete(LUT, first) == 0


def test_length_of_a_data_set(modality):
    _, _, boxes = modality.film()
    assert modality.set_bytes(boxes[0], bytes(LIMITS["data_set_bytes"] + 1)) == RESOURCE_LIMITATION


@pytest.mark.parametrize(("levels", "status"), [(3, 0), (6, UNREADABLE)])
def test_depth_of_a_data_set(modality, levels, status):
    _, _, boxes = modality.film()
    said = image_box(1, film_pixels(1))
    said.ReferencedImageSequence = nested(levels)
    said["ReferencedImageSequence"].is_undefined_length = True
    assert modality.set_bytes(boxes[0], requests.encoded(said)) == status


def nested(levels: int) -> Sequence:
    """Sequences inside each other, of undefined length: nothing is stepped over."""
    item = Dataset()
    item.ReferencedSOPInstanceUID = "1.2.3"
    sequence = Sequence([item])
    for _ in range(levels - 1):
        outer = Dataset()
        outer.ReferencedImageSequence = sequence
        outer["ReferencedImageSequence"].is_undefined_length = True
        sequence = Sequence([outer])
    return sequence


@pytest.mark.parametrize(("elements", "status"), [(50, 0), (150, UNREADABLE)])
def test_elements_of_a_data_set(modality, elements, status):
    _, _, boxes = modality.film()
    said = image_box(1, film_pixels(1))
    said.add_new(0x00090010, "LO", "PADDING")
    for number in range(elements):
        said.add_new(0x00091000 + number, "LO", "x")
    assert modality.set_bytes(boxes[0], requests.encoded(said)) == status


def test_the_caps_of_the_settings_are_those_of_the_code():
    """The defaults, and each of them by its name."""
    from printmgr.film.caps import CAPS, Caps

    assert load().limits.caps == CAPS
    assert load(limits=LIMITS).limits.caps == Caps(2, 20, SIDE * SIDE, SIDE * SIDE * 5 // 2, 2, 500, 4, 100)
