"""From findings to a state: the rules one by one, and what holds for any findings."""

import dataclasses
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printmgr.film.identity import (
    Finding,
    Identity,
    IdentityState,
    Match,
    Release,
    Source,
    Standing,
    Verdict,
    compare,
    judge,
    mentions,
    standing,
)
from printmgr.film.identity_text import identity_in

JOHN = Identity("123", "", "DOE^JOHN", "19700101", "M", study_uid="1.2.3", accession_number="A1")
JANE = Identity("456", "", "ROE^JANE", "19800202", "F", study_uid="1.2.4", accession_number="A2")
ID_ONLY, NAME_ONLY = Identity("123"), Identity(patient_name="Doe^John")
PROPOSED, CONFLICT, IDENTIFIED = IdentityState.PROPOSED, IdentityState.CONFLICT, IdentityState.IDENTIFIED


def state(*findings: tuple[Source, Identity]) -> IdentityState:
    return judge([Finding(source, identity) for source, identity in findings]).state


def test_nothing_found_is_unknown():
    assert state() is IdentityState.UNKNOWN
    assert state((Source.ATTRIBUTES, Identity(study_uid="1.2.3"))) is IdentityState.UNKNOWN
    assert judge([Finding(Source.LABEL, Identity(), raw="CT THORAX")]).state is IdentityState.UNKNOWN


def test_identified_by_proposed_study_sequence_alone():
    verdict = judge([Finding(Source.PROPOSED_STUDY, JOHN)])
    assert verdict == Verdict(IDENTIFIED, JOHN)
    assert state((Source.PROPOSED_STUDY, Identity("123", study_uid="1.2"))) is IDENTIFIED
    assert state((Source.PROPOSED_STUDY, NAME_ONLY)) is PROPOSED
    assert state((Source.PROPOSED_STUDY, ID_ONLY)) is PROPOSED


def test_identified_by_id_and_name_of_the_jobs_attributes():
    assert state((Source.ATTRIBUTES, ID_ONLY), (Source.ATTRIBUTES, NAME_ONLY)) is IDENTIFIED
    assert state((Source.ATTRIBUTES, ID_ONLY)) is PROPOSED
    assert state((Source.ATTRIBUTES, ID_ONLY), (Source.LABEL, NAME_ONLY)) is PROPOSED


@pytest.mark.parametrize("source", [s for s in Source if s not in (Source.PROPOSED_STUDY, Source.ATTRIBUTES)])
def test_every_other_source_only_proposes(source):
    assert judge([Finding(source, JOHN)]) == Verdict(PROPOSED, JOHN)


@pytest.mark.parametrize("one", Source)
@pytest.mark.parametrize("other", Source)
def test_sources_that_disagree_are_a_conflict(one, other):
    if one is other and one in (Source.WORKLIST, Source.STATION):
        return  # several candidates of one list
    verdict = judge([Finding(one, JOHN), Finding(other, JANE)])
    assert verdict.state is CONFLICT
    assert set(verdict.candidates) == {JOHN, JANE}
    assert {one, other} <= {source for pair in verdict.disagree for source in pair}


def test_two_studies_of_one_patient_are_no_conflict_and_no_study():
    verdict = judge(
        [Finding(Source.ATTRIBUTES, JOHN), Finding(Source.ATTRIBUTES, dataclasses.replace(JOHN, study_uid="9"))]
    )
    assert verdict.state is IDENTIFIED
    assert (verdict.identity.patient_id, verdict.identity.study_uid, verdict.identity.accession_number) == (
        "123",
        "",
        "",
    )


def test_of_several_scheduled_patients_the_one_the_label_mentions_is_proposed():
    scheduled = [Finding(Source.WORKLIST, JOHN), Finding(Source.WORKLIST, JANE)]
    assert judge(scheduled) == Verdict(PROPOSED, candidates=(JOHN, JANE))
    label = Finding(Source.LABEL, Identity(), raw="MR KNEE roe jane")
    assert judge([*scheduled, label]) == Verdict(PROPOSED, JANE)
    accession = Finding(Source.ATTRIBUTES, Identity(accession_number="A2"))
    assert judge([*scheduled, accession]) == Verdict(PROPOSED, JANE)


def test_a_candidate_that_only_might_be_the_patient_lends_nothing():
    verdict = judge([Finding(Source.LABEL, Identity(patient_name="DOE^J")), Finding(Source.WORKLIST, JOHN)])
    assert verdict.state is PROPOSED
    assert verdict.identity == Identity()
    assert len(verdict.candidates) == 2


def test_worklist_and_station_must_have_somebody_in_common():
    both = [Finding(Source.WORKLIST, JOHN), Finding(Source.WORKLIST, JANE), Finding(Source.STATION, JANE)]
    assert judge(both) == Verdict(PROPOSED, JANE)
    assert state((Source.WORKLIST, JOHN), (Source.STATION, JANE)) is CONFLICT


def test_an_identified_film_takes_nothing_from_guesses():
    said = Identity("123", "", "DOE^JOHN")
    verdict = judge([Finding(Source.PROPOSED_STUDY, said), Finding(Source.WORKLIST, JOHN)])
    assert verdict == Verdict(IDENTIFIED, said)


def test_birth_date_sex_and_issuer_tell_namesakes_apart():
    for change in ({"birth_date": "19700102"}, {"sex": "F"}):
        assert compare(JOHN, dataclasses.replace(JOHN, **change)) is Match.DIFFERENT
    one, other = (dataclasses.replace(JOHN, issuer=issuer) for issuer in ("NORTH", "SOUTH"))
    assert compare(one, other) is Match.DIFFERENT
    assert compare(JOHN, dataclasses.replace(JOHN, sex="O", birth_date="1970-01-01")) is Match.SAME


def test_more_identities_than_a_film_can_have_are_a_conflict():
    many = [Finding(Source.ATTRIBUTES, Identity(patient_name=f"DOE^J^^^{'I' * n}")) for n in range(200)]
    assert judge(many).state is CONFLICT


def test_what_may_go_out():
    confirmed, identified = Standing(IdentityState.CONFIRMED, JOHN), Standing(IDENTIFIED, JOHN)
    assert confirmed.may_go_out(Release.CONFIRMED) and confirmed.may_go_out(Release.IDENTIFIED)
    assert identified.may_go_out(Release.IDENTIFIED) and not identified.may_go_out(Release.CONFIRMED)
    for other in (IdentityState.UNKNOWN, PROPOSED, CONFLICT):
        assert not any(Standing(other, JOHN).may_go_out(rule) for rule in Release)


TEXTS = [
    ("DOE^JOHN", Identity(patient_name="DOE^JOHN")),
    ("CT DOE^JOHN^^ 123", Identity(patient_name="DOE^JOHN")),
    ("Patient ID: 123; Name: John Doe; DOB: 1970-01-01", Identity("123", "", "John Doe", "19700101")),
    ("PID=AB-12 SEX=F ACC: 77", Identity("AB-12", sex="F", accession_number="77")),
    ("NAME: DOE JOHN 12345", Identity(patient_name="DOE JOHN")),
    ("山田^太郎 ID:5", Identity("5", "", "山田^太郎")),
    ("CT THORAX, ABDOMEN 2024-01-01", Identity()),
    ("aycan print I1=5", Identity()),
    ("DOB 01/02/1970", Identity()),
    ("", Identity()),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS, ids=lambda value: str(value)[:40])
def test_texts(text, expected):
    assert identity_in(text) == expected


def test_mentions_wants_whole_words():
    assert mentions("thorax DOE  john", JOHN) and mentions("pid 123.", JOHN)
    assert not mentions("thorax 1234", JOHN) and not mentions("DOE", JOHN) and not mentions("", JOHN)


# Any findings

identifiers = st.sampled_from(["", "123", "0123", "456", "AB 1", "ab1"])
names = st.sampled_from(["", "DOE^JOHN", "doe john", "DOE^J", "ROE^JANE", "MÜLLER^EVA", "MUELLER^EVA", "山田^太郎"])
identities = st.builds(
    Identity,
    patient_id=identifiers,
    patient_name=names,
    birth_date=st.sampled_from(["", "19700101", "19800202"]),
    sex=st.sampled_from(["", "M", "F", "O"]),
    study_uid=st.sampled_from(["", "1.2", "1.3"]),
    accession_number=st.sampled_from(["", "A1", "A2"]),
)
findings = st.builds(
    Finding,
    st.sampled_from(Source),
    identities,
    st.sampled_from(["", "film 1"]),
    st.sampled_from(["", "DOE JOHN", "456"]),
)


@given(st.lists(findings, max_size=8), st.randoms())
@settings(max_examples=300)
def test_the_order_of_findings_does_not_matter(some, rng: random.Random):
    shuffled = [*some, *some[:2]]
    rng.shuffle(shuffled)
    assert judge(shuffled) == judge(some)


@given(st.lists(findings, max_size=8), identities)
def test_a_confirmation_stands_above_all_and_its_undoing_restores(some, said):
    verdict = judge(some)
    before = standing(verdict, None)
    assert standing(verdict, said) == Standing(IdentityState.CONFIRMED, said)
    assert standing(judge(some), None) == before


@given(st.lists(findings, max_size=8))
@settings(max_examples=300)
def test_identified_means_that_nothing_disagrees_and_the_job_said_it(some):
    verdict = judge(some)
    if verdict.state is not IDENTIFIED:
        return
    assert verdict.identity.patient_id
    own = [f for f in some if f.source in (Source.PROPOSED_STUDY, Source.ATTRIBUTES)]
    assert own
    for finding in some:
        if finding.source not in (Source.WORKLIST, Source.STATION):
            assert compare(finding.identity, verdict.identity) is not Match.DIFFERENT


def contradicting_job(rng: random.Random) -> list[Finding]:
    """A job of one patient, told by some sources, into which another source puts somebody else."""
    number = rng.randrange(10**6)
    family, given_name = (
        rng.choice(["DOE", "MÜLLER", "O'NEIL", "VAN DYK", "山田"]),
        rng.choice(["JOHN", "EVA", "JEAN-LUC"]),
    )
    stranger = "山本" if family == "山田" else "STRANGER"  # in another script it might be the same name
    born = f"19{rng.randrange(30, 99)}0{rng.randrange(1, 9)}1{rng.randrange(9)}"
    patient = Identity(f"P{number:06}", "", f"{family}^{given_name}", born, rng.choice("MF"))
    other = rng.choice(
        [
            dataclasses.replace(patient, patient_id=f"P{(number + rng.randrange(1, 10**6)) % 10**6:06}"),
            dataclasses.replace(patient, patient_name=f"{family}^ANOTHER"),
            dataclasses.replace(patient, patient_name=f"{stranger}^{given_name}", patient_id=""),
            dataclasses.replace(patient, birth_date="20010101"),
            dataclasses.replace(patient, sex="F" if patient.sex == "M" else "M", patient_name=""),
            Identity("999", "", "ROE^JANE"),
        ]
    )
    own = rng.choice([Source.PROPOSED_STUDY, Source.ATTRIBUTES])
    told = [Finding(own, patient, "film session")]
    told += [Finding(rng.choice(list(Source)), dressed(patient, rng)) for _ in range(rng.randrange(4))]
    liar = rng.choice(list(Source))
    told = [f for f in told if f.source is not liar or liar not in (Source.WORKLIST, Source.STATION)]
    told.append(Finding(liar, other, "film 1, image 1"))
    rng.shuffle(told)
    return told


def dressed(patient: Identity, rng: random.Random) -> Identity:
    """The same patient as another system spells it."""
    name = rng.choice([patient.patient_name, patient.patient_name.lower(), patient.patient_name.replace("^", " "), ""])
    return dataclasses.replace(patient, patient_name=name, birth_date=rng.choice([patient.birth_date, ""]))


def test_of_10_000_jobs_with_contradicting_identities_none_is_identified():
    rng = random.Random(20261125)
    states = [judge(contradicting_job(rng)).state for _ in range(10_000)]
    assert states.count(CONFLICT) == 10_000


def test_the_same_jobs_without_the_contradiction_are_identified():
    """So that the test above can fail: what makes its jobs conflicts is the one finding."""
    rng = random.Random(20261125)
    for _ in range(1000):
        told = [f for f in contradicting_job(rng) if f.where != "film 1, image 1"]
        assert judge(told).state is IDENTIFIED
