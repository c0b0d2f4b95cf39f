"""Make the sample images and studies: `python -m samples.make FOLDER`. Deterministic: same bytes each time."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from samples import phantoms

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
CT = "1.2.840.10008.5.1.4.1.1.2"
CR = "1.2.840.10008.5.1.4.1.1.1"
COUNT = 24  # of images that `samples` gives
DATE, TIME = "20260105", "101500"


def uid(*words: object) -> str:
    """A UID that depends on the words alone.

    >>> uid("ct", 1) == uid("ct", 1), len(uid("ct", 1)) <= 64
    (True, True)
    """
    return str(generate_uid(prefix="1.2.826.0.1.3680043.8.498.", entropy_srcs=["printmgr samples", *map(str, words)]))


def instance(sop_class: str, modality: str, patient: str, study: object, series: int, number: int) -> Dataset:
    """A data set with patient, study, series and SOP Common filled; the patient is nobody."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = sop_class
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid(patient, study, series, number)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid(patient, study), uid(patient, study, series)
    ds.PatientName, ds.PatientID = f"Sample^{patient}", f"SMP-{patient.upper()}"
    ds.PatientBirthDate, ds.PatientSex = "19700101", "O"
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "1", series, number
    ds.StudyDate, ds.StudyTime, ds.StudyDescription = DATE, TIME, f"Sample {modality}"
    ds.SeriesDate, ds.SeriesTime = DATE, TIME
    ds.ContentDate, ds.ContentTime = DATE, TIME
    ds.AccessionNumber, ds.ReferringPhysicianName = "A0001", ""
    ds.Modality = modality
    return ds


def put_pixels(ds: Dataset, pixels: np.ndarray, bits: int, photometric: str = "MONOCHROME2") -> Dataset:
    """Put `pixels`, (rows, columns) or (rows, columns, 3), into the data set."""
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    if pixels.ndim == 3:
        ds.PlanarConfiguration = 0
    ds.PhotometricInterpretation = photometric
    ds.BitsAllocated = 8 * pixels.dtype.itemsize
    ds.BitsStored, ds.HighBit = bits, bits - 1
    ds.PixelRepresentation = int(np.issubdtype(pixels.dtype, np.signedinteger))
    data = pixels.tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OW" if pixels.dtype.itemsize > 1 else "OB"
    return ds


def secondary_capture(name: str, pixels: np.ndarray, bits: int, photometric: str = "MONOCHROME2") -> Dataset:
    """A Secondary Capture image of `pixels`."""
    ds = instance(SECONDARY_CAPTURE, "OT", "Phantom", "phantoms", 1, abs(hash_number(name)))
    ds.SeriesDescription, ds.ConversionType, ds.PatientOrientation = name, "WSD", ""
    if photometric.startswith("MONOCHROME"):
        ds.WindowCenter, ds.WindowWidth = 2 ** (bits - 1), 2**bits
    return put_pixels(ds, pixels, bits, photometric)


def hash_number(name: str) -> int:
    """A small number of a name, the same in every run."""
    return sum((index + 1) * ord(letter) for index, letter in enumerate(name))


def ct_image(number: int, of: int = 20, size: int = 512, patient: str = "Trunk", series: int = 2) -> Dataset:
    """Slice `number` of a CT series with position, orientation, spacing, rescale and window."""
    ds = instance(CT, "CT", patient, "ct", series, number + 1)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SeriesDescription, ds.Manufacturer, ds.KVP = "Trunk 5.0 mm", "printmgr samples", "120"
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = uid(patient, "frame"), ""
    ds.AcquisitionNumber = 1
    ds.SliceThickness, ds.PixelSpacing = "5", ["0.75", "0.75"]
    ds.ImagePositionPatient = ["-192", "-192", str(number * 5)]
    ds.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "-1024", "1", "HU"
    ds.WindowCenter, ds.WindowWidth = "40", "400"
    stored = (phantoms.ct_slice(number, of, size) + 1024).astype(np.uint16)
    return put_pixels(ds, stored, 12)


def cr_image() -> Dataset:
    """A CR-like chest, 2048x2560 of 12 bits, MONOCHROME1 as most CR plates send it."""
    ds = instance(CR, "CR", "Chest", "cr", 1, 1)
    ds.ImageType, ds.BodyPartExamined, ds.ViewPosition = ["ORIGINAL", "PRIMARY"], "CHEST", "PA"
    ds.PatientOrientation, ds.ImagerPixelSpacing = ["L", "F"], ["0.168", "0.168"]
    ds.WindowCenter, ds.WindowWidth = "2048", "4096"
    return put_pixels(ds, 4095 - phantoms.cr_image(), 12, "MONOCHROME1")


def samples() -> Iterator[tuple[str, Dataset]]:
    """Every sample with its file name."""
    yield "pattern", secondary_capture("Test pattern", phantoms.test_pattern(), 8)
    yield "ruler", secondary_capture("Ruler 100 mm", phantoms.ruler(), 8)
    yield "colour", secondary_capture("Colour", phantoms.colour(), 8, "RGB")
    yield "cr", cr_image()
    for number in range(20):
        yield f"ct_{number + 1:02d}", ct_image(number)


def write(folder: Path) -> list[Path]:
    """Write all samples into `folder`; their paths in order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, ds in samples():
        path = folder / f"{name}.dcm"
        ds.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    paths = write(parser.parse_args().folder)
    print(f"{len(paths)} images in {paths[0].parent}")


if __name__ == "__main__":
    main()
