"""Studies of instances that no other study has."""

from functools import lru_cache

import numpy as np
from pydicom.dataset import Dataset

from tests.receiving import encoded, instance

SIZES = ((64, 100), (256, 256), (512, 512))  # rows, columns of 16 bits
ROOT = "1.2.826.0.1.3680043.9.3811.7"


def study_uid(study: int) -> str:
    return f"{ROOT}.{study}"


def instance_uid(study: int, number: int) -> str:
    return f"{ROOT}.{study}.{number % 3 + 1}.{number + 1}"


def data_set(study: int, number: int) -> bytes:
    """Instance `number` of a study in Explicit VR Little Endian."""
    series = f"{study_uid(study)}.{number % 3 + 1}"
    ds = instance(number + 1, study_uid(study), series, instance_uid(study, number), SeriesNumber=number % 3 + 1)
    ds.PatientID, ds.PatientName, ds.StudyID = f"P{study}", f"Soak^{study}", str(study % 10_000)
    _add_pixels(ds, study, number)
    return encoded(ds)


def _add_pixels(ds: Dataset, study: int, number: int) -> None:
    rows, columns = SIZES[study % len(SIZES)]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = rows, columns
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    values = _ramp(rows, columns).copy()
    values[:8] = np.random.default_rng((study, number)).integers(0, 65536, (8, columns))
    ds.PixelData = values.tobytes()
    ds["PixelData"].VR = "OW"


@lru_cache(maxsize=8)
def _ramp(rows: int, columns: int) -> np.ndarray:
    return np.add.outer(np.arange(rows), 3 * np.arange(columns)).astype(np.uint16)
