"""Runs of elements that neighbouring files have in common: equal bytes at the start of an element are read but once.

Most of a header is the same from slice to slice. What two files had in common is kept as bytes with the keys in
them; where a later file has the same bytes at the start of an element, it has the same elements.
"""

from typing import NamedTuple

PATIENCE_FILES = 16
"""Files before what is known is given up: two are compared anew when the known runs leave much to read."""

MUCH_ELEMENTS = 12
LEAST_ELEMENTS = 3


Read = tuple[int, int, int]
"""An element read by itself: its tag as it stands in the file, where it begins and ends."""


class Run(NamedTuple):
    """Whole elements one after another, and the keys among them."""

    encoded: bytes
    values: dict[int, bytes]


class Runs:
    """What the files before had in common; `known` by the tag that a run begins with."""

    __slots__ = ("age_files", "before", "known")

    def __init__(self) -> None:
        self.known: dict[int, Run] = {}
        self.before: dict[int, bytes] | None = None
        self.age_files = PATIENCE_FILES

    def note(self, data: bytes, elements: list[Read], values: dict[int, bytes], tags: dict[int, int]) -> None:
        """Learn from a file that begins with `data`: its elements read one by one, its keys, key tags by tag."""
        if self.before is not None:
            self.known = common(self.before, data, elements, values, tags)
            self.before, self.age_files = None, 0
        elif self.age_files < PATIENCE_FILES:
            self.age_files += 1
        elif len(elements) > MUCH_ELEMENTS:
            if not self.known:
                self.before = {first: data[start:end] for first, start, end in elements}
            self.known = {}


def common(
    before: dict[int, bytes], data: bytes, elements: list[Read], values: dict[int, bytes], tags: dict[int, int]
) -> dict[int, Run]:
    """The runs of `elements` that a file with the elements `before` has too."""
    found: dict[int, Run] = {}
    run: list[Read] = []
    for element in [*elements, (0, -1, -1)]:
        first, start, end = element
        if run and (start != run[-1][2] or before.get(first) != data[start:end]):
            if len(run) >= LEAST_ELEMENTS:
                keys = [tags[one[0]] for one in run if one[0] in tags]
                found[run[0][0]] = Run(data[run[0][1] : run[-1][2]], {tag: values[tag] for tag in keys})
            run = []
        if before.get(first) == data[start:end] and end > 0:
            run.append(element)
    return found


class Memory(NamedTuple):
    """What is remembered from file to file: equal bytes mean other elements in another syntax."""

    explicit: Runs
    implicit: Runs


def nothing_yet() -> Memory:
    """The memory before the first file."""
    return Memory(Runs(), Runs())
