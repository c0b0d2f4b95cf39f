"""Hides rectangles of native pixels (PS3.15 E.3.1); runs in the transcoder's child process."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
from pydicom import Dataset

from media.fileset.confidentiality import Mask

_CHUNK_BYTES = 1 << 20

Rectangle = tuple[int, int, int, int]


def rectangles_for(ds: Dataset, masks: Sequence[Mask]) -> list[Rectangle]:
    """The rectangles of the masks that are made for the device of an image."""
    return [rectangle for mask in masks if _fits(mask, ds) for rectangle in mask.rectangles]


def _fits(mask: Mask, ds: Dataset) -> bool:
    texts = ((mask.manufacturer, "Manufacturer"), (mask.model, "ManufacturerModelName"), (mask.modality, "Modality"))
    if any(wanted and wanted.casefold() not in str(ds.get(keyword) or "").casefold() for wanted, keyword in texts):
        return False
    return mask.rows in (0, ds.get("Rows")) and mask.columns in (0, ds.get("Columns"))


def hide(ds: Dataset, pixels: BinaryIO, rectangles: Sequence[Rectangle]) -> None:
    """Write black over the rectangles of every frame. Raises ValueError for pixels that cannot be written singly."""
    if "PixelData" not in ds:
        raise ValueError("no Pixel Data to mask")
    if ds.BitsAllocated % 8 or ds.PhotometricInterpretation in ("YBR_PARTIAL_422", "YBR_PARTIAL_420"):
        raise ValueError(f"cannot mask {ds.PhotometricInterpretation} with {ds.BitsAllocated} bits")
    runs = _pairs if ds.PhotometricInterpretation == "YBR_FULL_422" else _runs
    for start, length, value in runs(ds, rectangles):
        pixels.seek(start)
        pixels.write(value * length)
    pixels.flush()
    pixels.seek(0)


def has_embedded_overlay(ds: Dataset) -> bool:
    """Whether bits of the pixels beside the stored ones are an overlay (PS3.3 C.9.2, retired form)."""
    groups = range(0x6000, 0x6020, 2)
    described = any((group, 0x0010) in ds and (group, 0x3000) not in ds for group in groups)
    return described and "BitsStored" in ds and ds.BitsStored < ds.BitsAllocated


def clear_unused_bits(ds: Dataset, pixels: BinaryIO) -> None:
    """Set the bits beside the stored ones to nothing. Raises ValueError for pixels of other widths than 8 and 16."""
    if ds.BitsAllocated not in (8, 16):
        raise ValueError(f"an overlay in pixels of {ds.BitsAllocated} bits")
    stored = ((1 << ds.BitsStored) - 1) << (ds.HighBit + 1 - ds.BitsStored)
    pixels.seek(0)
    while chunk := pixels.read(_CHUNK_BYTES):
        values = np.frombuffer(chunk, "<u2" if ds.BitsAllocated == 16 else np.uint8) & stored
        pixels.seek(-len(chunk), 1)
        pixels.write(values.astype("<u2" if ds.BitsAllocated == 16 else np.uint8).tobytes())
    pixels.flush()
    pixels.seek(0)


def _runs(ds: Dataset, rectangles: Sequence[Rectangle]) -> Iterator[tuple[int, int, bytes]]:
    """Offset, pixels and the bytes of one pixel of every row to be hidden, plane by plane."""
    samples, width = int(ds.SamplesPerPixel), ds.BitsAllocated // 8
    planar = samples > 1 and ds.get("PlanarConfiguration") == 1
    planes = samples if planar else 1
    black = [level.to_bytes(width, "little") for level in _black(ds)]
    pixel = width if planar else width * samples
    for frame in range(int(ds.get("NumberOfFrames") or 1)):
        for plane in range(planes):
            start = (frame * planes + plane) * ds.Rows * ds.Columns * pixel
            value = black[plane] if planar else b"".join(black)
            for left, top, across, down in rectangles:
                last = min(left + across, ds.Columns)
                for row in range(top, min(top + down, ds.Rows)):
                    if last > left:
                        yield start + (row * ds.Columns + left) * pixel, last - left, value


def _pairs(ds: Dataset, rectangles: Sequence[Rectangle]) -> Iterator[tuple[int, int, bytes]]:
    """As `_runs`, of YBR_FULL_422: two pixels of a row share their colour (Y Y Cb Cr, PS3.3 C.7.6.3.1.2).

    A pair that a rectangle touches goes as a whole: half of its colour would show what was beside it.
    """
    if ds.BitsAllocated != 8 or ds.Columns % 2 or ds.get("PlanarConfiguration", 0) != 0:
        raise ValueError("cannot mask YBR_FULL_422 that is not 8 bits, of even columns, colour by pixel")
    row_bytes = ds.Columns * 2
    for frame in range(int(ds.get("NumberOfFrames") or 1)):
        for left, top, across, down in rectangles:
            first, last = left // 2, -(-min(left + across, ds.Columns) // 2)
            for row in range(top, min(top + down, ds.Rows)):
                if last > first:
                    yield (frame * ds.Rows + row) * row_bytes + first * 4, last - first, bytes([0, 0, 128, 128])


def _black(ds: Dataset) -> list[int]:
    """The stored value of black, a sample each."""
    half = 1 << (ds.BitsStored - 1)
    if ds.PhotometricInterpretation.startswith("YBR"):
        return [0, half, half]
    if ds.PhotometricInterpretation == "PALETTE COLOR":
        return [_darkest(ds)]
    signed = ds.PixelRepresentation == 1
    low, high = (-half, half - 1) if signed else (0, 2 * half - 1)
    level = high if ds.PhotometricInterpretation == "MONOCHROME1" else low
    return [level % (1 << ds.BitsAllocated)] * int(ds.SamplesPerPixel)


def _darkest(ds: Dataset) -> int:
    """The index of the darkest colour of a palette."""
    sums = None
    for name in ("Red", "Green", "Blue"):
        entries, _first, bits = (int(number) for number in ds[f"{name}PaletteColorLookupTableDescriptor"].value)
        data = ds[f"{name}PaletteColorLookupTableData"].value
        levels = np.frombuffer(data, "<u2" if bits > 8 and len(data) >= 2 * (entries or 1 << 16) else np.uint8)
        sums = levels.astype(np.uint32) if sums is None else sums + levels
    assert sums is not None
    first = int(ds.RedPaletteColorLookupTableDescriptor[1])
    return int(first + np.argmin(sums))
