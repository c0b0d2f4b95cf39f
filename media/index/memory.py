"""What is remembered from file to file: it saves work and changes nothing."""

from media.index.found import Found
from media.index.likeness import ALWAYS_VARYING, Likeness, Unfinished, Whole
from media.index.reader import Read
from media.index.walk import SHORT
from media.index.window import Window

MOST_LIKENESSES = 4
LEARNING_FILES = 8
"""Files to be read for each one that is learned from, so that files that are all different cost little more."""

MOST_CREDIT_FILES = 8 * LEARNING_FILES


class Memory:
    """Likenesses of files, the last that served first."""

    __slots__ = ("credit_files", "latest", "likenesses")

    def __init__(self) -> None:
        self.likenesses: list[Likeness] = []
        self.credit_files = MOST_CREDIT_FILES
        self.latest: dict[tuple[int, ...], tuple[bytes, ...]] = {}

    def recall(self, window: Window) -> Found | Unfinished | None:
        """What a file is that is like one before; None for another. Raises Flaw, Odd."""
        if self.credit_files < MOST_CREDIT_FILES:
            self.credit_files += 1
        data = window.data
        for number, likeness in enumerate(self.likenesses):
            found = likeness.match(window)
            if found is not None:
                if number:
                    self.likenesses.insert(0, self.likenesses.pop(number))
                return found
            window.data, window.base = data, 0
        return None

    def learn(self, whole: Whole) -> None:
        """Remember a file that was like none before."""
        if self.credit_files < LEARNING_FILES:
            return
        varying = ALWAYS_VARYING
        for likeness in self.likenesses:
            if is_kin(likeness.whole, whole):
                varying = likeness.varying | differing(likeness.whole, whole)
                self.likenesses.remove(likeness)
                break
        if all(first not in varying or vr in SHORT for first, vr in meta_elements(whole)):
            self.credit_files -= LEARNING_FILES
            self.likenesses = [Likeness(whole, varying), *self.likenesses[: MOST_LIKENESSES - 1]]

    def shared(self, found: Found) -> Found:
        """The same, with values that are those of a file before as the objects that it has."""
        patient, study, series, (tags, held) = found.parts
        before = self.latest.get(tags)
        if before is not None:
            held = tuple([old if old == new else new for old, new in zip(before, held, strict=True)])
        self.latest[tags] = held
        return found._replace(parts=(patient, study, series, (tags, held)))


def nothing_yet() -> Memory:
    """The memory before the first file."""
    return Memory()


def is_kin(one: Whole, other: Whole) -> bool:
    """Whether two files have the same elements in their first windows; one may have some more at the end."""
    if one.meta.sop_class_uid != other.meta.sop_class_uid:
        return False
    if one.meta.transfer_syntax_uid != other.meta.transfer_syntax_uid:
        return False
    few, many = sorted((one.elements, other.elements), key=len)
    pairs = zip(few, many, strict=False)
    return 4 * len(few) >= 3 * len(many) and all(left[0] == right[0] for left, right in pairs)


def differing(one: Whole, other: Whole) -> frozenset[int]:
    """The elements whose bytes differ, by their tags in the file."""
    pairs = zip(one.elements, other.elements, strict=False)
    return frozenset(left[0] for left, right in pairs if bytes_of(one, left) != bytes_of(other, right))


def bytes_of(whole: Whole, element: Read) -> bytes:
    return whole.data[element[1] : element[2]]


def meta_elements(whole: Whole) -> list[tuple[int, bytes]]:
    """Tags and VRs of the elements of the file meta information."""
    return [
        (first, whole.data[start + 4 : start + 6]) for first, start, _ in whole.elements if start < whole.meta.start
    ]
