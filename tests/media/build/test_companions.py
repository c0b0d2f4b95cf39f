"""README.TXT, INDEX.HTM, IHE_PDI and CHECKSUM.TXT."""

import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.build.companions import Imprint, checksum_size, checksum_text, companion_files, companion_sizes
from media.fileset.model import Action, Instance, Plan, PlannedFile, Reason, Rejection, SourceFile, Volume

PLAN = Plan(
    created="2026-01-05T10:15:00+00:00",
    profile="STD-GEN-CD",
    medium="CD-R-700",
    capacity_bytes=1,
    volumes=(),
    refusals=(),
    left_out=(),
    ignored=(),
    claim="STD-GEN-CD",
    file_system="ISO 9660 level 1",
)
IMPRINT = Imprint("Hôpital <Central>", "archive@example.org")


def planned(number: int, patient: bytes, character_set: bytes = b"", **more: bytes) -> PlannedFile:
    text = {0x00080005: character_set} if character_set else {}
    instance = Instance(
        SourceFile(f"/in/{number}", 100, 0),
        "1.2",
        f"1.2.{number}",
        "1.2.840.10008.1.2.1",
        {0x00100010: patient, 0x00100020: b"ID%d" % (number // 2), **text},
        {0x0020000D: b"1.%d" % (number // 2), 0x00080020: b"20240131", 0x00081030: more.get("study", b""), **text},
        {0x0020000E: b"2.%d" % number, 0x00200011: b"7", 0x00080060: b"CT"},
        {},
    )
    folder = ("DICOM", f"PA{number // 2:06}", "ST000001", f"SE{number:06}")
    return PlannedFile((*folder, "IM000001"), instance, Action.ACCEPT, "1.2.840.10008.1.2.1")


def volume(*files: PlannedFile) -> Volume:
    return Volume(1, "DISC", "2.25.1", files, 0)


def page(data: bytes) -> ET.Element:
    return ET.fromstring(data)


def words(data: bytes) -> str:
    return " ".join(" ".join(page(data).itertext()).split())


def test_the_readme_is_plain_text_of_short_lines() -> None:
    left = Rejection(SourceFile("/in/very/Pat\u00e9\n.dcm", 1, 1), Reason.MISSING_KEY, "StudyID")
    plan = PLAN._replace(left_out=(left,), notes=("no DICOM profile: " + "long " * 40,))
    file = planned(1, b"A^B")._replace(derived={0x00200010: b"17"})
    text = companion_files(plan, volume(file), IMPRINT)[("README.TXT",)].decode("ascii")
    lines = text.split("\r\n")
    assert lines.pop() == ""
    assert "\n" not in "".join(lines)
    assert max(map(len, lines)) <= 78
    assert not re.search(r"[^\x20-\x7e]", "".join(lines))
    for part in ("H\\xf4pital <Central>", "archive@example.org", "printmgr", "STD-GEN-CD", "2.25.1", "1 instances"):
        assert part in text
    assert "  Pat\\xe9\\x0a.dcm: missing-key" in lines
    assert "    StudyID = 17" in lines
    assert "no DICOM profile: long" in text
    assert "Not for primary diagnosis" in text


def test_the_contents_list_names_what_is_here() -> None:
    files = companion_files(PLAN, volume(planned(2, b"Doe^John"), planned(3, b"Doe^John"), planned(4, b"X")), IMPRINT)
    shown = words(files[("INDEX.HTM",)])
    assert "2 patients, 2 studies, 3 series, 3 instances" in shown
    assert "Doe John ID1 Study 2024-01-31" in shown
    assert "7 CT 1 DICOM/PA000001/ST000001/SE000003/IM000001" in shown
    assert "Not for primary diagnosis" in shown
    assert "H\u00f4pital <Central>" in shown
    assert "../INDEX.HTM" in files[("IHE_PDI", "INDEX.HTM")].decode()


@pytest.mark.parametrize(
    ("name", "character_set", "shown"),
    [
        (b"Pat\xe9^Ren\xe9", b"ISO_IR 100", "Pat\u00e9 Ren\u00e9"),
        ("\u0394\u03b9\u03bf\u03bd".encode("iso8859-7"), b"ISO_IR 126", "\u0394\u03b9\u03bf\u03bd"),
        ("Buc^J\u00e9r\u00f4me".encode(), b"ISO_IR 192", "Buc J\u00e9r\u00f4me"),
        (
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
            b"\\ISO 2022 IR 87",
            "Yamada Tarou (\u5c71\u7530 \u592a\u90ce) (\u3084\u307e\u3060 \u305f\u308d\u3046)",
        ),
        (
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
            b"\\ISO 2022 IR 149",
            "Hong Gildong (\u6d2a \u5409\u6d1e) (\ud64d \uae38\ub3d9)",
        ),
        (b"no\xffset", b"ISO_IR 192", "no\ufffdset"),
    ],
)
def test_names_show_in_every_character_set(name: bytes, character_set: bytes, shown: str) -> None:
    data = companion_files(PLAN, volume(planned(2, name, character_set)), IMPRINT)[("INDEX.HTM",)]
    assert shown in words(data)
    assert b"charset=utf-8" in data


@given(name=st.binary(max_size=80), study=st.binary(max_size=80), character_set=st.sampled_from([b"", b"ISO_IR 192"]))
def test_no_value_breaks_out_of_the_page(name: bytes, study: bytes, character_set: bytes) -> None:
    files = companion_files(PLAN, volume(planned(2, name, character_set, study=study)), IMPRINT)
    root = page(files[("INDEX.HTM",)])
    allowed = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "a", "strong", "table", "tr"}
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= allowed | {"td", "th"}
    files[("README.TXT",)].decode("ascii")


def test_a_script_in_a_name_is_text() -> None:
    data = companion_files(PLAN, volume(planned(2, b"<script>alert(1)</script>")), IMPRINT)[("INDEX.HTM",)]
    assert b"<script" not in data
    assert "<script>alert(1)</script>" in words(data)


def test_sizes_are_known_before_there_are_volumes() -> None:
    one = volume(planned(2, b"A"), planned(3, b"B"))
    sizes = companion_sizes(PLAN, one, IMPRINT)
    files = companion_files(PLAN._replace(volumes=(one,) * 12), one, IMPRINT)
    assert {path: len(data) for path, data in files.items()}.items() <= sizes.items()
    paths = [*files, ("DICOMDIR",), *(file.file_id for file in one.files)]
    hashes = {"/".join(path): "0" * 64 for path in paths}
    assert sizes[("CHECKSUM.TXT",)] == len(checksum_text(hashes)) == checksum_size(paths)


def test_all_names_are_8_3() -> None:
    for path in companion_sizes(PLAN, volume(planned(2, b"A")), IMPRINT):
        assert re.fullmatch(r"([A-Z0-9_]{1,8}/)*[A-Z0-9_]{1,8}(\.[A-Z0-9]{1,3})?", "/".join(path))


def test_the_descriptor_file_has_no_dot() -> None:
    files = companion_files(PLAN._replace(descriptor="README"), volume(planned(2, b"A")), IMPRINT)
    assert files[("README",)] == files[("README.TXT",)]


@pytest.mark.peer("sha256sum")
def test_sha256sum_reads_the_checksums(tmp_path: Path) -> None:
    (tmp_path / "A").mkdir()
    (tmp_path / "A/B").write_bytes(b"b")
    hashes = {"A/B": "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"}
    (tmp_path / "CHECKSUM.TXT").write_bytes(checksum_text(hashes))
    done = subprocess.run(["sha256sum", "-c", "CHECKSUM.TXT"], cwd=tmp_path, capture_output=True, check=True, text=True)
    assert done.stdout == "A/B: OK\n"
