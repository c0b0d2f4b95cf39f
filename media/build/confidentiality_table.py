"""Makes confidentiality.tsv and safe_private.tsv out of the standard's own file of PS3.15 (DocBook XML).

    python -m media.build.confidentiality_table part15.xml [FOLDER]

The file is published by NEMA with each edition (source/docbook/part15/part15.xml). Columns are found by their headings,
so that a new one is named and not mistaken. Repeating groups and private attributes are rules (media.build.deidentify).
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).parent
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
TAG = re.compile(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)")
PRIVATE = re.compile(r"\(([0-9A-F]{4}),xx([0-9A-F]{2})\)")
EDITION = re.compile(r"\b20\d\d[a-e]\b")
ACTIONS = re.compile(r"[XZDKCU](/[XZDKCU]\*?)*")
OPTIONS: Mapping[str, str] = {
    "rtnuidsopt": "uids",
    "rtndevidopt": "device",
    "rtninstidopt": "institution",
    "rtnpatcharsopt": "patient",
    "rtnlongfulldatesopt": "full-dates",
    "rtnlongmodifdatesopt": "modified-dates",
    "cleandescopt": "descriptors",
    "rtnsafeprivopt": "safe-private",
    "cleanstructcontopt": "structured",
    "cleangraphopt": "graphics",
}
"""TABLE. Headings, without anything but letters, as options; an order cannot ask for the last two."""
KNOWN = {"attributename", "tag", "retdfromps36", "retd", "instdcompiodfromps33", "instdcompiod", "basicprof"}


class Unknown(Exception):
    """The file is not what is expected, and where."""


def main(words: list[str]) -> None:
    source, folder = Path(words[0]), Path(words[1]) if len(words) > 1 else HERE
    root = ElementTree.parse(source).getroot()  # noqa: S314  # the standard's file, given by hand
    edition = EDITION.search(_text(root)[:5000])
    said = edition[0] if edition else "unknown"
    head = f"PS3.15 Table E.1-1 ({said}): tag, action of the Basic Profile, actions by option, name."
    _write(folder / "confidentiality.tsv", head, attributes(root))
    head = f"PS3.15 Table E.3.10-1 ({said}): group, element in its block, private creator, name."
    _write(folder / "safe_private.tsv", head, safe_private(root))


def attributes(root: ElementTree.Element) -> Iterator[tuple[str, ...]]:
    """The rows of Table E.1-1 with one tag. Raises Unknown."""
    columns: list[str] = []
    for cells in _rows(root, "table_E.1-1"):
        if not columns:
            columns = [re.sub("[^a-z]|[0-9]", "", cell.lower()) for cell in cells]
            if strange := set(columns) - OPTIONS.keys() - {re.sub("[0-9]", "", one) for one in KNOWN}:
                raise Unknown(f"Table E.1-1 has a column {sorted(strange)[0]!r} that is not known")
            continue
        row = dict(zip(columns, cells, strict=False))
        tag = TAG.fullmatch(row.get("tag", "").upper())
        if tag is None:
            continue
        basic = row["basicprof"]
        if not ACTIONS.fullmatch(basic):
            raise Unknown(f"Table E.1-1, {row['tag']}: the basic profile says {basic!r}")
        said = [f"{option}={row[heading]}" for heading, option in OPTIONS.items() if row.get(heading) in ("K", "C")]
        yield tag[1] + tag[2], basic, ",".join(said) or "-", row["attributename"]


def safe_private(root: ElementTree.Element) -> Iterator[tuple[str, ...]]:
    """The rows of Table E.3.10-1: data element, private creator, VR, VM, meaning."""
    for cells in _rows(root, "table_E.3.10-1"):
        if len(cells) >= 5 and (tag := PRIVATE.fullmatch(cells[0].replace("XX", "xx"))):
            yield tag[1], tag[2], cells[1], cells[-1]


def _rows(root: ElementTree.Element, name: str) -> Iterator[list[str]]:
    table = next((one for one in root.iter() if one.get(XML_ID) == name), None)
    if table is None:
        raise Unknown(f"has no {name}; expected the DocBook file of PS3.15")
    for row in (one for one in table.iter() if one.tag.endswith("}tr") or one.tag == "tr"):
        yield [_text(cell) for cell in row]


def _text(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).replace("\u200b", "").split())


def _write(path: Path, head: str, rows: Iterator[tuple[str, ...]]) -> None:
    lines = sorted("\t".join(row) for row in rows)
    if not lines:
        raise Unknown(f"gives no row for {path.name}")
    path.write_text("".join(f"{line}\n" for line in (f"# {head}", *lines)), "utf-8")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (Unknown, OSError, ElementTree.ParseError, IndexError) as error:
        raise SystemExit(f"{sys.argv[1:2] or 'no file'}: {error}") from None
