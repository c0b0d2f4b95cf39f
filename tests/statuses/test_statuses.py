"""Every row of the table of statuses, against the real service; the page of them in the documentation."""

from pathlib import Path

import pytest

from printmgr.scp.contexts import BASIC_GRAYSCALE_PRINT_MANAGEMENT_META, VERIFICATION, SOPClass
from tests.console import console
from tests.printmgr.scp.requests import IMPLICIT_LE
from tests.serving import Serving
from tests.statuses.rows import Player, Row
from tests.statuses.table import ROWS

PAGE = Path(__file__).parents[2] / "docs" / "statuses.md"
CLASSES = (
    BASIC_GRAYSCALE_PRINT_MANAGEMENT_META,
    SOPClass.PRESENTATION_LUT,
    SOPClass.ANNOTATION_BOX,
    SOPClass.PRINT_JOB,
    SOPClass.PRINTER_CONFIGURATION,
    VERIFICATION,
)


@pytest.fixture(scope="module")
def player(tmp_path_factory):
    """One association for all rows: none of them may end it."""
    with (
        Serving(tmp_path_factory.mktemp("statuses") / "data") as serving,
        console(serving.port, classes=CLASSES, syntax=IMPLICIT_LE) as one,
    ):
        yield Player(one)


def test_there_are_enough_rows_and_each_has_its_sentence():
    assert len(ROWS) >= 200
    assert all(row.sentence.endswith(".") and row.clause.startswith("PS3.") for row in ROWS)
    names = [(row.request, row.sop_class, row.state, row.of, row.status) for row in ROWS]
    assert sorted({str(name) for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("row", ROWS, ids=[f"{number} {row.request}" for number, row in enumerate(ROWS)])
def test_a_request_is_answered_as_the_table_says(player: Player, row: Row):
    status, answer, named = player.play(row)
    assert f"{status:04X}H" == f"{row.status:04X}H", player.console.comment
    for keyword, value in row.answered.items():
        found = answer.get(keyword)
        assert (len(found) if isinstance(value, int) and hasattr(found, "append") else found) == value
    if row.service == "N-CREATE" and status < 0x0100:
        assert named, "a created instance has a name"
    assert player.console.association.is_established


def test_the_association_lives_through_all_of_them(player: Player):
    assert player.console.association.send_c_echo().Status == 0


def page() -> str:
    """docs/statuses.md."""
    lines = [
        "# Requests and their statuses",
        "",
        "Made from the table that the tests run against the service (`tests/statuses`). *Before*: what the association",
        "has when the request comes. The sentences are the standard's, in our words.",
    ]
    last = ""
    for row in ROWS:
        if row.sentence != last:
            last = row.sentence
            lines += ["", f"**{row.sentence}** ({row.clause})", "", "| request | before | status | answered |"]
            lines += ["| --- | --- | --- | --- |"]
        said = ", ".join(f"{keyword} {value}" for keyword, value in row.answered.items())
        cells = [row.request, row.state.value, f"{row.status:04X}H", said]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def test_the_page_is_what_the_table_says(request):
    if request.config.getoption("--update-golden"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "--update-golden writes it anew"
