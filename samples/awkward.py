"""Files that are hard to put on a disc, each wrong or rare in one way. Deterministic: same bytes each time."""

import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from samples.make import CT, instance, put_pixels, uid
from samples.record_types import hanging_protocol, palette, write_record_types

__all__ = ["INDEX_REASONS", "encoded", "image", "write_awkward", "write_record_types"]

INDEX_REASONS = {
    "duplicate_2": "duplicate",
    "other_bytes_1": "same-uid-other-bytes",
    "other_bytes_2": "same-uid-other-bytes",
    "two_names_1": "patient-two-names",
    "two_names_2": "patient-two-names",
    "two_issuers_1": "patient-two-issuers",
    "two_issuers_2": "patient-two-issuers",
    "study_two_patients_1": "study-two-patients",
    "study_two_patients_2": "study-two-patients",
    "series_two_studies_1": "series-two-studies",
    "series_two_studies_2": "series-two-studies",
    "no_part_10": "no-file-meta",
    "no_preamble": "no-file-meta",
    "zero_bytes": "empty-file",
    "junk": "not-dicom",
    "truncated_pixels": "truncated",
    "truncated_header": "truncated",
    "truncated_fragment": "truncated",
    "length_beyond_file": "truncated",
    "sequence_beyond_file": "truncated",
    "deep": "too-deep",
    "deep_defined": "too-deep",
    "deflate_bomb": "bomb",
    "DICOMDIR": "dicomdir",
    "link_outside": "outside",
    "folder_link_outside": "outside",
    "fifo": "unreadable",
    "zip_bomb.zip!big.dcm": "bomb",
    "hostile.zip!../../evil.dcm": "outside",
    "hostile.zip!/evil.dcm": "outside",
    "hostile.zip!C:\\evil.dcm": "outside",
    "hostile.zip!nested.zip": "not-dicom",
}
"""What the index says of each name that it does not take; every other name of `write_awkward` is an instance."""

NAMES = {
    "latin1": ("ISO_IR 100", "Müller^Jörg"),
    "greek": ("ISO_IR 126", "Παπαδόπουλος^Γιώργος"),
    "japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "korean": (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    "utf8": ("ISO_IR 192", "Nguyễn^Thị=阮^氏"),
}


def image(name: str, number: int = 1, patient: str | None = None) -> Dataset:
    """A CT image of 16x16 pixels; patient, study and series are `name`'s own unless `patient` says otherwise."""
    ds = instance(CT, "CT", patient or name.replace("_", "-")[:20], patient or name, 1, number)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid("awkward", name, number)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.ImagePositionPatient, ds.ImageOrientationPatient = ["0", "0", str(number)], ["1", "0", "0", "0", "1", "0"]
    ds.PixelSpacing, ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = ["1", "1"], uid(name, "frame"), ""
    ds.SliceThickness, ds.KVP, ds.AcquisitionNumber = "1", "120", 1
    ds.RescaleIntercept, ds.RescaleSlope = "-1024", "1"
    pixels = (np.arange(256, dtype=np.uint16) * 7 + len(name) + number).reshape(16, 16)
    return put_pixels(ds, pixels, 12)


def encoded(ds: Dataset) -> bytes:
    """The data set as a Part 10 file in the transfer syntax of its file meta."""
    buffer = BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _changed(**values: object) -> Callable[[str], bytes]:
    """Maker of an image with `values` set, by keyword."""

    def make(name: str) -> bytes:
        ds = image(name)
        for keyword, value in values.items():
            setattr(ds, keyword, value)
        return encoded(ds)

    return make


def _in_syntax(transfer_syntax: str) -> Callable[[str], bytes]:
    def make(name: str) -> bytes:
        ds = image(name)
        ds.file_meta.TransferSyntaxUID = transfer_syntax
        return encoded(ds)

    return make


def _private_sop_class(name: str) -> bytes:
    ds = image(name)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.826.0.1.3680043.8.498.999.1"
    return encoded(ds)


def _cut(name: str, pattern: bytes, keep: int) -> bytes:
    """The file of an image up to `keep` bytes after the start of `pattern`."""
    data = encoded(image(name))
    return data[: data.index(pattern) + keep]


def _cut_fragment(name: str) -> bytes:
    """Encapsulated pixel data whose last fragment is longer than the file."""
    data = encoded(image(name))
    head = data[: data.index(b"\xe0\x7f\x10\x00")].replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")
    pixel_data = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\0\0\0\0"
    return head + pixel_data + b"\xfe\xff\x00\xe0" + struct.pack("<I", 1000) + b"\0" * 100


def _before_pixels(name: str, element: bytes) -> bytes:
    """The file of an image with one more encoded element ahead of its pixel data."""
    data = encoded(image(name))
    at = data.index(b"\xe0\x7f\x10\x00")
    return data[:at] + element + data[at:]


def _deep(name: str, levels: int = 1000) -> bytes:
    """Sequences within sequences, lengths undefined."""
    opened = b"\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closed = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return _before_pixels(name, opened * levels + closed * levels)


def _deep_defined(name: str, levels: int = 1000) -> bytes:
    """Sequences within sequences, every length defined."""
    element = b""
    for _ in range(levels):
        item = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(element)) + element
        element = b"\x40\x00\x30\xa7SQ\0\0" + struct.pack("<I", len(item)) + item
    return _before_pixels(name, element)


@cache
def _deflate_bomb(name: str, size_bytes: int = 256 << 20) -> bytes:
    """A deflated data set whose pixel data grow to `size_bytes` zeros."""
    ds = image(name)
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    meta = encoded(ds)
    at = 132 + 12 + struct.unpack_from("<I", meta, 140)[0]
    plain = encoded(image(name))
    start = 132 + 12 + struct.unpack_from("<I", plain, 140)[0]
    header = plain[start : plain.index(b"\xe0\x7f\x10\x00")]
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = squeeze.compress(header + b"\xe0\x7f\x10\x00OW\0\0" + struct.pack("<I", size_bytes))
    for _ in range(size_bytes >> 20):
        packed += squeeze.compress(b"\0" * (1 << 20))
    return meta[:at] + packed + squeeze.flush()


def _dicomdir(name: str) -> bytes:
    """A foreign index whose File IDs point out of the medium."""
    ds = Dataset()
    ds.file_meta = image(name).file_meta
    ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    record = Dataset()
    record.OffsetOfTheNextDirectoryRecord = record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    record.RecordInUseFlag, record.DirectoryRecordType = 0xFFFF, "PRIVATE"
    record.ReferencedFileID = ["AA", "AA", "ETC", "PASSWD"]
    ds.FileSetID, ds.FileSetConsistencyFlag = "FOREIGN", 0
    ds.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    ds.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
    ds.DirectoryRecordSequence = Sequence([record])
    return encoded(ds).replace(b"AA\\AA\\ETC", b"..\\..\\ETC")


MAKERS: dict[str, Callable[[str], bytes]] = {
    **{name: _changed(SpecificCharacterSet=charset, PatientName=text) for name, (charset, text) in NAMES.items()},
    "empty_patient_id": _changed(PatientID=""),
    "empty_study_date": _changed(StudyDate=""),
    "empty_study_time": _changed(StudyTime=""),
    "empty_study_id": _changed(StudyID=""),
    "empty_series_number": _changed(SeriesNumber=None),
    "empty_instance_number": _changed(InstanceNumber=None),
    "duplicate_1": lambda _: encoded(image("duplicate")),
    "duplicate_2": lambda _: encoded(image("duplicate")),
    "other_bytes_1": lambda _: encoded(image("other_bytes")),
    "other_bytes_2": lambda _: encoded(image("other_bytes")).replace(b"-1024", b"-1023"),
    "two_names_1": lambda _: encoded(image("two_names", 1)),
    "two_names_2": lambda _: encoded(image("two_names", 2)).replace(b"Sample^", b"Simple^"),
    "two_issuers_1": _changed(IssuerOfPatientID="HOSPITAL_A", PatientID="ISS1", PatientName="Issued^Twice"),
    "two_issuers_2": _changed(IssuerOfPatientID="HOSPITAL_B", PatientID="ISS1", PatientName="Issued^Twice"),
    "study_two_patients_1": _changed(StudyInstanceUID=uid("study of two")),
    "study_two_patients_2": _changed(StudyInstanceUID=uid("study of two")),
    "series_two_studies_1": _changed(SeriesInstanceUID=uid("series of two"), PatientID="S2S", PatientName="Two^S"),
    "series_two_studies_2": _changed(SeriesInstanceUID=uid("series of two"), PatientID="S2S", PatientName="Two^S"),
    "implicit": _in_syntax(ImplicitVRLittleEndian),
    "big_endian": _in_syntax(ExplicitVRBigEndian),
    "deflated": _in_syntax(DeflatedExplicitVRLittleEndian),
    "private_sop_class": _private_sop_class,
    "no_part_10": lambda name: encoded(image(name))[132 + 12 + _meta_length(encoded(image(name))) :],
    "no_preamble": lambda name: encoded(image(name))[132:],
    "zero_bytes": lambda _: b"",
    "junk": lambda _: b"The quick brown fox jumps over the lazy dog.\n" * 20,
    "truncated_pixels": lambda name: encoded(image(name))[:-100],
    "truncated_header": lambda name: _cut(name, b"\x20\x00\x0d\x00UI", 20),
    "truncated_fragment": _cut_fragment,
    "length_beyond_file": lambda name: _before_pixels(name, b"\x11\x77\x10\x00OB\0\0" + struct.pack("<I", 0x7FFFFFFE)),
    "sequence_beyond_file": lambda name: _before_pixels(
        name, b"\x40\x00\x30\xa7SQ\0\0" + struct.pack("<I", 0x7FFFFFF0) + b"\xfe\xff\x00\xe0\0\0\0\0"
    ),
    "deep": _deep,
    "deep_defined": _deep_defined,
    "deflate_bomb": _deflate_bomb,
    "DICOMDIR": _dicomdir,
    "a_rather_long_lower_case_name_of_a_file.dcm": lambda _: encoded(image("long_name")),
    "line\nbreak.dcm": lambda _: encoded(image("line_break")),
    "hanging_protocol": lambda _: encoded(hanging_protocol()),
    "palette": lambda _: encoded(palette()),
}


def _meta_length(data: bytes) -> int:
    return int(struct.unpack_from("<I", data, 140)[0])


def _zip(members: list[tuple[str, bytes]]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 5, 10, 15, 0)), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@cache
def _archives() -> dict[str, list[tuple[str, bytes]]]:
    """Members of each ZIP file."""
    return {
        "study.zip": [(f"IMAGES/IM{n}", encoded(image("zipped", n, "zipped"))) for n in (1, 2)],
        "hostile.zip": [
            ("../../evil.dcm", encoded(image("evil", 1))),
            ("/evil.dcm", encoded(image("evil", 2))),
            ("C:\\evil.dcm", encoded(image("evil", 3))),
            ("good.dcm", encoded(image("good in hostile"))),
            ("nested.zip", _zip([("inner.dcm", encoded(image("inner")))])),
        ],
        "zip_bomb.zip": [("big.dcm", b"\0" * (256 << 20))],
    }


def write_awkward(folder: Path, *, special: bool = True) -> dict[str, Path]:
    """Write every awkward file into `folder`/source; path by name, ZIP members as `file.zip!member`.

    special  also what needs more than plain files: links that leave the tree (to `folder`/elsewhere) and a fifo
    """
    source = folder / "source"
    source.mkdir(parents=True)
    paths: dict[str, Path] = {}
    for name, make in MAKERS.items():
        paths[name] = source / name
        paths[name].write_bytes(make(name))
    for archive, members in _archives().items():
        (source / archive).write_bytes(_zip(members))
        paths.update({f"{archive}!{member}": source / archive for member, _ in members})
    if special:
        paths.update(_special(source, folder / "elsewhere"))
    return paths


def _special(source: Path, elsewhere: Path) -> dict[str, Path]:
    elsewhere.mkdir()
    (elsewhere / "secret.dcm").write_bytes(encoded(image("secret")))
    (source / "link_outside").symlink_to(elsewhere / "secret.dcm")
    (source / "folder_link_outside").symlink_to(elsewhere, target_is_directory=True)
    os.mkfifo(source / "fifo")
    return {name: source / name for name in ("link_outside", "folder_link_outside", "fifo")}
