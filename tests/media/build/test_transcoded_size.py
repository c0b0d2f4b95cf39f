"""The size that the plan expects of a transcoded file against what the transcoder writes."""

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from media.build.codec import convert
from media.fileset.judgement import transcoded_bytes
from media.fileset.model import Instance
from media.fileset.transfer_syntaxes import EXPLICIT_LE, J2K_LOSSLESS, JPEG_LOSSLESS_SV1
from media.index.index import index as make_index
from media.sources.folder import FolderSource

FILES = [
    "693_J2KI.dcm",
    "JPEG2000.dcm",
    "JPEGLSNearLossless_16.dcm",
    "MR_small_RLE.dcm",
    "MR_small_implicit.dcm",
    "MR_small_bigendian.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "SC_rgb_rle_2frame.dcm",
    "examples_jpeg2k.dcm",
    "image_dfl.dcm",
    "reportsi.dcm",
    "rtdose_rle_1frame.dcm",
    "examples_ybr_color.dcm",
]
SLACK_BYTES = 3000  # of headers, which the plan expects to grow


def indexed(path: Path) -> Instance:
    found = make_index([FolderSource(path)])
    assert not found.rejections, found.rejections
    return found.instances[0]


def beside_pixels(path: Path) -> int:
    """What the index counts: the data set without the value of Pixel Data."""
    data_set = dcmread(path)
    if "PixelData" not in data_set:
        return 0
    return path.stat().st_size - len(data_set.PixelData)


@pytest.mark.parametrize(
    ("name", "target"),
    [(name, EXPLICIT_LE) for name in FILES]
    + [(name, target) for name in ("CT_small.dcm", "MR_small.dcm") for target in (J2K_LOSSLESS, JPEG_LOSSLESS_SV1)],
)
def test_the_size_never_falls_short(name: str, target: str, tmp_path: Path) -> None:
    path = Path(str(get_testdata_file(name, download=False)))
    out = tmp_path / "out.dcm"
    convert(path, out, target)
    assert out.stat().st_size <= transcoded_bytes(indexed(path), target)


@pytest.mark.parametrize("name", [name for name in FILES if name not in {"reportsi.dcm", "image_dfl.dcm"}])
def test_with_the_header_known_the_size_is_close(name: str, tmp_path: Path) -> None:
    path = Path(str(get_testdata_file(name, download=False)))
    instance = indexed(path)._replace(header_bytes=beside_pixels(path))
    out = tmp_path / "out.dcm"
    convert(path, out, EXPLICIT_LE)
    size = out.stat().st_size
    assert size <= transcoded_bytes(instance, EXPLICIT_LE) <= size * 1.01 + SLACK_BYTES
