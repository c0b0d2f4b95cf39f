"""Sequence items: read, trimmed and written; compared with pydicom."""

import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from media.fileset import records
from media.fileset.elements import (
    concept_modifiers,
    element,
    item,
    items,
    key_value,
    last_verification,
    sequence,
    trimmed,
)
from media.fileset.records import REFERENCED_SERIES_IMAGES


def encoded_items(*datasets: Dataset, undefined: bool = False) -> bytes:
    """The value of a sequence as pydicom writes it."""
    content = Sequence(datasets)
    for one in content:
        one.is_undefined_length_sequence_item = undefined
    parts = []
    for one in content:
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, False
        write_dataset(buffer, one)
        body = buffer.getvalue()
        if undefined:
            parts.append(
                struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + body + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
            )
        else:
            parts.append(item(body))
    return b"".join(parts) + (struct.pack("<HHI", 0xFFFE, 0xE0DD, 0) if undefined else b"")


def dataset(**values: object) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def decoded(value: bytes) -> list[Dataset]:
    """The items of a sequence value as pydicom reads them."""
    whole = element(records.CONTENT_SEQUENCE, "SQ", value)
    return list(dcmread(BytesIO(whole), force=True).ContentSequence)


texts = st.text(st.characters(codec="ascii", exclude_characters="\\\x1b\r\n\t", exclude_categories=["Cc"]), max_size=16)


@given(st.lists(st.tuples(texts, texts), max_size=4), st.booleans())
def test_items_of_defined_and_undefined_length_are_the_same_elements(
    names: list[tuple[str, str]], undefined: bool
) -> None:
    content = [dataset(CodeValue=one.strip(), CodeMeaning=two.strip()) for one, two in names]
    expected = [
        [(0x00080100, "SH", one.strip().encode()), (0x00080104, "LO", two.strip().encode())] for one, two in names
    ]
    value = encoded_items(*content, undefined=undefined)
    assert items(value) == expected
    assert items(sequence(items(value))) == expected


@given(st.binary(max_size=200))
def test_any_bytes_are_items_or_a_value_error(value: bytes) -> None:
    try:
        found = items(value)
    except ValueError:
        return
    assert items(sequence(found)) == found


def test_sequences_nested_without_end_are_refused() -> None:
    value = b""
    for _ in range(1000):
        value = item(element(records.CONTENT_SEQUENCE, "SQ", value))
    with pytest.raises(ValueError, match="deeper"):
        items(value)


def test_a_presentation_state_keeps_only_what_its_record_takes() -> None:
    image = dataset(ReferencedSOPClassUID="1.2", ReferencedSOPInstanceUID="1.3", ReferencedFrameNumber=[1, 2])
    series = dataset(SeriesInstanceUID="1.4", RetrieveAETitle="AE", ReferencedImageSequence=Sequence([image]))
    kept = decoded(trimmed(REFERENCED_SERIES_IMAGES, encoded_items(series)))
    assert [one.keyword for one in kept[0]] == ["ReferencedImageSequence", "SeriesInstanceUID"]
    assert [one.keyword for one in kept[0].ReferencedImageSequence[0]] == [
        "ReferencedSOPClassUID",
        "ReferencedSOPInstanceUID",
    ]


def test_a_sequence_taken_whole_loses_private_elements() -> None:
    code = dataset(CodeValue="1", CodeMeaning="one")
    code.add_new(0x00090010, "LO", "PRIVATE")
    code.add_new(0x00091001, "LO", "secret")
    assert [one.tag for one in decoded(key_value(0x0040A043, encoded_items(code)))[0]] == [0x00080100, 0x00080104]


def report_item(relationship: str, text: str, *children: Dataset) -> Dataset:
    made = dataset(RelationshipType=relationship, ValueType="TEXT", TextValue=text)
    if children:
        made.ContentSequence = Sequence(children)
    return made


@pytest.mark.parametrize("undefined", [False, True])
def test_of_a_report_only_the_modifiers_of_its_title_are_kept(undefined: bool) -> None:
    value = encoded_items(
        report_item("CONTAINS", "finding", report_item("HAS CONCEPT MOD", "of the finding")),
        report_item(
            "HAS CONCEPT MOD",
            "language",
            report_item("HAS CONCEPT MOD", "country"),
            report_item("HAS OBS CONTEXT", "observer"),
        ),
        undefined=undefined,
    )
    found = decoded(concept_modifiers(value))
    assert [one.TextValue for one in found] == ["language"]
    assert [one.TextValue for one in found[0].ContentSequence] == ["country"]
    assert b"finding" not in key_value(records.CONTENT_SEQUENCE, value)


def test_the_last_verifying_observer_says_when() -> None:
    observers = [dataset(VerificationDateTime=when) for when in ("20260105", "20260107", "20260106")]
    assert last_verification(encoded_items(*observers)) == b"20260106"
    assert last_verification(b"") == b""
