"""What every Writer keeps: subclass it, give the writer and how to read back what it wrote."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from media.ports import ImageFile, VerifiedImage, Writer

FILES = {("DICOMDIR",): b"index", ("DICOM", "PA000001", "IM000001"): bytes(range(256)) * 40, ("README.TXT",): b"hello"}


class WriterContract:
    """Subclasses provide the fixture `writer` and `contents`, which reads what was written."""

    @pytest.fixture
    def writer(self) -> Writer:
        raise NotImplementedError

    @pytest.fixture
    def image(self, tmp_path: Path) -> VerifiedImage:
        """An image: the files one after another, each at a sector."""
        data, files = bytearray(), []
        for path, content in FILES.items():
            data += bytes(-len(data) % 2048)
            files.append(ImageFile(path, len(data), len(content), hashlib.sha256(content).hexdigest()))
            data += content
        (tmp_path / "volume_1.iso.part").write_bytes(data)
        return VerifiedImage(tmp_path / "volume_1.iso.part", "volume_1", 1_700_000_000, tuple(files))

    @pytest.fixture
    def output(self, tmp_path: Path) -> Path:
        (tmp_path / "out").mkdir()
        return tmp_path / "out"

    def contents(self, written: Path, image: VerifiedImage) -> dict[tuple[str, ...], bytes]:
        raise NotImplementedError

    def test_writes_every_file_and_nothing_else(self, writer: Writer, image: VerifiedImage, output: Path) -> None:
        name = writer.write(image, output)
        assert [path.name for path in output.iterdir()] == [name]
        assert self.contents(output / name, image) == FILES

    def test_writing_again_gives_the_same(self, writer: Writer, image: VerifiedImage, output: Path) -> None:
        name = writer.write(image, output)
        before = self.contents(output / name, image)
        assert writer.write(image, output) == name
        assert self.contents(output / name, image) == before
        assert [path.name for path in output.iterdir()] == [name]

    def test_volumes_have_names_of_their_own(self, writer: Writer, image: VerifiedImage, output: Path) -> None:
        assert writer.write(image, output) != writer.write(replace(image, name="volume_2"), output)

    def test_an_interrupted_write_is_in_nobodys_way(self, writer: Writer, image: VerifiedImage, output: Path) -> None:
        name = writer.write(image, output)
        (output / name).rename(output / f".{name}.part")
        assert writer.write(image, output) == name
        assert self.contents(output / name, image) == FILES
        assert [path.name for path in output.iterdir()] == [name]
