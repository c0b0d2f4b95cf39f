"""The writers against their contract."""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from media.errors import BadOrder, NotVerified, NotYet, Unreadable
from media.fileset.media import FileSystem
from media.ports import ImageFile, VerifiedImage, Writer
from media.writers import WRITERS, default_writers, writer_of
from media.writers.fat import FatWriter, size_of
from media.writers.folder import FolderWriter
from media.writers.hot_folder import HotFolderWriter
from media.writers.image import ImageWriter
from media.writers.optical import OpticalWriter
from media.writers.usb import MARK, UsbWriter
from media.writers.zipped import ZipWriter
from tests.contracts.writer import FILES, WriterContract

Contents = dict[tuple[str, ...], bytes]


def second(image: VerifiedImage) -> VerifiedImage:
    """Another volume: its DICOMDIR differs."""
    first, *rest = image.files
    path = image.path.with_name("volume_2.iso.part")
    path.write_bytes(b"other" + image.path.read_bytes()[5:])
    changed = replace(first, sha256=hashlib.sha256(b"other").hexdigest())
    return replace(image, name="volume_2", path=path, files=(changed, *rest))


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


@pytest.mark.peer("mkfs.fat", "mcopy")
class TestFat(WriterContract):
    @pytest.fixture
    def writer(self) -> Writer:
        return FatWriter()

    def contents(self, written: Path, image: VerifiedImage) -> Contents:
        listed = subprocess.run(["mdir", "-/", "-b", "-i", written, "::"], capture_output=True, text=True, check=True)
        names = [tuple(line[3:].split("/")) for line in listed.stdout.split() if not line.endswith("/")]
        return {
            name: subprocess.run(
                ["mtype", "-i", written, "::/" + "/".join(name)], capture_output=True, check=True
            ).stdout
            for name in names
        }

    def test_the_table_has_as_many_bits_as_the_volume_needs(self, image: VerifiedImage, output: Path) -> None:
        small = output / FatWriter().write(image, output)
        assert small.read_bytes()[54:62] == b"FAT16   "
        assert size_of(replace(image, files=(ImageFile(("A",), 0, 3 << 30, ""),))) > 3 << 30


@pytest.mark.peer("xorriso")
class TestOptical(WriterContract):
    @pytest.fixture
    def writer(self, tmp_path: Path) -> Writer:
        (tmp_path / "drive").touch()
        return OpticalWriter(tmp_path / "drive")

    def contents(self, written: Path, image: VerifiedImage) -> Contents:
        data = Path(json.loads(written.read_text())["drive"]).read_bytes()
        return {file.path: data[file.offset : file.offset + file.length] for file in image.files}

    def test_volumes_have_names_of_their_own(self, writer: Writer, image: VerifiedImage, output: Path) -> None:
        """A second volume waits for a blank disc."""
        name, other = writer.write(image, output), second(image)
        with pytest.raises(NotYet, match="waits for a blank disc"):
            writer.write(other, output)
        (image.path.parent / "drive").write_bytes(b"")
        assert writer.write(other, output) != name

    def test_a_burner_that_flips_a_byte_is_found_out(self, image: VerifiedImage, output: Path, tmp_path: Path) -> None:
        drive, burner = tmp_path / "drive", tmp_path / "burner"
        drive.touch()
        burner.write_text(
            f"#!{sys.executable}\nimport subprocess, sys\n"
            "code = subprocess.call(['xorriso', *sys.argv[1:]])\n"
            f"file = open({str(drive)!r}, 'r+b')\n"
            "data = file.read(5000)[4999:] if '-dao' in sys.argv else b''\n"
            "if data: file.seek(4999); file.write(bytes([data[0] ^ 1]))\n"
            "sys.exit(code)\n"
        )
        burner.chmod(0o755)
        with pytest.raises(NotVerified, match=r"different: /\S+: byte 4999 of the disc"):
            OpticalWriter(drive, str(burner)).write(image, output)
        assert list(output.iterdir()) == []

    def test_a_disc_that_was_burned_before_a_power_cut_is_not_burned_again(
        self, writer: Writer, image: VerifiedImage, output: Path
    ) -> None:
        name = writer.write(image, output)
        (output / name).unlink()
        drive = image.path.parent / "drive"
        before = drive.stat().st_mtime_ns
        assert writer.write(image, output) == name
        assert drive.stat().st_mtime_ns == before

    def test_without_a_drive_or_program_it_says_so(self, image: VerifiedImage, output: Path, tmp_path: Path) -> None:
        with pytest.raises(NotYet, match="is not there"):
            OpticalWriter(tmp_path / "none").write(image, output)
        (tmp_path / "drive").touch()
        with pytest.raises(Unreadable, match="not installed"):
            OpticalWriter(tmp_path / "drive", "no-such-program").write(image, output)


class TestUsb(WriterContract):
    @pytest.fixture
    def writer(self, tmp_path: Path) -> Writer:
        (tmp_path / "stick").mkdir()
        return UsbWriter(tmp_path / "stick")

    def contents(self, written: Path, image: VerifiedImage) -> Contents:
        root = Path(json.loads(written.read_text())["place"])
        return {path.relative_to(root).parts: path.read_bytes() for path in root.rglob("*") if path.is_file()}

    def test_volumes_have_names_of_their_own(self, writer: Writer, image: VerifiedImage, output: Path) -> None:
        """A second volume waits for an empty stick."""
        name, other = writer.write(image, output), second(image)
        with pytest.raises(NotYet, match="has DICOM"):
            writer.write(other, output)
        shutil.rmtree(image.path.parent / "stick")
        (image.path.parent / "stick").mkdir()
        assert writer.write(other, output) != name

    def test_a_stick_of_another_volume_is_not_taken_for_this_one(
        self, writer: Writer, image: VerifiedImage, output: Path
    ) -> None:
        (output / writer.write(image, output)).unlink()
        (image.path.parent / "stick" / "README.TXT").write_bytes(b"other")
        with pytest.raises(NotYet, match="has DICOM"):
            writer.write(image, output)

    def test_an_interrupted_copy_goes_on_and_a_strangers_file_stays(self, image: VerifiedImage, tmp_path: Path) -> None:
        stick, output = tmp_path / "stick", tmp_path / "out"
        stick.mkdir()
        output.mkdir()
        (stick / "LETTER.DOC").write_bytes(b"mine")
        (stick / "README.TXT").write_bytes(b"hel")
        (stick / MARK).write_text(hashlib.sha256(image.path.read_bytes()).hexdigest())
        written = output / UsbWriter(stick).write(image, output)
        assert self.contents(written, image) == FILES | {("LETTER.DOC",): b"mine"}


class TestHotFolder(WriterContract):
    """With a robot that is done at once."""

    @pytest.fixture
    def writer(self, tmp_path: Path) -> Writer:
        (tmp_path / "robot").mkdir()
        (tmp_path / "burned").mkdir()
        return Robot(tmp_path / "robot", tmp_path / "burned")

    def contents(self, written: Path, image: VerifiedImage) -> Contents:
        burned = image.path.parent / "burned" / (json.loads(written.read_text())["job"] + ".iso")
        data = burned.read_bytes()
        return {file.path: data[file.offset : file.offset + file.length] for file in image.files}

    def test_it_leaves_ticket_and_image_and_reads_what_became_of_it(
        self, image: VerifiedImage, output: Path, tmp_path: Path
    ) -> None:
        robot = tmp_path / "robot"
        robot.mkdir()
        writer = HotFolderWriter(robot)
        with pytest.raises(NotYet, match=r"is with the robot.*not taken yet"):
            writer.write(image, output)
        job = next(robot.glob("*.iso")).stem
        (robot / f"{job}.status").write_text("WORKING\n")
        with pytest.raises(NotYet, match=r"is with the robot.*WORKING"):
            writer.write(image, output)
        ticket = json.loads((robot / f"{job}.json").read_text())
        assert ticket["sha256"] == hashlib.sha256((robot / ticket["image"]).read_bytes()).hexdigest()
        assert f"IMAGE = {job}.iso\r\n" in (robot / f"{job}.txt").read_bytes().decode()
        (robot / f"{job}.status").write_text("FAILED\nno blank media in bin 1")
        with pytest.raises(Unreadable, match="no blank media in bin 1"):
            writer.write(image, output)
        assert list(robot.iterdir()) == list(output.iterdir()) == []

    def test_a_robot_that_says_nothing_is_not_waited_for_for_ever(
        self, image: VerifiedImage, output: Path, tmp_path: Path
    ) -> None:
        with pytest.raises(Unreadable, match="is no folder"):
            HotFolderWriter(tmp_path / "robot").write(image, output)
        (tmp_path / "robot").mkdir()
        with pytest.raises(Unreadable, match="did not end"):
            HotFolderWriter(tmp_path / "robot", wait_s=-1).write(image, output)
        assert list((tmp_path / "robot").iterdir()) == []


class Robot(HotFolderWriter):
    """A robot that burns whenever it is looked at."""

    def __init__(self, folder: Path, burned: Path) -> None:
        super().__init__(folder)
        object.__setattr__(self, "burned", burned)

    def write(self, image: VerifiedImage, output: Path) -> str:
        try:
            return super().write(image, output)
        except NotYet:
            for ticket in self.folder.glob("*.json"):
                shutil.copy(self.folder / json.loads(ticket.read_text())["image"], self.burned)  # type: ignore[attr-defined]
                ticket.with_suffix(".status").write_text("DONE\n")
        return super().write(image, output)


@pytest.mark.parametrize(
    "name", ["fax", "optical", "optical:", "usb:relative", "image:/place", "hot_folder:", ""], ids=repr
)
def test_a_writer_that_is_not_known_is_named(name: str) -> None:
    with pytest.raises(BadOrder, match="expected one of image, folder, zip, fat, optical:/PLACE"):
        writer_of(name)


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
