"""Instances full of identifiers, and how their traces are looked for."""

from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmwrite
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from samples.make import CT, instance, put_pixels, uid

NAMES = ("Müllerin", "Änne", "Quackenbusch", "Zebulon", "Przybylski")
NUMBERS = ("PIN4711X08", "ACC998877", "19431224", "20190317", "SERIAL5566", "090817726354")
PLACES = ("Kurhaus Waldesruh", "Tannenweg 12")
IDENTIFIERS = (*NAMES, *NUMBERS, *PLACES, "SENDER_AE")
CODECS = (
    "utf-8", "latin-1", "utf-16-le", "utf-16-be", "utf-32-le", "iso8859_2", "cp1252", "cp437", "cp850", "mac_roman",
    "iso2022_jp", "gb18030", "koi8_r",
)  # fmt: skip


def ct(number: int = 1, patient: str = "PIN4711X08", study: str = "a", series: int = 1) -> Dataset:
    """A CT image that says who its patient is wherever there is room for it."""
    ds = instance(CT, "CT", f"secret-{study}", study, series, number)
    ds.preamble = b"Quackenbusch^Zebulon".ljust(128, b"\0")
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Müllerin^Änne", patient, "19431224"
    ds.AccessionNumber, ds.StudyID, ds.StudyDate = "ACC998877", "090817726354", "20190317"
    ds.SeriesDate = ds.ContentDate = ds.AcquisitionDate = "20190317"
    ds.AcquisitionDateTime = "20190317101112.5+0100"
    ds.ReferringPhysicianName = ds.OperatorsName = "Przybylski^Zebulon"
    ds.InstitutionName, ds.InstitutionAddress = "Kurhaus Waldesruh", "Tannenweg 12"
    ds.StudyDescription, ds.SeriesDescription = "CT head Müllerin", "Head axial 3 mm ACC998877"
    ds.ProtocolName, ds.PatientAge = "Thorax Quackenbusch", "076Y"
    ds.Manufacturer, ds.ManufacturerModelName = "Phantom Works", "Mark 1"
    ds.StationName, ds.DeviceSerialNumber = "SERIAL5566", "SERIAL5566"
    ds.KVP, ds.ImageType, ds.RescaleSlope, ds.RescaleIntercept = "120", ["ORIGINAL", "PRIMARY", "AXIAL"], "1", "-1024"
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, number], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness, ds.FrameOfReferenceUID = [1, 1], "1", uid("secret frame", study)
    ds.PositionReferenceIndicator, ds.AcquisitionNumber = "", 1
    ds.ImageComments = ds.PatientComments = "Frau Müllerin, Tannenweg 12"
    ds.FilterType = "Müllerin"  # a text that the table does not name
    _nested(ds)
    ds.add(DataElement(0x00291010, "LO", "Müllerin"))
    ds.add(DataElement(0x00290010, "LO", "Quackenbusch 1.0"))
    ds.add(DataElement(0x00190010, "LO", "SIEMENS MR HEADER"))
    ds.add(DataElement(0x0019100C, "IS", "1000"))
    ds.add(DataElement(0x00191008, "CS", "MUELLER"))
    ds.add(DataElement(0x50000010, "US", 1))
    ds.add(DataElement(0x50000022, "LO", "Müllerin"))
    ds.add(DataElement(0x60000022, "LO", "Müllerin"))
    ds.add(DataElement(0x60003000, "OW", "Müllerin".encode("latin-1")))
    meta = ds.file_meta
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.SourceApplicationEntityTitle = "SENDER_AE"
    return put_pixels(ds, np.arange(4096, dtype=np.int16).reshape(64, 64) - 1024, 16)


def _nested(ds: Dataset) -> None:
    inner = Dataset()
    inner.ReferencedSOPClassUID, inner.ReferencedSOPInstanceUID = CT, uid("secret-a", "a", 1, 1)
    inner.PatientName = "Quackenbusch^Zebulon"
    inner.CodeMeaning = "Müllerin"
    ds.ReferencedImageSequence = Sequence([inner])
    request = Dataset()
    request.RequestedProcedureID, request.ScheduledProcedureStepDescription = "ACC998877", "Müllerin"
    request.RequestingPhysician = "Przybylski"
    ds.RequestAttributesSequence = Sequence([request])


def write(folder: Path, *images: Dataset) -> Path:
    """Write the instances as files with the patient's name."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images, 1):
        dcmwrite(folder / f"Quackenbusch_{number:03}.dcm", image, enforce_file_format=True)
    return folder


def traces(data: bytes, identifiers: tuple[str, ...] = IDENTIFIERS) -> list[str]:
    """The identifiers that are in the bytes in any character set, in capitals and small letters too."""
    found = []
    for text in identifiers:
        forms = {
            form.encode(codec)
            for codec in CODECS
            for form in {text, text.upper(), text.lower(), text.replace("ü", "ue").replace("Ä", "Ae")}
            if _fits(form, codec)
        }
        found += [text] if any(form in data for form in forms) else []
    return found


def _fits(text: str, codec: str) -> bool:
    try:
        return bool(text.encode(codec))
    except UnicodeEncodeError:
        return False
