"""Plans are made aside: how far they are is told, what was read is not read again."""

from pathlib import Path

import pytest

from media.errors import MediaError
from media.fileset.order import DiscOrder
from media.pipeline import BuildOrder
from service.config import Settings
from service.web.planning import KEPT, Planner
from tests.receiving import instance


@pytest.fixture
def planner(tmp_path: Path):
    made = Planner(Settings(data_dir=tmp_path / "data"))
    yield made
    made.stop()


def order(folder: Path, medium: str = "CD-R-700") -> BuildOrder:
    return BuildOrder((str(folder),), "", DiscOrder(created="2026-11-26T01:00:00+00:00", medium=medium, derive=True))


def study(folder: Path, number: int) -> Path:
    folder.mkdir(exist_ok=True)
    for at in range(number):
        instance(at + 1).save_as(folder / f"{at}.dcm", enforce_file_format=True)
    return folder


def test_a_draft_tells_how_far_it_is_and_what_it_found(planner: Planner, tmp_path: Path) -> None:
    number = planner.begin(order(study(tmp_path / "study", 30)))
    assert planner.knows(number) and not planner.knows(number + 1)
    draft = planner.draft(number)
    assert draft is not None and draft.instances == 30
    assert planner.progress(number) == (30, 30)
    again = planner.begin(order(tmp_path / "study", "CD-R-650"))
    other = planner.draft(again)
    assert other is not None and (other.medium, other.instances) == ("CD-R-650", 30)
    assert planner.progress(number) == (0, 0)  # of another draft now
    assert planner.progress(again) == (0, 0)  # nothing was read for it: the files are the same
    study(tmp_path / "study", 31)
    later = planner.draft(planner.begin(order(tmp_path / "study")))
    assert later is not None and later.instances == 31


def test_an_order_that_cannot_be_planned_says_why(planner: Planner, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="nowhere"):
        planner.draft(planner.begin(order(tmp_path / "nowhere")))


def test_drafts_nobody_asks_for_are_forgotten(planner: Planner, tmp_path: Path) -> None:
    study(tmp_path / "study", 1)
    first = planner.begin(order(tmp_path / "study"))
    for _ in range(KEPT):
        last = planner.begin(order(tmp_path / "study"))
    assert not planner.knows(first) and planner.draft(last) is not None
