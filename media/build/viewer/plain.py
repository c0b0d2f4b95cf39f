"""Images that need no decoder, read without pydicom: one frame of one sample, native, little endian, no odd modules.

Most of what goes on discs is such: CT, MR, PET, projection radiographs. Whatever is not is left to pydicom, with the
same result (tests/media/build/viewer/test_plain.py compares).
"""

import io
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from media.build.companions import CODECS
from media.fileset.elements import UNDEFINED
from media.fileset.transfer_syntaxes import EXPLICIT_LE, IMPLICIT_LE
from media.index.flaws import Flaw, Odd
from media.index.keys import first_four
from media.index.walk import EXPLICIT, IMPLICIT, LONG, SHORT, Header, skip_value
from media.index.window import Window

LARGEST_BYTES = 256 << 20

# keyword, tag, VR: what describe.py, geometry.py and picture.py ask for
ELEMENTS = """
    PatientName 00100010 PN                   PatientID 00100020 LO
    PatientBirthDate 00100030 DA              PatientSex 00100040 CS
    StudyDate 00080020 DA                     StudyTime 00080030 TM
    StudyDescription 00081030 LO              AccessionNumber 00080050 SH
    ReferringPhysicianName 00080090 PN        InstitutionName 00080080 LO
    Modality 00080060 CS                      SeriesNumber 00200011 IS
    SeriesDescription 0008103E LO             BodyPartExamined 00180015 CS
    ProtocolName 00181030 LO                  InstanceNumber 00200013 IS
    ContentTime 00080033 TM                   AcquisitionTime 00080032 TM
    FrameTime 00181063 DS                     FrameTimeVector 00181065 DS
    CineRate 00180040 IS                      RecommendedDisplayFrameRate 00082144 IS
    ViewPosition 00185101 CS                  LossyImageCompression 00282110 CS
    ImageLaterality 00200062 CS               Laterality 00200060 CS
    ImagePositionPatient 00200032 DS          ImageOrientationPatient 00200037 DS
    FrameOfReferenceUID 00200052 UI
    PatientOrientation 00200020 CS            SliceLocation 00201041 DS
    SliceThickness 00180050 DS                PixelSpacing 00280030 DS
    ImagerPixelSpacing 00181164 DS            NominalScannedPixelSpacing 00182010 DS
    PixelSpacingCalibrationType 00280A02 CS   PixelAspectRatio 00280034 IS
    RescaleSlope 00281053 DS                  RescaleIntercept 00281052 DS
    RescaleType 00281054 LO                   WindowCenter 00281050 DS
    WindowWidth 00281051 DS                   WindowCenterWidthExplanation 00281055 LO
    VOILUTFunction 00281056 CS                PixelPaddingValue 00280120 US
    NumberOfFrames 00280008 IS                SamplesPerPixel 00280002 US
    PhotometricInterpretation 00280004 CS     Rows 00280010 US
    Columns 00280011 US                       BitsAllocated 00280100 US
    BitsStored 00280101 US                    PixelRepresentation 00280103 US
    SpecificCharacterSet 00080005 CS          TransferSyntaxUID 00020010 UI
"""
_WORDS = ELEMENTS.split()
VRS = dict(zip(_WORDS[::3], _WORDS[2::3], strict=True))
KEYWORDS = {first_four(int(tag, 16)): word for word, tag in zip(_WORDS[::3], _WORDS[1::3], strict=True)}
PIXEL_DATA = first_four(0x7FE00010)
ODD = frozenset(  # what changes how the pixels are seen, and takes more than a look
    map(
        first_four,
        (0x00186011, 0x00283000, 0x00283010, 0x52009229, 0x52009230, 0x7FE00008, 0x7FE00009, 0x00281101, 0x00289145),
    )
)
OVERLAYS = 0x6000
_explicit = struct.Struct("<I2sH").unpack_from
_implicit = struct.Struct("<II").unpack_from
_long = struct.Struct("<I").unpack_from


class NotPlain(Exception):
    """For pydicom to read."""


class Plain:
    """The header of a plain image (media.build.viewer.attributes). Raises NotPlain for a value that is odd."""

    __slots__ = ("values",)

    def __init__(self, values: dict[str, bytes]) -> None:
        self.values = values

    def __contains__(self, keyword: object) -> bool:
        return keyword in self.values

    def get(self, keyword: str, default: Any = None, /) -> Any:
        value = self.values.get(keyword)
        if value is None:
            return default
        vr = VRS[keyword]
        try:
            if vr == "US":
                signed = keyword == "PixelPaddingValue" and self.get("PixelRepresentation") == 1
                return _SHORTS[signed].unpack(value)[0] if value else None
            if vr in _NUMBERS:
                text = _stripped(value.decode("ascii"))
                return _each(_NUMBERS[vr], text) if text else None
            return _each(_stripped, self.text(value))
        except (ValueError, struct.error) as error:
            raise NotPlain(f"{keyword}: {error}") from None

    def text(self, value: bytes) -> str:
        """A text in the image's character set."""
        if value.isascii() and b"\x1b" not in value:
            return value.decode("ascii")
        codec = CODECS.get(self.values.get("SpecificCharacterSet", b"").strip(b" \0"))
        if codec is None or b"\x1b" in value:
            raise NotPlain("a character set for pydicom")
        return value.decode(codec)


_NUMBERS: dict[str, Callable[[str], Any]] = {"DS": float, "IS": int}
_SHORTS = (struct.Struct("<H"), struct.Struct("<h"))


def _each(convert: Callable[[str], Any], text: str) -> Any:
    return [convert(part) for part in text.split("\\")] if "\\" in text else convert(text)


def _stripped(text: str) -> str:
    return text.rstrip("\0 ")


def read(source: Path) -> tuple[Plain, npt.NDArray[Any]]:
    """The header and the stored values (rows, columns) of a plain image. Raises NotPlain."""
    with source.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if not 256 < size <= LARGEST_BYTES:
            raise NotPlain(f"{size} bytes")
        data = file.read(size)
        if len(data) != size:
            raise NotPlain("fewer bytes than there were")
    return parsed(data)


def parsed(data: bytes) -> tuple[Plain, npt.NDArray[Any]]:
    """As `read`, of a file's bytes."""
    values, place = _elements(data)
    image = Plain(values)
    rows, columns, allocated = (image.get(word) for word in ("Rows", "Columns", "BitsAllocated"))
    if (
        image.get("SamplesPerPixel", 1) != 1
        or image.get("PhotometricInterpretation") not in ("MONOCHROME1", "MONOCHROME2")
        or (image.get("NumberOfFrames") or 1) != 1
        or allocated not in (8, 16)
        or not rows
        or not columns
        or rows * columns * allocated // 8 > place[1]
    ):
        raise NotPlain("not one whole frame of one sample")
    stored = np.frombuffer(data, f"<u{allocated // 8}", rows * columns, place[0])
    return image, stored.reshape(rows, columns)


def _elements(data: bytes) -> tuple[dict[str, bytes], tuple[int, int]]:
    """Values by keyword, and where the pixels begin and how many bytes they have."""
    if data[128:132] != b"DICM":
        raise NotPlain("no Part 10 header")
    values: dict[str, bytes] = {}
    at, _ = _walk(data, 132, False, 2, values)
    syntax = values.get("TransferSyntaxUID", b"").rstrip(b"\0 ").decode("latin-1")
    if syntax not in (EXPLICIT_LE, IMPLICIT_LE):
        raise NotPlain(syntax)
    at, length = _walk(data, at, syntax == IMPLICIT_LE, None, values)
    if length < 0 or at + length > len(data):
        raise NotPlain("no native pixels")
    return values, (at, length)


def _walk(data: bytes, at: int, implicit: bool, only_group: int | None, values: dict[str, bytes]) -> tuple[int, int]:
    """Take the values of the elements from `at` on, up to the pixels or the end of `only_group`.

    Gives where the pixels begin and their length; where the next group begins and -1.
    """
    end = len(data)
    while at + 12 <= end:
        first, length = _implicit(data, at)
        vr, value = b"", at + 8
        group = first & 0xFFFF
        if only_group is not None and group != only_group:
            return at, -1
        if not implicit:
            _, vr, length = _explicit(data, at)
            if vr not in SHORT:
                if vr not in LONG:
                    raise NotPlain("a VR that is none")
                (length,) = _long(data, value)
                value += 4
        if first == PIXEL_DATA:
            return value, (-1 if length == UNDEFINED else length)
        if first in ODD or (group & 0xFF00 == OVERLAYS and group & 1 == 0):
            raise NotPlain("it has more than pixels")
        if length == UNDEFINED:
            at = _after(data, Header(group << 16 | first >> 16, vr, length, value), implicit)
            continue
        keyword = KEYWORDS.get(first)
        if keyword is not None:
            values[keyword] = data[value : value + length]
        at = value + length
    raise NotPlain("no pixels")


def _after(data: bytes, found: Header, implicit: bool) -> int:
    """Where a sequence of undefined length ends."""
    window = Window(io.BytesIO(), len(data), data)
    try:
        return skip_value(window, found, IMPLICIT if implicit else EXPLICIT, 0)
    except (Flaw, Odd) as error:
        raise NotPlain(str(error)) from None
