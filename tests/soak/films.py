"""Films of several kinds and sizes, each with images that no other film has, and what their PDFs must hold."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from benchmarks.node_client import encoded
from tests.printmgr.scp import requests

LUT_CLASS = "1.2.840.10008.5.1.1.23"
LUT_UID = "1.2.826.0.1.3680043.9.3811.9.1"
LUT = [4095 - (i * 4095 + 127) // 255 for i in range(256)]  # of 8 bits: negative


@dataclass(frozen=True, slots=True)
class Kind:
    """What a film is like."""

    name: str
    display_format: str
    images: int
    rows: int
    columns: int
    size: str = "14INX17IN"
    orientation: str = "PORTRAIT"
    bits: int = 8
    inverted: bool = False
    lut: str = ""  # "", "IDENTITY" or "TABLE"


KINDS = (
    Kind("CR", "STANDARD\\1,1", 1, 2560, 2048, bits=12),
    Kind("CT sheet", "STANDARD\\4,5", 20, 256, 256),
    Kind("MR", "STANDARD\\2,2", 4, 512, 512, size="11INX14IN", orientation="LANDSCAPE"),
    Kind("with a LUT", "STANDARD\\1,2", 2, 300, 400, size="8INX10IN", lut="TABLE"),
    Kind("identity", "ROW\\1,2", 3, 200, 320, size="10INX12IN", lut="IDENTITY"),
    Kind("inverted", "COL\\2,1", 3, 320, 200, size="A4", inverted=True),
    Kind("small", "STANDARD\\1,1", 1, 64, 48, size="24CMX30CM"),
    Kind("12 bits", "STANDARD\\3,4", 12, 192, 192, bits=12),
)

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


def pixels(kind: Kind, film: int, position: int) -> Pixels:
    """A ramp whose first rows are noise of this film and position alone."""
    base: Pixels = _ramp(kind.rows, kind.columns, kind.bits).copy()
    noise = np.random.default_rng((film, position)).integers(0, 1 << kind.bits, (8, kind.columns))
    base[:8] = noise
    return base


@lru_cache(maxsize=32)
def _ramp(rows: int, columns: int, bits: int) -> Pixels:
    y, x = np.mgrid[0:rows, 0:columns]
    type_ = np.uint8 if bits == 8 else np.uint16
    return ((x * 3 + y) * ((1 << bits) - 1) // (3 * columns + rows)).astype(type_)


def gray(kind: Kind, values: Pixels) -> bytes:
    """The pixels as the PDF has them: round half up of p * 255 / (2^bits - 1)."""
    last = (1 << kind.bits) - 1
    table = np.arange(1 << kind.bits, dtype=np.int64)
    if kind.inverted:
        table = table[::-1]
    if kind.lut == "TABLE":
        table, last = np.array(LUT)[table], 4095
    return ((table * 510 + last) // (2 * last)).astype(np.uint8)[values].tobytes()


@dataclass(frozen=True, slots=True)
class FilmRequest:
    """The data sets of a film, and the hash of all its images."""

    name: str
    kind: Kind
    images: list[bytes]
    digest: str

    def box(self, session: str) -> bytes:
        """The data set of the film box."""
        said = requests.film_box(session, self.kind.display_format)
        said.FilmSizeID, said.FilmOrientation = self.kind.size, self.kind.orientation
        if self.kind.lut:
            said.ReferencedPresentationLUTSequence = requests.referenced(LUT_UID, LUT_CLASS)
        return encoded(said)

    def lut(self) -> bytes:
        """The data set of its Presentation LUT."""
        if self.kind.lut == "IDENTITY":
            return encoded(requests.item(PresentationLUTShape="IDENTITY"))
        return encoded(requests.lut(LUT, 12))


def film(number: int, kind: Kind) -> FilmRequest:
    """Film `number`."""
    images, hashes = [], []
    for position in range(1, kind.images + 1):
        values = pixels(kind, number, position)
        images.append(encoded(requests.image_box(_image(kind, values), position=position)))
        hashes.append(hashlib.sha256(gray(kind, values)).hexdigest())
    return FilmRequest(f"film {number} ({kind.name})", kind, images, digest_of(hashes))


def digest_of(hashes: list[str]) -> str:
    """One hash for the hashes of all images, in their order."""
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def _image(kind: Kind, values: Pixels) -> Dataset:
    more: dict[str, object] = {}
    if kind.bits > 8:
        more = {"BitsAllocated": 16, "BitsStored": kind.bits, "HighBit": kind.bits - 1}
    if kind.inverted:
        more["PhotometricInterpretation"] = "MONOCHROME1"
    return requests.image(kind.rows, kind.columns, values.tobytes(), **more)
