"""A disc of every kind of image, built and extracted for the browsers, with what its pictures have to be."""

import subprocess
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from media.build.companions import Imprint
from media.build.viewer.shows import Shows
from media.fileset.order import DiscOrder
from media.pipeline import BuildOrder, build
from samples import phantoms
from samples.make import cr_image, ct_image, instance, put_pixels

US, NM, MG, MR = (f"1.2.840.10008.5.1.4.1.1.{number}" for number in ("6.1", "20", "1.2", "4"))
SLICES = 24


def mr_image() -> Dataset:
    """Signed values, no window, pixels higher than wide."""
    ds = instance(MR, "MR", "Browser", "mr", 3, 1)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M"]
    ds.PixelSpacing, ds.ImageOrientationPatient = ["2", "1"], ["0", "1", "0", "0", "0", "-1"]
    ds.ImagePositionPatient = ["0", "0", "0"]
    values = (np.add.outer(np.arange(64), np.arange(96)) * 10 - 700).astype(np.int16)
    return put_pixels(ds, values, 16)


def mammogram() -> Dataset:
    """A VOI LUT, Imager Pixel Spacing."""
    ds = instance(MG, "MG", "Browser", "mg", 4, 1)
    ds.PatientOrientation, ds.ImagerPixelSpacing = ["P", "L"], ["0.07", "0.07"]
    lut = Dataset()
    lut.LUTDescriptor, lut.LUTExplanation = [4096, 0, 12], "CONTRAST"
    lut.LUTData = [int(4095 * (number / 4095) ** 0.5) for number in range(4096)]
    lut["LUTDescriptor"].VR = lut["LUTData"].VR = "US"
    ds.VOILUTSequence = Sequence([lut])
    return put_pixels(ds, phantoms.cr_image()[:300, :200].copy(), 12)


def ultrasound(number: int, photometric: str) -> Dataset:
    """RGB, YBR_FULL or PALETTE COLOR, with a calibrated region."""
    ds = instance(US, "US", "Browser", "us", 5, number)
    ds.ImageType, ds.PatientOrientation = ["ORIGINAL", "PRIMARY"], ""
    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 10, 10
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 110, 70
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.05
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    ds.SequenceOfUltrasoundRegions = Sequence([region])
    rng = np.random.default_rng(number)
    if photometric != "PALETTE COLOR":
        return put_pixels(ds, rng.integers(0, 256, (80, 120, 3), np.uint8), 8, photometric)
    put_pixels(ds, rng.integers(0, 256, (80, 120), np.uint8), 8, photometric)
    for colour, values in zip(("Red", "Green", "Blue"), rng.integers(0, 256, (3, 256)), strict=True):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(ds, f"{colour}PaletteColorLookupTableData", (values.astype("<u2") * 257).tobytes())
    return ds


def radiograph() -> Dataset:
    """MONOCHROME1."""
    ds = cr_image()
    return put_pixels(ds, ds.pixel_array[::4, ::4].copy(), 12, "MONOCHROME1")


def nuclear() -> Dataset:
    """Several frames and a frame time."""
    ds = instance(NM, "NM", "Browser", "nm", 6, 1)
    ds.ImageType, ds.NumberOfFrames, ds.FrameTime = ["ORIGINAL", "PRIMARY", "DYNAMIC", "EMISSION"], 8, "200"
    frames = np.random.default_rng(6).integers(0, 3000, (8, 64, 64), np.uint16)
    put_pixels(ds, frames[0], 12)
    ds.PixelData = frames.tobytes()
    return ds


def images() -> list[Dataset]:
    """Every image of the disc."""
    colours = ("RGB", "YBR_FULL", "PALETTE COLOR")
    return [
        *(ct_image(number, SLICES, 128, patient="Browser") for number in range(SLICES)),
        mr_image(),
        mammogram(),
        *(ultrasound(number, colour) for number, colour in enumerate(colours, 1)),
        nuclear(),
        radiograph(),
    ]


def extracted(folder: Path, viewer: Shows = Shows.VALUES) -> Path:
    """Build the disc, extract its image, give the folder that a drive would show."""
    source, output, root = folder / "in", folder / "out", folder / "disc"
    source.mkdir(parents=True)
    for number, image in enumerate(images()):
        image.save_as(source / f"{number:03}.dcm", enforce_file_format=True)
    disc = DiscOrder(created="2026-01-05T10:15:00+00:00")
    order = BuildOrder((str(source),), str(output), disc, Imprint("Clinic"), viewer=viewer)
    build(order, output / ".job", lambda *_: None)
    subprocess.run(["7z", "x", f"-o{root}", str(output / "volume_1.iso")], check=True, stdout=subprocess.DEVNULL)
    return root
