"""Attributes of print requests: units, defaults, leniency, and what is refused."""

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from printmgr.errors import BadPixels, InvalidAttribute, MissingAttribute, MissingValue
from printmgr.film.model import (
    DecimateCropBehavior,
    FilmOrientation,
    IdentifyingValue,
    LUTShape,
    MagnificationType,
    PixelFormat,
    Polarity,
)
from printmgr.film.requests import FilmBoxRequest, FilmSessionRequest, ImageBoxRequest
from printmgr.scp import attributes, images, luts
from printmgr.scp.attributes import film_box, film_session
from printmgr.scp.encoded import ENCODINGS
from printmgr.scp.values import Values, read

from . import requests
from .requests import EXPLICIT_BE, EXPLICIT_LE, SYNTAXES, values


def explicit(*elements: tuple[int, str, bytes]) -> bytes:
    """Values that pydicom would not build, as explicit VR little endian."""
    return b"".join(
        (tag >> 16).to_bytes(2, "little")
        + (tag & 0xFFFF).to_bytes(2, "little")
        + vr.encode()
        + len(value).to_bytes(2, "little")
        + value
        for tag, vr, value in elements
    )


def of_bytes(*elements: tuple[int, str, bytes]) -> Values:
    return read(explicit(*elements), ENCODINGS[EXPLICIT_LE])


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_film_session_in_the_models_units(syntax: str) -> None:
    said = requests.item(
        NumberOfCopies=2,
        PrintPriority="HIGH",
        MediumType="BLUE FILM",
        FilmDestination="BIN_2",
        FilmSessionLabel="A label",
        OwnerID="owner",
        MemoryAllocation=512,
        Illumination=2000,
    )
    request, read_ = film_session(values(said, syntax))
    assert request == FilmSessionRequest(2, "HIGH", "BLUE FILM", "BIN_2", "A label", "owner", 512, illumination=2000.0)
    assert read_.warnings == ()


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_film_box_in_the_models_units(syntax: str) -> None:
    said = requests.film_box(
        "1.2.3",
        "STANDARD\\2,3",
        FilmOrientation="LANDSCAPE",
        FilmSizeID="8INX10IN",
        MagnificationType="BILINEAR",
        MaxDensity=310,
        MinDensity=25,
        ConfigurationInformation="CS001\\G=0.5",
        BorderDensity="150",
        EmptyImageDensity="WHITE",
        SmoothingType="SHARP",
        Trim="YES",
        Illumination=1500,
        ReflectedAmbientLight=12,
        RequestedResolutionID="HIGH",
        ReferencedPresentationLUTSequence=requests.referenced("1.2.4"),
    )
    request, read_ = film_box(values(said, syntax))
    assert request == FilmBoxRequest(
        image_display_format="STANDARD\\2,3",
        film_session_uid="1.2.3",
        film_orientation=FilmOrientation.LANDSCAPE,
        film_size_id="8INX10IN",
        magnification_type=MagnificationType.BILINEAR,
        smoothing_type="SHARP",
        border_density="150",
        empty_image_density="WHITE",
        min_density=0.25,
        max_density=3.1,
        trim=True,
        configuration_information="CS001\\G=0.5",
        illumination=1500.0,
        reflected_ambient_light=12.0,
        requested_resolution_id="HIGH",
        presentation_lut_uid="1.2.4",
    )
    assert read_.warnings == ()


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_an_image_box_in_the_models_units(syntax: str) -> None:
    said = requests.image_box(
        requests.image(4, 8, PixelAspectRatio=[2, 1]),
        position=3,
        Polarity="REVERSE",
        MagnificationType="REPLICATE",
        RequestedImageSize="120.5",
        RequestedDecimateCropBehavior="CROP",
        MaxDensity=300,
    )
    data = values(said, syntax)
    request, pixels, _ = images.image_box(data)
    assert request == ImageBoxRequest(
        polarity=Polarity.REVERSE,
        magnification_type=MagnificationType.REPLICATE,
        requested_image_size=120.5,
        requested_decimate_crop_behavior=DecimateCropBehavior.CROP,
        max_density=3.0,
    )
    assert pixels is not None
    assert pixels.format == PixelFormat(4, 8, pixel_aspect_ratio=(2, 1))
    assert bytes(data.data[pixels.offset : pixels.offset + pixels.length]) == bytes(range(32))
    assert images.claimed_position(data) == 3


def test_zero_length_counts_as_absent() -> None:
    tags = [0x20000010, 0x20000020, 0x20000030, 0x20000040, 0x20000050, 0x20000060, 0x21000160, 0x2010015E]
    request, said = film_session(of_bytes(*((tag, "CS", b"") for tag in tags)))
    assert (request, said.warnings) == (FilmSessionRequest(), ())


def test_case_and_blanks_do_not_matter() -> None:
    request, said = film_session(
        of_bytes(
            (0x20000010, "IS", b" 02 "),
            (0x20000020, "CS", b" high "),
            (0x20000030, "CS", b"blue  film\0"),
        )
    )
    assert request == FilmSessionRequest(2, "HIGH", "BLUE FILM")
    assert said.warnings == ()


@pytest.mark.parametrize(
    ("tag", "vr", "value", "used"),
    [
        (0x20000010, "IS", b"0 ", {"number_of_copies": 1}),
        (0x20000010, "IS", b"-4", {"number_of_copies": 1}),
        (0x20000010, "IS", b"two ", {"number_of_copies": 1}),
        (0x20000010, "IS", b"1e300 ", {"number_of_copies": 1}),
        (0x20000020, "CS", b"NOW ", {"print_priority": "MED"}),
        (0x20000030, "CS", b"PAPER\xfc", {}),
        (0x20000040, "CS", b"A" * 17, {}),
        (0x20000060, "IS", b"lots", {}),
        (0x2010015E, "US", b"\1", {}),
        (0x2010015E, "FD", b"\0\0\0\0\0\0\xf0\x7f", {}),
    ],
)
def test_what_cannot_be_honoured_gets_the_default_and_a_warning(
    tag: int, vr: str, value: bytes, used: dict[str, object]
) -> None:
    request, said = film_session(of_bytes((tag, vr, value)))
    assert request == FilmSessionRequest(**used)
    assert said.warnings == (0x0116,)
    assert [rule.tag for rule in said.replaced] == [tag]


@pytest.mark.parametrize(
    ("keyword", "value", "used"),
    [
        ("FilmOrientation", "SQUARE", {"film_orientation": FilmOrientation.PORTRAIT}),
        ("MagnificationType", "SHARP", {"magnification_type": MagnificationType.CUBIC}),
        ("BorderDensity", "GREY", {}),
        ("EmptyImageDensity", "-5", {}),
        ("Trim", "MAYBE", {"trim": False}),
        ("RequestedResolutionID", "ULTRA", {"requested_resolution_id": "STANDARD"}),
    ],
)
def test_terms_of_a_film_box_that_are_none(keyword: str, value: str, used: dict[str, object]) -> None:
    request, said = film_box(values(requests.film_box("1.2.3", **{keyword: value})))
    expected = FilmBoxRequest("STANDARD\\1,1", "1.2.3", **used)
    assert (request, said.warnings) == (expected, (0x0116,))


def test_setting_what_cannot_be_changed_is_ignored_with_a_warning() -> None:
    request, said = film_box(values(requests.film_box("1.2.3", FilmSizeID="A4", MaxDensity=300)), setting=True)
    assert request == FilmBoxRequest(max_density=3.0)
    assert said.warnings == (0x0107,)


def test_unknown_attributes_are_kept_and_never_refused() -> None:
    said = requests.item(SpecificCharacterSet="ISO_IR 192", PatientName="Müller", FilmSessionLabel="Größe")
    said.add_new(0x00091001, "LO", "private")
    said.add_new(0x00091002, "OB", b"\1\2")
    request, read_ = film_session(values(said))
    assert (request.film_session_label, read_.warnings) == ("Größe", ())
    kept = dict(request.other_attributes or ())
    assert kept == {"00091001": "private", "00091002": "0102"}
    assert request.identifying == (IdentifyingValue("PatientName", "Müller"),)


def test_what_is_only_kept_takes_little_room() -> None:
    many = of_bytes(*((0x00090000 + number, "LO", b"x" * 4 * number) for number in range(1, 100)))
    request, _ = film_session(many)
    kept = request.other_attributes or ()
    assert 1 < len(kept) <= attributes.MAX_OTHERS
    assert sum(len(text) for _, text in kept) <= attributes.MAX_OTHER_BYTES


def test_no_illumination_means_the_default_and_no_reflected_light_is_none() -> None:
    request, read_ = film_session(values(requests.item(Illumination=0, ReflectedAmbientLight=0)))
    assert (request.illumination, request.reflected_ambient_light, read_.warnings) == (None, 0.0, ())


@pytest.mark.parametrize(
    ("character_set", "label", "read_as"),
    [
        ("ISO_IR 144", "Снимок".encode("iso8859_5"), "Снимок"),
        ("GB18030", "胶片".encode("gb18030"), "胶片"),
        ("\\ISO 2022 IR 87", b"\x1b$B%U%#%k%`\x1b(B", "フィルム"),
        ("", b"Gr\xf6\xdfe", "Größe"),
        ("NONSENSE", b"Gr\xf6\xdfe", "Größe"),
        ("ISO_IR 192", b"Gr\xf6\xdfe", "Gr\ufffd\ufffde"),
    ],
)
def test_text_is_read_in_its_character_set(character_set: str, label: bytes, read_as: str) -> None:
    data = of_bytes((0x00080005, "CS", character_set.encode()), (0x20000050, "LO", label))
    assert film_session(data)[0].film_session_label == read_as


@pytest.mark.parametrize("keyword", ["ImageDisplayFormat", "ReferencedFilmSessionSequence"])
def test_mandatory_attributes_of_a_film_box(keyword: str) -> None:
    said = requests.film_box("1.2.3")
    setattr(said, keyword, None)
    with pytest.raises(MissingValue) as empty:
        film_box(values(said))
    delattr(said, keyword)
    with pytest.raises(MissingAttribute) as missing:
        film_box(values(said))
    assert empty.value.keyword == missing.value.keyword == keyword


MANDATORY_OF_IMAGES = [
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelData",
]


@pytest.mark.parametrize("keyword", MANDATORY_OF_IMAGES)
def test_mandatory_attributes_of_an_image(keyword: str) -> None:
    with pytest.raises(MissingAttribute) as missing:
        images.image_box(values(requests.image_box(requests.image(**{keyword: None}))))
    assert missing.value.keyword == keyword
    said = requests.image()
    said[keyword].value = b"" if keyword == "PixelData" else None
    with pytest.raises(MissingValue) as empty:
        images.image_box(values(requests.image_box(said)))
    assert empty.value.keyword == keyword


@pytest.mark.parametrize(
    ("keyword", "wrong"),
    [
        ("Rows", {"Rows": 0}),
        ("Columns", {"Columns": 0}),
        ("BitsAllocated", {"BitsAllocated": 12}),
        ("BitsStored", {"BitsStored": 0}),
        ("BitsStored", {"BitsStored": 12}),
        ("HighBit", {"HighBit": 6}),
        ("HighBit", {"HighBit": 8}),
        ("PixelRepresentation", {"PixelRepresentation": 2}),
        ("PhotometricInterpretation", {"PhotometricInterpretation": "PALETTE COLOR"}),
        ("SamplesPerPixel", {"SamplesPerPixel": 2}),
        ("SamplesPerPixel", {"SamplesPerPixel": 3}),
        ("SamplesPerPixel", {"PhotometricInterpretation": "RGB"}),
    ],
)
def test_images_that_contradict_themselves(keyword: str, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidAttribute) as refused:
        images.image_box(values(requests.image_box(requests.image(**wrong))))
    assert refused.value.keyword == keyword


@pytest.mark.parametrize(
    "form",
    [
        {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11},
        {"BitsAllocated": 16, "BitsStored": 10, "HighBit": 9},
        {"BitsAllocated": 16, "BitsStored": 16, "HighBit": 15},
        {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 15},
        {"BitsAllocated": 16, "BitsStored": 8, "HighBit": 7},
        {"BitsAllocated": 16, "BitsStored": 16, "HighBit": 15, "PixelRepresentation": 1},
        {"PhotometricInterpretation": "MONOCHROME1"},
        {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3, "PlanarConfiguration": 1},
        {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3},
    ],
)
def test_images_that_can_be_rendered_are_taken(form: dict[str, object]) -> None:
    size = 16 * (2 if form.get("BitsAllocated") == 16 else 1) * (3 if "SamplesPerPixel" in form else 1)
    said = requests.image_box(requests.image(4, 4, bytes(size), **form))
    _, pixels, read_ = images.image_box(values(said))
    assert pixels is not None and pixels.length == pixels.expected == size
    assert read_.warnings == ()


@pytest.mark.parametrize(
    ("length", "taken"), [(256, True), (254, True), (300, True), (128, True), (126, False), (2, False)]
)
def test_pixels_too_short_are_padded_later_and_mostly_missing_ones_refused(length: int, taken: bool) -> None:
    said = values(requests.image_box(requests.image(16, 16, bytes(length))))
    if taken:
        pixels = images.image_box(said)[1]
        assert pixels is not None and pixels.length == length
    else:
        with pytest.raises(BadPixels):
            images.image_box(said)


def test_rows_that_the_pixels_do_not_have() -> None:
    with pytest.raises(BadPixels):
        images.image_box(values(requests.image_box(requests.image(65535, 65535, bytes(10)))))


@pytest.mark.parametrize("ratio", [b"0\\0", b"1\\0", b"1\\1\\1", b"a\\b", b"-1\\1", b"1"])
def test_a_pixel_aspect_ratio_that_is_none_is_one(ratio: bytes) -> None:
    assert images.pixel_aspect_ratio(of_bytes((0x00280034, "IS", ratio))) == (1, 1)


@pytest.mark.parametrize(("vr", "bits", "swapped"), [("OB", 8, False), ("OW", 8, True), ("OW", 16, True)])
def test_big_endian_words_are_known_as_such(vr: str, bits: int, swapped: bool) -> None:
    image = requests.image(4, 4, bytes(16 * bits // 8), BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1)
    image["PixelData"].VR = vr
    said = requests.image_box(image)
    for syntax, expected in ((EXPLICIT_BE, swapped), (EXPLICIT_LE, False)):
        pixels = images.image_box(values(said, syntax))[1]
        assert pixels is not None and pixels.big_endian is expected


def test_a_sequence_without_items_erases() -> None:
    request, pixels, _ = images.image_box(values(requests.image_box()))
    assert pixels is None and request.erase


def test_the_image_sequence_is_mandatory_and_a_sequence() -> None:
    with pytest.raises(MissingAttribute):
        images.image_box(values(requests.item(ImageBoxPosition=1)))
    with pytest.raises(InvalidAttribute):
        images.image_box(of_bytes((0x20200110, "LO", b"nonsense")))


def test_of_two_images_the_first_is_taken() -> None:
    _, pixels, _ = images.image_box(values(requests.image_box(requests.image(4, 4), requests.image(8, 8))))
    assert pixels is not None and pixels.format.rows == 4


@pytest.mark.parametrize(("text", "shape"), [("IDENTITY", "IDENTITY"), ("lin od ", "LIN OD"), ("INVERSE", "INVERSE")])
def test_shapes_of_a_presentation_lut(text: str, shape: str) -> None:
    assert luts.presentation_lut(of_bytes((0x20500020, "CS", text.encode()))).shape is LUTShape(shape)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize(("count", "bits"), [(256, 8), (256, 10), (4096, 12), (4096, 16), (1000, 12)])
def test_tables_of_a_presentation_lut(syntax: str, count: int, bits: int) -> None:
    entries = [i * (2**bits - 1) // (count - 1) for i in range(count)]
    said = requests.lut(entries, bits, first=7)
    if syntax == EXPLICIT_BE:
        table = said.PresentationLUTSequence[0]
        table.LUTData = b"".join(entry.to_bytes(2, "big") for entry in entries)
        table["LUTData"].VR = "OB"  # pydicom leaves these bytes as they are
    request = luts.presentation_lut(values(said, syntax))
    assert request.table == tuple(entries)
    assert (request.first_value, request.bits, request.shape) == (7, bits, None)


def test_a_table_of_65536_entries_says_zero() -> None:
    request = luts.presentation_lut(values(requests.lut(list(range(65536)), 16)))
    assert request.table == tuple(range(65536))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_entries_of_a_byte_each(syntax: str) -> None:
    said = requests.lut(list(range(256)), 8)
    table = said.PresentationLUTSequence[0]
    table.LUTData = bytes(range(256))
    table["LUTData"].VR = "OB"
    assert luts.presentation_lut(values(said, syntax)).table == tuple(range(256))


def test_a_table_wins_over_a_shape_and_its_entries_over_its_bits() -> None:
    said = requests.lut([0, 255, 300, 65535], 8)
    said.PresentationLUTShape = "LIN OD"
    request = luts.presentation_lut(values(said))
    assert (request.shape, request.table) == (None, (0, 255, 255, 255))


@pytest.mark.parametrize(
    ("said", "error", "keyword"),
    [
        (requests.item(), MissingAttribute, "PresentationLUTShape"),
        (requests.item(PresentationLUTShape=""), MissingValue, "PresentationLUTShape"),
        (requests.item(PresentationLUTShape="SIGMOID"), InvalidAttribute, "PresentationLUTShape"),
        (requests.item(PresentationLUTSequence=Sequence([])), MissingAttribute, "PresentationLUTShape"),
        (requests.item(PresentationLUTSequence=Sequence([requests.item()])), MissingAttribute, "LUTDescriptor"),
        (requests.lut(list(range(10)), 12, [256, 0, 12]), InvalidAttribute, "LUTData"),
        (requests.lut(list(range(256)), 12, [256, 0]), InvalidAttribute, "LUTDescriptor"),
        (requests.lut(list(range(256)), 12, [256, 0, 0]), InvalidAttribute, "LUTDescriptor"),
        (requests.lut(list(range(256)), 12, [256, 0, 17]), InvalidAttribute, "LUTDescriptor"),
    ],
)
def test_presentation_luts_that_are_none(said: Dataset, error: type[MissingValue], keyword: str) -> None:
    with pytest.raises(error) as refused:
        luts.presentation_lut(values(said))
    assert refused.value.keyword == keyword
