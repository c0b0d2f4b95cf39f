"""Whose film it is, in the database: findings, confirmations and their undoing, lists."""

import pytest

from printmgr.film.identity import Finding, Identity, IdentityState, Release, Source, Standing
from service.store import film_queries, identities
from service.store.engine import Store
from service.store.prints import NoSuchPrint
from tests.service.test_store import a_print, add

JOHN = Identity("123", "", "DOE^JOHN", "19700101", "M", study_uid="1.2.3")
JANE = Identity("456", "", "Müller^Jane")
FIRST, SECOND, THIRD = (f"20240506-070809-00000{n}-aa" for n in (1, 2, 3))


@pytest.fixture
def store(database_url):
    store = Store(database_url)
    add(store, a_print(FIRST), a_print(SECOND), a_print(THIRD))
    yield store
    store.close()


def find(store: Store, print_id: str, *findings: Finding) -> Standing:
    with store.write() as connection:
        return identities.found(connection, print_id, findings)


def released(store: Store, print_id: str, rule: Release = Release.CONFIRMED) -> Identity | None:
    with store.read() as connection:
        return identities.released(connection, print_id, rule)


def record(store: Store, print_id: str) -> identities.IdentityRecord:
    with store.read() as connection:
        return identities.one(connection, print_id)


def test_a_print_without_findings_is_unknown_and_goes_out_under_nobody(store):
    assert record(store, FIRST).state is IdentityState.UNKNOWN
    with store.read() as connection:
        assert [one.id for one in film_queries.page(connection, whose="unknown")] == [THIRD, SECOND, FIRST]
        assert film_queries.count_unsure(connection, 9) == 0  # they are at work
    assert released(store, FIRST, Release.IDENTIFIED) is None
    with store.read() as connection, pytest.raises(NoSuchPrint):
        identities.one(connection, "none")


def test_findings_are_kept_with_source_place_and_raw_text(store):
    said = [
        Finding(Source.PROPOSED_STUDY, JOHN, "film session"),
        Finding(Source.LABEL, Identity(), "film session", "CT THORAX — Ärztin"),
    ]
    assert find(store, FIRST, *said, said[0]) == Standing(IdentityState.IDENTIFIED, JOHN)
    found = record(store, FIRST)
    assert found.findings == tuple(said)
    assert (found.state, found.identity) == (IdentityState.IDENTIFIED, JOHN)
    assert find(store, FIRST, *said).state is IdentityState.IDENTIFIED  # an interrupted step runs again
    assert record(store, FIRST) == found


def test_identified_goes_out_only_where_the_rule_allows(store):
    find(store, FIRST, Finding(Source.PROPOSED_STUDY, JOHN))
    assert released(store, FIRST, Release.CONFIRMED) is None
    assert released(store, FIRST, Release.IDENTIFIED) == JOHN


def test_confirm_and_undo_restore_the_state_and_leave_their_acts(store):
    find(store, FIRST, Finding(Source.LABEL, JOHN), Finding(Source.WORKLIST, JANE))
    before = record(store, FIRST)
    assert before.state is IdentityState.CONFLICT
    assert set(before.candidates) == {JOHN, JANE}
    with store.write() as connection:
        identities.confirm(connection, FIRST, "dr.x", JANE)
    assert released(store, FIRST) == JANE
    find(store, FIRST, Finding(Source.LABEL, JOHN), Finding(Source.WORKLIST, JANE))  # nothing overrides a person
    assert released(store, FIRST) == JANE
    with store.write() as connection:
        identities.undo(connection, FIRST, "dr.y", "wrong patient")
    assert released(store, FIRST, Release.IDENTIFIED) is None
    after = record(store, FIRST)
    assert (after.state, after.identity, after.candidates) == (before.state, before.identity, before.candidates)
    acts = [(act.act, act.by, act.identity, act.note) for act in after.acts]
    assert acts == [("confirmed", "dr.x", JANE, ""), ("undone", "dr.y", JANE, "wrong patient")]
    assert after.acts[0].at <= after.acts[1].at


def test_what_is_proposed_can_be_confirmed_as_it_is(store):
    find(store, FIRST, Finding(Source.WORKLIST, JOHN))
    with store.write() as connection:
        act = identities.confirm(connection, FIRST, "dr.x")
        assert act.identity == JOHN
        assert identities.confirm(connection, FIRST, "dr.y") == act  # once more: nothing new
    assert len(record(store, FIRST).acts) == 1


@pytest.mark.parametrize(
    "identity", [None, Identity("123"), Identity(patient_name="DOE^JOHN"), Identity("  ", "", "^^")]
)
def test_nobody_is_confirmed_without_id_and_name(store, identity):
    with store.write() as connection, pytest.raises(identities.NotSo, match="Patient ID"):
        identities.confirm(connection, FIRST, "dr.x", identity)
    assert record(store, FIRST).acts == ()


def test_a_confirmation_stays_until_it_is_undone(store):
    with store.write() as connection:
        identities.confirm(connection, FIRST, "dr.x", JOHN)
    with store.write() as connection, pytest.raises(identities.NotSo, match="undo"):
        identities.confirm(connection, FIRST, "dr.x", JANE)
    with store.write() as connection, pytest.raises(identities.NotSo, match="not confirmed"):
        identities.undo(connection, SECOND, "dr.x")
    with store.write() as connection, pytest.raises(identities.NotSo, match="who"):
        identities.confirm(connection, SECOND, " ", JANE)
    with store.write() as connection, pytest.raises(NoSuchPrint):
        identities.confirm(connection, "none", "dr.x", JANE)


def test_lists_by_state_patient_and_name_page_by_page(store):
    for print_id in (FIRST, SECOND):
        find(store, print_id, Finding(Source.PROPOSED_STUDY, JOHN))
    find(store, THIRD, Finding(Source.OCR, JANE))

    def listed(**what: object) -> list[str]:
        with store.read() as connection:
            return [one.print_id for one in identities.listed(connection, **what)]

    assert listed() == [THIRD, SECOND, FIRST]
    assert listed(states=["identified"]) == [SECOND, FIRST]
    assert listed(patient_id=" 1 23") == [SECOND, FIRST]
    assert listed(name="john") == [SECOND, FIRST]
    assert listed(name="jane müller") == [THIRD]
    assert listed(name="jan") == [THIRD]
    assert listed(name="ane") == listed(name="%") == listed(name="jane doe") == []
    assert listed(limit=1) == [THIRD]
    assert listed(limit=1, before=THIRD) == [SECOND]
    assert listed(limit=5, before=FIRST) == []
