"""The tables of PS3.15 Annex E out of their files: confidentiality.tsv (E.1-1), safe_private.tsv (E.3.10-1)."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from media.fileset.confidentiality import Row

EDITION = "2026c (columns of the options: 2025b)"
_HERE = Path(__file__).parent


@cache
def table() -> Mapping[int, Row]:
    """Table E.1-1 by tag."""
    rows = {}
    for tag, basic, options, name in _lines("confidentiality.tsv"):
        by_option = dict(one.split("=") for one in options.split(",")) if options != "-" else {}
        rows[int(tag, 16)] = Row(int(tag, 16), basic, by_option, name)
    return rows


@cache
def safe_private() -> frozenset[tuple[int, int, str]]:
    """Table E.3.10-1: group, element in its block, private creator."""
    rows = _lines("safe_private.tsv")
    return frozenset((int(group, 16), int(element, 16), creator) for group, element, creator, _name in rows)


def _lines(name: str) -> Iterator[list[str]]:
    for line in (_HERE / name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")
