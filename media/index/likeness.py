"""What neighbouring files have in common, so that a file is read by what differs from one before it.

Most of a header is the same from slice to slice. A file that was read element by element becomes a likeness:
stretches of bytes that later files should have too, and between them the elements that were seen to differ. A file
with the same stretches has the same elements, so that only the values between them are read.
"""

from typing import NamedTuple

from media.index.found import Found, Meta, Part, levels
from media.index.keys import SOP_INSTANCE_UID, first_four
from media.index.reader import END, OTHERS, PADDING, PIXELS, TAGS, TEXTS, Read, Reader, is_uid
from media.index.walk import LEAST_DEEP_BYTES, LONG, SHORT, Syntax
from media.index.window import Window

START = 128
"""Where files begin to be alike: the preamble is for anybody's use (PS3.10 7.1)."""

META_INSTANCE_UID = 0x00020003
ALWAYS_VARYING = frozenset(map(first_four, (0x00020000, META_INSTANCE_UID, SOP_INSTANCE_UID)))

PASSED_OVER = 0
NOT_KEPT = -1

SHORT_LENGTH, LONG_LENGTH = 2, 4
CLOSER_LOOK = 0
"""Widths of the length field that a stretch ends before; for CLOSER_LOOK it ends after the tag."""


class Whole(NamedTuple):
    """A file of `size` bytes read element by element: its first window, the elements there, and what was found."""

    data: bytes
    size: int
    elements: list[Read]
    meta: Meta
    syntax: Syntax
    values: dict[int, bytes]


class Stretch(NamedTuple):
    """Bytes that other files have too, how many, and what to do with the element that they begin.

    tag  under which its value is kept, or PASSED_OVER
    """

    encoded: bytes
    size: int
    width: int
    tag: int


class Level:
    """Keys of one level: those of the file learned from, some of them replaced by what differs in another.

    positions  of the keys that differ
    numbers    where their values are among those kept
    """

    __slots__ = ("latest", "numbers", "part", "positions")

    def __init__(self, part: Part, numbers: dict[int, int]) -> None:
        self.part = part
        self.positions = [position for position, tag in enumerate(part[0]) if tag in numbers]
        self.numbers = [numbers[part[0][position]] for position in self.positions]
        self.latest = [part[1][position] for position in self.positions]

    def of(self, kept: list[bytes]) -> Part:
        """The keys of a file; the same object as of the file before where they are equal."""
        if self.numbers:
            values = [kept[number] for number in self.numbers]
            if values != self.latest:
                self.latest = values
                held = list(self.part[1])
                for position, value in zip(self.positions, values, strict=True):
                    held[position] = value
                self.part = self.part[0], tuple(held)
        return self.part


class Unfinished(NamedTuple):
    """A file that is alike up to offset `at`: what follows is to be read element by element."""

    meta: Meta
    syntax: Syntax
    values: dict[int, bytes]
    at: int


class Likeness:
    """What one file has that others may have too; `varying`: the elements that differ, by their tags in the file."""

    def __init__(self, whole: Whole, varying: frozenset[int]) -> None:
        self.whole, self.varying = whole, varying
        self.class_uid = whole.meta.sop_class_uid.decode("ascii")
        self.syntax_uid = whole.meta.transfer_syntax_uid.decode("ascii")
        self.stretches: list[Stretch] = []
        self.last, covered, self.header_bytes = self._divide()
        self.is_all = covered == len(whole.elements) and whole.elements[-1][2] == whole.size
        tags = [TAGS[first] for first, _, _ in whole.elements[:covered] if first in TAGS]
        self.values = {tag: whole.values[tag] for tag in tags if tag in whole.values}
        self.kept = [stretch.tag for stretch in self.stretches if stretch.tag]
        numbers = {tag: number for number, tag in enumerate(self.kept)}  # of a tag that is there twice the last
        self.meta_instance = numbers[META_INSTANCE_UID]
        self.instance = numbers.get(SOP_INSTANCE_UID, self.meta_instance)
        self.patient, self.study, self.series, self.own = (
            Level((tags, take(whole.values)), numbers) for tags, take in levels(tuple(whole.values))
        )

    def _divide(self) -> tuple[bytes, int, int]:
        """Fill `stretches`; gives the bytes after the last, how many elements there are, and of what the bytes end in.

        The last: bytes of the header of the pixels up to its length, 0 where the bytes end after an element.
        """
        data, _, elements, meta, syntax, _ = self.whole
        begin = stop = START
        for number, (first, start, end) in enumerate(elements):
            if first in PIXELS and start >= meta.start:
                if syntax.implicit or data[start + 4 : start + 6] in LONG:
                    size = 4 if syntax.implicit else 8
                    return data[begin : start + size], number + 1, size
                return data[begin:start], number, 0
            if end > len(data):
                return data[begin:start], number, 0
            stop = end
            if first in self.varying:
                size, width, tag = self._choice(first, start)
                self.stretches.append(Stretch(data[begin : start + size], start + size - begin, width, tag))
                begin = end
        return data[begin:stop], len(elements), 0

    def _choice(self, first: int, start: int) -> tuple[int, int, int]:
        """Of an element that varies: bytes of its header that do not, width of its length, the tag it is kept under."""
        _, _, _, meta, syntax, _ = self.whole
        if start < meta.start:
            return 6, SHORT_LENGTH, META_INSTANCE_UID if first == first_four(META_INSTANCE_UID) else PASSED_OVER
        if first not in OTHERS:
            if syntax.implicit:
                return 4, LONG_LENGTH, TEXTS.get(first, PASSED_OVER)
            if self.whole.data[start + 4 : start + 6] in SHORT:
                return 6, SHORT_LENGTH, TEXTS.get(first, PASSED_OVER)
        return 4, CLOSER_LOOK, TAGS.get(first, PASSED_OVER)

    def match(self, window: Window) -> Found | Unfinished | None:
        """The file whose first bytes `window` has, None when it is not alike. Raises Flaw, Odd.

        After None the window may have moved.
        """
        data = window.data
        at, kept = START, []
        try:
            for encoded, size, width, tag in self.stretches:
                if not data.startswith(encoded, at):
                    return None
                at += size
                if width == SHORT_LENGTH:
                    end = at + 2 + (data[at] | data[at + 1] << 8)
                    if tag:
                        kept.append(data[at + 2 : end].rstrip(PADDING))
                elif width == LONG_LENGTH:
                    length = int.from_bytes(data[at : at + 4], "little")
                    if length >= LEAST_DEEP_BYTES:
                        return None
                    end = at + 4 + length
                    if tag:
                        kept.append(data[at + 4 : end].rstrip(PADDING))
                else:
                    reader = Reader(window, self.whole.syntax)
                    end = reader.step(at - 4)
                    if end == END or window.data is not data:
                        return None
                    if tag:
                        kept.append(reader.values[tag])
                at = end
        except IndexError:  # past the end of the window
            return None
        if not data.startswith(self.last, at):
            return None
        return self._found(window, kept, at + len(self.last))

    def _found(self, window: Window, kept: list[bytes], at: int) -> Found | Unfinished | None:
        """What is known of a file that is alike up to offset `at`."""
        uid = kept[self.meta_instance]
        if uid != kept[self.instance] or not is_uid(uid):
            return None
        stop = at
        if self.header_bytes:
            stop = at + 4 + int.from_bytes(window.data[at : at + 4], "little")
            at -= self.header_bytes
        if not self.is_all or stop != window.size:
            values = self.values | dict(zip(self.kept, kept, strict=True))
            values.pop(META_INSTANCE_UID)
            return Unfinished(self.whole.meta._replace(sop_instance_uid=uid), self.whole.syntax, values, at)
        parts = self.patient.of(kept), self.study.of(kept), self.series.of(kept), self.own.of(kept)
        return Found(self.class_uid, uid.decode("ascii"), self.syntax_uid, parts)
