"""A disc of every kind of image, built and extracted for the browsers, with what its pictures have to be."""

import subprocess
from functools import cache
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

US, NM, MG, MR, PT, PR = (f"1.2.840.10008.5.1.4.1.1.{number}" for number in ("6.1", "20", "1.2", "4", "128", "11.1"))
SLICES = 24
POSITRONS = 16


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


def positrons(number: int) -> Dataset:
    """A slice of a PET series over the CT's: every 7.5 mm, the other way up through the patient."""
    ds = instance(PT, "PT", "Browser", "ct", 8, number + 1)
    ds.SeriesDescription, ds.ImageType = "PET", ["ORIGINAL", "PRIMARY"]
    ds.FrameOfReferenceUID = ct_image(0, SLICES, 16, patient="Browser").FrameOfReferenceUID
    ds.PixelSpacing, ds.ImageOrientationPatient = ["4", "4"], ["1", "0", "0", "0", "-1", "0"]
    ds.ImagePositionPatient = ["-128", "128", str(number * 7.5)]
    return put_pixels(ds, np.full((64, 64), number * 100, np.uint16), 12)


def radiograph() -> Dataset:
    """MONOCHROME1, and an overlay of 20 rows and 40 columns from row 11, column 21 on."""
    ds = cr_image()
    put_pixels(ds, ds.pixel_array[::4, ::4].copy(), 12, "MONOCHROME1")
    bits = np.zeros((20, 40), np.uint8)
    bits[:, ::2] = 1
    for element, vr, value in (
        (0x0010, "US", 20),
        (0x0011, "US", 40),
        (0x0040, "CS", "G"),
        (0x0050, "SS", [11, 21]),
        (0x0100, "US", 1),
        (0x0102, "US", 0),
        (0x3000, "OW", np.packbits(bits, bitorder="little").tobytes()),
    ):
        ds.add_new((0x6000, element), vr, value)
    return ds


def presentation_state() -> Dataset:
    """Of slice 6 of the CT: a bone window, the lower right quarter, a circular shutter, a text, a line and a circle."""
    ds = instance(PR, "PR", "Browser", "ct", 9, 1)
    ct = ct_image(5, SLICES, 128, patient="Browser")
    ds.ContentLabel, ds.ContentDescription, ds.ContentCreatorName = "FRACTURE", "Seen by somebody", ""
    ds.PresentationCreationDate, ds.PresentationCreationTime = ds.StudyDate, ds.StudyTime
    image = Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = ct.SOPClassUID, ct.SOPInstanceUID
    series = Dataset()
    series.SeriesInstanceUID, series.ReferencedImageSequence = ct.SeriesInstanceUID, [image]
    ds.ReferencedSeriesSequence = [series]
    voi = Dataset()
    voi.WindowCenter, voi.WindowWidth, voi.WindowCenterWidthExplanation = "400", "1800", "BONE"
    ds.SoftcopyVOILUTSequence = [voi]
    area = Dataset()
    area.DisplayedAreaTopLeftHandCorner, area.DisplayedAreaBottomRightHandCorner = [65, 65], [128, 128]
    area.PresentationSizeMode, area.PresentationPixelSpacing = "SCALE TO FIT", ["0.75", "0.75"]
    ds.DisplayedAreaSelectionSequence = [area]
    text = Dataset()
    text.UnformattedTextValue, text.BoundingBoxAnnotationUnits = "here", "PIXEL"
    text.BoundingBoxTopLeftHandCorner, text.BoundingBoxBottomRightHandCorner = [70.0, 70.0], [100.0, 80.0]
    text.AnchorPoint, text.AnchorPointVisibility, text.AnchorPointAnnotationUnits = [96.0, 96.0], "Y", "PIXEL"
    line, circle = Dataset(), Dataset()
    for one, kind, points in (
        (line, "POLYLINE", [70.0, 120.0, 120.0, 120.0]),
        (circle, "CIRCLE", [96.0, 96.0, 106.0, 96.0]),
    ):
        one.GraphicAnnotationUnits, one.GraphicDimensions, one.NumberOfGraphicPoints = "PIXEL", 2, len(points) // 2
        one.GraphicData, one.GraphicType, one.GraphicFilled = points, kind, "N"
    layer = Dataset()
    layer.GraphicLayer, layer.TextObjectSequence, layer.GraphicObjectSequence = "LAYER", [text], [line, circle]
    ds.GraphicAnnotationSequence = [layer]
    ds.ShutterShape, ds.CenterOfCircularShutter, ds.RadiusOfCircularShutter = "CIRCULAR", [96, 96], 31
    return ds


def nuclear() -> Dataset:
    """Several frames and a frame time."""
    ds = instance(NM, "NM", "Browser", "nm", 6, 1)
    ds.ImageType, ds.NumberOfFrames, ds.FrameTime = ["ORIGINAL", "PRIMARY", "DYNAMIC", "EMISSION"], 8, "200"
    frames = np.random.default_rng(6).integers(0, 3000, (8, 64, 64), np.uint16)
    put_pixels(ds, frames[0], 12)
    ds.PixelData = frames.tobytes()
    return ds


@cache
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
        *map(positrons, range(POSITRONS)),
    ]


def extracted(folder: Path, viewer: Shows = Shows.VALUES) -> Path:
    """Build the disc, extract its image, give the folder that a drive would show."""
    source, output, root = folder / "in", folder / "out", folder / "disc"
    source.mkdir(parents=True)
    for number, image in enumerate([*images(), presentation_state()]):
        image.save_as(source / f"{number:03}.dcm", enforce_file_format=True)
    disc = DiscOrder(created="2026-01-05T10:15:00+00:00")
    order = BuildOrder((str(source),), str(output), disc, Imprint("Clinic"), viewer=viewer)
    build(order, output / ".job", lambda *_: None)
    subprocess.run(["7z", "x", f"-o{root}", str(output / "volume_1.iso")], check=True, stdout=subprocess.DEVNULL)
    return root
