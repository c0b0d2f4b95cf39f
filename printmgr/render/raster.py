"""From encoded pixels to greys and colours of the PDF: one table lookup a pixel, whatever an image says of its bits."""

import logging
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from printmgr.errors import BadPixels
from printmgr.film.layout import Window
from printmgr.film.model import Image, MagnificationType, PixelFormat

log = logging.getLogger(__name__)

cv2.setNumThreads(0)  # its waiting threads spin: twice the CPU time for nothing where films are drawn side by side

Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

WIDEST = 16  # bits that are kept of a wider pixel
INTERPOLATIONS = {
    MagnificationType.REPLICATE: cv2.INTER_NEAREST_EXACT,
    MagnificationType.BILINEAR: cv2.INTER_LINEAR,
    MagnificationType.CUBIC: cv2.INTER_CUBIC,
    MagnificationType.NONE: cv2.INTER_NEAREST_EXACT,
}


@dataclass(frozen=True, slots=True)
class Bits:
    """Where a pixel's value lies in its word. What print does not allow has one sensible meaning here too."""

    allocated: int  # 8, 16 or 32
    stored: int
    shift: int
    signed: bool

    @property
    def kept(self) -> int:
        """The bits of the values that this module gives."""
        return min(self.stored, WIDEST)


def bits_of(image: PixelFormat) -> Bits:
    """Read Bits Allocated, Bits Stored and High Bit leniently. Raises BadPixels.

    >>> bits_of(PixelFormat(1, 1, bits_allocated=16, bits_stored=12, high_bit=15))
    Bits(allocated=16, stored=12, shift=4, signed=False)
    """
    allocated, stored, high = image.bits_allocated, image.bits_stored, image.high_bit
    if allocated not in (8, 16, 32):
        raise BadPixels(f"Bits Allocated is {allocated}; expected 8, 16 or 32")
    if not 1 <= stored <= allocated:
        stored = allocated
    if not stored <= high + 1 <= allocated:
        high = stored - 1
    return Bits(allocated, stored, high + 1 - stored, image.pixel_representation == 1)


def grays(
    image: Image,
    folder: Path,
    transfer: Samples,
    window: Window,
    size: tuple[int, int] | None = None,
    magnification_type: MagnificationType = MagnificationType.CUBIC,
) -> Samples:
    """Grey levels (rows, columns) of the shown part of an image, in the type of `transfer`. Raises BadPixels.

    folder    where the data set with the pixels lies
    transfer  grey level of every value of `Bits.kept` bits (`density.transfer_table`); signed pixels count from the
              least value on
    window    the rows and columns shown
    size      columns and rows to draw it with; None: its own pixels
    """
    bits, big_endian = bits_of(image.format), image.pixels.big_endian
    words = shown(read(image, folder), window)
    if words.ndim == 2 and size is None:
        return lookup(words, table_of_words(bits, big_endian, transfer.dtype.str, transfer.tobytes()))
    values = lookup(words, useful(value_of_word(bits, big_endian)))
    values = luma(values, image.format) if values.ndim == 3 else values
    if size is not None:
        values = resized(values, size, magnification_type)
    return looked_up(values, transfer)


def colors(
    image: Image,
    folder: Path,
    transfer: Samples,
    window: Window,
    size: tuple[int, int] | None = None,
    magnification_type: MagnificationType = MagnificationType.CUBIC,
) -> Samples:
    """Red, green and blue (rows, columns, 3) of the shown part of an image of colour; else as `grays`."""
    bits = bits_of(image.format)
    values = lookup(shown(read(image, folder), window), useful(value_of_word(bits, image.pixels.big_endian)))
    if image.format.photometric_interpretation == "YBR_FULL":
        values = rgb_of_ybr(values, bits.kept)
    if size is not None:
        values = resized(values, size, magnification_type)
    return looked_up(values, transfer)


def looked_up(values: Samples, transfer: Samples) -> Samples:
    """What `transfer` says of values that may be beyond its last: cubic interpolation overshoots."""
    return lookup(values, useful(transfer[np.minimum(np.arange(1 << 8 * values.itemsize), len(transfer) - 1)]))


def rgb_of_ybr(values: Samples, bits: int) -> Samples:
    """YBR_FULL (PS3.3 C.7.6.3.1.2) of `bits` bits as RGB."""
    luminance, blue, red = np.moveaxis(values.astype(np.float32), -1, 0)
    blue, red = blue - (1 << bits - 1), red - (1 << bits - 1)
    rgb = np.stack(
        [luminance + 1.402 * red, luminance - 0.344136 * blue - 0.714136 * red, luminance + 1.772 * blue], axis=-1
    )
    return np.clip(np.rint(rgb), 0, (1 << bits) - 1).astype(values.dtype)  # type: ignore[no-any-return]


def read(image: Image, folder: Path) -> Samples:
    """The words of an image as they are in its file, (rows, columns) or (rows, columns, 3); 32 bits cut to 16.

    Pixels that are missing count as 0, and what is too much is left out (both are seen in the field); less than half
    of an image is none. Raises BadPixels.
    """
    expected, form = expected_bytes(image.format), image.format
    data = pixel_data(image, folder)
    if len(data) * 2 < expected or not len(data):
        raise BadPixels(f"Pixel Data has {len(data)} bytes; {form.rows} x {form.columns} pixels need {expected}")
    if len(data) < expected or len(data) > expected + 1:
        log.warning("Pixel Data has %d bytes instead of %d; padded or cut", len(data), expected)
    if len(data) < expected:
        data = np.concatenate([data, np.zeros(expected - len(data), np.uint8)])
    return shaped(words_of(data[:expected], bits_of(form), image.pixels.big_endian), form)


def expected_bytes(image: PixelFormat) -> int:
    """The bytes that Pixel Data needs. Raises BadPixels for what has no such number."""
    if image.samples_per_pixel not in (1, 3):
        raise BadPixels(f"Samples per Pixel is {image.samples_per_pixel}; expected 1 or 3")
    if image.photometric_interpretation == "YBR_FULL_422":
        raise BadPixels("Photometric Interpretation is 'YBR_FULL_422'; expected one sample of each colour a pixel")
    if min(image.rows, image.columns) < 1:
        raise BadPixels(f"Rows x Columns is {image.rows} x {image.columns}; expected at least 1 x 1")
    return image.rows * image.columns * image.samples_per_pixel * bits_of(image).allocated // 8


def pixel_data(image: Image, folder: Path) -> npt.NDArray[np.uint8]:
    """The bytes of Pixel Data that the file has. Raises BadPixels when it has none.

    Read and not mapped: a disk error is then an error of this film and not the end of the process.
    """
    pixels = image.pixels
    try:
        with open(os.path.join(folder, pixels.file), "rb", buffering=0) as file:  # noqa: PTH118, PTH123  # each image
            length = min(pixels.length, os.fstat(file.fileno()).st_size - pixels.offset)
            if length <= 0:
                raise BadPixels(f"{pixels.file} ends before byte {pixels.offset}; expected Pixel Data there")
            file.seek(pixels.offset)
            data = np.empty(length, np.uint8)
            return data[: file.readinto(data.data)]
    except FileNotFoundError as error:
        raise BadPixels(f"{pixels.file} is missing; expected the data set of an image") from error


def words_of(data: npt.NDArray[np.uint8], bits: Bits, big_endian: bool) -> Samples:
    """Bytes as words of 8 or 16 bits."""
    if bits.allocated == 8:
        return data if not big_endian else swapped_pairs(data)
    if bits.allocated == 16:
        return data.view(np.uint16)
    wide = np.frombuffer(data, ">u4" if big_endian else "<u4")
    mask = (1 << bits.stored) - 1
    return (((wide >> bits.shift) & mask) >> (bits.stored - bits.kept)).astype(np.uint16)


def swapped_pairs(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Bytes that lie in big endian words, in their order (PS3.5 8.1.1); a last odd one stays."""
    out = data.copy()
    even = len(data) & ~1
    out[:even].view(np.uint16).byteswap(inplace=True)
    return out


def shaped(words: Samples, image: PixelFormat) -> Samples:
    if image.samples_per_pixel == 1:
        return words.reshape(image.rows, image.columns)
    if image.planar_configuration == 1:
        return words.reshape(3, image.rows, image.columns).transpose(1, 2, 0)
    return words.reshape(image.rows, image.columns, 3)


def shown(words: Samples, window: Window) -> Samples:
    return words[window.top : window.top + window.rows, window.left : window.left + window.columns]


@lru_cache(maxsize=32)
def value_of_word(bits: Bits, big_endian: bool) -> Samples:
    """The value 0..2^kept-1 of every word of 8 or 16 bits: swapped, shifted, masked, and signed ones counted from 0."""
    words: Samples = np.arange(1 << 8, dtype=np.uint8) if bits.allocated == 8 else np.arange(1 << 16, dtype=np.uint16)
    if bits.allocated == 16 and big_endian:
        words = words.byteswap()
    shift = 0 if bits.allocated == 32 else bits.shift  # those are shifted in words_of
    sign = 1 << (bits.kept - 1) if bits.signed else 0
    values = ((words.astype(np.int64) >> shift & (1 << bits.kept) - 1) ^ sign).astype(words.dtype)
    values.setflags(write=False)
    return cast(Samples, values)


@lru_cache(maxsize=32)
def table_of_words(bits: Bits, big_endian: bool, kind: str, transfer: bytes) -> Samples:
    """The grey level of every word; `kind` and `transfer` are the type and the bytes of a transfer table."""
    return useful(np.frombuffer(transfer, kind)[value_of_word(bits, big_endian)])


def useful(table: Samples) -> Samples:
    """A table over all words, read-only; empty when it leaves the words as they are."""
    if len(table) == 1 << 8 * table.itemsize and np.array_equal(table, np.arange(len(table))):
        table = table[:0]
    table.setflags(write=False)
    return table


def lookup(words: Samples, table: Samples) -> Samples:
    """What a `useful` table says of each word."""
    return cast(Samples, cv2.LUT(words, table)) if len(table) else words


def luma(values: Samples, image: PixelFormat) -> Samples:
    """Colour as grey by ITU-R BT.601, as a printer without colour shows it."""
    if image.photometric_interpretation == "YBR_FULL":
        return cast(Samples, np.ascontiguousarray(values[..., 0]))
    return cast(Samples, cv2.cvtColor(np.ascontiguousarray(values), cv2.COLOR_RGB2GRAY))


def resized(values: Samples, size: tuple[int, int], magnification_type: MagnificationType) -> Samples:
    """`values` with `size` columns and rows: larger by Magnification Type, smaller by the mean of what falls together.

    >>> resized(np.array([[0, 8], [4, 4]], np.uint8), (1, 1), MagnificationType.CUBIC).tolist()
    [[4]]
    """
    (columns, rows), (old_rows, old_columns) = size, values.shape[:2]
    smaller = min(columns, old_columns), min(rows, old_rows)
    if smaller != (old_columns, old_rows):
        values = scaled(values, smaller, cv2.INTER_AREA)
    return scaled(values, size, INTERPOLATIONS[magnification_type]) if smaller != size else values


def scaled(values: Samples, size: tuple[int, int], interpolation: int) -> Samples:
    return cast(Samples, cv2.resize(np.ascontiguousarray(values), size, interpolation=interpolation))
