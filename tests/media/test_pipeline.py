"""From a folder of files to verified volumes."""

import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate

from media.build.companions import Imprint
from media.errors import BadOrder, MediaError, NoRoom, NotVerified, Refused, SourceChanged, Unreadable
from media.fileset.model import Reason
from media.fileset.order import DiscOrder
from media.job_folder import job_in_output
from media.pipeline import BuildOrder, build, draft, image_step, index_step, plan_step, verify_step
from media.report import plan_view, regions_of
from media.verify import verify_image, verify_regions
from samples.awkward import write_awkward
from samples.make import ct_image, uid

CREATED = "2026-01-05T10:15:00+00:00"
COMPANIONS = {"CHECKSUM.TXT", "DICOMDIR", "IHE_PDI/INDEX.HTM", "INDEX.HTM", "README.TXT"}


def silent(_what: str, _done: int, _total: int) -> None:
    pass


def series(folder: Path, name: str = "Trunk", count: int = 6, size: int = 32) -> Path:
    """Some CT slices of one patient in `folder`/`name`."""
    (folder / name).mkdir(parents=True)
    for number in range(count):
        data_set = ct_image(number, count, size, patient=name)
        data_set.preamble = b"II*\0" + bytes(124)  # a TIFF header, as dual-purpose files have it
        data_set.save_as(folder / name / f"slice {number}.dcm", enforce_file_format=True)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return series(tmp_path / "in")


def order(source: Path, output: Path, writers: tuple[str, ...] = (), **disc: Any) -> BuildOrder:
    return BuildOrder((str(source),), str(output), DiscOrder(created=CREATED, **disc), Imprint("Clinic"), writers)


def built(source: Path, output: Path, **more: Any) -> Any:
    """Build as `disc build` does; the report."""
    with job_in_output(order(source, output, **more), keep_created=True) as (taken_up, job):
        build(taken_up, job, silent)
    return json.loads((output / "report.json").read_text())


def names(output: Path) -> list[str]:
    return sorted(path.name for path in output.iterdir() if path.name != ".job")


def extracted(image: Path, folder: Path) -> dict[str, bytes]:
    """The ISO 9660 tree by xorriso."""
    done = subprocess.run(
        ["xorriso", "-osirrox", "on", "-indev", image, "-extract", "/", folder], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    subprocess.run(["chmod", "-R", "u+w", folder], check=True)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_preamble(path: Path) -> bytes:
    return bytes(128) + path.read_bytes()[128:]


# --- what comes out


@pytest.mark.peer("xorriso", "sha256sum")
def test_every_selected_file_is_on_the_image_byte_for_byte(source: Path, tmp_path: Path) -> None:
    report = built(source, tmp_path / "out")
    assert names(tmp_path / "out") == ["plan.json", "report.json", "volume_1.iso"]
    files = extracted(tmp_path / "out/volume_1.iso", tmp_path / "tree")
    fates = {entry["file_id"]: entry for entry in report["files"]}
    assert {entry["fate"] for entry in fates.values()} == {"on-volume"}
    assert files.keys() - COMPANIONS == fates.keys()
    assert sorted(entry["source"] for entry in fates.values()) == sorted(map(str, source.rglob("*.dcm")))
    for file_id, entry in fates.items():
        assert files[file_id] == without_preamble(Path(entry["source"]))
    command = ["sha256sum", "-c", "CHECKSUM.TXT"]
    checked = subprocess.run(command, cwd=tmp_path / "tree", capture_output=True, text=True, check=True)
    assert checked.stdout.count(": OK") == len(files) - 1
    assert b"Clinic" in files["README.TXT"]


def test_two_builds_are_identical(source: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        built(source, tmp_path / name, medium="DVD-R", profile="STD-GEN-DVD-JPEG", joliet=True)
    for file in ("volume_1.iso", "plan.json", "report.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_the_report_has_every_byte_of_the_image(source: Path, tmp_path: Path) -> None:
    report = built(source, tmp_path / "out")
    image = tmp_path / "out/volume_1.iso"
    regions = regions_of(report, "volume_1.iso")
    assert sum(region.length for region in regions) == image.stat().st_size == report["volumes"][0]["size_bytes"]
    assert verify_image(image).good
    assert verify_regions(image, regions).good
    data = bytearray(image.read_bytes())
    data[5000] ^= 1  # the system area, which nothing on the image proves
    image.write_bytes(data)
    assert [finding.where for finding in verify_regions(image, regions).findings] == ["system area"]


def test_volumes_split_between_series(tmp_path: Path) -> None:
    for name in ("A", "B", "C"):
        series(tmp_path / "in", name, count=10, size=128)
    report = built(tmp_path / "in", tmp_path / "out", medium="700000")
    assert [volume["written"] for volume in report["volumes"]] == [[f"volume_{n}.iso"] for n in (1, 2, 3)]
    assert len({volume["file_set_uid"] for volume in report["volumes"]}) == 3
    for volume in report["volumes"]:
        assert volume["instances"] == 10
        assert volume["size_bytes"] <= 700_000
        assert verify_image(tmp_path / "out" / volume["written"][0]).good


def test_a_zip_as_source_gives_the_same_disc(source: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(source.rglob("*.dcm")):
            archive.write(path, path.name)
    built(source, tmp_path / "folder")
    built(tmp_path / "in.zip", tmp_path / "zip")
    image, other = (tmp_path / name / "volume_1.iso" for name in ("folder", "zip"))
    assert image.read_bytes() == other.read_bytes()


@pytest.mark.peer("xorriso")
def test_what_the_profile_forbids_is_transcoded(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number, name in enumerate(("MR_small_jp2klossless.dcm", "MR_small_bigendian.dcm", "SC_rgb_dcmtk_+eb+cr.dcm")):
        data_set = dcmread(str(get_testdata_file(name, download=False)))
        data_set.SOPInstanceUID = data_set.file_meta.MediaStorageSOPInstanceUID = uid("transcoded", number)
        data_set.StudyInstanceUID, data_set.SeriesInstanceUID = uid("study", number), uid("series", number)
        data_set.StudyID = data_set.SeriesNumber = data_set.InstanceNumber = "1"
        data_set.StudyDate, data_set.StudyTime, data_set.PatientID = "20260105", "101500", f"P{number}"
        data_set.save_as(tmp_path / f"in/{number}.dcm")
    report = built(tmp_path / "in", tmp_path / "out")
    files = extracted(tmp_path / "out/volume_1.iso", tmp_path / "tree")
    assert {entry["action"] for entry in report["files"]} == {"transcode"}
    for entry in report["files"]:
        before, after = dcmread(entry["source"]), dcmread(tmp_path / "tree" / entry["file_id"])
        assert after.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1" == entry["transfer_syntax_uid"]
        assert (after.pixel_array == before.pixel_array).all()
        assert after.SOPInstanceUID == before.SOPInstanceUID
    assert len(files) == 3 + len(COMPANIONS)
    assert not (tmp_path / "out/.job/made").exists()


def test_icons_where_the_profile_asks_for_them(source: Path, tmp_path: Path) -> None:
    built(source, tmp_path / "out", profile="STD-CTMR-CD", icons=True)
    assert (tmp_path / "out/volume_1.iso").read_bytes().count(b"\x88\x00\x00\x02SQ") == 6  # (0088,0200)


# --- writers


def test_a_stick_gets_a_folder(source: Path, tmp_path: Path) -> None:
    report = built(source, tmp_path / "out", medium="USB-1G", profile="STD-GEN-USB-JPEG")
    assert report["volumes"][0]["written"] == ["volume_1"]
    folder = tmp_path / "out/volume_1"
    for entry in report["files"]:
        assert (folder / entry["file_id"]).read_bytes() == without_preamble(Path(entry["source"]))
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found - {entry["file_id"] for entry in report["files"]} == COMPANIONS
    assert names(tmp_path / "out") == ["plan.json", "report.json", "volume_1"]


def test_mail_gets_a_zip_that_is_the_same_each_time(source: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        report = built(source, tmp_path / name, profile="STD-GEN-ZIP-MAIL")
    assert (tmp_path / "one/volume_1.zip").read_bytes() == (tmp_path / "two/volume_1.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one/volume_1.zip") as archive:
        assert set(archive.namelist()) == COMPANIONS | {entry["file_id"] for entry in report["files"]}
        for entry in report["files"]:
            assert archive.read(entry["file_id"]) == without_preamble(Path(entry["source"]))
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_several_writers(source: Path, tmp_path: Path) -> None:
    built(source, tmp_path / "out", writers=("zip", "folder", "image"))
    assert names(tmp_path / "out") == ["plan.json", "report.json", "volume_1", "volume_1.iso", "volume_1.zip"]


# --- what is in the way


def test_a_refusal_fails_and_names_every_file(source: Path, tmp_path: Path) -> None:
    (source / "empty.dcm").touch()
    (source / "notes.txt").write_text("hello")
    bad = ct_image(0, 1, 16, patient="Nobody")
    bad.StudyID = ""
    bad.save_as(source / "bad.dcm", enforce_file_format=True)
    with pytest.raises(Refused) as refused:
        built(source, tmp_path / "out")
    assert {Path(file).name: reason.partition(":")[0] for file, reason in refused.value.refusals} == {
        "empty.dcm": "empty-file",
        "bad.dcm": "missing-key",
    }
    assert names(tmp_path / "out") == ["plan.json", "report.json"]
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["state"] == "failed"
    fates = {Path(entry["source"]).name: (entry["fate"], entry.get("reason")) for entry in report["files"]}
    assert len(fates) == 9
    assert fates["bad.dcm"] == ("refused", "missing-key")
    assert fates["notes.txt"] == ("ignored", "not-dicom")
    assert fates["slice 0.dcm"] == ("planned", None)

    report = built(source, tmp_path / "out", leave_out=frozenset({Reason.EMPTY_FILE, Reason.MISSING_KEY}))
    assert report["counts"] == {"planned": 6, "refused": 0, "left_out": 2, "ignored": 1}
    assert b"bad.dcm: missing-key" in (tmp_path / "out/volume_1.iso").read_bytes()


def test_a_file_that_cannot_be_decoded_is_refused_or_left_out(source: Path, tmp_path: Path) -> None:
    broken = dcmread(str(get_testdata_file("MR_small_jp2klossless.dcm", download=False)))
    broken.PixelData = encapsulate([b"\xff\x4f\xff\x51" + bytes(3000)])
    broken.save_as(source / "broken.dcm")
    with pytest.raises(Refused, match="transcode-failed"):
        built(source, tmp_path / "out", derive=True)
    report = built(source, tmp_path / "out", derive=True, leave_out=frozenset({Reason.TRANSCODE_FAILED}))
    assert report["counts"]["planned"] == 6
    assert [Path(entry["source"]).name for entry in report["files"] if entry["fate"] == "left-out"] == ["broken.dcm"]


def test_everything_awkward_is_on_the_disc_or_has_its_reason(tmp_path: Path) -> None:
    write_awkward(tmp_path / "in")
    report = built(tmp_path / "in", tmp_path / "out", derive=True, leave_out=frozenset(Reason))
    assert report["state"] == "done"
    planned = [entry for entry in report["files"] if entry["fate"] == "on-volume"]
    assert len(planned) == report["volumes"][0]["instances"] > 20
    told = [(entry["source"], entry.get("member")) for entry in report["files"]]
    assert len(told) == len(set(told))
    assert all(entry["fate"] == "on-volume" or entry["reason"] for entry in report["files"])
    assert verify_image(tmp_path / "out/volume_1.iso").good
    assert names(tmp_path) == ["in", "out"]


def test_nothing_to_write_is_a_bad_order(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/notes.txt").write_text("hello")
    with pytest.raises(BadOrder, match="no DICOM instance"):
        built(tmp_path / "in", tmp_path / "out")


def test_a_draft_writes_nothing(source: Path, tmp_path: Path) -> None:
    view = plan_view(draft(order(source, tmp_path / "out"), silent))
    assert not (tmp_path / "out").exists()
    assert [entry["action"] for entry in view["volumes"][0]["files"]] == ["accept"] * 6


@pytest.mark.parametrize("change", ["longer", "touched", "other"])
def test_a_source_that_changes_after_the_index_fails_the_job(source: Path, tmp_path: Path, change: str) -> None:
    job, given = tmp_path / "job", order(source, tmp_path / "out")
    index_step(given, job, silent)
    plan_step(given, job, silent)
    victim = source / "Trunk/slice 3.dcm"
    before = victim.stat()
    data = victim.read_bytes()
    if change == "longer":
        victim.write_bytes(data + b"\0\0")
    elif change == "other":
        victim.write_bytes(
            data.replace(uid("Trunk", "ct", 2, 4).encode(), uid("Trunk", "ct", 2, 4)[:-1].encode() + b"x")
        )
        os.utime(victim, ns=(before.st_atime_ns, before.st_mtime_ns))
    else:
        os.utime(victim)
    with pytest.raises(SourceChanged, match=r"slice 3\.dcm changed since it was indexed"):
        image_step(given, job, silent)
    assert not list(job.glob("*.iso*"))


def test_a_damaged_image_is_not_released(source: Path, tmp_path: Path) -> None:
    job, given = tmp_path / "job", order(source, tmp_path / "out")
    image_step(given, job, silent)
    with (job / "volume_1.iso.part").open("r+b") as image:
        image.seek(-3000, os.SEEK_END)
        byte = image.read(1)
        image.seek(-1, os.SEEK_CUR)
        image.write(bytes([byte[0] ^ 1]))
    with pytest.raises(NotVerified):
        verify_step(given, job, silent)
    with pytest.raises(NotVerified):
        build(given, job, silent)
    assert names(tmp_path / "out") == ["plan.json", "report.json"]
    assert json.loads((tmp_path / "out/report.json").read_text())["findings"]


# --- interruptions


def test_an_order_survives_json(source: Path, tmp_path: Path) -> None:
    given = order(source, tmp_path, leave_out=frozenset({Reason.BOMB, Reason.DUPLICATE}), writers=("zip",))
    assert BuildOrder.from_json(json.loads(json.dumps(given.to_json()))) == given


def test_a_finished_order_does_nothing(source: Path, tmp_path: Path) -> None:
    built(source, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir() if path.is_file()}
    built(source, tmp_path / "out")
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_volumes_of_another_order_are_not_overwritten(source: Path, tmp_path: Path) -> None:
    built(source, tmp_path / "out")
    with pytest.raises(BadOrder, match=r"holds volume_1\.iso of another order"):
        built(source, tmp_path / "out", file_set_id="OTHER")
    series(source, "New")
    with pytest.raises(BadOrder, match="sources have changed"):
        built(source, tmp_path / "out")


def test_two_builds_in_one_folder_do_not_mix(source: Path, tmp_path: Path) -> None:
    given = order(source, tmp_path / "out")
    with job_in_output(given, keep_created=True), pytest.raises(BadOrder, match="another build is at work"):
        built(source, tmp_path / "out")


def test_the_time_of_the_first_try_stays(source: Path, tmp_path: Path) -> None:
    given = order(source, tmp_path / "out")
    with job_in_output(given, keep_created=False) as (_, job):
        index_step(given, job, silent)
    later = BuildOrder(given.sources, given.output, DiscOrder(created="2027-01-01T00:00:00+00:00"), given.imprint)
    with job_in_output(later, keep_created=False) as (taken_up, job):
        assert taken_up == given
        assert (job / "index.pickle").exists()


def test_the_image_is_written_again_after_a_reboot(source: Path, tmp_path: Path) -> None:
    job, given = tmp_path / "job", order(source, tmp_path / "out")
    image_step(given, job, silent)
    whole = (job / "volume_1.iso.part").read_bytes()
    marker = json.loads((job / "volume_1.written.json").read_text())
    (job / "volume_1.written.json").write_text(json.dumps(marker | {"boot": "another"}))
    (job / "volume_1.iso.part").write_bytes(bytes(len(whole)))  # what a power cut may leave
    verify_step(given, job, silent)
    assert (job / "volume_1.iso.part").read_bytes() == whole


def started(source: Path, output: Path, *more: str) -> "subprocess.Popen[bytes]":
    words: Sequence[str] = ["disc", "build", str(source), "--output", str(output), "--created", CREATED, *more]
    code = "import sys; from service.cli import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path.cwd()
    )


@pytest.mark.parametrize("attempts", [2, pytest.param(30, marks=pytest.mark.slow)])
def test_kill_at_any_moment_then_again_gives_the_same_bytes(tmp_path: Path, attempts: int) -> None:
    source = series(tmp_path / "in", count=20, size=256)
    begun = time.monotonic()
    assert started(source, tmp_path / "whole").wait() == 0
    took = time.monotonic() - begun
    chance = random.Random(5)
    for attempt in range(attempts):
        output = tmp_path / f"out{attempt}"
        process = started(source, output)
        time.sleep(chance.uniform(0.3, 1.0) * took)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for image in output.glob("*.iso"):
            assert image.read_bytes() == (tmp_path / "whole/volume_1.iso").read_bytes()
        again = started(source, output)
        _, errors = again.communicate()
        assert again.returncode == 0, errors
        for name in ("volume_1.iso", "plan.json", "report.json"):
            assert (output / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
        shutil.rmtree(output)


@pytest.mark.parametrize("limit", [4_000, 20_000, 80_000])
def test_a_full_disk_leaves_no_volume(source: Path, tmp_path: Path, limit: int) -> None:
    code = f"""
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path.cwd())!r})
from tests.media.test_pipeline import built
from media.errors import NoRoom
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    built(Path({str(source)!r}), Path({str(tmp_path / "out")!r}))
except NoRoom as error:
    print("no room")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "no room\n", done.stderr
    assert not list((tmp_path / "out").glob("*.iso"))
    assert built(source, tmp_path / "out")["state"] == "done"


# --- orders


@pytest.mark.parametrize("fault", ["sources", "writers", "source"])
def test_bad_orders(source: Path, tmp_path: Path, fault: str) -> None:
    with pytest.raises(BadOrder):
        if fault == "sources":
            BuildOrder((), str(tmp_path), DiscOrder(created=CREATED))
        elif fault == "writers":
            order(source, tmp_path, writers=("fax",))
        else:
            built(source / "nowhere", tmp_path / "out")


def test_errors_are_of_one_kind() -> None:
    for kind in (BadOrder, NoRoom, NotVerified, Refused, SourceChanged, Unreadable):
        assert issubclass(kind, MediaError)


@pytest.mark.slow
@pytest.mark.peer("7z", "xorriso")
def test_an_instance_of_4_5_gb_is_in_both_trees(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    data_set = ct_image(0, 1, 512)
    data_set.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"
    data_set.NumberOfFrames = 2
    del data_set.PixelData
    path = tmp_path / "in/large.dcm"
    data_set.save_as(path, enforce_file_format=True)
    with path.open("r+b") as file:  # a sparse file: two frames of 2.25 GB
        file.seek(0, os.SEEK_END)
        file.write(
            struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0)
        )
        for _ in range(2):
            file.write(struct.pack("<HHI", 0xFFFE, 0xE000, 2_250_000_000) + b"\xff\x4f\xff\x51")
            file.seek(2_250_000_000 - 6, os.SEEK_CUR)
            file.write(b"\xff\xd9")
        file.write(struct.pack("<HHI", 0xFFFE, 0xE0DD, 0))
    report = built(tmp_path / "in", tmp_path / "out", profile="STD-GEN-DVD-J2K")
    (entry,) = report["files"]
    image = tmp_path / "out/volume_1.iso"
    for name, command in {
        "udf": ("7z", "x", f"-o{tmp_path / 'udf'}", image, entry["file_id"]),
        "iso": ("xorriso", "-osirrox", "on", "-indev", image, "-extract", f"/{entry['file_id']}", tmp_path / "iso"),
    }.items():
        subprocess.run(command, check=True, capture_output=True)
        found = tmp_path / "iso" if name == "iso" else tmp_path / "udf" / entry["file_id"]
        with found.open("rb") as one, path.open("rb") as other:
            assert one.read(128) == bytes(128)
            other.seek(128)
            while chunk := one.read(1 << 24):
                assert chunk == other.read(len(chunk))
            assert not other.read(1)
        found.chmod(0o600)
        found.unlink()
