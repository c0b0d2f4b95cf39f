"""Labels and papers: what stands on them, what has no room, and how they look."""

import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from media.build.companions import Imprint
from media.errors import BadOrder
from media.fileset.model import Action, Instance, Plan, PlannedFile, SourceFile, Volume
from media.labels import TEMPLATES, template_of
from media.labels.draw import drawn
from media.labels.facts import Facts, facts_of
from printmgr.render.typesetting import broken
from tests.conftest import GOLDEN

NAME = "Yamada^Tarou=山田^太郎=やまだ^たろう"
AUDIT = "20261126-011534-123456-abcdef01"
DPI = 150


def planned(name: str = NAME, description: str = "CT Thorax", patient_id: str = "P-1") -> PlannedFile:
    utf8 = {0x00080005: b"ISO_IR 192"}
    patient = utf8 | {0x00100010: name.encode(), 0x00100020: patient_id.encode(), 0x00100030: b"19700102"}
    study = utf8 | {0x0020000D: description.encode().hex().encode(), 0x00081030: description.encode()}
    study |= {0x00080020: b"20260105"}
    series = utf8 | {0x00080060: b"CT", 0x0020000E: b"1.2"}
    source = SourceFile("/in/1", 1, 0)
    instance = Instance(source, "1.2", "1.2.3", "1.2.840.10008.1.2.1", patient, study, series, {})
    return PlannedFile((description[:8], "IM000001"), instance, Action.ACCEPT, "1.2.840.10008.1.2.1")


def facts(*files: PlannedFile, volumes: int = 3, identified: bool = True) -> Facts:
    made = [Volume(n, f"DISC_{n}", f"2.25.{n}", files, 1000) for n in range(1, volumes + 1)]
    plan = Plan("2026-11-26T01:15:34+00:00", "STD-GEN-CD", "CD-R-700", 7 * 10**8, tuple(made), (), (), ())
    report = {"volumes": [{"number": 2, "instances": len(files), "size_bytes": 4711}]}
    imprint = Imprint("Klinik am Ring", "+49 30 1234567")
    return facts_of(plan, made[1], imprint=imprint, audit=AUDIT, web=True, report=report, identified=identified)


def text_of(pdf: bytes, tmp_path: Path) -> str:
    (tmp_path / "label.pdf").write_bytes(pdf)
    return subprocess.run(
        ["pdftotext", "-layout", tmp_path / "label.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout


def picture_of(pdf: bytes, tmp_path: Path) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    (tmp_path / "label.pdf").write_bytes(pdf)
    subprocess.run(
        ["pdftoppm", "-r", str(DPI), "-gray", "-singlefile", "-png", tmp_path / "label.pdf", tmp_path / "label"],
        check=True,
    )
    found = cv2.imread(str(tmp_path / "label.png"), cv2.IMREAD_GRAYSCALE)
    assert found is not None
    return found  # type: ignore[return-value]


@pytest.mark.peer("pdftotext")
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_paper_says_whose_it_is_and_what(name: str, tmp_path: Path) -> None:
    pdf, unfit = drawn(template_of(name), [facts(planned(), planned(description="фото محمد علي"))], broken)
    assert unfit == []
    text = text_of(pdf, tmp_path)
    assert "Yamada Tarou (山田 太郎) (やまだ たろう)" in text
    for said in ("Klinik am Ring", "1970-01-02", AUDIT):
        assert said in text
    if name in ("disc", "jewel-case"):
        assert all(
            said in text for said in ("DICOM PLUS WEB", "disc 2 of 3", "Not for primary diagnosis", "2026-11-26")
        )
    assert pdf == drawn(template_of(name), [facts(planned(), planned(description="фото محمد علي"))], broken)[0]


@pytest.mark.peer("pdftoppm")
@pytest.mark.parametrize("name", TEMPLATES)
def test_papers_look_as_they_were_looked_at(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Compared at a third of a printer's eye: versions of the PDF reader draw edges a little differently."""
    files = [planned(), *(planned(description=f"фото محمد علي {number}") for number in range(8))]
    pdf, _ = drawn(template_of(name), [facts(*files)], broken)
    found = cv2.resize(picture_of(pdf, tmp_path), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    golden = GOLDEN / f"labels/{name}.png"
    if request.config.getoption("--update-golden"):
        cv2.imwrite(str(golden), found, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    wanted = cv2.imread(str(golden), cv2.IMREAD_GRAYSCALE)
    assert wanted is not None and wanted.shape == found.shape
    difference = cv2.absdiff(cv2.GaussianBlur(found, (3, 3), 0), cv2.GaussianBlur(wanted, (3, 3), 0))
    assert (difference > 64).mean() < 0.0005, "--update-golden writes it anew; then look at it"


@pytest.mark.peer("pdftoppm")
@pytest.mark.parametrize("name", [name for name in TEMPLATES if name != "envelope"])
def test_the_qr_code_reads_as_the_audit_number(name: str, tmp_path: Path) -> None:
    picture = picture_of(drawn(template_of(name), [facts(planned())], broken)[0], tmp_path)
    said, *_ = cv2.QRCodeDetector().detectAndDecode(picture)
    assert said == f"{AUDIT}/2"


@pytest.mark.peer("pdftoppm")
def test_nothing_leaves_the_ring_of_a_disc(tmp_path: Path) -> None:
    files = [planned(NAME * 2, f"Study {number} with a description" * 2) for number in range(20)]
    picture = picture_of(drawn(template_of("disc"), [facts(*files)], broken)[0], tmp_path)
    rows, columns = np.indices(picture.shape)
    middle = (np.array(picture.shape) - 1) / 2
    distance = np.hypot(rows - middle[0], columns - middle[1]) * 25.4 / DPI
    outside = (distance < 19 - 0.5) | (distance > 58.5 + 0.5)
    assert (picture[outside] == 255).all()
    assert (picture[~outside] < 128).sum() > 1000


@pytest.mark.peer("pdftotext")
def test_what_has_no_room_is_listed_and_not_cut(tmp_path: Path) -> None:
    files = [planned(description=f"Study {number} " + "x" * 20) for number in range(30)]
    pdf, unfit = drawn(template_of("disc"), [facts(*files)], broken)
    text = text_of(pdf, tmp_path)
    shown = [line.strip() for line in text.splitlines() if "Study" in line]
    assert f"+ {len(unfit)} more: see README.TXT" in text
    assert len(shown) + len(unfit) == 30
    assert all(line.endswith("(1)") for line in shown)
    long = "Wolfeschlegelsteinhausenbergerdorff" * 12
    pdf, unfit = drawn(template_of("disc"), [facts(planned(long))], broken)
    assert unfit == [long]
    assert "Wolf" not in text_of(pdf, tmp_path)


@pytest.mark.peer("pdftotext")
def test_a_label_without_identifiers_has_none(tmp_path: Path) -> None:
    for name in TEMPLATES:
        text = text_of(drawn(template_of(name), [facts(planned(), identified=False)], broken)[0], tmp_path)
        assert not any(said in text for said in ("Yamada", "山田", "P-1", "1970", "Thorax"))
        assert AUDIT in text


@pytest.mark.peer("pdftotext")
def test_several_patients_are_counted_not_named(tmp_path: Path) -> None:
    two = facts(planned(), planned("Other^One", "MR", patient_id="P-2"))
    text = text_of(drawn(template_of("disc"), [two], broken)[0], tmp_path)
    assert "2 patients" in text
    assert "Yamada" not in text


def test_a_volume_without_report_is_not_called_verified() -> None:
    assert facts(planned()).fields["verified"] == "read back and verified: 1 of 1 objects, 4711 bytes"
    made = Volume(1, "DISC", "2.25.1", (planned(),), 1000)
    plan = Plan("2026-11-26T01:15:34+00:00", "STD-GEN-CD", "CD-R-700", 7 * 10**8, (made,), (), (), ())
    found = facts_of(plan, made, imprint=Imprint(), audit="", web=False).fields
    assert (found["verified"], found["content"], found["of"]) == ("not verified", "DICOM ONLY", "")


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ('kind = "text", x = 0, y = 0, width = 20, height = 5, text = "a"', "leaves the printable ring"),
        ('kind = "text", x = 50, y = 50, width = 20, height = 20, text = "a"', "leaves the printable ring"),
        ('kind = "qr", x = 110, y = 60, width = 20, height = 5, text = "a"', "leaves the sheet"),
        (
            'kind = "text", x = 50, y = 8, width = 20, height = 5, text = "{name}"',
            "names {name}; expected some of",
        ),
        (
            'kind = "list", x = 50, y = 8, width = 20, height = 5, text = "films"',
            "lists 'films'; expected one of",
        ),
        ('kind = "logo", x = 50, y = 8, width = 20, height = 5', "is no kind; expected one of text"),
        ('kind = "text", x = 50, y = 8, width = 20, height = 5, align = "top"', "align is 'top'"),
        ('kind = "text", x = 50, y = 8, width = 20, height = 5, least = 9', "least is not between"),
        ('kind = "text", font = "Comic"', "expected width, height and"),
        ("kind = ", "expected width, height and"),
    ],
)
def test_a_template_that_cannot_be_printed_is_refused(item: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(f"width = 120\nheight = 120\nring = [38, 117]\nitems = [{{ {item} }}]\n")
    with pytest.raises(BadOrder) as refused:
        template_of(str(path))
    assert said in str(refused.value)


def test_a_template_that_is_not_there_is_named() -> None:
    with pytest.raises(BadOrder, match="expected one of disc, jewel-case, envelope, receipt, release"):
        template_of("sticker")
