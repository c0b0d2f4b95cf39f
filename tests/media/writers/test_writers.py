"""The writers against their contract."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from media.errors import NotVerified
from media.fileset.media import FileSystem
from media.ports import ImageFile, VerifiedImage, Writer
from media.writers import WRITERS, default_writers
from media.writers.folder import FolderWriter
from media.writers.image import ImageWriter
from media.writers.zipped import ZipWriter
from tests.contracts.writer import FILES, WriterContract

Contents = dict[tuple[str, ...], bytes]


class TestImage(WriterContract):
    @pytest.fixture
    def writer(self) -> Writer:
        return ImageWriter()

    def contents(self, written: Path, image: VerifiedImage) -> Contents:
        data = written.read_bytes()
        return {file.path: data[file.offset : file.offset + file.length] for file in image.files}

    def test_where_links_are_not_it_copies(
        self, image: VerifiedImage, output: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_links(_self: Path, _target: Path) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(Path, "hardlink_to", no_links)
        name = ImageWriter().write(image, output)
        assert self.contents(output / name, image) == FILES
        assert image.path.stat().st_nlink == 1


class TestFolder(WriterContract):
    @pytest.fixture
    def writer(self) -> Writer:
        return FolderWriter()

    def contents(self, written: Path, image: VerifiedImage) -> Contents:
        return {path.relative_to(written).parts: path.read_bytes() for path in written.rglob("*") if path.is_file()}

    def test_files_have_the_time_of_the_order(self, image: VerifiedImage, output: Path) -> None:
        written = output / FolderWriter().write(image, output)
        assert {path.stat().st_mtime for path in written.rglob("*") if path.is_file()} == {image.created_s}


class TestZip(WriterContract):
    @pytest.fixture
    def writer(self) -> Writer:
        return ZipWriter()

    def contents(self, written: Path, image: VerifiedImage) -> Contents:
        with zipfile.ZipFile(written) as archive:
            return {tuple(name.split("/")): archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("writer", [FolderWriter(), ZipWriter()])
def test_what_is_not_in_the_image_is_not_released(writer: Writer, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"other bytes")
    (tmp_path / "out").mkdir()
    image = VerifiedImage(tmp_path / "image", "volume_1", 0, ())
    one = replace(image, files=(ImageFile(("A",), 0, 11, "0" * 64),))
    with pytest.raises(NotVerified, match="not the bytes of the image"):
        writer.write(one, tmp_path / "out")
    with pytest.raises(NotVerified, match="goes beyond the image"):
        writer.write(replace(image, files=(ImageFile(("A",), 0, 12, "0" * 64),)), tmp_path / "out")
    assert not list((tmp_path / "out").glob("volume*"))


def test_every_file_system_has_its_writers() -> None:
    chosen = {system: default_writers(system) for system in FileSystem}
    assert set(sum(chosen.values(), ())) <= WRITERS.keys()
    assert chosen[FileSystem.ISO_9660] == chosen[FileSystem.UDF_BRIDGE] == ("image",)
    assert chosen[FileSystem.ZIP] == ("zip",)
    assert chosen[FileSystem.FAT16] == chosen[FileSystem.FAT32] == ("folder",)
