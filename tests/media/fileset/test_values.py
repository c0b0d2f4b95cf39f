"""Which values may stand in a record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.fileset.values import beyond_ascii, fits, is_known_set, needs_by

GOOD = [
    ("CS", b"ORIGINAL\\PRIMARY\\"),
    ("CS", b"CT"),
    ("DA", b"20240229"),
    ("TM", b"10"),
    ("TM", b"101112.123456"),
    ("TM", b"235960"),
    ("DT", b"2024"),
    ("DT", b"20240101101112.5+0100"),
    ("IS", b"-12"),
    ("IS", b" 7"),
    ("DS", b"1.5\\-2e3\\"),
    ("DS", b".5"),
    ("UI", b"1.2.840"),
    ("SH", b"A1"),
    ("LO", b"x" * 64),
    ("PN", b"A^B=C^D=E^F"),
    ("ST", b"two\r\nlines"),
    ("US", b"\1\0"),
    ("UV", b"\1\0\0\0\0\0\0\0"),
]
BAD = [
    ("CS", b"Axial"),
    ("CS", b"X" * 17),
    ("DA", b"2024.01.01"),
    ("DA", b"20241301"),
    ("TM", b"10:11"),
    ("TM", b"2500"),
    ("DT", b"20"),
    ("IS", b"1.5"),
    ("IS", b"x"),
    ("IS", b"1234567890123"),
    ("DS", b"1" * 17),
    ("DS", b"1,5"),
    ("UI", b"1.2.x"),
    ("UI", b"1" * 65),
    ("SH", b"x" * 17),
    ("LO", b"line\nbreak"),
    ("LO", b"one\\two"),
    ("PN", b"A=B=C=D"),
    ("US", b"\1"),
    ("UV", b"\1\0\0\0"),
]


@pytest.mark.parametrize(("vr", "value"), GOOD)
def test_good_values_fit(vr: str, value: bytes) -> None:
    assert fits(vr, value)


@pytest.mark.parametrize(("vr", "value"), BAD)
def test_bad_values_do_not(vr: str, value: bytes) -> None:
    assert not fits(vr, value)


@given(st.sampled_from(["CS", "DA", "DS", "DT", "IS", "TM", "UI", "LO", "PN", "ST"]), st.binary(max_size=2000))
def test_any_value_is_judged(vr: str, value: bytes) -> None:
    assert fits(vr, value) in {True, False}


@pytest.mark.parametrize(
    ("character_set", "value", "needed"),
    [
        (b"", b"Doe^John", False),
        (b"ISO_IR 100", "Paté".encode("latin-1"), True),
        (b"\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3ED\x1b(B", True),
        (b"ISO_IR 192", "Λόγος".encode(), True),
        (b"ISO_IR 13", b"100~", True),
        (b"ISO_IR 100", b"100~", False),
    ],
)
def test_a_text_needs_its_character_set_only_beyond_ascii(character_set: bytes, value: bytes, needed: bool) -> None:
    assert needs_by(character_set)("LO", value) is needed


def test_numbers_need_no_character_set() -> None:
    assert not beyond_ascii("US", b"\xff\xff")


@pytest.mark.parametrize(
    ("character_set", "known"),
    [
        (b"ISO_IR 100", True),
        (b"\\ISO 2022 IR 149", True),
        (b"GB18030", True),
        (b"UTF-8", False),
        (b"ISO_IR 999", False),
    ],
)
def test_defined_terms(character_set: bytes, known: bool) -> None:
    assert is_known_set(character_set) is known
