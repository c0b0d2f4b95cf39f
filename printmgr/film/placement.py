"""PURE. Where an image lies in its image box, and whether it fits (PS3.3 C.13.3, C.13.5; PS3.4 H.4.3.1)."""

import math
from dataclasses import dataclass

from printmgr.errors import ImageTooLarge, InvalidAttribute
from printmgr.film.geometry import Rect, Window
from printmgr.film.model import DecimateCropBehavior, MagnificationType, PixelFormat

DEMAGNIFIED, CROPPED, DECIMATED = 0xB604, 0xB609, 0xB60A  # PS3.4 H.4.3.1

SIZE_TOLERANCE_MM = 0.05  # a Requested Image Size of the box's own width may be rounded
ROUNDING = 1e-6  # of a pixel; keeps 88.9 mm / 0.1 mm at 889 pixels
MAX_ASPECT = 100
NONE = MagnificationType.NONE


@dataclass(frozen=True, slots=True)
class Placement:
    """What is shown of an image, and where."""

    image: Rect  # where the shown part lies
    window: Window  # the rows and columns shown
    status: int = 0  # 0000H, B604H demagnified, B609H cropped, B60AH decimated
    as_requested: bool = False  # Requested Image Size was honoured to SIZE_TOLERANCE_MM


def place(
    image: PixelFormat,
    box: Rect,
    pitch: float,
    *,
    magnification_type: MagnificationType = MagnificationType.CUBIC,
    requested_image_size: float | None = None,
    behavior: DecimateCropBehavior | None = None,
    position: int = 1,
) -> Placement:
    """Place an image in its box, as a printer of `pitch` mm a pixel would, and say what was done to it.

    Images are centred and keep their shape, Pixel Aspect Ratio included. The image is *too large for its box* when
    - with a Requested Image Size: that width, or the height that goes with it, is more than the box has, in mm. The
      size is what the SCU asked for, so printing it with fewer printer pixels than the image has is no warning.
    - without: its rows or columns need more printer pixels than the box has (PS3.3 C.13.5). The smaller side of an
      image pixel counts as one printer pixel, so that square pixels count one for one.

    An image that is not too large has the requested size, or else fills the box as far as its shape allows; with
    Magnification Type NONE it is drawn one printer pixel to an image pixel. A Requested Image Size overrides NONE
    too: native pixels can be placed at any size without being interpolated.

    An image that is too large goes by Requested Decimate/Crop Behavior:
    - CROP: keeps its scale (the requested one, or one printer pixel an image pixel) and loses rows and columns evenly
      at both sides; B609H. A pixel larger than the box is cut to the box.
    - DECIMATE: scaled to fill the box, a factor below 1 by Magnification Type (PS3.3 C.13.5); B60AH.
    - FAIL: ImageTooLarge.
    - absent: scaled to fill the box; B604H.
    Magnification Type NONE forbids to scale, so DECIMATE (PS3.4 H.4.3.1.2.1) and absent raise ImageTooLarge.

    Raises ImageTooLarge (C603H), InvalidAttribute for an image without rows or columns.

    >>> place(PixelFormat(rows=512, columns=512), Rect(0, 0, 100, 120), 0.08).image
    Rect(x=0.0, y=10.0, width=100.0, height=100.0)
    """
    printed = printed_size(image, pitch, requested_image_size)
    if printed.fits(box, pitch):
        factor = min(1.0, printed.fill(box)) if printed.requested or magnification_type is NONE else printed.fill(box)
        return Placement(printed.scaled(box, factor), whole(image), as_requested=printed.requested)
    if behavior is DecimateCropBehavior.CROP:
        return crop(image, printed, box)
    if behavior is DecimateCropBehavior.FAIL or magnification_type is NONE:
        raise ImageTooLarge(position, printed.pixels(pitch), box_pixels(box, pitch))
    status = DECIMATED if behavior is DecimateCropBehavior.DECIMATE else DEMAGNIFIED
    return Placement(printed.scaled(box, printed.fill(box)), whole(image), status)


@dataclass(frozen=True, slots=True)
class Printed:
    """The size of an image before its box is looked at, in mm."""

    width: float
    height: float
    requested: bool  # by Requested Image Size; else one printer pixel an image pixel

    def pixels(self, pitch: float) -> tuple[int, int]:
        """Columns and rows of printer pixels it takes."""
        return math.ceil(self.width / pitch - ROUNDING), math.ceil(self.height / pitch - ROUNDING)

    def fits(self, box: Rect, pitch: float) -> bool:
        if self.requested:
            return self.width <= box.width + SIZE_TOLERANCE_MM and self.height <= box.height + SIZE_TOLERANCE_MM
        needed, available = self.pixels(pitch), box_pixels(box, pitch)
        return needed[0] <= available[0] and needed[1] <= available[1]

    def fill(self, box: Rect) -> float:
        """The factor that makes it as large as the box allows."""
        return min(box.width / self.width, box.height / self.height)

    def scaled(self, box: Rect, factor: float) -> Rect:
        """It, `factor` times as large, in the middle of the box."""
        return box.centred(min(self.width * factor, box.width), min(self.height * factor, box.height))


def printed_size(image: PixelFormat, pitch: float, requested_image_size: float | None) -> Printed:
    """How large the image is by Requested Image Size, or at one printer pixel an image pixel.

    A requested size below one printer pixel, or none at all, counts as absent. Raises InvalidAttribute.

    >>> printed_size(PixelFormat(rows=100, columns=200, pixel_aspect_ratio=(2, 1)), 0.1, None)
    Printed(width=20.0, height=20.0, requested=False)
    """
    for keyword, value in (("Rows", image.rows), ("Columns", image.columns)):
        if value < 1:
            raise InvalidAttribute(keyword, value, "at least 1")
    aspect = pixel_aspect(image)
    size = requested_image_size
    requested = size is not None and pitch <= size < math.inf
    width = size if size is not None and requested else image.columns * pitch * max(1.0, 1.0 / aspect)
    return Printed(width, width / image.columns * image.rows * aspect, requested)


def pixel_aspect(image: PixelFormat) -> float:
    """Height of a pixel by its width; Pixel Aspect Ratio (0028,0034) is vertical, then horizontal (PS3.3 C.7.6.3.1.7).

    Values below 1 and ratios beyond MAX_ASPECT mean nothing and count as 1\\1.

    >>> [pixel_aspect(PixelFormat(1, 1, pixel_aspect_ratio=ratio)) for ratio in ((3, 2), (0, 0))]
    [1.5, 1.0]
    """
    vertical, horizontal = image.pixel_aspect_ratio
    if vertical < 1 or horizontal < 1 or max(vertical, horizontal) > MAX_ASPECT * min(vertical, horizontal):
        return 1.0
    return vertical / horizontal


def box_pixels(box: Rect, pitch: float) -> tuple[int, int]:
    """Columns and rows of whole printer pixels in a box."""
    return math.floor(box.width / pitch + ROUNDING), math.floor(box.height / pitch + ROUNDING)


def whole(image: PixelFormat) -> Window:
    return Window(0, 0, image.rows, image.columns)


def crop(image: PixelFormat, printed: Printed, box: Rect) -> Placement:
    """The middle of the image that the box has room for, at the scale the image has."""
    pixel_width, pixel_height = printed.width / image.columns, printed.height / image.rows
    columns = min(image.columns, max(1, math.floor(box.width / pixel_width + ROUNDING)))
    rows = min(image.rows, max(1, math.floor(box.height / pixel_height + ROUNDING)))
    shown = Printed(columns * pixel_width, rows * pixel_height, printed.requested)
    window = Window((image.rows - rows) // 2, (image.columns - columns) // 2, rows, columns)
    return Placement(shown.scaled(box, 1.0), window, CROPPED, printed.requested)
