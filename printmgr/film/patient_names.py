"""PURE. Whether two names, or two identifiers, are of one patient; where that cannot be told, it is said so.

Names are those of PS3.5 6.2.1: up to three groups (alphabetic, ideographic, phonetic) parted by "=", in each up to five
components parted by "^"; or plain words, as labels have them.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

LONGEST = 256  # characters of a name or identifier that are looked at
MOST_INITIALS = 6  # words of a name that are tried as initials of others
FAMILY, GIVEN, MIDDLE, SUFFIX = 0, 1, 2, 4
TITLES = frozenset(["mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "mme", "m", "sr", "sra"])
NOTHING = re.compile(r"[\s^=.,*?_\-\x00]*")
APART = re.compile(r"[^\w]|_")
APOSTROPHES = re.compile("['`´‘’ʼ]")
SPELT_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae", "œ": "oe"}
WITHOUT_MARK = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "ё": "е", "æ": "ae", "œ": "oe", "þ": "th"}
KATAKANA, TO_HIRAGANA = range(0x30A1, 0x30F7), 0x60


class Match(StrEnum):
    """What comparing two values says of the two patients."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"  # one says nothing, or less than the other


def is_blank(value: str) -> bool:
    """Whether a name or identifier says nothing.

    >>> is_blank("^^^^"), is_blank(" 0 ")
    (True, False)
    """
    return NOTHING.fullmatch(value) is not None


def compare_identifiers(one: str, other: str) -> Match:
    """Case and blanks do not count; leading zeros and hyphens do.

    >>> compare_identifiers("ab 12", "AB12").value, compare_identifiers("0012", "12").value
    ('same', 'different')
    """
    if is_blank(one) or is_blank(other):
        return Match.UNSURE
    return Match.SAME if plain_identifier(one) == plain_identifier(other) else Match.DIFFERENT


def plain_identifier(value: str) -> str:
    return "".join(unicodedata.normalize("NFKC", value[:LONGEST]).casefold().split()).replace("\0", "")


def compare_names(one: str, other: str) -> Match:
    """Groups in one script are compared; a difference in any outweighs a likeness in another: there are homophones.

    >>> compare_names("DOE^JOHN", "doe john").value, compare_names("Müller^Eva", "MUELLER^EVA").value
    ('same', 'same')
    >>> compare_names("DOE^JOHN", "DOE^JANE").value, compare_names("DOE^J", "DOE^JOHN").value
    ('different', 'unsure')
    """
    if is_blank(one) or is_blank(other):
        return Match.UNSURE
    if one.strip() == other.strip():
        return Match.SAME
    return overall(_compare_groups(a, b) for a in _groups(one[:LONGEST]) for b in _groups(other[:LONGEST]))


def overall(matches: Iterable[Match]) -> Match:
    """One difference is a difference; else one likeness is a likeness."""
    found = set(matches)
    return next((match for match in (Match.DIFFERENT, Match.SAME) if match in found), Match.UNSURE)


def words(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared: no case, no punctuation, one form of each letter.

    >>> words("O'Neil, Jean-Luc")
    ('oneil', 'jean', 'luc')
    """
    tidy = APOSTROPHES.sub("", unicodedata.normalize("NFKC", text)).casefold()
    hiragana = "".join(chr(ord(c) - TO_HIRAGANA) if ord(c) in KATAKANA else c for c in tidy)
    return tuple(APART.sub(" ", unicodedata.normalize("NFC", hiragana)).split())


class Group(NamedTuple):
    """One group of a name: words by component, or all in the first when it has no carets."""

    components: tuple[tuple[str, ...], ...]
    structured: bool

    @property
    def forenames(self) -> tuple[str, ...]:
        return self.components[GIVEN] + self.components[MIDDLE]

    @property
    def all_words(self) -> tuple[str, ...]:
        return tuple(w for w in self.components[FAMILY] + self.forenames if w not in TITLES)


@lru_cache(maxsize=1024)
def _groups(name: str) -> tuple[Group, ...]:
    found = []
    for part in name.split("=")[:3]:
        components = part.split("^")[:5]
        if not is_blank(part):
            padded = [words(component) for component in components] + [()] * (5 - len(components))
            found.append(Group(tuple(padded), structured=any(padded[GIVEN:])))
    return tuple(found)


def _compare_groups(one: Group, other: Group) -> Match:
    if not (one.structured and other.structured):
        return _compare_words(one.all_words, other.all_words, in_order=False)
    family = _compare_words(one.components[FAMILY], other.components[FAMILY])
    forenames = _compare_words(one.forenames, other.forenames)
    suffix = _compare_words(one.components[SUFFIX], other.components[SUFFIX])
    if Match.DIFFERENT in (family, forenames, suffix):
        return Match.DIFFERENT
    return Match.SAME if family is forenames is Match.SAME else Match.UNSURE


def _compare_words(one: tuple[str, ...], other: tuple[str, ...], in_order: bool = True) -> Match:
    if not one or not other or not scripts(one) & scripts(other):
        return Match.UNSURE
    if scripts(one) != scripts(other):
        return Match.UNSURE  # part of it is written otherwise
    if _spellings("".join(one)) & _spellings("".join(other)):
        return Match.SAME
    fewer, more = _without_common(*sorted((one, other), key=len))
    if _initials_fit(fewer, more):
        return Match.UNSURE if fewer or more or in_order else Match.SAME
    return Match.DIFFERENT


def _without_common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The words of each that the other does not have."""
    alone, left = [], list(other)
    for word in one:
        like = next((w for w in left if _spellings(word) & _spellings(w)), None)
        if like is None:
            alone.append(word)
        else:
            left.remove(like)
    return alone, left


def _initials_fit(fewer: list[str], more: list[str]) -> bool:
    """Whether each word of the first is, or has, the initial of another word of the second."""
    if not fewer:
        return True
    word, *rest = fewer
    fitting = [w for w in more if _is_initial(word, w) or _is_initial(w, word)]
    return len(more) <= MOST_INITIALS and any(_initials_fit(rest, _less(more, w)) for w in fitting)


def _less(some: list[str], word: str) -> list[str]:
    at = some.index(word)
    return some[:at] + some[at + 1 :]


def _is_initial(short: str, long: str) -> bool:
    return len(short) == 1 and any(spelling.startswith(tuple(_spellings(short))) for spelling in _spellings(long))


@lru_cache(maxsize=4096)
def _spellings(word: str) -> frozenset[str]:
    """A word without its marks, and with its umlauts spelt out."""
    bare = "".join(WITHOUT_MARK.get(c) or _bare(c) for c in word)
    return frozenset({bare, "".join(SPELT_OUT.get(c) or _bare(c) for c in word)})


def _bare(letter: str) -> str:
    """A Latin or Greek letter without its marks; in other scripts they make another letter."""
    return unicodedata.normalize("NFD", letter)[0] if letter < "\u0400" or "\u1e00" <= letter < "\u2000" else letter


@lru_cache(maxsize=1024)
def scripts(some: tuple[str, ...]) -> frozenset[str]:
    """The scripts that words are written in.

    >>> sorted(scripts(("yamada", "山田")))
    ['CJK', 'LATIN']
    """
    return frozenset(unicodedata.name(c, "?").partition(" ")[0] for word in some for c in word if c.isalpha())
