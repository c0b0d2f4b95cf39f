"""CONFORMANCE.md says what the tables say."""

from pathlib import Path

from service.conformance import conformance
from service.quirks_page import quirks_page


def test_the_statement_is_what_the_tables_say():
    written = Path(__file__).parents[2] / "CONFORMANCE.md"
    assert written.read_text() == conformance(), "make it anew: printmgr conformance > CONFORMANCE.md"


def test_the_page_of_quirks_is_what_the_table_says():
    written = Path(__file__).parents[2] / "docs" / "quirks.md"
    assert written.read_text() == quirks_page(), "make it anew: printmgr conformance --quirks > docs/quirks.md"
