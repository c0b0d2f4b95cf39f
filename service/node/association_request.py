"""A look at an association request before pynetdicom makes an object of each of its items."""

from struct import Struct

from service.node.pdu_buffer import BadPDU

_ITEM = Struct(">BxH")
_FIXED = 74  # bytes before the variable items (PS3.8 table 9-11)
_PRESENTATION_CONTEXTS = (0x20, 0x21)
_CONTAINERS = {0x20: 4, 0x21: 4, 0x50: 0}  # item type: bytes before its sub-items
MAX_CONTEXTS = 128  # odd ids from 1 to 255 (PS3.8 9.3.2.2)
MAX_ITEMS = 8_192  # with their sub-items; 128 contexts of 60 transfer syntaxes have fewer


def check(pdu: memoryview) -> None:
    """Count the items of an A-ASSOCIATE-RQ or -AC PDU. Raises BadPDU when there are too many."""
    contexts, items = _count(pdu[_FIXED:], nested=True)
    if contexts > MAX_CONTEXTS:
        raise BadPDU(f"{contexts} presentation contexts; at most {MAX_CONTEXTS} are possible")
    if items > MAX_ITEMS:
        raise BadPDU(f"association request of more than {MAX_ITEMS} items")


def _count(data: memoryview, *, nested: bool) -> tuple[int, int]:
    contexts = items = position = 0
    while position + 4 <= len(data) and items <= MAX_ITEMS and contexts <= MAX_CONTEXTS:
        kind, length = _ITEM.unpack_from(data, position)
        items += 1
        contexts += nested and kind in _PRESENTATION_CONTEXTS
        if nested and kind in _CONTAINERS:
            items += _count(data[position + 4 + _CONTAINERS[kind] : position + 4 + length], nested=False)[1]
        position += 4 + length
    return contexts, items
