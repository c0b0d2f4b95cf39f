"""The soak's short form: everything at once, each thing at least once, and the same checks."""

from tests.soak.run import Plan, Soak


def test_mixed_load(tmp_path):
    plan = Plan(tmp_path, seconds=18, pace=20, keep_s=10, line_s=1, part_s=1000)
    soak = Soak(plan)
    assert soak.run() == []
    for done in ("films checked", "films broken off", "instances checked", "discs verified", "bad requests"):
        assert soak.ledger.counts[done] > 0, soak.ledger.counts
    assert soak.ledger.counts["films removed"] > 0
    lines = (tmp_path / "usage.csv").read_text().splitlines()
    assert len(lines) > 20, lines
