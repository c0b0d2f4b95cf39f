"""Splitting over volumes: everything, in order, fitting, together."""

from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from media.fileset.volumes import Bundle, Part, split, studies

CAPACITY = 100
STUDY_OVERHEAD = 6

bundles_of = st.lists(
    st.tuples(st.integers(0, 3), st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(0, 10)), max_size=12
)


def made(raw: list[tuple[int, list[int], int]]) -> list[Bundle]:
    """Bundles whose studies are runs, as the plan gives them."""
    bundles, study = [], 0
    for step, sizes, overhead in raw:
        study += step > 1
        bundles.append(Bundle(study, sizes, overhead))
    return bundles


def taken(bundles: list[Bundle], volume: list[Part]) -> int:
    met = {bundles[part.bundle].study for part in volume}
    inside = sum(bundles[p.bundle].overhead + sum(bundles[p.bundle].sizes[p.start : p.stop]) for p in volume)
    return inside + STUDY_OVERHEAD * len(met)


@given(bundles_of)
def test_volumes_keep_everything_in_order_and_fit(raw: list[tuple[int, list[int], int]]) -> None:
    bundles = made(raw)
    assume(all(size + bundle.overhead + STUDY_OVERHEAD <= CAPACITY for bundle in bundles for size in bundle.sizes))
    volumes = split(bundles, CAPACITY, STUDY_OVERHEAD)
    found = [(p.bundle, at) for volume in volumes for p in volume for at in range(p.start, p.stop)]
    assert found == [(number, at) for number, bundle in enumerate(bundles) for at in range(len(bundle.sizes))]
    assert all(volume for volume in volumes)
    assert all(taken(bundles, volume) <= CAPACITY for volume in volumes)


@given(bundles_of)
def test_what_fits_one_volume_is_on_one(raw: list[tuple[int, list[int], int]]) -> None:
    bundles = made(raw)
    assume(all(size + bundle.overhead + STUDY_OVERHEAD <= CAPACITY for bundle in bundles for size in bundle.sizes))
    volumes = split(bundles, CAPACITY, STUDY_OVERHEAD)
    on = [
        {number for number, volume in enumerate(volumes) for part in volume if part.bundle == at}
        for at in range(len(bundles))
    ]
    for at, bundle in enumerate(bundles):
        if bundle.total + STUDY_OVERHEAD <= CAPACITY:
            assert len(on[at]) == 1, "a series that fits is not split"
    for run in studies(bundles):
        if STUDY_OVERHEAD + sum(bundles[at].total for at in run) <= CAPACITY:
            assert len(set().union(*(on[at] for at in run))) == 1, "a study that fits is together"


@given(bundles_of)
def test_no_volume_is_begun_without_need(raw: list[tuple[int, list[int], int]]) -> None:
    bundles = made(raw)
    assume(all(bundle.total + STUDY_OVERHEAD <= CAPACITY for bundle in bundles))
    volumes = split(bundles, CAPACITY, STUDY_OVERHEAD)
    for one, other in pairwise(volumes):
        first = bundles[other[0].bundle]
        same = first.study == bundles[one[-1].bundle].study
        whole = [b for b in bundles if b.study == first.study]
        needed = first.total if same else STUDY_OVERHEAD + sum(b.total for b in whole)
        fits_alone = same or needed <= CAPACITY
        assert not fits_alone or taken(bundles, one) + needed > CAPACITY


def test_a_large_series_is_split_between_instances() -> None:
    assert split([Bundle("s", [40] * 5)], 100) == [[Part(0, 0, 2)], [Part(0, 2, 4)], [Part(0, 4, 5)]]


def test_nothing_needs_no_volume() -> None:
    assert split([], 100) == []
