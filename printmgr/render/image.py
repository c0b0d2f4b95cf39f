"""A PDF image whose stream is compressed before reportlab sees it: neither hashed nor compressed again."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from isal import isal_zlib
from reportlab.pdfbase.pdfdoc import PDFDocument, PDFObject
from reportlab.pdfgen.canvas import Canvas

Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

UP = 2  # PNG filter type of a row: the difference to the row above
LEVEL = 1  # of isal; level 3 takes twice as long and saves 2 %


class PdfImage(PDFObject):  # type: ignore[misc]  # reportlab has no types
    """An Image XObject of compressed samples; lossless, without /Interpolate (which PDF/A forbids to be true)."""

    __RefOnly__ = 1  # reportlab: an object of its own in the file

    def __init__(self, samples: "Compressed") -> None:
        self.samples = samples

    def format(self, document: PDFDocument) -> bytes:
        """The object as it stands in the file; EOL before endstream as PDF/A wants it (ISO 19005-2, 6.1.7.1)."""
        data = document.encrypt.encode(self.samples.data)
        return b"".join((self.samples.dictionary(len(data)), b"\nstream\n", data, b"\nendstream\n"))


@dataclass(frozen=True, slots=True)
class Compressed:
    """The samples of an image, predicted and deflated."""

    columns: int
    rows: int
    colors: int  # 1 grey, 3 RGB
    bits: int  # a sample: 8 or 16
    data: bytes

    def dictionary(self, length: int) -> bytes:
        """The stream dictionary (ISO 32000-1, 8.9.5 and 7.4.4.4; predictor 15 is PNG, for each row its own)."""
        space = "DeviceRGB" if self.colors == 3 else "DeviceGray"
        return (
            f"<< /Type /XObject /Subtype /Image /Width {self.columns} /Height {self.rows}"
            f" /ColorSpace /{space} /BitsPerComponent {self.bits} /Filter /FlateDecode"
            f" /DecodeParms << /Predictor 15 /Colors {self.colors} /BitsPerComponent {self.bits}"
            f" /Columns {self.columns} >> /Length {length} >>"
        ).encode("ascii")


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


def draw(canvas: Canvas, image: PdfImage, name: str, x: float, y: float, width: float, height: float) -> None:
    """Draw an image with its lower left corner at (x, y), in points.

    name  unique in the document; ASCII letters, digits and underscore only, as it becomes a PDF name
    """
    canvas._doc.addForm(name, image)  # reportlab has no public way to add an XObject; its own drawImage does the same
    canvas.addLiteral(f"q {width:.6f} 0 0 {height:.6f} {x:.6f} {y:.6f} cm")
    canvas.doForm(name)  # also lists it among the page's resources, without which viewers draw nothing
    canvas.addLiteral("Q")
