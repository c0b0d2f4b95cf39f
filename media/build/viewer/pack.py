"""Real values for the viewer: a frame's stored values, predicted, split into bytes, deflated (static/pack.js reads).

Each value has the one above taken off (the first row: the one to the left), modulo its width; the difference is folded
so that small ones have small numbers (zigzag); all low bytes come before all high bytes.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

_LEVEL = 1


def packed(frame: npt.NDArray[Any]) -> bytes:
    """A frame (rows, columns) or (rows, columns, 3) of 8 or 16 bits as raw deflate."""
    width = frame.dtype.itemsize
    values = np.ascontiguousarray(frame).view(f"u{width}")
    difference = np.empty_like(values)
    difference[1:] = values[1:] - values[:-1]
    difference[0, 1:] = values[0, 1:] - values[0, :-1]
    difference[0, 0] = values[0, 0]
    signed = difference.view(f"i{width}")
    folded = (signed << 1) ^ (signed >> (8 * width - 1))
    halves = folded.reshape(-1).view(np.uint8).reshape(-1, width)
    return deflated(np.ascontiguousarray(halves.T).tobytes())


def deflated(data: bytes) -> bytes:
    """Raw deflate."""
    deflater = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -15)
    return bytes(deflater.compress(data) + deflater.flush())
