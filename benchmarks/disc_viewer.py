"""What the viewer adds to a disc of one CT series of 1 000 slices: time of the build, and size of the image."""

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import Row
from benchmarks.disc_index import environment
from benchmarks.disc_whole import wall_ms
from samples.make import ct_image

NAME = "Viewer: a CT of 1 000 slices of 512x512"
COUNT = 1000

BUILD = """
import sys
from pathlib import Path
from media.build.viewer.shows import Shows
from media.fileset.order import DiscOrder
from media.pipeline import BuildOrder, build
studies, output, viewer = sys.argv[1:]
disc = DiscOrder(created="2026-01-05T10:15:00+00:00", medium="DVD-R")
order = BuildOrder((studies,), output, disc, viewer=Shows(viewer), processes=2)
build(order, Path(output) / ".job", lambda _what, _done, _total: None)
"""


def run() -> list[Row]:
    """Wall time of whole builds taken in turns, and the sizes of their images."""
    sizes: dict[str, int] = {}

    def build(viewer: str) -> None:
        output = folder / "work"
        subprocess.run([sys.executable, "-c", BUILD, folder / "ct", output, viewer], env=environment(), check=True)
        sizes[viewer] = (output / "volume_1.iso").stat().st_size

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_series(folder / "ct")
        plain, pictures, values = wall_ms(folder, *(lambda v=v: build(v) for v in ("none", "pictures", "values")))
    megabytes = {viewer: size / 1e6 for viewer, size in sizes.items()}
    return [
        Row("build with JPEG pages", "without viewer", pictures, plain, "wall ms", at_most=1.6),
        Row("build with values too", "without viewer", values, plain, "wall ms", at_most=1.6),
        Row("image with JPEG pages", "without viewer", megabytes["pictures"], megabytes["none"], "MB", at_most=1.15),
        Row("image with values too", "without viewer", megabytes["values"], megabytes["none"], "MB", at_most=2.0),
    ]


def write_series(folder: Path) -> None:
    """Slices of the phantom trunk with noise of their own, as a scanner's have."""
    import numpy as np

    folder.mkdir()
    noise = np.random.default_rng(1).normal(0, 12, (512, 1536)).astype(np.int16)
    slices = [ct_image(number, 50) for number in range(50)]
    for number in range(COUNT):
        image = slices[number % 50]
        image.InstanceNumber = number + 1
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.3680043.8.498.7.{number}"
        image.ImagePositionPatient = ["-192", "-192", str(number)]
        clean = np.frombuffer(image.PixelData, np.uint16).reshape(512, 512)
        shift = number * 37 % 1024
        kept = image.PixelData
        image.PixelData = np.clip(clean + noise[:, shift : shift + 512], 0, 4095).astype(np.uint16).tobytes()
        image.save_as(folder / f"{number:04}.dcm", enforce_file_format=True)
        image.PixelData = kept
