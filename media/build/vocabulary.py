"""Words of medicine that descriptions may keep (PS3.15 E.3.5): those of the standard's codes, and of protocols.

A list of what may stay, for nobody can list all names: a word that is not on it goes, and so does one of the patient.
"""

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_PROTOCOLS = Path(__file__).with_suffix(".txt")  # words of protocols and of orientation
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}[./-]\d{4}")
_SHORT_NUMBER = re.compile(r"\d{1,3}")


@cache
def words() -> frozenset[str]:
    """Words that may stay, in lower case."""
    from pydicom.sr._concepts_dict import concepts

    found = set(_PROTOCOLS.read_text("utf-8").split())
    for codes in concepts.values():
        for keyword in codes:
            found.update(word.lower() for word in re.findall(r"[A-Z][a-z]{2,}", keyword))
    return frozenset(found)


def cleaned(text: str, of_the_patient: Collection[str]) -> str:
    """A description without the words that nobody vouches for.

    >>> cleaned("MR Head Smith 12.3.1970 T2 ax, Head^Miller", {"miller"})
    'MR Head T2 ax, Head'
    """
    own = {word.casefold() for word in of_the_patient}

    def kept(found: re.Match[str]) -> str:
        word = found.group().casefold()
        known = word in words() or _SHORT_NUMBER.fullmatch(word)
        return found.group() if known and word not in own else ""

    without = _WORD.sub(kept, _DATE.sub("", text))
    return re.sub(r"(?:\s|[.^/\\=_:;-])+", " ", re.sub(r"[^\w\s,.^/\\=_:;()+*-]", "", without)).strip(" ,.()")
