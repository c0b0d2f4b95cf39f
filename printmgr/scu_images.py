"""DICOM image files as images to print: every frame in grey or in colour, as it is to be seen."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi
from pydicom.pixels.utils import iter_pixels

from printmgr.errors import PrintError

Floats = npt.NDArray[np.float64]
Grays = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
FUNCTIONAL_GROUPS = ("PixelMeasuresSequence", "PixelValueTransformationSequence", "FrameVOILUTSequence")


class NoImage(PrintError):
    """A file that holds no image which can be printed."""


def images(path: Path, bits: int, color: bool = False) -> Iterator[Dataset]:
    """Each frame of a DICOM image file as the item of a Basic Grayscale Image Sequence, or of a Basic Color one.

    bits   8 or 12 of a grey image; colour has 8 a sample (PS3.3 C.13.5)
    Raises NoImage.
    """
    try:
        ds = dcmread(path)
        for number, frame in enumerate(iter_pixels(ds)):  # colour comes as RGB
            said = of_frame(ds, number)
            yield color_item(said, frame) if color else image_item(said, gray_levels(said, frame, bits), bits)
    except Exception as error:  # whatever a decoder raises: pydicom names no common base
        raise NoImage(f"{path}: not an image that can be decoded: {error}") from error


def of_frame(ds: Dataset, number: int) -> Dataset:
    """What holds for a frame: what its functional groups say (PS3.3 C.7.6.16), else the image."""
    said = Dataset()
    said.update({element.tag: element for element in ds.group_dataset(0x0028)})
    said.update(
        {element.tag: element for element in ds.group_dataset(0x0018) if element.keyword == "ImagerPixelSpacing"}
    )
    shared = list(ds.get("SharedFunctionalGroupsSequence") or [])[:1]
    own = list(ds.get("PerFrameFunctionalGroupsSequence") or [])[number : number + 1]
    for group in shared + own:
        for keyword in FUNCTIONAL_GROUPS:
            for item in group.get(keyword) or []:
                said.update(item)
    return said


def gray_levels(said: Dataset, frame: npt.NDArray[Any], bits: int) -> Grays:
    """One frame (rows, columns) or (rows, columns, 3) as 0..2**bits - 1.

    Modality LUT, then VOI LUT or window (PS3.3 C.11.1, C.11.2); without them the image's whole range up to 8 bits, as
    pictures have it, and the frame's own range beyond.
    """
    share = of_colour(said, frame) if is_colour(said) else of_values(said, frame)
    levels: Floats = np.floor(np.clip(share, 0.0, 1.0) * (2**bits - 1) + 0.5)
    return levels.astype(np.uint8) if bits <= 8 else levels.astype(np.uint16)


def is_colour(said: Dataset) -> bool:
    return bool(said.SamplesPerPixel == 3 or said.PhotometricInterpretation == "PALETTE COLOR")


def of_colour(said: Dataset, frame: npt.NDArray[Any]) -> Floats:
    """RGB or palette colour as shares of white."""
    luma: Floats = rgb_shares(said, frame) @ np.array(LUMA)
    return luma


def rgb_shares(said: Dataset, frame: npt.NDArray[Any]) -> Floats:
    """RGB or palette colour (rows, columns, 3) as shares of the brightest."""
    depth = int(said.BitsStored)
    if said.PhotometricInterpretation == "PALETTE COLOR":
        frame = apply_color_lut(frame, said)
        depth = 8 * frame.dtype.itemsize
    shares: Floats = frame[..., :3] / (2**depth - 1)
    return shares


def of_values(said: Dataset, frame: npt.NDArray[Any]) -> Floats:
    """Single values as shares of the brightest that is to be seen."""
    values = np.asarray(apply_modality_lut(frame, said), np.float64)
    if said.get("VOILUTSequence"):
        entry_bits = int(said.VOILUTSequence[0].LUTDescriptor[2])
        found: Floats = apply_voi(np.round(values).astype(np.int64), said) / (2**entry_bits - 1)
        return found
    centre, width = first(said.get("WindowCenter")), first(said.get("WindowWidth"))
    if centre is not None and width is not None and width > 0:
        return windowed(values, centre, width, str(said.get("VOILUTFunction") or "LINEAR"))
    if frame.dtype == np.uint8 and np.array_equal(values, frame):
        whole: Floats = values / (2 ** int(said.BitsStored) - 1)
        return whole
    low, high = float(values.min()), float(values.max())
    return stretched(values, low, high) if high > low else np.zeros_like(values)


def windowed(values: Floats, centre: float, width: float, function: str) -> Floats:
    """Values through a window (PS3.3 C.11.2.1.2, C.11.2.1.3).

    >>> windowed(np.array([-1000.0, 40.0, 1000.0]), 40, 400, "SIGMOID").round(3).tolist()
    [0.0, 0.5, 1.0]
    """
    if function == "SIGMOID":
        exponent = np.clip(-4 * (values - centre) / width, -700, 700)
        return np.asarray(1 / (1 + np.exp(exponent)))
    if function == "LINEAR_EXACT":
        return stretched(values, centre - width / 2, centre + width / 2)
    if width <= 1:
        return np.where(values <= centre - 0.5, 0.0, 1.0)
    return stretched(values, centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2)


def stretched(values: Floats, low: float, high: float) -> Floats:
    """Shares of the way from `low` to `high`, beyond them too."""
    return (values - low) / (high - low)


def first(value: Any) -> float | None:
    """The first of an element's numbers."""
    if value is None or value == "":
        return None
    return float(value[0] if hasattr(value, "__getitem__") and not isinstance(value, str) else value)


def image_item(said: Dataset, gray: Grays, bits: int) -> Dataset:
    """The item of a Basic Grayscale Image Sequence (PS3.3 C.13.5)."""
    item = Dataset()
    item.SamplesPerPixel = 1
    item.PhotometricInterpretation = "MONOCHROME1" if said.PhotometricInterpretation == "MONOCHROME1" else "MONOCHROME2"
    return with_pixels(item, said, gray, bits)


def color_item(said: Dataset, frame: npt.NDArray[Any]) -> Dataset:
    """The item of a Basic Color Image Sequence, by plane (PS3.3 C.13.5); a grey image has three equal planes."""
    if is_colour(said):
        planes = np.moveaxis(rgb_shares(said, frame), -1, 0)
    else:
        gray = of_values(said, frame)
        planes = np.stack([1.0 - gray if said.PhotometricInterpretation == "MONOCHROME1" else gray] * 3)
    item = Dataset()
    item.SamplesPerPixel, item.PhotometricInterpretation, item.PlanarConfiguration = 3, "RGB", 1
    return with_pixels(item, said, np.floor(np.clip(planes, 0.0, 1.0) * 255 + 0.5).astype(np.uint8), 8)


def with_pixels(item: Dataset, said: Dataset, pixels: Grays, bits: int) -> Dataset:
    """`item` with its pixels (rows, columns) or (3, rows, columns) and what is to be said of them."""
    item.Rows, item.Columns = pixels.shape[-2:]
    vertical, horizontal = pixel_aspect_ratio(said)
    if vertical != horizontal:
        item.PixelAspectRatio = [vertical, horizontal]
    item.BitsAllocated, item.BitsStored, item.HighBit = (8, 8, 7) if bits == 8 else (16, 12, 11)
    item.PixelRepresentation = 0
    data = pixels.astype("u1" if bits == 8 else "<u2").tobytes()
    item.add_new(0x7FE00010, "OB" if bits == 8 else "OW", data + b"\0" * (len(data) % 2))
    return item


def pixel_aspect_ratio(said: Dataset) -> tuple[int, int]:
    """Vertical and horizontal: Pixel Aspect Ratio, or what the spacing of the pixels makes of it."""
    ratio = said.get("PixelAspectRatio")
    if ratio:
        return int(ratio[0]), int(ratio[1])
    spacing = said.get("PixelSpacing") or said.get("ImagerPixelSpacing")
    if not spacing or min(spacing) <= 0:
        return 1, 1
    aspect = Fraction(float(spacing[0]) / float(spacing[1])).limit_denominator(1000)
    return (aspect.numerator, aspect.denominator) if aspect else (1, 1)


__all__ = ["NoImage", "gray_levels", "images"]
