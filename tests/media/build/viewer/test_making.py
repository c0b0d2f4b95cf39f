"""Bundles: several files an order, one file for all; what breaks, breaks alone; what is there is kept."""

import shutil
import zipfile
from pathlib import Path

import pytest

from media.build.viewer import making
from media.build.viewer.bundle import Bundle, is_whole
from media.build.viewer.making import bundles_in, children_ready, make_bundles
from media.errors import SourceChanged
from media.fileset.model import Action, PlannedFile
from media.index.index import index
from media.limited import Limits
from media.ports import Source
from media.sources import source_of
from samples.make import ct_image
from tests.media.build.test_transcode import endless


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """40 CT slices: more than an order has."""
    found = tmp_path / "in"
    found.mkdir()
    for number in range(40):
        ct_image(number, 40, 16).save_as(found / f"{number:03}.dcm", enforce_file_format=True)
    return found


def planned(source: Source) -> list[PlannedFile]:
    return [
        PlannedFile(("DICOM", f"{number:03}"), one, Action.ACCEPT, "")
        for number, one in enumerate(index([source]).instances)
    ]


def run(folder: Path, made: Path, limits: Limits | None = None) -> dict[str, Bundle]:
    source = source_of(str(folder))
    counts = []
    files = planned(source)
    make_bundles(files, True, source, made, name, lambda _what, done, total: counts.append((done, total)), limits)
    assert counts[-1] == (len(files), len(files))
    return bundles_in(made)


def name(file: PlannedFile) -> str:
    return file.file_id[-1]


def told(bundles: dict[str, Bundle]) -> dict[str, object]:
    """Heads and blobs by name."""
    return {
        name: (
            {key: value for key, value in one.head.items() if key != "frames"},
            [one.read(frame["j"]) for frame in one.head.get("frames", [])],
        )
        for name, one in bundles.items()
    }


def test_every_file_has_its_bundle_whatever_the_orders(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = run(folder, tmp_path / "together")
    assert len(list((tmp_path / "together").iterdir())) == 2
    monkeypatch.setattr(making, "MOST_FILES", 1)
    apart = run(folder, tmp_path / "apart")
    assert len(list((tmp_path / "apart").iterdir())) == 40
    assert told(together) == told(apart)
    assert together["007"].head["texts"]["Modality"] == "CT"


def test_a_zip_is_read_as_a_folder_is(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as packed:
        for path in sorted(folder.iterdir()):
            packed.write(path, path.name)
    assert told(run(tmp_path / "in.zip", tmp_path / "zip")) == told(run(folder, tmp_path / "folder"))
    assert all(path.suffix == ".bundle" for path in (tmp_path / "zip").iterdir())


def test_a_file_that_ends_its_child_fails_alone(folder: Path, tmp_path: Path) -> None:
    endless(folder / "zz.dcm")
    found = run(folder, tmp_path / "made", Limits(cpu_s=1))
    lost = found.pop("040").head
    assert lost["kind"] == "none" and "ended by signal 24" in lost["reason"]  # SIGXCPU
    assert [one.head["kind"] for one in found.values()] == ["image"] * 40


def test_what_cannot_be_decoded_is_told(folder: Path, tmp_path: Path) -> None:
    broken = ct_image(40, 41, 16)
    broken.PixelData = b""
    broken.save_as(folder / "zz.dcm", enforce_file_format=True)
    head = run(folder, tmp_path / "made")["040"].head
    assert head["kind"] == "none" and head["reason"]


def test_what_is_there_is_kept_and_what_is_half_there_is_not(folder: Path, tmp_path: Path) -> None:
    first = told(run(folder, tmp_path / "made"))
    one, other = sorted((tmp_path / "made").iterdir())
    before = one.stat().st_mtime_ns
    other.write_bytes(other.read_bytes()[:-1])
    assert not is_whole(other)
    assert told(run(folder, tmp_path / "made")) == first
    assert one.stat().st_mtime_ns == before and is_whole(other)


def test_a_source_that_changed_is_named(folder: Path, tmp_path: Path) -> None:
    source = source_of(str(folder))
    files = planned(source)
    with (folder / "007.dcm").open("ab") as file:
        file.write(b"\0\0")
    with pytest.raises(SourceChanged, match=r"007\.dcm changed since it was indexed"):
        make_bundles(files, False, source, tmp_path / "made", name, lambda *_: None)


def test_children_that_were_ready_are_used_and_ended(folder: Path, tmp_path: Path) -> None:
    with children_ready():
        waiting = list(making._ready)
        assert all(child.start().poll() is None for child in waiting)
        processes = [child.start() for child in waiting]
        run(folder, tmp_path / "made")
        shutil.rmtree(tmp_path / "made")
    assert all(process.poll() is not None for process in processes)
    assert making._ready == []
