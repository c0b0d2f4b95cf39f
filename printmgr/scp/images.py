"""N-SET of an image box: what it asks for, and where in its data set the pixels lie."""

from typing import NamedTuple

from printmgr.errors import BadPixels, InvalidAttribute, MissingAttribute, MissingValue
from printmgr.film.model import PixelFormat
from printmgr.film.requests import ImageBoxRequest
from printmgr.scp import attributes, rules
from printmgr.scp.encoded import Element
from printmgr.scp.values import Values


class PixelsIn(NamedTuple):
    """An image of an encoded data set: its form, and where the value of Pixel Data lies."""

    format: PixelFormat
    offset: int
    length: int
    big_endian: bool

    @property
    def expected(self) -> int:
        """The bytes that its form calls for."""
        form = self.format
        return form.rows * form.columns * form.samples_per_pixel * form.bits_allocated // 8


def image_box(values: Values) -> tuple[ImageBoxRequest, PixelsIn | None, attributes.Said]:
    """N-SET of an image box. The pixels stay where they are: None when the image is to be erased."""
    sequence = first_sequence(values, rules.BASIC_GRAYSCALE_IMAGE_SEQUENCE, rules.BASIC_COLOR_IMAGE_SEQUENCE)
    said = attributes.read_rules(rules.IMAGE_BOX_RULES, values, others=True)
    if not sequence.items:
        return ImageBoxRequest(erase=True, **said.values), None, said
    image, of_image = pixels_in(values.item(sequence.items[0]))
    both = attributes.Said(said.values, said.warnings + of_image.warnings, said.replaced)
    return ImageBoxRequest(**said.values), image, both


def claimed_position(values: Values, tag: int = rules.IMAGE_BOX_POSITION) -> int | None:
    """The Image Box Position or Annotation Position that the SCU says, where it says one."""
    element = values.element(tag)
    try:
        return values.whole(element, "US") if element and element.length else None
    except ValueError:
        return None


def first_sequence(values: Values, *tags: int) -> Element:
    """The first of these sequences that is there. Raises MissingAttribute, InvalidAttribute."""
    element = next((found for found in map(values.element, tags) if found is not None), None)
    if element is None:
        raise MissingAttribute("BasicGrayscaleImageSequence")
    if element.length and not element.items and element.vr not in ("SQ", "UN", ""):
        raise InvalidAttribute("BasicGrayscaleImageSequence", element.vr, "a sequence with one item")
    return element


def pixels_in(item: Values) -> tuple[PixelsIn, attributes.Said]:
    """The image of an item of the image sequence (PS3.3 C.13.5).

    Raises MissingAttribute, MissingValue, InvalidAttribute, and BadPixels when less than half of the pixels are there:
    a few bytes too short are filled up when the film is rendered, an image that is mostly missing is no image.
    """
    said = attributes.read_rules(rules.IMAGE_RULES, item)
    form = PixelFormat(**said.values, pixel_aspect_ratio=pixel_aspect_ratio(item))
    check_form(form)
    data = item.element(rules.PIXEL_DATA)
    if data is None:
        raise MissingAttribute("PixelData")
    if not data.length:
        raise MissingValue("PixelData")
    words = form.bits_allocated > 8 or data.vr == "OW"  # PS3.5 8.1.1, annex A.3: bytes of an OW swap in pairs
    image = PixelsIn(form, data.offset, data.length, item.encoding.big_endian and words)
    if data.length * 2 < image.expected:
        raise BadPixels(
            f"Pixel Data has {data.length} bytes; {form.rows} rows of {form.columns} columns need {image.expected}"
        )
    return image, said


def check_form(form: PixelFormat) -> None:
    """Raises InvalidAttribute where the attributes of an image contradict each other."""
    gray = form.photometric_interpretation in ("MONOCHROME1", "MONOCHROME2")
    if (form.samples_per_pixel == 1) != gray:
        raise InvalidAttribute("SamplesPerPixel", form.samples_per_pixel, "1 for MONOCHROME1 or 2, 3 for colour")
    if form.bits_stored > form.bits_allocated:
        raise InvalidAttribute("BitsStored", form.bits_stored, f"at most Bits Allocated, {form.bits_allocated}")
    if not form.bits_stored - 1 <= form.high_bit < form.bits_allocated:
        raise InvalidAttribute(
            "HighBit",
            form.high_bit,
            f"{form.bits_stored - 1} to {form.bits_allocated - 1} by Bits Stored and Allocated",
        )


def pixel_aspect_ratio(item: Values) -> tuple[int, int]:
    """Vertical and horizontal; anything but two numbers from 1 counts as 1\\1."""
    element = item.element(rules.PIXEL_ASPECT_RATIO)
    try:
        vertical, horizontal = item.numbers(element, "IS") if element else (1, 1)
    except ValueError:
        return 1, 1
    if not (1 <= vertical <= 0xFFFF and 1 <= horizontal <= 0xFFFF):
        return 1, 1
    return int(vertical), int(horizontal)
