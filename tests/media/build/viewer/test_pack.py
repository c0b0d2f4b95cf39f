"""Packs hold the values: what the viewer's own reading gives back, written out here."""

import zlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from media.build.viewer.pack import packed


def unpacked(data: bytes, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """As static/pack.js does it."""
    width = dtype.itemsize
    raw = np.frombuffer(zlib.decompress(data, -15), np.uint8).reshape(width, -1)
    folded = np.ascontiguousarray(raw.T).view(f"<u{width}").reshape(shape).copy()
    values = (folded >> 1) ^ (0 - (folded & 1)).astype(folded.dtype)
    values[0] = np.cumsum(values[0], 0, dtype=folded.dtype)
    return np.cumsum(values, 0, dtype=folded.dtype).view(dtype)


shapes = st.one_of(
    st.tuples(st.integers(1, 9), st.integers(1, 9)), st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))
)


@given(st.sampled_from([np.uint8, np.uint16, np.int16]).flatmap(lambda kind: arrays.arrays(kind, shapes)))
def test_every_value_comes_back(frame):
    assert (unpacked(packed(frame), frame.shape, frame.dtype) == frame).all()
