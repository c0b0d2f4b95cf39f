"""N-CREATE of a Presentation LUT: a shape, or a table out of its sequence (PS3.3 C.11.4)."""

import array

from printmgr.errors import InvalidAttribute, MissingAttribute, MissingValue
from printmgr.film.model import LUTShape
from printmgr.film.requests import PresentationLUTRequest
from printmgr.scp import attributes, rules
from printmgr.scp.encoded import Element
from printmgr.scp.values import Values

MAX_LUT_BITS = 16


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
    descriptor = attributes.required(item, rules.LUT_DESCRIPTOR, "LUTDescriptor")
    data = attributes.required(item, rules.LUT_DATA, "LUTData")
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
