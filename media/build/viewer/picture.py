"""The pictures of an image: every frame as the viewer first shows it, and its real values."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut

from media.build.codec import decoder_of
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


def frames(image: Dataset) -> Iterator[Shown]:
    """Every frame in order. Raises whatever decoders raise."""
    if "FloatPixelData" in image or "DoubleFloatPixelData" in image:
        for number, floats in enumerate(_floats(image)):
            yield _monochrome(image, number, *quantized(floats), None)
        return
    if image.get("SamplesPerPixel", 1) == 1 and image.PhotometricInterpretation != "PALETTE COLOR":
        fallback = _fallback(image)
        for number, frame in enumerate(_decoded(image)):
            yield _monochrome(image, number, *stored_values(frame, image), fallback)
        return
    decoder = decoder_of(image.file_meta.TransferSyntaxUID)
    for samples, attributes in decoder.iter_array(image, as_rgb=True):
        if attributes["photometric_interpretation"] == "PALETTE COLOR":
            samples = apply_color_lut(samples, image)
        colour = eight_bit(samples, int(image.get("BitsStored", 8)))
        yield Shown(colour, colour)


def _decoded(image: Dataset, indices: list[int] | None = None) -> Iterator[Stored]:
    """Frames of one sample a pixel as the decoder gives them: `stored_values` looks at the bits."""
    syntax = image.file_meta.TransferSyntaxUID
    decoder = decoder_of(syntax)
    if not syntax.is_encapsulated:
        if image.BitsAllocated in (8, 16, 32) and "PixelData" in image:
            yield from _native(image, indices, ">" if not syntax.is_little_endian else "<")
            return
        for frame, _ in decoder.iter_array(image, indices=indices, raw=True):
            yield frame
        return
    numbers = range(int(image.get("NumberOfFrames") or 1)) if indices is None else indices
    turns = [[number] for number in numbers] if image.BitsAllocated == 1 else [indices]  # its plugin takes one a turn
    for turn in turns:
        for data, properties in decoder.iter_buffer(image, indices=turn, raw=True):
            yield _shaped(data, image, int(properties["bits_allocated"]))


def _native(image: Dataset, indices: list[int] | None, order: str) -> Iterator[Stored]:
    """Frames straight out of native Pixel Data (PS3.5 8.1); one that is not there to its end ends in zeros."""
    width, size = image.BitsAllocated // 8, image.Rows * image.Columns
    if width == 1 and order == ">" and image["PixelData"].VR == "OW":
        order = "swapped"
    data: bytes = image.PixelData
    for number in range(int(image.get("NumberOfFrames") or 1)) if indices is None else indices:
        part = data[number * size * width : (number + 1) * size * width]
        if not part:
            raise ValueError(f"Pixel Data ends before frame {number + 1}")
        part = part.ljust(size * width, b"\0")
        if order == "swapped":
            frame = np.frombuffer(part.ljust(-(-size // 2) * 2, b"\0"), ">u2").astype("<u2").view(np.uint8)[:size]
        else:
            frame = np.frombuffer(part, f"{order}u{width}")
        yield frame.reshape(image.Rows, image.Columns)


def _shaped(data: Any, image: Dataset, bits_allocated: int) -> Stored:
    frame: Stored = np.frombuffer(data, {8: np.uint8, 16: np.uint16, 32: np.uint32}[max(8, bits_allocated)])
    size = image.Rows * image.Columns
    if frame.size < size:  # one bit a pixel (PS3.5 8.1.1)
        frame = np.unpackbits(frame.view(np.uint8), bitorder="little")
    return frame[:size].reshape(image.Rows, image.Columns)


def _fallback(image: Dataset) -> Window | None:
    """For an image that names no window: the range of its middle frame, the same for all frames, lest they flicker."""
    if windows(functional_groups(image, 0), image):
        return None
    if image.BitsAllocated == 1:
        return whole_range(0, 1)
    if image.get("MaximumFractionalValue"):
        return whole_range(0, image.MaximumFractionalValue)
    middle = (int(image.get("NumberOfFrames") or 1) - 1) // 2
    values, slope, intercept = stored_values(next(_decoded(image, [middle])), image)
    functional = functional_groups(image, middle)
    if functional.get("ModalityLUTSequence"):
        values, _ = modality_values(values, functional.ModalityLUTSequence[0])
    else:
        more_slope, more_intercept, _ = rescale(functional)
        slope, intercept = slope * more_slope, intercept * more_slope + more_intercept
    return _range_of(values, image, slope, intercept)


def _monochrome(
    image: Dataset, number: int, values: Stored, slope: float, intercept: float, fallback: Window | None
) -> Shown:
    """A frame of one sample: the modality's rescale on top of `slope` and `intercept`, then its first window."""
    functional = functional_groups(image, number)
    if "ModalityLUTSequence" in functional and functional.ModalityLUTSequence:
        values, unit = modality_values(values, functional.ModalityLUTSequence[0])
    else:
        more_slope, more_intercept, unit = rescale(functional)
        slope, intercept = slope * more_slope, intercept * more_slope + more_intercept
    named = windows(functional, image)
    if not named:
        named = [fallback or _range_of(values, image, slope, intercept)]
    inverted = image.get("PhotometricInterpretation") == "MONOCHROME1"
    table = grey_table(values.dtype == np.int16, slope, intercept, named[0], inverted)
    wide = values.itemsize == 2
    picture: Picture = np.asarray(
        cv2.LUT(np.ascontiguousarray(values).view(np.uint16), table) if wide else table[values]
    )
    return Shown(picture.reshape(values.shape), values, slope, intercept, unit, tuple(named), inverted)


def modality_values(values: Stored, item: Dataset) -> tuple[Stored, str]:
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


def stored_values(frame: Stored, image: Dataset) -> tuple[Stored, float, float]:
    """Stored values of 8 or 16 bits out of what a decoder gave, with the slope and intercept that restore them.

    What lies outside of Bits Stored is not looked at (PS3.5 8.1.1).
    """
    allocated, stored = int(image.BitsAllocated), int(image.get("BitsStored") or image.BitsAllocated)
    if allocated == 1:
        return (frame != 0).astype(np.uint8), 1.0, 0.0
    signed = image.get("PixelRepresentation") == 1
    width = frame.dtype.itemsize * 8
    if frame.dtype.kind == "f":
        return quantized(frame)
    bits = frame.astype(frame.dtype.newbyteorder("=")).view(f"u{width // 8}")
    low = width - min(stored, width) if signed else 0
    if signed:
        numbers = (bits << low).view(f"i{width // 8}") >> low
    else:
        numbers = bits & ((1 << min(stored, width)) - 1) if stored < width else bits
    if width > 16:
        return quantized(numbers.astype(np.float64))
    return (numbers.astype(np.int16) if signed else numbers), 1.0, 0.0


def _range_of(values: Stored, image: Dataset, slope: float, intercept: float) -> Window:
    """The range of a frame's values, without its padding (PS3.3 C.7.5.1.1.2)."""
    padding = image.get("PixelPaddingValue")
    if isinstance(padding, int) and np.any(values != padding):
        values = values[values != padding]
    lowest, highest = float(values.min()), float(values.max())
    if lowest == highest:  # nothing to see: keep the whole range apart from it
        lowest, highest = min(lowest, 0.0), max(highest, float((1 << int(image.get("BitsStored") or 8)) - 1))
    ends = sorted((lowest * slope + intercept, highest * slope + intercept))
    return whole_range(*ends)


def _floats(image: Dataset) -> Iterator[npt.NDArray[np.floating[Any]]]:
    double = "DoubleFloatPixelData" in image
    data = np.frombuffer(
        image["DoubleFloatPixelData" if double else "FloatPixelData"].value, "<f8" if double else "<f4"
    )
    size = image.Rows * image.Columns
    for start in range(0, len(data) - size + 1, size):
        yield data[start : start + size].reshape(image.Rows, image.Columns)


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
