"""The tables of PS3.15 Annex E, made from a piece of the standard's own file."""

from pathlib import Path

import pytest

from media.build import confidentiality_table
from media.build.confidentiality_table import Unknown, main

HEADINGS = (
    "Attribute Name", "Tag", "Retd. (from PS3.6)", "In Std. Comp. IOD (from PS3.3)", "Basic Prof.",
    "Rtn. Safe Priv. Opt.", "Rtn. UIDs Opt.", "Rtn. Dev. Id. Opt.", "Rtn. Inst. Id. Opt.", "Rtn. Pat. Chars. Opt.",
    "Rtn. Long. Full Dates Opt.", "Rtn. Long. Modif. Dates Opt.", "Clean Desc. Opt.", "Clean Struct. Cont. Opt.",
    "Clean Graph. Opt.",
)  # fmt: skip
ROWS = (
    ("Study Date", "(0008,0020)", "N", "Y", "Z", "", "", "", "", "", "K", "C", "", "", ""),
    ("Study Description", "(0008,1030)", "N", "Y", "X", "", "", "", "", "", "", "", "C", "", ""),
    ("SOP Instance UID", "(0008,0018)", "N", "Y", "U", "", "K", "", "", "", "", "", "", "", ""),
    ("Curve Data", "(50xx,xxxx)", "Y", "N", "X", "", "", "", "", "", "", "", "", "", "C"),
    ("Station Name", "(0008,1010)", "N", "Y", "X/Z/D", "", "", "K", "", "", "", "", "", "", ""),
)


def docbook(headings: tuple[str, ...] = HEADINGS, rows: tuple[tuple[str, ...], ...] = ROWS) -> str:
    def cells(row: tuple[str, ...], kind: str) -> str:
        return "<tr>" + "".join(f"<{kind}><para>{cell}</para></{kind}>" for cell in row) + "</tr>"

    body = "".join(cells(row, "td") for row in rows)
    private = ("(7053,xx00)", "Philips PET Private Group", "DS", "1", "SUV Factor")
    return (
        '<book xmlns="http://docbook.org/ns/docbook"><subtitle>DICOM PS3.15 2026c - Security</subtitle>'
        f'<table xml:id="table_E.1-1"><thead>{cells(headings, "th")}</thead><tbody>{body}</tbody></table>'
        f'<table xml:id="table_E.3.10-1"><tbody>{cells(private, "td")}</tbody></table></book>'
    )


def test_rows_become_lines(tmp_path: Path) -> None:
    (tmp_path / "part15.xml").write_text(docbook(), "utf-8")
    main([str(tmp_path / "part15.xml"), str(tmp_path)])
    lines = (tmp_path / "confidentiality.tsv").read_text("utf-8").splitlines()
    assert "2026c" in lines[0]
    assert lines[1:] == [
        "00080018\tU\tuids=K\tSOP Instance UID",
        "00080020\tZ\tfull-dates=K,modified-dates=C\tStudy Date",
        "00081010\tX/Z/D\tdevice=K\tStation Name",
        "00081030\tX\tdescriptors=C\tStudy Description",
    ]
    assert (tmp_path / "safe_private.tsv").read_text("utf-8").splitlines()[1:] == [
        "7053\t00\tPhilips PET Private Group\tSUV Factor"
    ]


def test_made_lines_are_those_that_are_used(tmp_path: Path) -> None:
    """The rows of the piece stand in our table as they are."""
    (tmp_path / "part15.xml").write_text(docbook(), "utf-8")
    main([str(tmp_path / "part15.xml"), str(tmp_path)])
    used = set((confidentiality_table.HERE / "confidentiality.tsv").read_text("utf-8").splitlines())
    assert set((tmp_path / "confidentiality.tsv").read_text("utf-8").splitlines()[1:]) <= used


@pytest.mark.parametrize(
    ("headings", "rows", "said"),
    [
        ((*HEADINGS[:-1], "Clean Dreams Opt."), ROWS, "cleandreamsopt"),
        (HEADINGS, (("Study Date", "(0008,0020)", "N", "Y", "Q", *[""] * 10),), "the basic profile says 'Q'"),
    ],
)
def test_what_is_not_known_is_named(
    tmp_path: Path, headings: tuple[str, ...], rows: tuple[tuple[str, ...], ...], said: str
) -> None:
    (tmp_path / "part15.xml").write_text(docbook(headings, rows), "utf-8")
    with pytest.raises(Unknown, match=said):
        main([str(tmp_path / "part15.xml"), str(tmp_path)])
