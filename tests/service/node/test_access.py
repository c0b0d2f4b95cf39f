"""Who may talk, and how many at a time."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.node.access import Partner, PartnerList, Rule, Slots
from service.node.refusals import Refusals, printable


def test_nobody_may_call_by_default() -> None:
    access = PartnerList(["PRINTER"])
    assert access.partner("CT1", "10.1.2.3") is None
    assert not access.expects("10.1.2.3")


@pytest.mark.parametrize(
    ("title", "address", "allowed"),
    [
        ("CT1", "10.1.2.3", True),
        (" CT1 ", "10.1.2.3", True),
        ("CT1", "::ffff:10.1.2.3", True),
        ("CT1", "10.1.2.4", False),
        ("ct1", "10.1.2.3", False),
        ("CT1 X", "10.1.2.3", False),
        ("MR1", "10.2.200.1", True),
        ("MR1", "10.3.0.1", False),
        ("MR1", "fe80::1%eth0", False),
        ("CR1", "203.0.113.9", True),
        ("CR1", "not an address", True),
        ("CT1", "not an address", False),
        ("", "10.1.2.3", False),
    ],
)
def test_a_title_may_call_from_its_networks(title: str, address: str, allowed: bool) -> None:
    rules = [Rule.of("CT1", ["10.1.2.3"]), Rule.of("MR1", ["10.2.0.0/16"], quota=2), Rule.of("CR1")]
    assert (PartnerList(["P"], rules).partner(title, address) is not None) == allowed


def test_an_open_node_lets_all_in_but_not_as_listed() -> None:
    access = PartnerList(["P"], [Rule.of("CT1", ["10.1.2.3"], quota=3)], open_to_all=True, open_quota=5)
    assert access.partner("CT1", "10.1.2.3") == Partner("CT1", 3)
    assert access.partner("CT1", "10.9.9.9") == Partner("CT1", 5, listed=False)
    assert access.partner("", "10.9.9.9") is None


def test_called_titles() -> None:
    assert PartnerList(["PRINTER "]).answers(" PRINTER")
    assert not PartnerList(["PRINTER"]).answers("printer")
    assert PartnerList(lambda title: title.startswith("P")).answers("PX")


def test_slots_are_counted_by_partner_and_given_back() -> None:
    slots, one = Slots(3, 0), Partner("A", 2)
    assert [slots.take(one), slots.take(one)] == [None, None]
    assert slots.take(one) == "the partner's quota is used up"
    assert slots.take(Partner("B", 2)) is None
    assert slots.take(Partner("C", 2)) == "all associations in use"
    assert slots.used() == {"A": 2, "B": 1}
    slots.give_back(one)
    assert slots.take(Partner("C", 2)) is None


def test_reserved_slots_are_for_listed_partners() -> None:
    slots = Slots(3, 2)
    stranger, partner = Partner("X", 9, listed=False), Partner("A", 9)
    assert slots.take(stranger) is None
    assert slots.take(stranger) == "only reserved associations left"
    assert [slots.take(partner), slots.take(partner)] == [None, None]


def test_a_stranger_of_the_same_name_does_not_use_up_a_partners_quota() -> None:
    slots = Slots(10, 0)
    assert slots.take(Partner("A", 1, listed=False)) is None
    assert slots.take(Partner("A", 1)) is None


def test_refusals_are_counted_each_and_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    refusals = Refusals(clock=lambda: now[0])
    with caplog.at_level(logging.WARNING):
        for _ in range(1000):
            refusals.add("unknown", "10.0.0.1", "X")
        now[0] = 61
        refusals.add("unknown", "10.0.0.1", "Y")
        refusals.add("late", "10.0.0.2")
        refusals.add("late", "10.0.0.2")
        refusals.flush()
    assert refusals.counts() == {"unknown": 1001, "late": 2}
    assert [record.getMessage().split(";")[0] for record in caplog.records] == [
        "refused 1: unknown",
        "refused 1000: unknown",
        "refused 1: late",
        "refused 1: late",
    ]


@given(st.text(max_size=400))
def test_what_is_logged_is_one_line_of_ascii(text: str) -> None:
    shown = printable(text).removesuffix("…")
    assert shown.isascii()
    assert shown.isprintable() or not shown
