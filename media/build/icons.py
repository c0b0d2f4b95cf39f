"""Icon images of directory records: decoded pixels -> a small gray picture (PS3.3 F.7, C.7.6.1.1.6)."""

import numpy as np
from numpy.typing import NDArray

LOW, HIGH = 1.0, 99.0
"""Percentiles shown as black and white: a few hot pixels do not darken the icon."""


def icon(pixels: NDArray[np.number], size: int, photometric_interpretation: str = "MONOCHROME2") -> bytes:
    """`size` x `size` pixels of 8 bits, MONOCHROME2, row by row; the picture keeps its shape on black.

    pixels  one decoded frame: rows x columns, or rows x columns x 3 as RGB; any number type
    """
    import cv2

    gray = as_gray(pixels)
    rows, columns = gray.shape
    scale = size / max(rows, columns)
    shape = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = stretched(np.atleast_2d(cv2.resize(gray, shape, interpolation=method)))
    if photometric_interpretation == "MONOCHROME1":
        small = 255 - small
    framed = np.zeros((size, size), np.uint8)
    top, left = (size - small.shape[0]) // 2, (size - small.shape[1]) // 2
    framed[top : top + small.shape[0], left : left + small.shape[1]] = small
    return framed.tobytes()


def as_gray(pixels: NDArray[np.number]) -> NDArray[np.float32]:
    """Gray values; of colours their luminance (ITU-R BT.601). Raises ValueError for another shape."""
    if pixels.ndim == 2:
        return pixels.astype(np.float32)
    if pixels.ndim == 3 and pixels.shape[2] == 3:
        return np.asarray(pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)
    raise ValueError(f"pixels of shape {pixels.shape}; expected rows x columns, or rows x columns x 3")


def stretched(gray: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Gray values over the full range of 8 bits; a flat picture becomes mid-gray."""
    low, high = np.percentile(gray, (LOW, HIGH))
    if high <= low:
        return np.full(gray.shape, 128, np.uint8)
    scaled = np.clip((gray - low) * (255.0 / (high - low)) + 0.5, 0, 255)
    return np.asarray(scaled, np.uint8)
