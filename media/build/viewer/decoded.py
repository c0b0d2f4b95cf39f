"""The frames of any image that pydicom and its decoders can read."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut

from media.build.codec import decoder_of
from media.build.viewer.describe import functional_groups, rescale, windows
from media.build.viewer.picture import (
    Shown,
    Stored,
    eight_bit,
    modality_values,
    monochrome,
    quantized,
    range_of,
    stored_values,
)
from media.build.viewer.values import Window, whole_range


def frames(image: Dataset) -> Iterator[Shown]:
    """Every frame in order. Raises whatever decoders raise."""
    if "FloatPixelData" in image or "DoubleFloatPixelData" in image:
        for number, floats in enumerate(_floats(image)):
            yield monochrome(image, number, *quantized(floats), None)
        return
    if image.get("SamplesPerPixel", 1) == 1 and image.PhotometricInterpretation != "PALETTE COLOR":
        fallback = _fallback(image)
        for number, frame in enumerate(_decoded(image)):
            yield monochrome(image, number, *stored_values(frame, image), fallback)
        return
    decoder = decoder_of(image.file_meta.TransferSyntaxUID)
    for samples, attributes in decoder.iter_array(image, as_rgb=True):
        if attributes["photometric_interpretation"] == "PALETTE COLOR":
            samples = apply_color_lut(samples, image)
        colour = eight_bit(samples, int(image.get("BitsStored", 8)))
        yield Shown(colour, colour)


def raw_frames(image: Dataset) -> Iterator[Stored]:
    """Frames of one sample a pixel with all their bits, those beside the value too."""
    return _decoded(image)


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
    if luts := functional.get("ModalityLUTSequence"):
        values, _ = modality_values(values, luts[0])
    else:
        more_slope, more_intercept, _ = rescale(functional)
        slope, intercept = slope * more_slope, intercept * more_slope + more_intercept
    return range_of(values, image, slope, intercept)


def _floats(image: Dataset) -> Iterator[npt.NDArray[np.floating[Any]]]:
    double = "DoubleFloatPixelData" in image
    data = np.frombuffer(
        image["DoubleFloatPixelData" if double else "FloatPixelData"].value, "<f8" if double else "<f4"
    )
    size = image.Rows * image.Columns
    for start in range(0, len(data) - size + 1, size):
        yield data[start : start + size].reshape(image.Rows, image.Columns)
