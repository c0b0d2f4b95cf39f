"""What identifies a patient in a data set: names, numbers and addresses, to be found in no text that stays."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.multival import MultiValue

from media.build.confidentiality import table
from media.fileset.confidentiality import Option, action_of

SHORTEST_NAME, SHORTEST_NUMBER = 3, 4  # characters; shorter ones are found in every second text
_TEXTS = frozenset({"LO", "SH", "ST", "LT", "UT", "UC", "AE"})
_WORD = re.compile(r"[^\W_]+")
_USUAL = frozenset({"removed", "anonymous", "unknown", "patient", "none", "null"})


class Identifiers(NamedTuple):
    """words: folded, of names and texts; numbers: whole values; all of attributes that no option keeps."""

    words: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()

    @classmethod
    def of(cls, ds: Dataset, options: frozenset[Option]) -> "Identifiers":
        """What the data set says, sequences too."""
        words: set[str] = set()
        values: set[str] = set()
        for element in ds.iterall():
            row = table().get(int(element.tag))
            if element.VR == "PN":
                words.update(_words(_texts(element), SHORTEST_NAME))
            elif row and element.VR in _TEXTS and not set(row.options) - {Option.INSTITUTION, Option.DEVICE}:
                if action_of(row, options, element.VR) == "K":
                    continue
                texts = [text.strip() for text in _texts(element)]
                values.update(text.casefold() for text in texts if len(text) >= SHORTEST_NUMBER)
            elif element.VR == "UI" and row and Option.UIDS not in options:
                values.update(_texts(element))
        return cls(frozenset(words - _USUAL), frozenset(value for value in values if value not in _USUAL and value))

    def are_in(self, text: str) -> bool:
        """Whether the text has one of them."""
        folded = text.casefold()
        return not self.words.isdisjoint(_words([text], SHORTEST_NAME)) or any(one in folded for one in self.values)

    def are_in_bytes(self, data: bytes) -> bool:
        """Whether encoded pixels carry one of them as text, such as a comment of the encoder."""
        long = [one for one in (*self.words, *self.values) if len(one) >= 6]
        low = data.lower() if long else b""  # ASCII alone; what is folded otherwise has its upper case beside it
        return any(form.lower() in low for one in long for form in _forms(one))


def _forms(text: str) -> set[bytes]:
    return {text.encode(codec, "ignore") for codec in ("utf-8", "latin-1", "utf-16-le")} - {b""}


def _words(texts: Iterable[str], shortest: int) -> set[str]:
    return {word.casefold() for text in texts for word in _WORD.findall(text) if len(word) >= shortest}


def _texts(element: DataElement) -> list[str]:
    value: Any = element.value
    if value is None:
        return []
    return [str(one) for one in (value if isinstance(value, MultiValue | list) else [value])]
