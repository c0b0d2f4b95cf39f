"""The DICOMDIR: offsets walked by another reader, records against the files, peers, golden dumps."""

import re
import shutil
import subprocess
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet
from pydicom.multival import MultiValue

from media.build.dicomdir import dicomdir_chunks, dicomdir_size, encode_dicomdir
from media.fileset import records
from media.fileset import transfer_syntaxes as ts
from media.fileset.elements import element, item
from media.fileset.model import Index, Plan, PlannedFile
from media.fileset.plan import plan
from media.fileset.plan_json import plan_lines, read_plan
from media.fileset.sop_classes import RECORD_TYPES, STORAGE
from media.index.index import index as make_index
from media.sources.folder import FolderSource
from samples.record_types import write_record_types
from tests.media.fileset.making import IMAGE_KEYS, index, instance, order, us

ROOT_TYPES = {"PATIENT", "HANGING PROTOCOL", "PALETTE", "IMPLANT", "IMPLANT ASSY", "IMPLANT GROUP", "INVENTORY"}


def flat_icons(_file: PlannedFile, size: int) -> bytes:
    return bytes(range(256)) * (size * size // 256)


def walked(data: bytes) -> Iterator[tuple[int, Dataset]]:
    """Depth and record, by the offsets alone; fails where one leads nowhere or a record is met twice."""
    directory = dcmread(BytesIO(data))
    at = {one.seq_item_tell: one for one in directory.DirectoryRecordSequence}
    met: set[int] = set()

    def siblings(offset: int, depth: int) -> Iterator[tuple[int, Dataset]]:
        while offset:
            assert offset not in met
            met.add(offset)
            record = at[offset]
            assert record.RecordInUseFlag == 0xFFFF
            yield depth, record
            yield from siblings(record.OffsetOfReferencedLowerLevelDirectoryEntity, depth + 1)
            last = offset
            offset = record.OffsetOfTheNextDirectoryRecord
            if not offset and not depth:
                assert directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity == last

    yield from siblings(directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity, 0)
    assert met == set(at)
    assert directory.FileSetConsistencyFlag == 0


def leaves(data: bytes) -> list[Dataset]:
    return [record for _, record in walked(data) if "ReferencedFileID" in record]


def dump(data: bytes) -> str:
    """The directory as text: a record a paragraph, indented by its depth, without lengths and offsets."""
    lines = []
    for depth, record in walked(data):
        lines.append(f"{'    ' * depth}{record.DirectoryRecordType}")
        lines += [f"{'    ' * depth}  {line}" for line in elements(record) if not line.startswith("000414")]
    return "\n".join(lines) + "\n"


def elements(dataset: Dataset) -> Iterator[str]:
    for one in dataset:
        if one.VR == "SQ":
            yield f"{one.tag:08X} SQ {one.keyword}"
            for number, nested in enumerate(one.value, 1):
                yield f"  item {number}"
                yield from (f"    {line}" for line in elements(nested))
        elif isinstance(one.value, bytes):
            yield f"{one.tag:08X} {one.VR} {one.keyword} {len(one.value)} bytes"
        else:
            value = "\\".join(map(str, one.value)) if isinstance(one.value, MultiValue) else one.value
            yield f"{one.tag:08X} {one.VR} {one.keyword} {value}".rstrip()


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans of some patients, with records of the root between them, on one or more volumes."""
    found = [
        instance(number, patient=f"P{patient}", study=study, series=series, size=4000)
        for patient in range(draw(st.integers(0, 3)))
        for study in range(1, draw(st.integers(1, 3)) + 1)
        for series in range(1, draw(st.integers(1, 3)) + 1)
        for number in range(1, draw(st.integers(1, 4)) + 1)
    ]
    palettes = draw(st.integers(0, 2))
    own = {0x00700080: b"HOT", 0x00700081: b""}
    found += [instance(9 + n, sop_class="1.2.840.10008.5.1.4.39.1", own=own) for n in range(palettes)]
    return plan(index(*draw(st.permutations(found))), order(medium=draw(st.sampled_from(["", "300000"]))))


@settings(deadline=None, max_examples=60)
@given(plans())
def test_the_offsets_reach_every_record_once(made: Plan) -> None:
    for volume in made.volumes:
        data = encode_dicomdir(made, volume)
        found = list(walked(data))
        assert ["/".join(one.ReferencedFileID) for one in leaves(data)] == ["/".join(f.file_id) for f in volume.files]
        depths = {"PATIENT": 0, "STUDY": 1, "SERIES": 2, "IMAGE": 3, "PALETTE": 0}
        assert all(depths[record.DirectoryRecordType] == depth for depth, record in found)
        for name, keyword in (("PATIENT", "PatientID"), ("STUDY", "StudyInstanceUID"), ("SERIES", "SeriesInstanceUID")):
            keys = [getattr(record, keyword) for _, record in found if record.DirectoryRecordType == name]
            assert len(set(keys)) == len(keys)


@settings(deadline=None, max_examples=30)
@given(plans())
def test_the_size_is_known_before_and_chunks_are_the_whole(made: Plan) -> None:
    for volume in made.volumes:
        data = encode_dicomdir(made, volume)
        assert len(data) == dicomdir_size(made, volume)
        assert b"".join(dicomdir_chunks(made, volume)) == data


@settings(deadline=None, max_examples=30)
@given(plans())
def test_a_plan_read_back_gives_the_same_directory(made: Plan) -> None:
    again = read_plan(plan_lines(made))
    for one, other in zip(made.volumes, again.volumes, strict=True):
        assert encode_dicomdir(made, one) == encode_dicomdir(again, other)


def test_the_head_is_what_the_standard_asks() -> None:
    made = plan(index(instance()), order(file_set_id="WARD_3", descriptor="README"))
    data = encode_dicomdir(made, made.volumes[0])
    assert data[:132] == bytes(128) + b"DICM"
    directory = dcmread(BytesIO(data))
    assert directory.file_meta.MediaStorageSOPClassUID == "1.2.840.10008.1.3.10"
    assert directory.file_meta.MediaStorageSOPInstanceUID == made.volumes[0].file_set_uid
    assert directory.file_meta.TransferSyntaxUID == ts.EXPLICIT_LE
    assert (directory.FileSetID, directory.FileSetDescriptorFileID) == ("WARD_3", "README")
    assert directory.SpecificCharacterSetOfFileSetDescriptorFile == "ISO_IR 192"
    assert "SOPClassUID" not in directory


def test_without_a_descriptor_there_is_none() -> None:
    made = plan(index(instance()), order())
    assert "FileSetDescriptorFileID" not in dcmread(BytesIO(encode_dicomdir(made, made.volumes[0])))


def test_derived_values_stand_in_the_records() -> None:
    without = (records.STUDY_ID, records.SERIES_NUMBER, records.INSTANCE_NUMBER)
    made = plan(index(instance(without=without)), order(derive=True))
    found = {record.DirectoryRecordType: record for _, record in walked(encode_dicomdir(made, made.volumes[0]))}
    assert found["STUDY"].StudyID == "A1"
    assert found["SERIES"].SeriesNumber == 1
    assert found["IMAGE"].InstanceNumber == 1


def test_a_private_record_says_whose_it_is() -> None:
    made = plan(index(instance(sop_class="1.2.3.999")), order(private_records=True))
    (record,) = leaves(encode_dicomdir(made, made.volumes[0]))
    assert record.DirectoryRecordType == "PRIVATE"
    assert record.PrivateRecordUID.startswith("2.25.")
    assert record.ReferencedSOPClassUIDInFile == "1.2.3.999"


def test_transcoded_files_are_indexed_with_their_new_syntax() -> None:
    made = plan(index(instance(syntax=ts.JPEG_LOSSLESS)), order())
    (record,) = leaves(encode_dicomdir(made, made.volumes[0]))
    assert record.ReferencedTransferSyntaxUIDInFile == ts.EXPLICIT_LE


# --- icons

XA_KEYS = IMAGE_KEYS | {0x00280100: us(8), 0x00280101: us(8), 0x00280102: us(7)}
XA = instance(sop_class=STORAGE + "12.1", own=XA_KEYS, syntax=ts.JPEG_LOSSLESS_SV1)


@pytest.mark.parametrize(
    ("profile", "icons", "found", "size"),
    [("STD-XABC-CD", False, XA, 128), ("STD-CTMR-CD", True, instance(), 64), ("STD-CTMR-CD", False, instance(), 0)],
)
def test_icons_stand_where_the_profile_asks_or_allows(profile: str, icons: bool, found: object, size: int) -> None:
    made = plan(index(found), order(profile, icons=icons))  # type: ignore[arg-type]  # an instance
    data = encode_dicomdir(made, made.volumes[0], flat_icons)
    (record,) = leaves(data)
    assert len(data) == dicomdir_size(made, made.volumes[0])
    assert ("IconImageSequence" in record) is bool(size)
    if size:
        picture = record.IconImageSequence[0]
        assert (picture.Rows, picture.Columns, picture.BitsStored) == (size, size, 8)
        assert picture.PixelData == flat_icons(made.volumes[0].files[0], size)


def test_a_profile_with_icons_wants_them() -> None:
    made = plan(index(XA), order("STD-XABC-CD"))
    with pytest.raises(ValueError, match="icon"):
        encode_dicomdir(made, made.volumes[0])


def test_icons_of_a_large_directory_are_never_in_memory_together() -> None:
    found = [instance(n) for n in range(1, 2001)]
    made = plan(index(*found), order("STD-CTMR-CD", icons=True))
    tracemalloc.start()
    total = sum(map(len, dicomdir_chunks(made, made.volumes[0], lambda _file, size: bytes(size * size))))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total > 8_000_000
    assert peak < 6_000_000


# --- every record type


@pytest.fixture(scope="module")
def every_type(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("records")
    write_record_types(folder)
    found = make_index([FolderSource(str(folder))])
    assert not found.rejections
    return found


@pytest.fixture(scope="module")
def file_set(every_type: Index, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instances of every record type as a folder with its DICOMDIR."""
    return written(plan(every_type, order(file_set_id="RECORDS")), tmp_path_factory.mktemp("file_set"))


def written(made: Plan, folder: Path) -> Path:
    assert not made.refusals
    (volume,) = made.volumes
    for one in volume.files:
        path = folder.joinpath(*one.file_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(one.instance.source.path, path)
    (folder / "DICOMDIR").write_bytes(encode_dicomdir(made, volume))
    return folder


def test_every_record_type_is_there_in_its_place(file_set: Path) -> None:
    found = list(walked((file_set / "DICOMDIR").read_bytes()))
    expected = {record.name for record in records.INSTANCE_RECORDS} - {"PRIVATE"}
    assert expected <= {record.DirectoryRecordType for _, record in found}
    for depth, record in found:
        levels = {"STUDY": 1, "SERIES": 2} | dict.fromkeys(ROOT_TYPES, 0)
        assert depth == levels.get(record.DirectoryRecordType, 3)


def test_records_say_what_the_files_say(file_set: Path) -> None:
    for record in leaves((file_set / "DICOMDIR").read_bytes()):
        file = dcmread(file_set.joinpath(*record.ReferencedFileID))
        assert record.ReferencedSOPClassUIDInFile == file.SOPClassUID
        assert record.ReferencedSOPInstanceUIDInFile == file.SOPInstanceUID
        assert record.ReferencedTransferSyntaxUIDInFile == file.file_meta.TransferSyntaxUID
        for one in record:
            if one.tag >> 16 != 4 and one.VR != "SQ" and one.keyword != "VerificationDateTime":
                assert one.value == getattr(file, one.keyword, ""), one.keyword


def test_a_report_is_indexed_without_its_findings(file_set: Path) -> None:
    (report,) = [
        one for one in leaves((file_set / "DICOMDIR").read_bytes()) if one.DirectoryRecordType == "SR DOCUMENT"
    ]
    file = dcmread(file_set.joinpath(*report.ReferencedFileID))
    assert len(report.ContentSequence) < len(file.ContentSequence)
    assert {one.RelationshipType for one in report.ContentSequence} == {"HAS CONCEPT MOD"}
    assert report.VerificationDateTime == file.VerifyingObserverSequence[-1].VerificationDateTime


def test_pydicom_opens_the_file_set(every_type: Index, tmp_path: Path) -> None:
    """Without the record types that pydicom does not know."""
    known = [one for one in every_type.instances if RECORD_TYPES[one.sop_class_uid] in PYDICOM_KNOWS]
    assert len(known) == len(every_type.instances) - 3
    folder = written(plan(Index(known, []), order(file_set_id="RECORDS")), tmp_path)
    opened = FileSet(folder / "DICOMDIR")
    assert opened.ID == "RECORDS"
    assert sorted(one.load().SOPInstanceUID for one in opened) == sorted(one.sop_instance_uid for one in known)


PYDICOM_KNOWS = {record.name for record in records.INSTANCE_RECORDS} - {"ANNOTATION", "WF PRESENTATION", "INVENTORY"}


NEWER = re.compile(
    r"Unrecognized enumerated value = <(PLAN|TRACT|SURFACE SCAN|ASSESSMENT|ANNOTATION|INVENTORY|WF PRESENTATION)>"
    r"|not a recognized standard attribute"  # of Inventory
)
ONE_READ_AS_MORE = re.compile(
    r"ReferencedImageEvidenceSequence\(0008,9092\).*Type 1 Required"  # it is 1C
    r"|HangingProtocolDefinitionSequence.*(ProcedureCode|ReasonForRequestedProcedureCode)Sequence"  # may be empty
)


@pytest.mark.peer("dciodvfy", "dcdirdmp")
def test_dicom3tools_finds_nothing_but_what_it_is_too_old_for(file_set: Path) -> None:
    directory = str(file_set / "DICOMDIR")
    checked = subprocess.run(["dciodvfy", "-new", directory], capture_output=True, text=True, check=False)
    errors = [line for line in (checked.stdout + checked.stderr).splitlines() if line.startswith("Error")]
    types = [one.DirectoryRecordType for one in dcmread(directory).DirectoryRecordSequence]
    stereometric = f"[{types.index('STEREOMETRIC') + 1}]/ContentLabel"  # which Table F.5-34 does not ask for
    known = (NEWER.search, ONE_READ_AS_MORE.search, lambda line: stereometric in line)
    assert [line for line in errors if not any(is_known(line) for is_known in known)] == []
    dumped = subprocess.run(["dcdirdmp", directory], capture_output=True, text=True, check=False)
    text = dumped.stdout + dumped.stderr
    assert "Error" not in text
    assert text.count(" -> ") == len(leaves((file_set / "DICOMDIR").read_bytes()))


@pytest.mark.peer("dcmdump")
def test_dcmtk_reads_every_record(file_set: Path) -> None:
    text = subprocess.run(
        ["dcmdump", "--search", "0004,1430", str(file_set / "DICOMDIR")], capture_output=True, text=True, check=True
    ).stdout
    named = Counter(re.findall(r"\[(.+?)\]", text))
    assert named == Counter(record.DirectoryRecordType for _, record in walked((file_set / "DICOMDIR").read_bytes()))


# --- golden


@pytest.mark.parametrize("profile", ["STD-GEN-CD", "STD-GEN-DVD-JPEG"])
def test_golden_every_record_type(every_type: Index, profile: str, golden: Callable[[str, str], None]) -> None:
    made = plan(every_type, order(profile))
    assert not made.refusals
    golden(f"dicomdir/records_{profile}.txt", dump(encode_dicomdir(made, made.volumes[0])))


PERSON = {0x00100030: b"19700101", 0x00100040: b"F", 0x00080080: b"Hospital", 0x00081050: b"Doc^Tor"}
REFERENCE = item(element(0x00081150, "UI", b"1.2.3") + element(0x00081155, "UI", b"1.2.4"))
PLANE = {0x00200032: b"1\\2\\3", 0x00200037: b"1\\0\\0\\0\\1\\0", 0x00280030: b"1\\1", 0x00200052: b"1.2.5"}
ALL_KEYS = PERSON | PLANE | {records.REFERENCED_IMAGES: REFERENCE, 0x00282112: b"10", 0x00500004: b"NO"}
VIDEO = instance(sop_class=STORAGE + "77.1.1.1", syntax=ts.MPEG2_MPML, changed=ALL_KEYS)


@pytest.mark.parametrize(
    ("profile", "found"),
    [
        ("STD-GEN-CD", instance(changed=ALL_KEYS)),
        ("STD-GEN-DVD-JPEG", instance(changed=ALL_KEYS)),
        ("STD-GEN-USB-J2K", instance(changed=ALL_KEYS)),
        ("STD-GEN-ZIP-MAIL", instance(changed=ALL_KEYS)),
        ("STD-DVD-MPEG2-MPML", VIDEO),
        ("STD-CTMR-CD", instance(changed=ALL_KEYS)),
        ("STD-XABC-CD", instance(sop_class=STORAGE + "12.1", own=XA_KEYS, changed=ALL_KEYS)),
        ("STD-XA1K-CD", instance(sop_class=STORAGE + "12.1", own=XA_KEYS, changed=ALL_KEYS)),
        ("STD-US-ID-SF-CDR", instance(sop_class=STORAGE + "6.1", changed=ALL_KEYS)),
        ("STD-DEN-CD", instance(sop_class=STORAGE + "1.3", changed=ALL_KEYS)),
    ],
)
def test_golden_profiles(profile: str, found: object, golden: Callable[[str, str], None]) -> None:
    made = plan(index(found), order(profile))  # type: ignore[arg-type]  # an instance
    assert not made.refusals
    golden(f"dicomdir/{profile}.txt", dump(encode_dicomdir(made, made.volumes[0], flat_icons)))
