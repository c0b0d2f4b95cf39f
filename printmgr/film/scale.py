"""PURE. What a film says of its scale: the millimetres are the SCU's, so it says what was asked and what was done."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from printmgr.film.geometry import Rect

NOT_TO_SCALE = "not to scale"
MOST_WIDTHS = 4  # that are told one by one

RULER_MM, SHORT_RULER_MM = 100.0, 50.0
LONG_STRIP_MM = 250.0  # from which on the long ruler leaves room for text
RULER_MARGIN_MM = 2.0
TICK_MM = 10.0


class Placed(Protocol):
    """An image as the layout placed it."""

    @property
    def image(self) -> Rect | None: ...
    @property
    def status(self) -> int: ...
    @property
    def scale_as_requested(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Ruler:
    """A ruler from left to right: `rect` holds its longest ticks."""

    rect: Rect
    tick: float = TICK_MM

    def marks(self, thickness: float) -> Iterator[Rect]:
        """Its base line, and a tick at each end of a part, longer at both ends and in the middle; inside `rect`."""
        rect, count = self.rect, round(self.rect.width / self.tick)
        bottom = rect.y + rect.height
        yield Rect(rect.x, bottom - thickness, rect.width, thickness)
        for number in range(count + 1):
            height = rect.height if number * 2 % count == 0 else rect.height / 2
            middle = rect.x + number * self.tick
            left = min(max(middle - thickness / 2, rect.x), rect.x + rect.width - thickness)
            yield Rect(left, bottom - height, thickness, height)


def scale_of(images: Iterable[Placed]) -> str:
    """What is said of the scale of a film; "" of one without images.

    Only when every image came with a Requested Image Size (2020,0030) and none was cropped, decimated or demagnified,
    the film is as requested.
    """
    placed = [image for image in images if image.image is not None]
    if not placed:
        return ""
    if not all(image.scale_as_requested and image.status == 0 for image in placed):
        return NOT_TO_SCALE
    widths = sorted({round(image.image.width, 1) for image in placed if image.image})
    if len(widths) > MOST_WIDTHS:
        return f"printed as requested: {widths[0]:.1f} to {widths[-1]:.1f} mm wide"
    return f"printed as requested: {', '.join(f'{width:.1f}' for width in widths)} mm wide"


def ruler_in(strip: Rect) -> Ruler | None:
    """A ruler at the right end of a strip; none in one that is too short."""
    length = RULER_MM if strip.width >= LONG_STRIP_MM else SHORT_RULER_MM
    if strip.width < 2 * length:
        return None
    height = strip.height * 0.5
    x = strip.x + strip.width - RULER_MARGIN_MM - length
    return Ruler(Rect(x, strip.y + (strip.height - height) / 2, length, height))
