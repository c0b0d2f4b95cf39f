"""The writers against their contract."""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import pytest
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from media.errors import Awaits, BadOrder, DeviceFailed, NotVerified, NotYet, Unreadable
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
        assert "label" not in ticket
        assert ticket["sha256"] == hashlib.sha256((robot / ticket["image"]).read_bytes()).hexdigest()
        assert f"IMAGE = {job}.iso\r\n" in (robot / f"{job}.txt").read_bytes().decode()
        (robot / f"{job}.status").write_text("FAILED\nno blank media in bin 1")
        with pytest.raises(DeviceFailed, match="no blank media in bin 1"):
            writer.write(image, output)
        assert list(robot.iterdir()) == list(output.iterdir()) == []

    def test_a_robot_that_says_nothing_is_not_waited_for_for_ever(
        self, image: VerifiedImage, output: Path, tmp_path: Path
    ) -> None:
        with pytest.raises(Unreadable, match="is no folder"):
            HotFolderWriter(tmp_path / "robot").write(image, output)
        (tmp_path / "robot").mkdir()
        with pytest.raises(DeviceFailed, match="did not end"):
            HotFolderWriter(tmp_path / "robot", wait_s=-1).write(image, output)
        assert list((tmp_path / "robot").iterdir()) == []


FIELDS = {"patient_name": "Jürgen Groß", "patient_id": "P\n1", "studies": "CT; MR"}


def one_page() -> bytes:
    page = BytesIO()
    canvas = Canvas(page, (120 * mm, 120 * mm))
    canvas.circle(60 * mm, 60 * mm, 58 * mm, fill=1)
    canvas.save()
    return page.getvalue()


class TestPTBurn(WriterContract):
    """With Primera's PTBurn that is done at once."""

    @pytest.fixture
    def writer(self, tmp_path: Path) -> Writer:
        (tmp_path / "robot").mkdir()
        (tmp_path / "burned").mkdir()
        return Robot(tmp_path / "robot", tmp_path / "burned", "ptburn")

    def contents(self, written: Path, image: VerifiedImage) -> Contents:
        return TestHotFolder().contents(written, image)

    def test_it_gets_a_job_file_with_a_picture_and_merge_fields(
        self, image: VerifiedImage, output: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "robot").mkdir()
        writer = writer_of(f"ptburn:{tmp_path / 'robot'}=C:\\PTBurnJobs")
        with pytest.raises(NotYet, match="JRQ") as waiting:
            writer.write(replace(image, label=one_page(), copies=2, fields=FIELDS), output)
        assert (waiting.value.awaits, waiting.value.begun) == (Awaits.DEVICE, False)
        (job,) = (tmp_path / "robot").glob("*.JRQ")
        lines = job.read_bytes().decode("cp1252").split("\r\n")
        assert f"ImageFile = C:\\PTBurnJobs\\{job.stem}.iso" in lines
        assert f"PrintLabel = C:\\PTBurnJobs\\{job.stem}.jpg" in lines
        assert {"Copies = 2", "VerifyDisc = YES", "ClientID = printmgr"} <= set(lines)
        merged = [line.partition(" = ")[2] for line in lines if line.startswith("MergeField")]
        assert merged == ["Jürgen Groß", "P 1", "", "", "", "", "", "", "CT; MR"]
        label = cv2.imread(str(job.with_suffix(".jpg")))
        assert abs(label.shape[0] - 120 / 25.4 * 300) < 2
        assert (label[700, 700].max() < 30, label[5, 5].min() > 200) == (True, True)

    def test_its_state_is_the_files_name(self, image: VerifiedImage, output: Path, tmp_path: Path) -> None:
        robot = tmp_path / "robot"
        (robot / "Status").mkdir(parents=True)
        writer = HotFolderWriter(robot, "ptburn")
        with pytest.raises(NotYet):
            writer.write(image, output)
        (job,) = robot.glob("*.JRQ")
        status = f"[JobList]\nJob0={job.stem}\n[{job.stem}]\nCurrentStatus=Burning\n"
        (robot / "Status" / "XRP.txt").write_text(status)
        job = job.rename(job.with_suffix(".inp"))
        with pytest.raises(NotYet, match="Burning") as burning:
            writer.write(image, output)
        assert burning.value.begun
        assert not writer.withdraw("volume_1", output)
        job.rename(job.with_suffix(".err"))
        with pytest.raises(DeviceFailed, match="the robot failed: Burning"):
            writer.write(image, output)
        assert [path.name for path in robot.iterdir()] == ["Status"]

    @pytest.mark.parametrize("state", ["JRQ", "QRJ"])
    def test_a_job_is_taken_back_before_it_is_begun(
        self, image: VerifiedImage, output: Path, tmp_path: Path, state: str
    ) -> None:
        (tmp_path / "robot").mkdir()
        writer = HotFolderWriter(tmp_path / "robot", "ptburn")
        with pytest.raises(NotYet):
            writer.write(image, output)
        (job,) = (tmp_path / "robot").glob("*.JRQ")
        job.rename(job.with_suffix(f".{state}"))
        assert writer.withdraw("volume_1", output)
        left = {path.suffix: path.read_bytes().decode() for path in (tmp_path / "robot").iterdir()}
        assert left.get(".PTM") == ("Message = ABORT\r\nClientID = printmgr\r\n" if state == "QRJ" else None)
        assert left.keys() <= {".PTM", ".QRJ"}


def test_our_own_tickets_carry_the_label_and_are_taken_back(tmp_path: Path) -> None:
    robot, output = tmp_path / "robot", tmp_path / "out"
    robot.mkdir()
    output.mkdir()
    (tmp_path / "image").write_bytes(b"image")
    writer = HotFolderWriter(robot)
    with pytest.raises(NotYet):
        writer.write(VerifiedImage(tmp_path / "image", "volume_1", 0, (), label=one_page(), fields=FIELDS), output)
    ticket = json.loads(next(robot.glob("*.json")).read_text())
    assert (robot / ticket["label"]).read_bytes()[:5] == b"%PDF-"
    assert ticket["fields"] == FIELDS
    assert "FIELD patient_name = Jürgen Groß\r\n" in next(robot.glob("*.txt")).read_bytes().decode()
    assert writer.withdraw("volume_1", output)
    assert list(robot.iterdir()) == list(output.iterdir()) == []


class Robot(HotFolderWriter):
    """A robot that burns whenever it is looked at."""

    def __init__(self, folder: Path, burned: Path, kind: str = "hot_folder") -> None:
        super().__init__(folder, kind)
        object.__setattr__(self, "burned", burned)

    def write(self, image: VerifiedImage, output: Path) -> str:
        try:
            return super().write(image, output)
        except NotYet:
            for burned in self.folder.glob("*.iso"):
                shutil.copy(burned, self.burned)  # type: ignore[attr-defined]
                if self.kind == "ptburn":
                    burned.with_suffix(".JRQ").rename(burned.with_suffix(".DON"))
                else:
                    burned.with_suffix(".status").write_text("DONE\n")
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
