"""A de-identified disc has nothing that says whose it is, and is whole otherwise."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileDataset
from pydicom.fileset import FileSet

from media.build.viewer.shows import Shows
from media.errors import BadOrder
from media.fileset.confidentiality import Deidentify, Mask, Option, options_of
from media.fileset.model import Reason
from media.fileset.order import DiscOrder
from media.job_folder import job_in_output
from media.pipeline import BuildOrder, build
from samples.make import SECONDARY_CAPTURE, instance, put_pixels, uid
from tests.media.deidentify.making import IDENTIFIERS, ct, traces, write

CREATED = "2026-01-05T10:15:00+00:00"


def silent(_what: str, _done: int, _total: int) -> None:
    pass


def made(tmp_path: Path, source: Path, name: str = "out", **asked: Any) -> Path:
    """Build a de-identified disc; its output."""
    wanted = Deidentify(f"file:{tmp_path / 'key'}", **asked)
    order = BuildOrder(
        (str(source),),
        str(tmp_path / name),
        DiscOrder(created=CREATED),
        writers=("image", "folder"),
        viewer=Shows.VALUES,
        deidentify=wanted,
    )
    with job_in_output(order, keep_created=True) as (order, job):
        build(order, job, silent)
    return tmp_path / name


def instances(output: Path) -> list[FileDataset]:
    return [dcmread(path) for path in sorted(output.glob("volume_1/DICOM/**/*")) if path.is_file()]


def test_nothing_on_the_disc_says_whose_it_is(tmp_path: Path) -> None:
    source = write(tmp_path / "source", *(ct(number) for number in range(1, 4)))
    assert set(traces((source / "Quackenbusch_001.dcm").read_bytes())) == set(IDENTIFIERS)

    output = made(tmp_path, source)

    image = (output / "volume_1.iso").read_bytes()
    assert traces(image) == []
    uids = {str(dcmread(path).SOPInstanceUID) for path in source.iterdir()}
    assert not [one for one in uids if one.encode() in image]
    assert traces((output / "deidentified.pdf").read_bytes()) == []
    assert (output / "volume_1" / "DEIDENT.PDF").read_bytes() == (output / "deidentified.pdf").read_bytes()
    assert not list((output / ".job").glob("deidentified*"))
    assert traces((output / ".job" / "index.pickle").read_bytes(), ("Müllerin", "PIN4711X08")) == []


def test_pixels_and_relations_stay(tmp_path: Path) -> None:
    first, second, other = ct(1), ct(2), ct(1, study="b")
    output = made(tmp_path, write(tmp_path / "source", first, second, other))

    found = instances(output)
    assert len(found) == 3
    for one in found:
        assert np.array_equal(one.pixel_array, first.pixel_array)
        assert one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID
        assert one.PatientIdentityRemoved == "YES"
        assert [code.CodeValue for code in one.DeidentificationMethodCodeSequence] == ["113100"]
        assert one.LongitudinalTemporalInformationModified == "REMOVED"
        assert one.Manufacturer == "Phantom Works"
    assert len({one.PatientID for one in found}) == 1
    assert len({one.StudyInstanceUID for one in found}) == 2
    assert len({one.FrameOfReferenceUID for one in found}) == 2
    by_number = {(one.StudyInstanceUID, one.InstanceNumber): one for one in found}
    referencing = next(one for (study, number), one in by_number.items() if number == 2)
    referenced = referencing.ReferencedImageSequence[0].ReferencedSOPInstanceUID
    assert referenced == by_number[referencing.StudyInstanceUID, 1].SOPInstanceUID
    listed = FileSet(output / "volume_1" / "DICOMDIR")
    assert {one.SOPInstanceUID for one in listed} == {one.SOPInstanceUID for one in found}


def test_another_disc_of_the_same_key_has_the_same_pseudonyms(tmp_path: Path) -> None:
    once = instances(made(tmp_path, write(tmp_path / "one", ct(1)), "first"))[0]
    again = instances(made(tmp_path, write(tmp_path / "two", ct(1), ct(2)), "second"))[0]
    assert (once.PatientID, once.PatientName) == (again.PatientID, again.PatientName)
    assert (once.SOPInstanceUID, once.StudyInstanceUID) == (again.SOPInstanceUID, again.StudyInstanceUID)
    (tmp_path / "key").unlink()
    other = instances(made(tmp_path, write(tmp_path / "one", ct(1)), "third"))[0]
    assert other.PatientID != once.PatientID
    assert other.SOPInstanceUID != once.SOPInstanceUID
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_options_keep_what_they_name(tmp_path: Path) -> None:
    second = ct(2)
    second.StudyDate = second.SeriesDate = second.ContentDate = "20190319"
    options = options_of("descriptors,modified-dates,patient,device,institution,safe-private")
    one, two = instances(made(tmp_path, write(tmp_path / "source", ct(1), second), options=options))
    assert one.StudyDescription == "CT head"
    assert one.SeriesDescription == "Head axial 3 mm"
    assert one.PatientAge == "076Y"
    assert one.DeviceSerialNumber == "SERIAL5566"
    assert one.InstitutionName == "Kurhaus Waldesruh"
    assert one[0x0019100C].value == 1000
    assert 0x00191008 not in one and 0x00290010 not in one
    assert one.ContentDate != "20190317" and int(two.ContentDate) != int(one.ContentDate)
    assert one.AcquisitionDateTime[8:] == "101112.5+0100"
    assert one.LongitudinalTemporalInformationModified == "MODIFIED"
    assert "PatientBirthDate" in one and not one.PatientBirthDate


def test_uids_and_dates_stay_when_asked_for(tmp_path: Path) -> None:
    (one,) = instances(made(tmp_path, write(tmp_path / "source", ct(1)), options=options_of("uids,full-dates")))
    assert one.SOPInstanceUID == ct(1).SOPInstanceUID
    assert one.StudyDate == "20190317"


def test_what_may_show_or_say_names_is_left_out_and_named(tmp_path: Path) -> None:
    screen, seen = _screen(1), _screen(2)
    report = instance("1.2.840.10008.5.1.4.1.1.88.11", "SR", "secret", "r", 1, 1)
    report.ContentSequence = []
    source = write(tmp_path / "source", ct(1), screen, seen, report)
    output = made(tmp_path, source, released=frozenset({str(seen.SOPInstanceUID)}))
    from media.fileset.plan_json import read_plan

    plan = read_plan((output / "plan.json").open())
    assert {one.reason for one in plan.left_out} == {Reason.MAY_SHOW_TEXT, Reason.FREE_TEXT}
    assert len(instances(output)) == 2
    text = (output / "volume_1" / "README.TXT").read_text()
    assert "may-show-text: 1" in text and "free-text: 1" in text


@pytest.mark.parametrize("photometric", ["RGB", "MONOCHROME1", "MONOCHROME2"])
def test_masks_hide_what_a_device_writes(tmp_path: Path, photometric: str) -> None:
    screen = _screen(1, photometric)
    before = screen.pixel_array
    mask = Mask(((4, 2, 20, 5), (60, 60, 9, 9)), modality="OT", rows=64, columns=64)
    (one,) = instances(made(tmp_path, write(tmp_path / "source", screen), masks=(mask,)))
    after = one.pixel_array
    hidden = np.zeros((64, 64), bool)
    hidden[2:7, 4:24] = hidden[60:, 60:] = True
    assert np.array_equal(after[~hidden], before[~hidden])
    assert (after[hidden] == (255 if photometric == "MONOCHROME1" else 0)).all()
    assert one.BurnedInAnnotation == "NO"
    assert "113101" in [code.CodeValue for code in one.DeidentificationMethodCodeSequence]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("00" * 32)
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(BadOrder, match="0600"):
        made(tmp_path, write(tmp_path / "source", ct(1)))


@pytest.mark.peer("dciodvfy")
def test_as_valid_as_the_source(tmp_path: Path) -> None:
    source = write(tmp_path / "source", ct(1))
    output = made(tmp_path, source)
    (before,) = source.iterdir()
    (after,) = (path for path in output.glob("volume_1/DICOM/**/*") if path.is_file())
    assert _errors(after) <= _errors(before)


def _errors(path: Path) -> set[str]:
    done = subprocess.run([shutil.which("dciodvfy") or "", str(path)], capture_output=True, text=True, check=False)
    return {line for line in done.stderr.splitlines() if line.startswith("Error")}


def _screen(number: int, photometric: str = "RGB") -> Dataset:
    ds = instance(SECONDARY_CAPTURE, "OT", "secret", "screens", 1, number)
    ds.ConversionType, ds.SOPInstanceUID = "WSD", uid("screen", number)
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    shape = (64, 64, 3) if photometric == "RGB" else (64, 64)
    pixels = np.random.default_rng(number).integers(1, 255, shape, np.uint8)
    return put_pixels(ds, pixels, 8, photometric)


def test_options_by_their_names() -> None:
    assert options_of("basic") == frozenset()
    assert options_of("uids, device") == {Option.UIDS, Option.DEVICE}
    with pytest.raises(BadOrder, match="names"):
        options_of("names")
    with pytest.raises(BadOrder, match="exclude"):
        options_of("full-dates,modified-dates")
