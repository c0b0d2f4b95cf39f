"""Print requests as an SCU builds them."""

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pynetdicom.dsutils import encode

from printmgr.scp.encoded import ENCODINGS
from printmgr.scp.values import Values, read

IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
SYNTAXES = [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE]


def encoded(data_set: Dataset, syntax: str = EXPLICIT_LE) -> bytes:
    encoding = ENCODINGS[syntax]
    if not data_set:
        return b""
    data = encode(data_set, encoding.implicit, not encoding.big_endian)
    assert data is not None
    return data


def values(data_set: Dataset, syntax: str = EXPLICIT_LE) -> Values:
    return read(encoded(data_set, syntax), ENCODINGS[syntax])


def item(**attributes: object) -> Dataset:
    data_set = Dataset()
    for keyword, value in attributes.items():
        setattr(data_set, keyword, value)
    return data_set


def referenced(uid: str, sop_class: str = "1.2.840.10008.5.1.1.1") -> Sequence:
    return Sequence([item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=uid)])


def film_box(session_uid: str, image_display_format: str = "STANDARD\\1,1", **attributes: object) -> Dataset:
    return item(
        ImageDisplayFormat=image_display_format, ReferencedFilmSessionSequence=referenced(session_uid), **attributes
    )


def image(rows: int = 16, columns: int = 16, pixels: bytes | None = None, **attributes: object) -> Dataset:
    """An 8-bit image; `attributes` override, those of None are left out."""
    said: dict[str, object] = {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "PixelData": bytes(range(256)) * (rows * columns // 256 + 1) if pixels is None else pixels,
    }
    if pixels is None:
        said["PixelData"] = bytes(i % 256 for i in range(rows * columns))
    said.update(attributes)
    data_set = item(**{keyword: value for keyword, value in said.items() if value is not None})
    if "PixelData" in data_set:
        data_set["PixelData"].VR = "OB" if said["BitsAllocated"] == 8 else "OW"
    return data_set


def image_box(*images: Dataset, position: int | None = 1, **attributes: object) -> Dataset:
    data_set = item(BasicGrayscaleImageSequence=Sequence(images), **attributes)
    if position is not None:
        data_set.ImageBoxPosition = position
    return data_set


def lut(entries: list[int], bits: int, descriptor: list[int] | None = None, first: int = 0) -> Dataset:
    """A Presentation LUT Sequence with words of `entries`."""
    data = b"".join(entry.to_bytes(2, "little") for entry in entries)
    table = item(LUTDescriptor=descriptor or [len(entries) & 0xFFFF, first, bits], LUTData=data)
    table["LUTData"].VR = "OW"
    return item(PresentationLUTSequence=Sequence([table]))
