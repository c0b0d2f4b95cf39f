"""Scanning encoded data sets: as pydicom reads them, and never beyond their bytes."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from printmgr.errors import PrintError, UnreadableDataSet
from printmgr.film.caps import CAPS
from printmgr.scp import images, luts
from printmgr.scp.attributes import film_box, film_session
from printmgr.scp.encoded import ENCODINGS, Elements, scan
from printmgr.scp.rules import BASIC_GRAYSCALE_IMAGE_SEQUENCE, PIXEL_DATA
from printmgr.scp.values import read

from . import requests
from .requests import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, SYNTAXES

PIXELS = bytes(range(256))


def pixels_of(data: bytes, elements: Elements) -> bytes:
    element = elements[BASIC_GRAYSCALE_IMAGE_SEQUENCE].items[0][PIXEL_DATA]
    return data[element.offset : element.offset + element.length]


def image_box(undefined_lengths: bool = False) -> Dataset:
    data_set = requests.image_box(requests.image(pixels=PIXELS), Polarity="REVERSE")
    data_set.add_new(0x00091001, "UN", b"private")
    unknown = requests.item(PatientID="1", ReferencedStudySequence=Sequence([requests.item(StudyID="2")]))
    data_set.ProposedStudySequence = Sequence([unknown])
    for sequence in (data_set.BasicGrayscaleImageSequence, data_set.ProposedStudySequence):
        sequence.is_undefined_length = undefined_lengths
        for part in sequence:
            part.is_undefined_length_sequence_item = undefined_lengths
    return data_set


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("undefined_lengths", [False, True])
def test_the_pixels_are_found_where_they_lie(syntax: str, undefined_lengths: bool) -> None:
    data = encode(image_box(undefined_lengths), syntax)
    elements = scan(data, ENCODINGS[syntax])
    assert pixels_of(data, elements) == PIXELS
    assert set(elements) == {element.tag for element in image_box()}


def encode(data_set: Dataset, syntax: str) -> bytes:
    out = DicomBytesIO()
    out.is_implicit_VR, out.is_little_endian = ENCODINGS[syntax].implicit, not ENCODINGS[syntax].big_endian
    write_dataset(out, data_set)
    return bytes(out.getvalue())


keywords = st.sampled_from(["FilmSessionLabel", "OwnerID", "NumberOfCopies", "MaxDensity", "Polarity", "StudyID"])
data_sets = st.dictionaries(keywords, st.integers(1, 9999).map(str), max_size=6)


@given(said=data_sets, syntax=st.sampled_from(SYNTAXES))
def test_every_value_lies_where_pydicom_wrote_it(said: dict[str, str], syntax: str) -> None:
    data_set = requests.item(**{key: int(value) if key == "MaxDensity" else value for key, value in said.items()})
    data = encode(data_set, syntax)
    elements = scan(data, ENCODINGS[syntax])
    assert set(elements) == {element.tag for element in data_set}
    for element in data_set:
        found = elements[element.tag]
        value = data[found.offset : found.offset + found.length]
        order = ">H" if ENCODINGS[syntax].big_endian else "<H"
        expected = struct.pack(order, element.value) if element.VR == "US" else str(element.value).encode()
        assert value.rstrip(b" \0") == expected.rstrip(b" \0")


def test_a_sequence_in_un_is_implicit() -> None:
    """PS3.5 6.2.2: an SCU that does not know the sequence passes it on as UN."""
    inner = requests.encoded(requests.image(pixels=PIXELS), IMPLICIT_LE)
    item = struct.pack("<HHL", 0xFFFE, 0xE000, len(inner)) + inner
    data = struct.pack("<HH2sHL", 0x2020, 0x0110, b"UN", 0, len(item)) + item
    assert pixels_of(data, scan(data, ENCODINGS[EXPLICIT_LE])) == PIXELS


def explicit(group: int, element: int, vr: bytes, length: int, value: bytes = b"") -> bytes:
    if vr in (b"SQ", b"OB", b"OW", b"UN"):
        return struct.pack("<HH2sHL", group, element, vr, 0, length) + value
    return struct.pack("<HH2sH", group, element, vr, length) + value


SQ_OPEN = explicit(0x2020, 0x0110, b"SQ", 0xFFFFFFFF)
ITEM_OPEN = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        b"\x10\x20\x10\x00ST",
        explicit(0x2010, 0x0010, b"ST", 10, b"abc"),
        explicit(0x7FE0, 0x0010, b"OW", 0xFFFFFFFF),
        explicit(0x2010, 0x0010, b"\1\2", 0),
        explicit(0x2020, 0x0110, b"SQ", 100),
        explicit(0x2020, 0x0110, b"SQ", 8, b"\x10\x20\x10\x00ST\0\0"),
        explicit(0x2020, 0x0110, b"SQ", 8, struct.pack("<HHL", 0xFFFE, 0xE000, 9)),
        explicit(0x7FE0, 0x0010, b"OW", 4)[:9],
        SQ_OPEN,
        SQ_OPEN + ITEM_OPEN,
        SQ_OPEN + ITEM_OPEN + struct.pack("<HHL", 0xFFFE, 0xE00D, 0),
        (SQ_OPEN + ITEM_OPEN) * (CAPS.depth + 2),
        (SQ_OPEN + ITEM_OPEN) * 5000,
        explicit(0x2010, 0x0010, b"ST", 0) * (CAPS.elements + 1),
    ],
)
def test_what_does_not_add_up_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableDataSet):
        scan(data, ENCODINGS[EXPLICIT_LE])


def all_readers(data: bytes, syntax: str) -> None:
    """Read the data set as every request there is."""
    for reader in (film_session, film_box, images.image_box, luts.presentation_lut, images.claimed_position):
        try:
            reader(read(data, ENCODINGS[syntax]))
        except PrintError:
            continue


def whole_requests() -> list[tuple[str, bytes]]:
    said = [
        image_box(),
        image_box(undefined_lengths=True),
        requests.film_box("1.2.3", MaxDensity=320, FilmOrientation="PORTRAIT", Illumination=2000, Trim="YES"),
        requests.item(
            SpecificCharacterSet=["", "ISO 2022 IR 87"], NumberOfCopies=2, FilmSessionLabel="L", MemoryAllocation=1
        ),
        requests.lut(list(range(256)), 12),
    ]
    return [(syntax, encode(data_set, syntax)) for data_set in said for syntax in SYNTAXES]


REQUESTS = whole_requests()


@settings(max_examples=600, deadline=None)
@given(which=st.integers(0, len(REQUESTS) - 1), seed=st.integers(0, 2**32), count=st.integers(1, 12))
def test_mutated_requests_raise_nothing_but_a_print_error(which: int, seed: int, count: int) -> None:
    syntax, whole = REQUESTS[which]
    chance, data = random.Random(seed), bytearray(whole)
    for _ in range(count):
        place = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0:
                data[place : place + 1] = chance.randbytes(1)
            case 1:
                del data[place : place + chance.randrange(8)]
            case 2:
                data[place:place] = chance.choice([b"\xff\xff\xff\xff", b"\0\0", b"\x1b$B", chance.randbytes(6)])
            case 3:
                data[place : place + 4] = chance.choice([b"\xff\xff\xff\xff", b"\xfe\xff\x0d\xe0", b"\0\0\0\0"])
    all_readers(bytes(data), syntax)


@given(data=st.binary(max_size=200), syntax=st.sampled_from([IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE]))
def test_random_bytes_raise_nothing_but_a_print_error(data: bytes, syntax: str) -> None:
    all_readers(data, syntax)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_cut_of_a_request_raises_nothing_but_a_print_error(syntax: str) -> None:
    for of_syntax, data in REQUESTS:
        if of_syntax == syntax:
            for end in range(0, len(data), 3):
                all_readers(data[:end], syntax)
