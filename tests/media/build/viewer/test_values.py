"""VOI functions against the formulas of PS3.3 C.11.2, written out the slow way."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.build.viewer.values import Window, grey, grey_table, whole_range


def slowly(x: float, window: Window) -> float:
    """The grey level before rounding, as the standard's pseudo code has it."""
    c, w = window.centre, window.width
    if window.function == "SIGMOID":
        return 255 / (1 + math.exp(min(-4 * (x - c) / w, 700)))
    if window.function == "LINEAR_EXACT":
        low, high, y = c - w / 2, c + w / 2, (x - c) / w + 0.5
    else:
        low, high = c - 0.5 - (w - 1) / 2, c - 0.5 + (w - 1) / 2
        y = (x - (c - 0.5)) / (w - 1) + 0.5 if w > 1 else 0.0
    return 0.0 if x <= low else 255.0 if x > high else y * 255


@given(
    st.floats(-3000, 3000),
    st.floats(1, 4000),
    st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
    st.lists(st.integers(-32768, 32767), min_size=1, max_size=50),
)
def test_windows_follow_the_standard(centre, width, function, values):
    window = Window(centre, width, function)
    found = grey(np.array(values, np.float64), window)
    for value, level in zip(values, found, strict=True):
        assert abs(float(level) - slowly(value, window)) <= 0.5 + 1e-6


def test_a_window_of_one_value_is_a_threshold():
    assert grey(np.array([9.0, 10.0, 11.0]), Window(10, 1)).tolist() == [0, 255, 255]


def test_a_voi_lut_keeps_its_ends_beyond_its_range():
    window = Window(0, 3, "LUT", "", bytes([10, 20, 30]), 100)
    assert grey(np.array([0.0, 100.0, 101.4, 102.0, 999.0]), window).tolist() == [10, 10, 20, 30, 30]


@pytest.mark.parametrize("signed", [False, True])
def test_the_table_is_in_the_order_of_the_bits(signed):
    table = grey_table(signed, 2.0, -1000.0, whole_range(-1000, 1000), False)
    stored = 0xFFFF
    value = (-1 if signed else stored) * 2.0 - 1000.0
    assert table[stored] == grey(np.array([value]), whole_range(-1000, 1000))[0]
    assert (grey_table(signed, 2.0, -1000.0, whole_range(-1000, 1000), True) == 255 - table).all()
