"""The estimate against images that the builder lays out."""

import io
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media.build.iso import Format, Last, write_image
from media.build.stream import Entry, from_bytes
from media.fileset.capacity import Trees, folder_bytes, image_bytes, image_costs, zip_bytes

Paths = dict[tuple[str, ...], int]
TREES = [Trees(udf, joliet) for udf in (False, True) for joliet in (False, True)]


@st.composite
def volumes(draw: st.DrawFn) -> Paths:
    """Files of a volume: some patients, studies, series, instances, companions."""
    files: Paths = {("DICOMDIR",): draw(st.integers(1, 9000)), ("README.TXT",): 300, ("IHE_PDI", "INDEX.HTM"): 5000}
    for patient in range(draw(st.integers(0, 4))):
        for series in range(draw(st.integers(1, 3))):
            for number in range(draw(st.sampled_from([1, 2, 38, 45, 46, 100]))):
                path = ("DICOM", f"PA{patient:06d}", "ST000001", f"SE{series:06d}", f"IM{number:06d}")
                files[path] = draw(st.sampled_from([1, 2047, 2048, 2049, 5000]))
    return files


def real_bytes(files: Paths, trees: Trees, folder: Path) -> int:
    """The size of the image of files of zeros."""
    entries = [Entry(path, size, from_bytes(bytes(size))) for path, size in files.items()]
    last = Last(("CHECKSUM.TXT",), 100, lambda _hashes: bytes(100))
    image = folder / "image.iso"
    write_image(image, Format("T", 0, trees.udf, trees.joliet), entries, last, lambda *_: None)
    return image.stat().st_size


@pytest.mark.parametrize("trees", TREES, ids=str)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=volumes())
def test_the_estimate_is_the_image_to_the_byte(tmp_path: Path, trees: Trees, files: Paths) -> None:
    assert image_bytes({**files, ("CHECKSUM.TXT",): 100}, trees) == real_bytes(files, trees, tmp_path)


@pytest.mark.parametrize("trees", TREES, ids=str)
def test_the_estimate_holds_for_hundreds_of_folders(tmp_path: Path, trees: Trees) -> None:
    files = {("DICOM", f"PA{n:06d}", "ST000001", "SE000001", "IM000001"): 10 for n in range(1, 301)}
    assert image_bytes({**files, ("CHECKSUM.TXT",): 100}, trees) == real_bytes(files, trees, tmp_path)


@given(files=volumes(), trees=st.sampled_from(TREES))
def test_what_splitting_counts_with_is_never_less(files: Paths, trees: Trees) -> None:
    costs = image_costs(trees)
    folders = {path[:depth] for path in files for depth in range(1, len(path))}
    counted = sum(costs.file(size) for size in files.values()) + len(folders) * costs.folder
    assert image_bytes({}, trees) + counted + 4 * 2048 >= image_bytes(files, trees)


def test_a_folder_takes_whole_clusters() -> None:
    assert folder_bytes({("A",): 1}) == 2 * 32768 + 16
    assert folder_bytes({("A",): 32769}) == 3 * 32768 + 24


def test_a_zip_is_never_larger(tmp_path: Path) -> None:
    import zipfile

    files = {("DICOM", f"IM{n:06d}"): n for n in range(200)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as made:
        for path, size in files.items():
            made.writestr("/".join(path), os.urandom(size))
    assert len(buffer.getvalue()) <= zip_bytes(files)
