"""Values to grey levels: the VOI functions as tables over stored values (PS3.3 C.11.2); static/voi.js does the same."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.uint8]


class Window(NamedTuple):
    """One way to see values: a window, or the table of a VOI LUT."""

    centre: float
    width: float
    function: str = "LINEAR"  # LINEAR, LINEAR_EXACT, SIGMOID, LUT
    label: str = ""
    lut: bytes = b""  # function LUT: grey levels 0..255, the first for the modality value `lut_first`
    lut_first: int = 0


def grey(values: npt.NDArray[np.float64], window: Window) -> Table:
    """Grey levels 0..255 of modality values, rounded half up (PS3.3 C.11.2.1.2, C.11.2.1.3)."""
    if window.function == "LUT":
        table: Table = np.frombuffer(window.lut, np.uint8)
        index = np.clip(np.floor(values + 0.5) - window.lut_first, 0, len(table) - 1)
        found: Table = table[index.astype(np.int64)]
        return found
    centre, width = window.centre, window.width
    if window.function == "SIGMOID":
        exponent = np.clip(-4.0 * (values - centre) / max(width, 1e-9), -700.0, 700.0)
        part = 1.0 / (1.0 + np.exp(exponent))
    elif window.function == "LINEAR_EXACT":
        part = (values - centre) / max(width, 1e-9) + 0.5
    elif width <= 1.0:
        part = (values > centre - 0.5).astype(np.float64)
    else:
        part = (values - (centre - 0.5)) / (width - 1.0) + 0.5
    levels: Table = np.clip(np.floor(part * 255.0 + 0.5), 0.0, 255.0).astype(np.uint8)
    return levels


@lru_cache(maxsize=64)
def grey_table(signed: bool, slope: float, intercept: float, window: Window, inverted: bool) -> Table:
    """Grey levels of all 65 536 stored values, in the order of their bits as unsigned."""
    stored = np.arange(1 << 16, dtype=np.uint16)
    numbers = stored.view(np.int16) if signed else stored
    levels = grey(numbers.astype(np.float64) * slope + intercept, window)
    return 255 - levels if inverted else levels


def whole_range(lowest: float, highest: float) -> Window:
    """The window from the lowest value to the highest, both inside."""
    return Window((lowest + highest) / 2.0, max(highest - lowest, 1e-6), "LINEAR_EXACT")
