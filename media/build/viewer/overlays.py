"""Overlay planes of an image (PS3.3 C.9.2): what is drawn over each frame, apart from its pixels."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pydicom import Dataset

from media.build.viewer.decoded import raw_frames
from media.build.viewer.pack import deflated

GROUPS = range(0x6000, 0x6020, 2)
ROWS, COLUMNS, ORIGIN, ALLOCATED, POSITION, DATA = 0x0010, 0x0011, 0x0050, 0x0100, 0x0102, 0x3000
FRAMES, FIRST_FRAME, DESCRIPTION, LABEL = 0x0015, 0x0051, 0x0022, 0x1500

Bits = npt.NDArray[np.uint8]


class Plane(NamedTuple):
    """One plane over one frame."""

    rows: int
    columns: int
    top: int  # of its first row in the frame, from 0
    left: int
    label: str
    bits: bytes  # row by row, the least significant bit first, raw deflate


def planes(image: Dataset) -> dict[int, list[Plane]]:
    """The planes over each frame that has some, by its number from 0; a broken one is none, the image stays."""
    found: dict[int, list[Plane]] = {}
    for group in GROUPS:
        if (group, ROWS) in image:
            with suppress(ValueError, TypeError, AttributeError, KeyError, IndexError):
                for number, bits in _by_frame(image, group):
                    if bits.any():
                        found.setdefault(number, []).append(_plane(image, group, bits))
    return found


def _plane(image: Dataset, group: int, bits: Bits) -> Plane:
    top, left = (int(part) for part in _value(image, group, ORIGIN) or (1, 1))
    label = str(_value(image, group, LABEL) or _value(image, group, DESCRIPTION) or "")
    packed = np.packbits(bits, bitorder="little").tobytes()
    return Plane(bits.shape[0], bits.shape[1], top - 1, left - 1, label, deflated(packed))


def _by_frame(image: Dataset, group: int) -> Iterator[tuple[int, Bits]]:
    """Number of a frame, and the bits (rows, columns) over it."""
    rows, columns = int(_value(image, group, ROWS)), int(_value(image, group, COLUMNS))
    frames = int(image.get("NumberOfFrames") or 1)
    data = _value(image, group, DATA)
    if data is None:
        yield from _in_pixels(image, int(_value(image, group, POSITION) or 0))
        return
    all_bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    count = int(_value(image, group, FRAMES) or 1)
    if (group, FRAMES) not in image and (group, FIRST_FRAME) not in image:
        for number in range(frames):
            yield number, all_bits[: rows * columns].reshape(rows, columns)
        return
    first = int(_value(image, group, FIRST_FRAME) or 1) - 1
    for number in range(min(count, frames - first)):
        yield first + number, all_bits[number * rows * columns : (number + 1) * rows * columns].reshape(rows, columns)


def _in_pixels(image: Dataset, position: int) -> Iterator[tuple[int, Bits]]:
    """Bits beside the values, as images had them until 2004."""
    if int(image.BitsAllocated) not in (8, 16) or not 0 <= position < int(image.BitsAllocated):
        return
    for number, frame in enumerate(raw_frames(image)):
        yield number, ((frame.view(f"u{frame.dtype.itemsize}") >> position) & 1).astype(np.uint8)


def _value(image: Dataset, group: int, element: int) -> Any:
    return image[group, element].value if (group, element) in image else None
