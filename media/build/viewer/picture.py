"""The picture of a frame as the viewer first shows it, and its real values."""

from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from media.build.viewer.attributes import Attributes
from media.build.viewer.describe import functional_groups, lut_of, rescale, windows
from media.build.viewer.values import Window, grey_table, whole_range

Picture = npt.NDArray[np.uint8]
Stored = npt.NDArray[Any]

JPEG_QUALITY = 90
MONOCHROME = ("MONOCHROME1", "MONOCHROME2")


class Shown(NamedTuple):
    """One frame."""

    picture: Picture  # (rows, columns) or (rows, columns, 3) RGB, 8 bit, as it is first shown
    values: Stored  # what a window is laid over: 8 or 16 bit; the picture itself when it is of colour
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    windows: tuple[Window, ...] = ()  # the first made the picture; none for colour
    inverted: bool = False


def monochrome(
    image: Attributes, number: int, values: Stored, slope: float, intercept: float, fallback: Window | None
) -> Shown:
    """A frame of one sample: the modality's rescale on top of `slope` and `intercept`, then its first window."""
    functional = functional_groups(image, number)
    if luts := functional.get("ModalityLUTSequence"):
        values, unit = modality_values(values, luts[0])
    else:
        more_slope, more_intercept, unit = rescale(functional)
        slope, intercept = slope * more_slope, intercept * more_slope + more_intercept
    named = windows(functional, image)
    if not named:
        named = [fallback or range_of(values, image, slope, intercept)]
    inverted = image.get("PhotometricInterpretation") == "MONOCHROME1"
    table = grey_table(values.dtype == np.int16, slope, intercept, named[0], inverted)
    wide = values.itemsize == 2
    picture: Picture = np.asarray(
        cv2.LUT(np.ascontiguousarray(values).view(np.uint16), table) if wide else table[values]
    )
    return Shown(picture.reshape(values.shape), values, slope, intercept, unit, tuple(named), inverted)


def modality_values(values: Stored, item: Any) -> tuple[Stored, str]:
    """Stored values through a Modality LUT (PS3.3 C.11.1.1)."""
    table, first = lut_of(item)
    index = np.clip(values.astype(np.int64) - first, 0, len(table) - 1)
    return table.astype(np.uint16)[index], str(item.get("ModalityLUTType") or "")


def quantized(values: npt.NDArray[np.floating[Any]]) -> tuple[Stored, float, float]:
    """Floating point values in 65 536 steps of their own range: stored values, slope, intercept."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    slope = (high - low) / 65535.0 or 1.0
    steps = np.clip(np.floor((np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) / slope + 0.5), 0, 65535)
    return steps.astype(np.uint16), slope, low


def stored_values(frame: Stored, image: Attributes) -> tuple[Stored, float, float]:
    """Stored values of 8 or 16 bits out of what a decoder gave, with the slope and intercept that restore them.

    What lies outside of Bits Stored is not looked at (PS3.5 8.1.1).
    """
    allocated = int(image.get("BitsAllocated"))
    stored = int(image.get("BitsStored") or allocated)
    if allocated == 1:
        return (frame != 0).astype(np.uint8), 1.0, 0.0
    signed = image.get("PixelRepresentation") == 1
    width = frame.dtype.itemsize * 8
    if frame.dtype.kind == "f":
        return quantized(frame)
    bits = frame.astype(frame.dtype.newbyteorder("="), copy=False).view(f"u{width // 8}")
    low = width - min(stored, width) if signed else 0
    if signed:
        numbers = (bits << low).view(f"i{width // 8}") >> low
    else:
        numbers = bits & ((1 << min(stored, width)) - 1) if stored < width else bits
    if width > 16:
        return quantized(numbers.astype(np.float64))
    return (numbers.astype(np.int16) if signed else numbers), 1.0, 0.0


def range_of(values: Stored, image: Attributes, slope: float, intercept: float) -> Window:
    """The range of a frame's values, without its padding (PS3.3 C.7.5.1.1.2)."""
    padding = image.get("PixelPaddingValue")
    if isinstance(padding, int) and np.any(values != padding):
        values = values[values != padding]
    lowest, highest = float(values.min()), float(values.max())
    if lowest == highest:  # nothing to see: keep the whole range apart from it
        lowest, highest = min(lowest, 0.0), max(highest, float((1 << int(image.get("BitsStored") or 8)) - 1))
    ends = sorted((lowest * slope + intercept, highest * slope + intercept))
    return whole_range(*ends)


def eight_bit(frame: Stored, bits: int) -> Picture:
    if frame.dtype == np.uint8:
        return np.ascontiguousarray(frame)
    top = max(int(frame.max()).bit_length(), bits, 8)
    return (frame >> (top - 8)).astype(np.uint8)


def jpeg(picture: Picture, quality: int = JPEG_QUALITY) -> bytes:
    """A picture as baseline JPEG."""
    given = picture[..., ::-1] if picture.ndim == 3 else picture
    done, data = cv2.imencode(".jpg", given, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("the picture cannot be compressed")
    return data.tobytes()


def small(picture: Picture, side: int = 160) -> Picture:
    """The picture with at most `side` pixels a side."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
