"""What is remembered from file to file saves work and changes nothing."""

from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import ImplicitVRLittleEndian

from media.index.found import Found
from media.index.runs import MUCH_ELEMENTS, PATIENCE_FILES, nothing_yet
from media.index.scan import scan
from samples.awkward import encoded, image
from samples.record_types import RECORDS


def scanned(data: bytes, memory: object = None) -> Found:
    return scan(BytesIO(data), len(data), memory or nothing_yet())


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
    return found + [encoded(make()) for make in RECORDS.values()]


VARIANTS = variants()
ALONE = {data: scanned(data) for data in VARIANTS}


@given(st.lists(st.tuples(st.sampled_from(VARIANTS), st.integers(1, PATIENCE_FILES + 4)), max_size=12))
@settings(max_examples=150, deadline=None)
def test_a_memory_of_any_files_changes_nothing(files: list[tuple[bytes, int]]) -> None:
    memory = nothing_yet()
    for data, times in files:
        for _ in range(times):
            assert scanned(data, memory) == ALONE[data]


def test_a_series_is_learned_from_its_first_two_files() -> None:
    memory = nothing_yet()
    for number in range(1, 4):
        scanned(encoded(image("series", number, "same")), memory)
    assert sum(len(run.values) for run in memory.explicit.known.values()) > 20
    assert not memory.implicit.known


def test_another_series_is_learned_when_patience_ends() -> None:
    memory = nothing_yet()
    for number in (1, 2, 3):
        scanned(encoded(image("first", number, "first")), memory)
    before = dict(memory.explicit.known)
    for number in range(1, PATIENCE_FILES + 5):
        scanned(encoded(image("second", number, "second")), memory)
    patient = [run.values.get(0x00100020) for run in memory.explicit.known.values()]
    assert memory.explicit.known != before
    assert b"SMP-SECOND" in patient


def test_what_is_short_is_not_learned_again_and_again() -> None:
    memory = nothing_yet()
    data = encoded(RECORDS["PALETTE"]())
    for _ in range(3 * PATIENCE_FILES):
        scanned(data, memory)
    assert not memory.explicit.known
    assert len(ALONE[data].parts[3][0]) < MUCH_ELEMENTS
