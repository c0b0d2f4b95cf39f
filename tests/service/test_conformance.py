"""CONFORMANCE.md says what the tables say."""

from pathlib import Path

from service.conformance import conformance


def test_the_statement_is_what_the_tables_say():
    written = Path(__file__).parents[2] / "CONFORMANCE.md"
    assert written.read_text() == conformance(), "make it anew: printmgr conformance > CONFORMANCE.md"
