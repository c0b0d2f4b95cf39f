"""What is remembered from file to file saves work and changes nothing."""

import struct
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from media.index.flaws import Flaw, Odd
from media.index.found import Found
from media.index.memory import MOST_CREDIT_FILES, Memory, nothing_yet
from media.index.scan import scan
from samples.awkward import encoded, image
from samples.record_types import RECORDS


def scanned(data: bytes, memory: Memory | None = None) -> Found:
    return scan(BytesIO(data), len(data), memory or nothing_yet())


def said(data: bytes, memory: Memory | None = None) -> object:
    """What is found, or what is raised and its words."""
    try:
        return scanned(data, memory)
    except (Flaw, Odd) as error:
        return type(error), str(error)


def variants() -> list[bytes]:
    """Files that share much: slices, other patients, other syntaxes, elements longer, shorter and gone."""
    found = [encoded(image("series", number, "same")) for number in range(1, 6)]
    for number in range(3):
        ds = image("other", number, f"patient {number}")
        found.append(encoded(ds))
        ds.PatientName, ds.StudyDescription = "A longer name^of somebody", ""
        del ds.AccessionNumber
        found.append(encoded(ds))
        ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        found.append(encoded(ds))
        found += [encoded(with_more(ds, number)), encoded(long_header(number))]
    return found + [encoded(make()) for make in RECORDS.values()]


def with_more(ds: Dataset, number: int) -> Dataset:
    """Sequences and numbers that differ, and an element after the pixels."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", f"1.2.{10**number}"
    ds.ReferencedImageSequence = [item] * number
    ds.SourceImageSequence = [item] * (1 + number)
    ds.WindowCenter, ds.Rows, ds.Columns = str(number), 8 + number, 8
    ds.PixelData = bytes((8 + number) * 16)
    if number == 2:
        ds.DataSetTrailingPadding = bytes(64)
    return ds


def long_header(number: int) -> Dataset:
    """Pixels that begin behind the first window."""
    ds = image("long", number)
    ds.add_new(0x00091001, "OB", bytes([number]) * 6000)
    ds.add_new(0x00091002, "LO", str(number))
    return ds


VARIANTS = variants()
ALONE = {data: scanned(data) for data in VARIANTS}


@given(st.lists(st.tuples(st.sampled_from(VARIANTS), st.integers(1, 6)), max_size=25))
@settings(max_examples=200, deadline=None)
def test_a_memory_of_any_files_changes_nothing(files: list[tuple[bytes, int]]) -> None:
    memory = nothing_yet()
    for data, times in files:
        for _ in range(times):
            assert scanned(data, memory) == ALONE[data]


@given(
    st.lists(st.sampled_from(VARIANTS), min_size=1, max_size=4),
    st.sampled_from(VARIANTS),
    st.integers(0, 1500),
    st.binary(min_size=1, max_size=4),
    st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_damage_is_seen_the_same_with_a_memory(
    before: list[bytes], data: bytes, at: int, put: bytes, is_cut: bool
) -> None:
    memory = nothing_yet()
    for one in [*before, data, data]:
        scanned(one, memory)
    damaged = data[:at] if is_cut else data[:at] + put + data[at + len(put) :]
    assert said(damaged, memory) == said(damaged)


def test_a_series_is_learned_from_its_first_file() -> None:
    memory = nothing_yet()
    scanned(encoded(image("series", 1, "same")), memory)
    (first,) = memory.likenesses
    for number in range(2, 12):
        data = encoded(image("series", number, "same"))
        assert scanned(data, memory) == scanned(data)
    (latest,) = memory.likenesses
    assert latest.varying > first.varying
    assert len(latest.varying) < 8


def test_patient_study_and_series_are_the_same_objects() -> None:
    memory = nothing_yet()
    found = [scanned(encoded(image("series", number, "same")), memory) for number in range(1, 8)]
    for level in range(3):
        assert found[5].parts[level] is found[6].parts[level]


@pytest.mark.parametrize("length", [0xFFFF, 0x8000])
def test_a_length_beyond_the_window_is_not_taken_from_memory(length: int) -> None:
    memory = nothing_yet()
    files = [encoded(image("series", number, "same")) for number in range(1, 5)]
    for data in files:
        scanned(data, memory)
    at = files[-1].index(struct.pack("<HH2s", 0x0020, 0x0013, b"IS")) + 6
    broken = files[-1][:at] + struct.pack("<H", length) + files[-1][at + 2 :]
    assert said(broken, memory) == said(broken)


def test_files_that_are_all_different_are_learned_from_at_times_only() -> None:
    memory = nothing_yet()
    learned = set()
    for number in range(4 * MOST_CREDIT_FILES):
        ds = image("odd", 1)
        for position in range(8):
            if number >> position & 1:
                ds.add_new(0x00091000 + position, "LO", "x")
        scanned(encoded(ds), memory)
        learned.add(id(memory.likenesses[0].whole.data))
        assert len(memory.likenesses) <= 4
    assert len(learned) < 2 * MOST_CREDIT_FILES
