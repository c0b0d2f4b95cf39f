"""Transcoding: the same pixels, the right attributes, and nothing that a hostile file could take with it."""

import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.pixels.utils import pixel_array
from pydicom.uid import RLELossless

from media.build.codec import EXPLICIT_LE, J2K_LOSSLESS, JPEG_LOSSLESS_SV1, TooLarge, convert
from media.build.transcode import make_icons, transcode
from media.errors import SourceChanged
from media.fileset.model import Action, PlannedFile, Reason, Rejection
from media.index.index import index
from media.limited import Limits
from media.sources.folder import FolderSource

# file, Photometric Interpretation of the result
COMPRESSED = [
    ("MR_small_RLE.dcm", "MONOCHROME2"),
    ("MR_small_jp2klossless.dcm", "MONOCHROME2"),
    ("MR_small_jpeg_ls_lossless.dcm", "MONOCHROME2"),
    ("J2K_pixelrep_mismatch.dcm", "MONOCHROME2"),
    ("JPEGLSNearLossless_16.dcm", "MONOCHROME2"),
    ("GDCMJ2K_TextGBR.dcm", "RGB"),  # YBR_RCT
    ("SC_rgb_jpeg_gdcm.dcm", "RGB"),  # JPEG lossless SV1
    ("SC_rgb_dcmtk_+eb+cr.dcm", "RGB"),  # baseline in RGB
    ("SC_rgb_dcmtk_+eb+cy+n1.dcm", "RGB"),  # baseline, YBR_FULL
    ("SC_rgb_dcmtk_+eb+cy+s2.dcm", "RGB"),  # baseline, YBR_FULL_422
    ("SC_rgb_small_odd_jpeg.dcm", "RGB"),  # an odd number of bytes
    ("SC_rgb_rle_2frame.dcm", "RGB"),
    ("SC_rgb_rle_32bit.dcm", "RGB"),
    ("SC_rgb_jls_lossy_line.dcm", "RGB"),
    ("rtdose_rle.dcm", "MONOCHROME2"),
]
NATIVE = ["MR_small_implicit.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm", "rtdose_expb.dcm", "SC_rgb_small_odd.dcm"]
DJPEG = ["SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_dcmtk_+eb+cy+n1.dcm", "SC_rgb_dcmtk_+eb+cy+np.dcm", "JPGExtended.dcm"]


def silent(_what: str, _done: int, _total: int) -> None:
    pass


def sample(name: str) -> Path:
    return Path(str(get_testdata_file(name, download=False)))


def converted(source: Path, target: Path, syntax: str = EXPLICIT_LE) -> Dataset:
    convert(source, target, syntax)
    data_set = dcmread(target)
    assert data_set.file_meta.TransferSyntaxUID == syntax
    return data_set


@pytest.mark.parametrize(("name", "photometric"), COMPRESSED)
def test_decompressed_pixels_are_those_of_the_source(name: str, photometric: str, tmp_path: Path) -> None:
    source, before = sample(name), dcmread(sample(name))
    after = converted(source, tmp_path / "out")
    assert after.PhotometricInterpretation == photometric
    assert after.get("PlanarConfiguration", 0) == 0
    assert len(after.PixelData) % 2 == 0
    np.testing.assert_array_equal(pixel_array(source), pixel_array(tmp_path / "out"))
    for keyword in ("SOPClassUID", "SOPInstanceUID", "Rows", "Columns", "BitsStored", "BitsAllocated", "PatientName"):
        assert after.get(keyword) == before.get(keyword)
    assert after.file_meta.MediaStorageSOPInstanceUID == before.SOPInstanceUID


@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize("syntax", [EXPLICIT_LE, JPEG_LOSSLESS_SV1, J2K_LOSSLESS])
def test_native_pixels_stay_whatever_the_encoding(name: str, syntax: str, tmp_path: Path) -> None:
    if syntax == dcmread(sample(name)).file_meta.TransferSyntaxUID:
        pytest.skip("nothing to do")
    if syntax != EXPLICIT_LE and name in {"rtdose_expb.dcm", "SC_rgb_small_odd.dcm"}:
        pytest.skip("neither codec takes 32 bits, JPEG 2000 not 3 x 3 pixels")
    after = converted(sample(name), tmp_path / "out", syntax)
    np.testing.assert_array_equal(after.pixel_array, dcmread(sample(name)).pixel_array)
    assert after.SOPInstanceUID == dcmread(sample(name)).SOPInstanceUID


def test_big_endian_words_outside_the_pixels_are_turned(tmp_path: Path) -> None:
    little = dcmread(sample("rtdose.dcm"))
    assert converted(sample("rtdose_expb.dcm"), tmp_path / "out").PixelData == little.PixelData


def test_a_lossy_source_says_so_when_its_syntax_no_longer_does(tmp_path: Path) -> None:
    assert "LossyImageCompression" not in dcmread(sample("JPEGLSNearLossless_16.dcm"))
    after = converted(sample("JPEGLSNearLossless_16.dcm"), tmp_path / "out")
    assert (after.LossyImageCompression, after.LossyImageCompressionMethod) == ("01", "ISO_14495_1")
    before = dcmread(sample("SC_rgb_dcmtk_+eb+cr.dcm"))
    after = converted(sample("SC_rgb_dcmtk_+eb+cr.dcm"), tmp_path / "out")
    for keyword in ("LossyImageCompression", "LossyImageCompressionMethod", "LossyImageCompressionRatio"):
        assert after.get(keyword) == before.get(keyword)


def test_bits_in_rle(tmp_path: Path) -> None:
    native = dcmread(sample("liver_1frame.dcm"))
    packed = native.PixelData[: native.Rows * native.Columns // 8]
    literal = b"".join(bytes([len(run) - 1]) + run for run in (packed[at : at + 128] for at in range(0, 4096, 128)))
    zeros = b"\x81\0" * ((len(packed) - 4096) // 128)
    assert not any(packed[-4096:])
    middle = b"".join(bytes([127]) + packed[at : at + 128] for at in range(4096, len(packed) - 4096, 128))
    frame = struct.pack("<16I", 1, 64, *[0] * 14) + literal + middle + b"\x80" + zeros[: 2 * 4096 // 128]
    source = dcmread(sample("liver_1frame.dcm"))
    source.PixelData = encapsulate([frame + b"\0" * (len(frame) % 2)])
    source["PixelData"].is_undefined_length = True
    source.file_meta.TransferSyntaxUID = RLELossless
    source.save_as(tmp_path / "in")
    assert converted(tmp_path / "in", tmp_path / "out").PixelData == native.PixelData


def test_a_data_set_without_pixels_is_encoded_again(tmp_path: Path) -> None:
    after = converted(sample("rtplan.dcm"), tmp_path / "out")
    before = dcmread(sample("rtplan.dcm"))
    assert after.BeamSequence[0].BeamName == before.BeamSequence[0].BeamName


@pytest.mark.peer("dcmdjpeg")
@pytest.mark.parametrize("name", DJPEG)
def test_dcmtk_decodes_to_the_same_bytes(name: str, tmp_path: Path) -> None:
    subprocess.run(["dcmdjpeg", sample(name), tmp_path / "peer"], check=True, capture_output=True)
    peer, ours = dcmread(tmp_path / "peer"), converted(sample(name), tmp_path / "out")
    assert ours.PixelData == peer.PixelData
    assert ours.PhotometricInterpretation == peer.PhotometricInterpretation


@pytest.mark.peer("gdcmconv", "dciodvfy")
@pytest.mark.parametrize("name", ["MR_small_jp2klossless.dcm", "GDCMJ2K_TextGBR.dcm", "MR_small_jpeg_ls_lossless.dcm"])
def test_gdcm_decodes_to_the_same_bytes(name: str, tmp_path: Path) -> None:
    subprocess.run(["gdcmconv", "--raw", sample(name), tmp_path / "peer"], check=True, capture_output=True)
    assert converted(sample(name), tmp_path / "out").PixelData == dcmread(tmp_path / "peer").PixelData


@pytest.mark.peer("dcmdjpeg")
def test_dcmtk_reads_our_jpeg_lossless(tmp_path: Path) -> None:
    convert(sample("MR_small.dcm"), tmp_path / "ours", JPEG_LOSSLESS_SV1)
    subprocess.run(["dcmdjpeg", tmp_path / "ours", tmp_path / "peer"], check=True, capture_output=True)
    assert dcmread(tmp_path / "peer").PixelData == dcmread(sample("MR_small.dcm")).PixelData


def test_pixels_beyond_the_length_field_are_too_large(tmp_path: Path) -> None:
    data_set = dcmread(sample("MR_small_RLE.dcm"))
    data_set.NumberOfFrames = 600_000
    data_set.save_as(tmp_path / "in")
    with pytest.raises(TooLarge, match="4915200000 bytes of Pixel Data after decompression"):
        convert(tmp_path / "in", tmp_path / "out", EXPLICIT_LE)


# --- the children


def planned(folder: Path, syntax: str = EXPLICIT_LE) -> list[PlannedFile]:
    found = index([FolderSource(folder)])
    assert not found.rejections
    return [
        PlannedFile(("DICOM", f"IM{number}"), instance, Action.TRANSCODE, syntax)
        for number, instance in enumerate(found.instances)
    ]


def run(folder: Path, made: Path, limits: Limits | None = None) -> list[Rejection]:
    files = planned(folder)
    return transcode(files, FolderSource(folder), made, lambda file: file.file_id[-1], silent, limits)


def broken(path: Path) -> None:
    """A file whose header is fine and whose codestream is not."""
    data_set = dcmread(sample("MR_small_jp2klossless.dcm"))
    data_set.PixelData = encapsulate([b"\xff\x4f\xff\x51" + bytes(range(256)) * 8])
    data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    data_set.save_as(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    shutil.copy(sample("MR_small_jp2klossless.dcm"), tmp_path / "in/good.dcm")
    return tmp_path / "in"


def test_a_broken_file_fails_alone(folder: Path, tmp_path: Path) -> None:
    broken(folder / "a_broken.dcm")
    (failed,) = run(folder, tmp_path / "made")
    assert failed.reason is Reason.TRANSCODE_FAILED
    assert failed.source.path.endswith("a_broken.dcm")
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["IM1"]


def endless(path: Path) -> None:
    """A file of many frames that takes long to decode."""
    data_set = dcmread(sample("MR_small_RLE.dcm"))
    data_set.Rows = data_set.Columns = 1
    data_set.NumberOfFrames = 60_000
    frame = (2).to_bytes(4, "little") + (64).to_bytes(4, "little") + (66).to_bytes(4, "little") + bytes(52)
    data_set.PixelData = encapsulate([frame + b"\0\1\0\1"] * 60_000, has_bot=False)
    data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    data_set.save_as(path)


@pytest.mark.parametrize(
    ("limits", "detail"),
    [
        (Limits(cpu_s=0), "ended by signal 24"),  # SIGXCPU
        (Limits(wall_s=0.001), "took more than 0.001 s"),
        (Limits(memory_bytes=64 << 20), ""),
    ],
    ids=["cpu", "wall", "memory"],
)
def test_limits_end_the_child_and_name_the_file(tmp_path: Path, limits: Limits, detail: str) -> None:
    (tmp_path / "in").mkdir()
    endless(tmp_path / "in/endless.dcm")
    (failed,) = run(tmp_path / "in", tmp_path / "made", limits)
    assert failed.reason is Reason.TRANSCODE_FAILED
    assert detail in failed.detail
    assert not list((tmp_path / "made").iterdir())


def test_what_is_made_is_kept(folder: Path, tmp_path: Path) -> None:
    assert run(folder, tmp_path / "made") == []
    made = tmp_path / "made/IM0"
    before = made.stat().st_mtime_ns
    assert run(folder, tmp_path / "made", Limits(wall_s=0.001)) == []
    assert made.stat().st_mtime_ns == before


def test_a_source_that_changed_is_named(folder: Path, tmp_path: Path) -> None:
    files = planned(folder)
    with (folder / "good.dcm").open("ab") as file:
        file.write(b"\0\0")
    with pytest.raises(SourceChanged, match=r"good\.dcm changed since it was indexed"):
        transcode(files, FolderSource(folder), tmp_path / "made", lambda file: file.file_id[-1], silent)


@pytest.mark.parametrize("name", ["MR_small.dcm", "SC_rgb_small_odd.dcm", "examples_palette.dcm", "JPGExtended.dcm"])
def test_icons_have_their_size_and_use_the_gray_scale(name: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    shutil.copy(sample(name), tmp_path / "in")
    files: Sequence[PlannedFile] = planned(tmp_path / "in")
    assert not make_icons(files, 64, FolderSource(tmp_path / "in"), tmp_path, lambda _: "x", silent)
    icon = np.frombuffer((tmp_path / "x.icon").read_bytes(), np.uint8)
    assert icon.size == 64 * 64
    assert icon.min() < 32
    assert icon.max() > 128
