"""Whether two names are of one patient: what real consoles write, and properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printmgr.film.patient_names import Match, compare_identifiers, compare_names

SAME, DIFFERENT, UNSURE = Match.SAME, Match.DIFFERENT, Match.UNSURE
NAMES = [
    ("DOE^JOHN", "Doe^John", SAME),
    ("DOE^JOHN", "DOE^JOHN^^^", SAME),
    ("DOE^JOHN", " DOE ^ JOHN ", SAME),
    ("DOE^JOHN", "DOE JOHN", SAME),
    ("DOE^JOHN", "John Doe", SAME),
    ("DOE^JOHN", "Doe, John", SAME),
    ("DOE^JOHN", "Mr John Doe", SAME),
    ("DOE^JOHN^PAUL", "DOE^JOHN PAUL", SAME),
    ("O'NEIL^EVA", "ONEIL^EVA", SAME),
    ("AL HASSAN^ALI", "ALHASSAN^ALI", SAME),
    ("MÜLLER^JÖRG", "MUELLER^JOERG", SAME),
    ("MÜLLER^JÖRG", "MULLER^JORG", SAME),
    ("ØRSTED^BJØRN", "OERSTED^BJOERN", SAME),
    ("STRAßE^ANNA", "STRASSE^ANNA", SAME),
    ("MÜLLER-LÜDENSCHEIDT^EVA", "Müller Lüdenscheidt^Eva", SAME),
    ("Yamada^Tarou=山田^太郎=やまだ^たろう", "YAMADA^TAROU", SAME),
    ("Yamada^Tarou=山田^太郎=やまだ^たろう", "山田太郎", SAME),
    ("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎", "=山田^太郎=やまだ^たろう", SAME),
    ("ИВАНОВ^ПЁТР", "иванов^петр", SAME),
    ("Παπαδόπουλος^Νίκος", "ΠΑΠΑΔΟΠΟΥΛΟΣ^ΝΙΚΟΣ", SAME),
    ("DOE^JOHN", "DOE^JANE", DIFFERENT),
    ("DOE^JOHN", "ROE^JOHN", DIFFERENT),
    ("DOE^JOHN", "DOE JANE", DIFFERENT),
    ("DOE^JOHN", "JOHN^DOE", DIFFERENT),  # consoles do swap them; a person may say so
    ("DOE^JOHN^A", "DOE^JOHN^B", DIFFERENT),
    ("DOE^JOHN^^^JR", "DOE^JOHN^^^SR", DIFFERENT),
    ("Yamada^Tarou=山田^太郎", "Yamada^Tarou=山田^多朗", DIFFERENT),  # homophones
    ("山田^太郎", "山本^太郎", DIFFERENT),
    ("ИВАНОВ^ПЁТР", "ИВАНОВ^ПАВЕЛ", DIFFERENT),
    ("MÖLLER^EVA", "MÜLLER^EVA", DIFFERENT),
    ("DOE^JOHN", "DOE^J", UNSURE),
    ("DOE^JOHN", "DOE", UNSURE),
    ("DOE^JOHN", "J DOE", UNSURE),
    ("DOE^JOHN", "DOE^JOHN^PAUL", UNSURE),
    ("GARCIA LOPEZ^ANA", "GARCIA^ANA", UNSURE),
    ("Yamada^Tarou", "山田^太郎", UNSURE),
    ("DOE^JOHN", "", UNSURE),
    ("DOE^JOHN", "^^^", UNSURE),
]


@pytest.mark.parametrize(("one", "other", "expected"), NAMES, ids=str)
def test_names_as_consoles_write_them(one, other, expected):
    assert compare_names(one, other) is expected
    assert compare_names(other, one) is expected


IDENTIFIERS = [
    ("12345", " 12345 ", SAME),
    ("ab-12", "AB-12", SAME),
    ("12 345", "12345", SAME),
    ("１２３", "123", SAME),
    ("012345", "12345", DIFFERENT),
    ("AB-12", "AB12", DIFFERENT),
    ("12345", "", UNSURE),
    ("12345", "--", UNSURE),
]


@pytest.mark.parametrize(("one", "other", "expected"), IDENTIFIERS, ids=str)
def test_identifiers(one, other, expected):
    assert compare_identifiers(one, other) is expected


name_texts = st.text(st.sampled_from("ABJoeéüß山太や ^=.'-"), max_size=24) | st.text(max_size=40)


@given(name_texts, name_texts)
def test_comparison_has_no_direction(one, other):
    assert compare_names(one, other) is compare_names(other, one)


@given(name_texts)
def test_a_name_is_never_another_than_itself(name):
    assert compare_names(name, name) is not DIFFERENT
    assert compare_names(name.partition("=")[0].upper(), name.partition("=")[0].lower()) is not DIFFERENT
