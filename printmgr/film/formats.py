"""PURE. Image Display Format: how a film is divided into image boxes (PS3.3 C.13.3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from printmgr.errors import InvalidAttribute
from printmgr.film.geometry import Rect

MAX_IMAGE_BOXES = 400  # no camera divides a film further; keeps a hostile format from taking memory
SMALLEST_BOX_MM = 1.0

KEYWORD = "ImageDisplayFormat"
EXPECTED = r"STANDARD\C,R, ROW\R1,R2,..., COL\C1,C2,..., SLIDE, SUPERSLIDE or a configured CUSTOM\i"

Parts = tuple[float, float, float, float]  # x, y, width, height in parts of the printable area
NO_CUSTOM_FORMATS: Mapping[str, tuple[Parts, ...]] = MappingProxyType({})


class FormatKind(StrEnum):
    STANDARD = "STANDARD"
    ROW = "ROW"
    COL = "COL"
    SLIDE = "SLIDE"
    SUPERSLIDE = "SUPERSLIDE"
    CUSTOM = "CUSTOM"


# The opening of a photographic mount in mm; DICOM leaves the slide formats to the printer's configuration.
SLIDE_APERTURES_MM = MappingProxyType({FormatKind.SLIDE: (34.3, 22.5), FormatKind.SUPERSLIDE: (37.5, 37.5)})
MOUNT_MM = 50.0  # both mounts are 50 mm square, and stand side by side


@dataclass(frozen=True, slots=True)
class DisplayFormat:
    """A display format that was understood."""

    kind: FormatKind
    numbers: tuple[int, ...] = ()  # STANDARD: columns, rows; ROW: boxes a row; COL: boxes a column
    parts: tuple[Parts, ...] = ()  # CUSTOM only

    def boxes(self, area: Rect, gap: float = 0.0) -> tuple[Rect, ...]:
        """The image boxes in the area of a film that is theirs, in the order of Image Box Position (PS3.3 C.13.5.1).

        `gap` stays free between the boxes of STANDARD, ROW and COL. SLIDE and SUPERSLIDE hold as many 50 mm mounts as
        fit, row by row, the block of mounts in the middle of the area. The format is not turned with the film:
        STANDARD\\2,3 is two columns and three rows on a LANDSCAPE sheet too.
        Raises InvalidAttribute where the area is too small for the format.

        >>> [(box.x, box.y) for box in parse(r"STANDARD\\2,1").boxes(Rect(0, 0, 200, 100), gap=10)]
        [(0.0, 0.0), (105.0, 0.0)]
        """
        if self.kind in SLIDE_APERTURES_MM:
            boxes = tuple(mounts(area, *SLIDE_APERTURES_MM[self.kind]))
        elif self.kind is FormatKind.CUSTOM:
            boxes = tuple(
                Rect(area.x + x * area.width, area.y + y * area.height, w * area.width, h * area.height)
                for x, y, w, h in self.parts
            )
        else:
            boxes = tuple(self.divide(area, gap))
        smallest = min((min(box.width, box.height) for box in boxes), default=0.0)
        if smallest < SMALLEST_BOX_MM or len(boxes) > MAX_IMAGE_BOXES:
            raise InvalidAttribute(
                KEYWORD,
                str(self),
                f"1 to {MAX_IMAGE_BOXES} boxes of {SMALLEST_BOX_MM:g} mm on {area.width:g} x {area.height:g} mm",
            )
        return boxes

    def divide(self, area: Rect, gap: float) -> Iterator[Rect]:
        """The boxes of STANDARD, ROW and COL."""
        if self.kind is FormatKind.COL:
            for count, (x, width) in zip(self.numbers, split(area.x, area.width, len(self.numbers), gap), strict=True):
                for y, height in split(area.y, area.height, count, gap):
                    yield Rect(x, y, width, height)
            return
        rows = self.numbers if self.kind is FormatKind.ROW else (self.numbers[0],) * self.numbers[1]
        for count, (y, height) in zip(rows, split(area.y, area.height, len(rows), gap), strict=True):
            for x, width in split(area.x, area.width, count, gap):
                yield Rect(x, y, width, height)

    def __str__(self) -> str:
        return f"{self.kind}\\{','.join(map(str, self.numbers))}" if self.numbers else str(self.kind)


def split(start: float, length: float, count: int, gap: float) -> Iterator[tuple[float, float]]:
    """Start and length of `count` equal pieces with `gap` between them.

    >>> list(split(0, 100, 3, 5))
    [(0.0, 30.0), (35.0, 30.0), (70.0, 30.0)]
    """
    piece = (length - gap * (count - 1)) / count
    return ((start + i * (piece + gap), piece) for i in range(count))


def mounts(area: Rect, width: float, height: float) -> Iterator[Rect]:
    """Openings of `width` x `height` mm in as many 50 mm mounts as fit the area, row by row.

    >>> len(list(mounts(Rect(0, 0, 203.2, 254.0), 34.3, 22.5)))
    20
    """
    columns, rows = int(area.width // MOUNT_MM), int(area.height // MOUNT_MM)
    block = area.centred(columns * MOUNT_MM, rows * MOUNT_MM)
    for row in range(rows):
        for column in range(columns):
            mount = Rect(block.x + column * MOUNT_MM, block.y + row * MOUNT_MM, MOUNT_MM, MOUNT_MM)
            yield mount.centred(width, height)


def parse(image_display_format: str, custom: Mapping[str, tuple[Parts, ...]] = NO_CUSTOM_FORMATS) -> DisplayFormat:
    """The format that Image Display Format (2010,0010) names. Case, blanks and leading zeros do not matter.

    `custom` holds the printer's CUSTOM formats by their number. Raises InvalidAttribute for anything else and for more
    than MAX_IMAGE_BOXES boxes, before any box is made.

    >>> parse(r"standard\\ 04, 5").numbers
    (4, 5)
    >>> parse(r"ROW\\2,1,3").kind
    <FormatKind.ROW: 'ROW'>
    """
    head, _, rest = image_display_format.partition("\\")
    try:
        kind = FormatKind(head.strip().upper())
    except ValueError:
        raise InvalidAttribute(KEYWORD, image_display_format, EXPECTED) from None
    if kind in SLIDE_APERTURES_MM:
        return DisplayFormat(kind)
    numbers = read_numbers(rest, image_display_format)
    if kind is FormatKind.CUSTOM:
        parts = custom.get(str(numbers[0])) if len(numbers) == 1 else None
        if parts is None:
            raise InvalidAttribute(KEYWORD, image_display_format, EXPECTED)
        return DisplayFormat(kind, numbers, check_parts(parts, image_display_format))
    if kind is FormatKind.STANDARD and len(numbers) != 2:
        raise InvalidAttribute(KEYWORD, image_display_format, EXPECTED)
    count = numbers[0] * numbers[1] if kind is FormatKind.STANDARD else sum(numbers)
    if count > MAX_IMAGE_BOXES:
        raise InvalidAttribute(KEYWORD, image_display_format, f"at most {MAX_IMAGE_BOXES} image boxes")
    return DisplayFormat(kind, numbers)


def read_numbers(text: str, image_display_format: str) -> tuple[int, ...]:
    """The numbers behind the backslash, each from 1. Raises InvalidAttribute."""
    fields = [field.strip().lstrip("0") for field in text.strip("\\ \0").split(",")]
    if len(fields) > MAX_IMAGE_BOXES or not all(f.isascii() and f.isdigit() and len(f) <= 9 for f in fields):
        raise InvalidAttribute(KEYWORD, image_display_format, EXPECTED)
    return tuple(map(int, fields))


def check_parts(parts: tuple[Parts, ...], image_display_format: str) -> tuple[Parts, ...]:
    """The boxes of a CUSTOM format, when they lie on the film. Raises InvalidAttribute."""
    inside = all(
        x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= 1.000001 and y + h <= 1.000001 for x, y, w, h in parts
    )
    if not inside or not 1 <= len(parts) <= MAX_IMAGE_BOXES:
        raise InvalidAttribute(KEYWORD, image_display_format, "boxes inside the film, as parts of it from 0 to 1")
    return parts
