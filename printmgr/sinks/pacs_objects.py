"""Films as DICOM instances: Encapsulated PDF (PS3.3 A.45.1) and, untouched, their images as Secondary Capture (A.8.1).

Every UID derives from the print, the delivery and the patient: the same film for the same patient is the same instance,
another patient's is another.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, EncapsulatedPDFStorage, ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from printmgr.errors import Undeliverable
from printmgr.film.identity import Identity
from printmgr.film.model import ImageBox, PixelFormat, Polarity
from printmgr.ports import Print
from printmgr.render.raster import Bits, Samples, bits_of, read

MANUFACTURER = "printmgr"
PDF_SERIES, IMAGE_SERIES = 9001, 9002  # Series Numbers: behind those of the modality
LONGEST_PDF = 0xFFFFFFFE  # a value of explicit length
CUT = {"LO": 64, "SH": 16}  # characters a value may have (PS3.5 6.2)


def uid_of(name: str, identity: Identity, what: str) -> UID:
    """The UID of one thing of a delivery."""
    return generate_uid(entropy_srcs=["printmgr", name, identity.patient_id, identity.issuer, identity.study_uid, what])


def encapsulated_pdf(print_: Print, name: str, identity: Identity, pdf: BinaryIO, size: int) -> Dataset:
    """The film as Encapsulated PDF; `pdf` is read when the data set is written. Raises Undeliverable."""
    if size > LONGEST_PDF:
        raise Undeliverable(f"the PDF has {size} bytes; expected at most {LONGEST_PDF} in one value")
    ds = _common(print_, name, identity, EncapsulatedPDFStorage, "pdf")
    _series(ds, name, identity, "DOC", PDF_SERIES)
    ds.ConversionType = "WSD"
    ds.InstanceNumber = 1
    ds.AcquisitionDateTime = ""
    ds.BurnedInAnnotation = "YES"
    ds.DocumentTitle = f"Film {print_.printer.name or print_.printer.ae_title}"[: CUT["LO"]]
    ds.ConceptNameCodeSequence = []
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocumentLength = size
    ds.EncapsulatedDocument = pdf
    return ds


def secondary_captures(print_: Print, name: str, identity: Identity) -> Iterator[Dataset]:
    """Every image of the print with the pixels that came. Raises BadPixels."""
    boxes = [
        (number, box)
        for number, film in enumerate(print_.order.films, start=1)
        for box in film.image_boxes
        if box.image is not None
    ]
    for instance, (film, box) in enumerate(boxes, start=1):
        ds = _common(print_, name, identity, SecondaryCaptureImageStorage, f"film {film} image {box.position}")
        _series(ds, name, identity, "OT", IMAGE_SERIES)
        ds.ConversionType = "DI"
        ds.InstanceNumber = instance
        ds.Laterality = ""
        ds.PatientOrientation = ""
        ds.ImageType = ["DERIVED", "SECONDARY"]
        ds.BurnedInAnnotation = "YES"
        reverse = ", printed with Polarity REVERSE" if box.polarity is Polarity.REVERSE else ""
        ds.ImageComments = f"film {film}, image {box.position}{reverse}"
        _pixels(ds, box, print_.folder)
        yield ds


def _pixels(ds: Dataset, box: ImageBox, folder: Path) -> None:
    """Image Pixel Module (PS3.3 C.7.6.3): the values that came, little endian, Bits Stored at the lower end."""
    assert box.image is not None
    form, bits = box.image.format, bits_of(box.image.format)
    words = values_of(read(box.image, folder), bits, box.image.pixels.big_endian)
    ds.SamplesPerPixel = form.samples_per_pixel
    ds.PhotometricInterpretation = form.photometric_interpretation
    if form.samples_per_pixel == 3:
        ds.PlanarConfiguration = form.planar_configuration
        words = words.transpose(2, 0, 1) if form.planar_configuration == 1 else words
    ds.Rows, ds.Columns = form.rows, form.columns
    if form.pixel_aspect_ratio != (1, 1):
        ds.PixelAspectRatio = list(form.pixel_aspect_ratio)
    ds.BitsAllocated = words.itemsize * 8
    ds.BitsStored, ds.HighBit = bits.kept, bits.kept - 1
    ds.PixelRepresentation = form.pixel_representation
    if form.samples_per_pixel == 1:
        _whole_range(ds, form, bits)
    data = np.ascontiguousarray(words).astype(words.dtype.newbyteorder("<"), copy=False).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OB" if words.itemsize == 1 else "OW"


def values_of(words: Samples, bits: Bits, big_endian: bool) -> Samples:
    """Words as they lie in the file as values whose lowest bit is the pixel's; bits beside them are no pixels.

    >>> hex(values_of(np.array([[0x1230]], np.uint16), Bits(16, 12, 4, False), big_endian=False)[0, 0])
    '0x123'
    """
    if bits.allocated == 16 and big_endian:
        words = words.byteswap()
    shift = 0 if bits.allocated == 32 else bits.shift
    if bits.kept == words.itemsize * 8 and not shift:
        return words
    mask = (1 << bits.kept) - 1
    return cast(Samples, words >> words.dtype.type(shift) & words.dtype.type(mask))


def _whole_range(ds: Dataset, form: PixelFormat, bits: Bits) -> None:
    """A window over all values, as a print shows them (PS3.3 C.11.2.1.2.1): viewers would stretch what is there."""
    ds.WindowCenter = 0 if form.pixel_representation else 1 << (bits.kept - 1)
    ds.WindowWidth = 1 << bits.kept


def _common(print_: Print, name: str, identity: Identity, sop_class: UID, what: str) -> Dataset:
    """Patient, General Study, Equipment and SOP Common Modules, and the file's meta."""
    ordered = datetime.fromisoformat(print_.ordered_at)
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = uid_of(name, identity, what)
    ds.InstanceCreationDate, ds.InstanceCreationTime = f"{ordered:%Y%m%d}", f"{ordered:%H%M%S}"
    ds.ContentDate, ds.ContentTime = ds.InstanceCreationDate, ds.InstanceCreationTime
    if ordered.utcoffset() is not None:
        ds.TimezoneOffsetFromUTC = f"{ordered:%z}"
    ds.PatientName, ds.PatientID = identity.patient_name, identity.patient_id
    if identity.issuer:
        ds.IssuerOfPatientID = identity.issuer
    ds.PatientBirthDate, ds.PatientSex = identity.birth_date, identity.sex
    ds.StudyInstanceUID = identity.study_uid or uid_of(name, identity, "study")
    known = bool(identity.study_uid)
    ds.StudyDate = identity.study_date if known else identity.study_date or ds.ContentDate
    ds.StudyTime = identity.study_time if known else identity.study_time or ds.ContentTime
    ds.AccessionNumber, ds.StudyID = identity.accession_number, identity.study_id
    ds.ReferringPhysicianName = identity.referring_physician
    if identity.description:
        ds.StudyDescription = identity.description[: CUT["LO"]]
    ds.Manufacturer, ds.ManufacturerModelName = MANUFACTURER, "virtual film printer"
    ds.StationName = print_.caller.calling_ae[: CUT["SH"]]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, ds.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta = meta
    return ds


def _series(ds: Dataset, name: str, identity: Identity, modality: str, number: int) -> None:
    ds.Modality = modality
    ds.SeriesInstanceUID = uid_of(name, identity, f"series {number}")
    ds.SeriesNumber = number
    ds.SeriesDate, ds.SeriesTime = ds.ContentDate, ds.ContentTime
    ds.SeriesDescription = f"Film {name}"[: CUT["LO"]]
