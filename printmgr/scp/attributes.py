"""Encoded print requests to the film model's requests, by the tables of rules.py; lenient where a film can be made."""

import array
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from printmgr.errors import BadPixels, InvalidAttribute, MissingAttribute, MissingValue
from printmgr.film.model import LUTShape, PixelFormat
from printmgr.film.requests import FilmBoxRequest, FilmSessionRequest, ImageBoxRequest, PresentationLUTRequest
from printmgr.film.status import PrintWarning
from printmgr.scp import rules
from printmgr.scp.encoded import Element
from printmgr.scp.rules import Kind, Rule, Usage
from printmgr.scp.values import Values

CODE_STRING = re.compile(r"[A-Z0-9_ .,]{1,16}")  # PS3.5 6.2 CS, and the points some SCUs put into film sizes
DENSITY_DIGITS = re.compile(r"[0-9]{1,4}")
MAX_LUT_BITS = 16


class Said(NamedTuple):
    """What a data set says, by field name."""

    values: dict[str, Any]
    warnings: tuple[int, ...] = ()
    replaced: tuple[Rule, ...] = ()  # rules whose default took the place of what was asked


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


def film_session(values: Values) -> tuple[FilmSessionRequest, Said]:
    """N-CREATE or N-SET of a film session."""
    said = read_rules(rules.FILM_SESSION_RULES, values)
    return FilmSessionRequest(**said.values), said


def film_box(values: Values, setting: bool = False) -> tuple[FilmBoxRequest, Said]:
    """N-CREATE of a film box, or its N-SET when `setting`: then what cannot be changed is ignored with 0107H."""
    said = read_rules(rules.FILM_BOX_RULES, values, setting)
    return FilmBoxRequest(**said.values), said


def image_box(values: Values) -> tuple[ImageBoxRequest, PixelsIn | None, Said]:
    """N-SET of an image box. The pixels stay where they are: None when the image is to be erased."""
    sequence = first_sequence(values, rules.BASIC_GRAYSCALE_IMAGE_SEQUENCE, rules.BASIC_COLOR_IMAGE_SEQUENCE)
    said = read_rules(rules.IMAGE_BOX_RULES, values)
    if not sequence.items:
        return ImageBoxRequest(erase=True, **said.values), None, said
    image, of_image = pixels_in(values.item(sequence.items[0]))
    both = Said(said.values, said.warnings + of_image.warnings, said.replaced)
    return ImageBoxRequest(**said.values), image, both


def claimed_position(values: Values) -> int | None:
    """The Image Box Position that the SCU says, where it says one."""
    element = values.element(rules.IMAGE_BOX_POSITION)
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


def pixels_in(item: Values) -> tuple[PixelsIn, Said]:
    """The image of an item of the image sequence (PS3.3 C.13.5).

    Raises MissingAttribute, MissingValue, InvalidAttribute, and BadPixels when less than half of the pixels are there:
    a few bytes too short are filled up when the film is rendered, an image that is mostly missing is no image.
    """
    said = read_rules(rules.IMAGE_RULES, item)
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
    colour = form.photometric_interpretation == "RGB"
    if (form.samples_per_pixel == 3) != colour:
        raise InvalidAttribute("SamplesPerPixel", form.samples_per_pixel, "1 for MONOCHROME1 or 2, 3 for RGB")
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


def presentation_lut(values: Values) -> PresentationLUTRequest:
    """N-CREATE of a Presentation LUT; the table wins where both come. Raises MissingAttribute, InvalidAttribute."""
    sequence = values.element(rules.PRESENTATION_LUT_SEQUENCE)
    if sequence is not None and sequence.items:
        return lut_table(values.item(sequence.items[0]))
    shape = values.element(rules.PRESENTATION_LUT_SHAPE)
    if shape is None:
        raise MissingAttribute("PresentationLUTShape")
    text = " ".join(values.text(shape).upper().split())
    if not text:
        raise MissingValue("PresentationLUTShape")
    if text not in set(LUTShape):
        raise InvalidAttribute("PresentationLUTShape", text, "IDENTITY, LIN OD, INVERSE or a Presentation LUT Sequence")
    return PresentationLUTRequest(shape=LUTShape(text))


def lut_table(item: Values) -> PresentationLUTRequest:
    """The table of a Presentation LUT Sequence's item (PS3.3 C.11.4). A table longer than it says is cut."""
    descriptor = required(item, rules.LUT_DESCRIPTOR, "LUTDescriptor")
    data = required(item, rules.LUT_DATA, "LUTData")
    try:
        said = [int(value) for value in item.numbers(descriptor, "US")]
    except ValueError:
        said = []
    expected = "number of entries, first value mapped and 8 to 16 bits"
    if len(said) != 3 or not 1 <= said[2] <= MAX_LUT_BITS:
        raise InvalidAttribute("LUTDescriptor", said, expected)
    count, first, bits = (said[0] & 0xFFFF) or 0x10000, said[1], said[2]
    packed = bits <= 8 and data.length < 2 * count  # a byte an entry
    if data.length < count * (1 if packed else 2):
        raise InvalidAttribute("LUTData", f"{data.length} bytes", f"{count} entries, as the LUT Descriptor says")
    return PresentationLUTRequest(
        table=lut_entries(item, data, count, bits, packed),
        first_value=first,
        bits=bits,
        explanation=explanation_of(item),
    )


def lut_entries(item: Values, data: Element, count: int, bits: int, packed: bool) -> tuple[int, ...]:
    raw = item.raw(data)
    entries = array.array("B" if packed else "H", raw[: len(raw) // 2 * 2])
    if item.encoding.big_endian and packed and data.vr != "OB":
        entries = array.array("H", entries.tobytes())
        entries.byteswap()
        entries = array.array("B", entries.tobytes())
    elif item.encoding.big_endian and not packed:
        entries.byteswap()
    highest = 2**bits - 1
    return tuple(min(entry, highest) for entry in entries[:count])


def explanation_of(item: Values) -> str:
    element = item.element(rules.LUT_EXPLANATION)
    return item.text(element) if element else ""


def required(item: Values, tag: int, keyword: str) -> Element:
    element = item.element(tag)
    if element is None:
        raise MissingAttribute(keyword)
    if not element.length:
        raise MissingValue(keyword)
    return element


def read_rules(table: Iterable[Rule], values: Values, setting: bool = False) -> Said:
    """What the data set says by the rules: zero length counts as absent, bad values as the default with 0116H.

    Raises MissingAttribute, MissingValue, InvalidAttribute for M/M.
    """
    found: dict[str, Any] = {}
    replaced: list[Rule] = []
    warnings: dict[int, None] = {}
    for rule in table:
        element = values.element(rule.tag)
        if setting and not rule.settable:
            if element is not None:
                warnings[PrintWarning.ATTRIBUTES_IGNORED] = None
            continue
        if is_absent(rule, element) or element is None:
            continue
        try:
            value = convert(rule, element, values)
        except ValueError:
            if rule.usage is Usage.MANDATORY:
                raise InvalidAttribute(rule.keyword, shown(element, values), expected(rule)) from None
            warnings[PrintWarning.DEFAULT_USED] = None
            replaced.append(rule)
            value = rule.default
        if value is not None:
            found[rule.name] = value
    return Said(found, tuple(warnings), tuple(replaced))


def is_absent(rule: Rule, element: Element | None) -> bool:
    """Whether an optional attribute says nothing. Raises MissingAttribute, MissingValue for M/M."""
    if rule.usage is Usage.MANDATORY:
        if element is None:
            raise MissingAttribute(rule.keyword)
        if not element.length:
            raise MissingValue(rule.keyword)
    return element is None or (not element.length and rule.kind is not Kind.REFERENCE)


def convert(rule: Rule, element: Element, values: Values) -> Any:
    """The value in the model's type and unit; None where it says nothing. Raises ValueError."""
    match rule.kind:
        case Kind.REFERENCE:
            return reference(rule, element, values)
        case Kind.TEXT:
            text = values.text(element)
            if not text and rule.usage is Usage.MANDATORY:
                raise MissingValue(rule.keyword)
            return text or None
        case Kind.TERM | Kind.OPEN_TERM | Kind.YES_NO | Kind.DENSITY_TERM:
            return term(rule, values.text(element))
        case Kind.LENGTH:
            length = values.numbers(element, rule.vr)[0]
            return length if length > 0 else None
    number = values.whole(element, rule.vr)
    if number < 0 or (rule.kind is Kind.COUNT and number < 1) or (rule.allowed and number not in rule.allowed):
        raise ValueError(f"{number} is out of range")
    match rule.kind:
        case Kind.DENSITY:
            return number / 100
        case Kind.QUANTITY:
            return float(number) or None
    return number


def term(rule: Rule, text: str) -> Any:
    """A code string in the model's type; None where it is blank. Raises ValueError."""
    text = " ".join(text.upper().split())
    if not text:
        if rule.usage is Usage.MANDATORY:
            raise MissingValue(rule.keyword)
        return None
    if rule.kind is Kind.OPEN_TERM and CODE_STRING.fullmatch(text):
        return text
    if rule.kind is Kind.DENSITY_TERM and DENSITY_DIGITS.fullmatch(text):
        return str(int(text))
    if text not in rule.allowed:
        raise ValueError(f"{text} is not allowed")
    if rule.kind is Kind.YES_NO:
        return text == "YES"
    return rule.allowed[rule.allowed.index(text)]


def reference(rule: Rule, element: Element, values: Values) -> str:
    """The UID of the first item, "" for a sequence without items."""
    if not element.items:
        if rule.usage is Usage.MANDATORY:
            raise MissingValue(rule.keyword)
        return ""
    item = values.item(element.items[0])
    return item.text(required(item, rules.REFERENCED_SOP_INSTANCE_UID, "ReferencedSOPInstanceUID"))


def shown(element: Element, values: Values) -> str:
    """A value as an error message shows it."""
    if element.items:
        return f"{len(element.items)} items"
    if element.vr in ("", "US"):
        return values.raw(element)[:16].hex(" ")
    return values.text(element)[:64]


def expected(rule: Rule) -> str:
    if not rule.allowed:
        return rule.kind.value
    allowed = [str(value) for value in rule.allowed]
    return ", ".join(allowed) if len(allowed) < 5 else f"{allowed[0]} to {allowed[-1]}"
