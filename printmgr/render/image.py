"""An image's samples as a PDF has them: predicted, deflated once, lossless."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

UP = 2  # PNG filter type of a row: the difference to the row above
LEVEL = 1  # of isal; level 3 takes twice as long and saves 2 %


@dataclass(frozen=True, slots=True)
class Compressed:
    """The samples of an image, predicted and deflated."""

    columns: int
    rows: int
    colors: int  # 1 grey, 3 RGB
    bits: int  # a sample: 8 or 16
    data: bytes

    def entries(self, color_space: str = "") -> str:
        """Its stream dictionary (ISO 32000-1, 8.9.5 and 7.4.4.4; predictor 15 is PNG, for each row its own).

        Without /Interpolate, which PDF/A forbids to be true.
        color_space  a PDF object; "": that of the device
        """
        space = color_space or ("/DeviceRGB" if self.colors == 3 else "/DeviceGray")
        return (
            f"/Type /XObject /Subtype /Image /Width {self.columns} /Height {self.rows} /ColorSpace {space}"
            f" /BitsPerComponent {self.bits} /Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors {self.colors}"
            f" /BitsPerComponent {self.bits} /Columns {self.columns} >>"
        )


def compress(samples: Samples) -> Compressed:
    """Deflate samples, (rows, columns) grey or (rows, columns, 3) RGB, of 8 or 16 bits."""
    rows, columns = samples.shape[:2]
    colors = 1 if samples.ndim == 2 else samples.shape[2]
    return Compressed(columns, rows, colors, 8 * samples.dtype.itemsize, isal_zlib.compress(predicted(samples), LEVEL))


def predicted(samples: Samples) -> npt.NDArray[np.uint8]:
    """The rows as bytes, high byte first, each as difference to the row above behind its PNG filter type.

    >>> predicted(np.array([[1, 2], [3, 2]], np.uint8)).tolist()
    [[2, 1, 2], [2, 2, 0]]
    """
    rows = len(samples)
    ordered = samples if samples.dtype.itemsize == 1 else samples.astype(">u2")
    data = np.ascontiguousarray(ordered).reshape(rows, -1).view(np.uint8)
    out = np.empty((rows, data.shape[1] + 1), np.uint8)
    out[:, 0] = UP
    out[0, 1:] = data[0]
    np.subtract(data[1:], data[:-1], out=out[1:, 1:])
    return out
