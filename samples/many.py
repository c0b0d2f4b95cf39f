"""Many small or large instances, quickly: one template whose numbers are replaced byte for byte."""

import io
from pathlib import Path

import numpy as np

from samples.make import ct_image

ROOT = "1.2.826.0.1.3680043.10.1338"
PATIENT, STUDY, SERIES, INSTANCE, NUMBER = b"SMP-11111111", b".22222222", b".33333333", b".44444444", b"0000555555"


def template(size: int) -> bytes:
    """A CT image of `size` x `size` pixels with placeholders where patient, study, series and instance are named."""
    ds = ct_image(0, 1, size)
    ds.PatientID, ds.PatientName = PATIENT.decode(), "Sample^Many"
    ds.StudyInstanceUID = ROOT + STUDY.decode()
    ds.SeriesInstanceUID = ROOT + SERIES.decode()
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = ROOT + INSTANCE.decode()
    ds.InstanceNumber = NUMBER.decode()
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def write(
    folder: Path, count: int, *, per_series: int = 100, series_per_patient: int = 10, size: int = 32, flat: bool = False
) -> None:
    """Write `count` CT instances below `folder`, 100 in a series and 10 series a patient in two studies unless said.

    flat  all in one folder, so that shapes can be compared without what folders cost
    Names are File IDs, so that DCMTK's dcmmkdir can index the folder where it stands."""
    data = template(size)
    head = data.rindex(b"\xe0\x7f\x10\x00")
    pixels = data[head:]
    noise = np.random.default_rng(1).integers(0, 256, 1 << 16, np.uint8).tobytes()
    for number in range(count):
        series = number // per_series
        patient = series // series_per_patient
        study = series // max(1, series_per_patient // 2)
        path = folder if flat else folder / f"PA{patient:06}" / f"ST{study:06}" / f"SE{series:06}"
        if number % per_series == 0:
            path.mkdir(parents=True, exist_ok=True)
        start = data[:head]
        for placeholder, value in (
            (PATIENT, f"SMP-{patient:08}"),
            (STUDY, f".{study + 10_000_000}"),
            (SERIES, f".{series + 20_000_000}"),
            (INSTANCE, f".{number + 30_000_000}"),
            (NUMBER, f"{number % per_series + 1:010}"),
        ):
            start = start.replace(placeholder, value.encode())
        at = number % (1 << 15)
        (path / f"IM{number if flat else number % per_series:06}").write_bytes(
            start + pixels[:-64] + noise[at : at + 64]
        )
