"""`printmgr disc`: exit codes, words and JSON."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from samples.make import ct_image
from tests.commands import printmgr

MAIN = [sys.executable, "-c", "import sys; from service.cli import main; sys.exit(main())", "disc"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(3):
        ct_image(number, 3, 32).save_as(tmp_path / f"in/{number}.dcm", enforce_file_format=True)
    return tmp_path / "in"


def disc(*words: object) -> "subprocess.CompletedProcess[str]":
    return printmgr("disc", *words)


def test_plan_build_verify(source: Path, tmp_path: Path) -> None:
    planned = disc("plan", source, "--json")
    assert planned.returncode == 0
    view = json.loads(planned.stdout)
    assert [entry["action"] for entry in view["volumes"][0]["files"]] == ["accept"] * 3
    made = disc("build", source, "--output", tmp_path / "out", "--file-set-id", "TEST", "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert (told["state"], told["counts"]["planned"], told["volumes"][0]["written"]) == ("done", 3, ["volume_1.iso"])
    assert sorted(p.name for p in (tmp_path / "out").glob("[!.]*")) == ["plan.json", "report.json", "volume_1.iso"]
    image = tmp_path / "out/volume_1.iso"
    checked = disc("verify", image, "--report", tmp_path / "out/report.json")
    assert (checked.returncode, checked.stdout.strip()) == (0, f"{image}: 8 files, 3 instances: good")
    data = bytearray(image.read_bytes())
    data[100] ^= 1
    image.write_bytes(data)
    damaged = disc("verify", image, "--report", tmp_path / "out/report.json", "--json")
    assert damaged.returncode == 1
    found = json.loads(damaged.stdout)
    assert not found["good"]
    assert {finding["kind"] for finding in found["findings"]} <= {"different", "unexpected"}
    assert any("system area" in finding["where"] for finding in found["findings"])


def test_a_refusal_is_told_file_by_file(source: Path, tmp_path: Path) -> None:
    (source / "empty.dcm").touch()
    refused = disc("build", source, "--output", tmp_path / "out")
    assert refused.returncode == 1
    assert f"  {source / 'empty.dcm'}: empty-file" in refused.stderr
    in_json = disc("build", source, "--output", tmp_path / "out", "--json")
    assert json.loads(in_json.stdout)["refused"][0]["file"] == str(source / "empty.dcm")
    done = disc("build", source, "--output", tmp_path / "out", "--leave-out", "empty-file")
    assert done.returncode == 0, done.stderr
    assert "3 instances" in done.stdout


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--profile", "STD-GEN-FAX"], "profile 'STD-GEN-FAX' is not known"),
        (["--medium", "FLOPPY"], "medium 'FLOPPY' is not known"),
        (["--leave-out", "everything"], "'everything' is no reason"),
        (["--created", "yesterday"], "created is 'yesterday'"),
        (["--file-set-id", "lower"], "File-set ID is 'lower'"),
        (["--compress", "gzip"], "expected jpeg or j2k"),
        (["--write", "fax"], "writer 'fax' is not known"),
    ],
)
def test_wrong_calls_exit_2(source: Path, tmp_path: Path, words: list[str], part: str) -> None:
    done = disc("build", source, "--output", tmp_path / "out", *words)
    assert (done.returncode, part in done.stderr) == (2, True), done.stderr
    assert not list(tmp_path.glob("out/*.iso"))


def test_a_report_of_something_else_is_no_report(source: Path, tmp_path: Path) -> None:
    assert disc("build", source, "--output", tmp_path / "out").returncode == 0
    (tmp_path / "other.json").write_text("[]")
    for report in (tmp_path / "other.json", tmp_path / "none.json"):
        assert disc("verify", tmp_path / "out/volume_1.iso", "--report", report).returncode == 1


def test_a_terminal_sees_how_far_it_is(source: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    words = [*MAIN, "build", str(source), "--output", str(tmp_path / "out")]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        seen += part
    os.close(ours)
    assert process.wait() == 0
    text = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", seen).decode()
    for step in ("index", "plan", "image", "verify", "write"):
        assert step in text
    assert "3 of 3 instances" in text


def test_a_preset_says_what_the_options_do_not(source: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(
        f'data_dir = "{tmp_path / "run"}"\n[presets.patient]\nviewer = "none"\nwriters = ["zip", "image"]\n'
        '[web]\ninstitution = "Clinic"\n'
    )
    made = disc("build", source, "--output", tmp_path / "out", "--preset", "patient", "--settings", settings, "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert (told["medium"], told["volumes"][0]["written"]) == ("CD-R-700", ["volume_1.zip", "volume_1.iso"])
    planned = disc("plan", source, "--preset", "physician", "--medium", "CD-R-700", "--settings", settings, "--json")
    assert json.loads(planned.stdout)["medium"] == "CD-R-700"
    unknown = disc("plan", source, "--preset", "pysician", "--settings", settings)
    assert unknown.returncode == 2
    assert "expected one of patient, physician, teaching, archive" in unknown.stderr


@pytest.mark.parametrize("fault", ['medium = "floppy"', 'profile = "X"', 'writers = ["fax"]', 'leave_out = ["x"]'])
def test_a_preset_that_cannot_be_made_is_a_fault_of_the_settings(source: Path, tmp_path: Path, fault: str) -> None:
    (tmp_path / "settings.toml").write_text(f"[presets.ours]\n{fault}\n")
    told = disc("plan", source, "--preset", "ours", "--settings", tmp_path / "settings.toml")
    assert told.returncode != 0
    assert "presets.ours." + fault.partition(" ")[0] in told.stderr
    assert "expected" in told.stderr


def test_a_label_of_a_finished_disc(source: Path, tmp_path: Path) -> None:
    early = disc("label", source)
    assert early.returncode == 1
    assert "is no finished disc" in early.stderr
    assert disc("build", source, "--output", tmp_path / "out").returncode == 0
    made = disc("label", tmp_path / "out", "--template", "jewel-case", "--json")
    told = json.loads(made.stdout)
    assert told == {"label": str(tmp_path / "out/jewel-case.pdf"), "no_room": []}
    assert Path(told["label"]).read_bytes().startswith(b"%PDF-")
    assert disc("label", tmp_path / "out", "--template", "sticker").returncode == 2


@pytest.mark.peer("xorriso")
def test_a_build_waits_for_a_blank_disc_and_goes_on(source: Path, tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    drive.write_bytes(bytes(4096) + b"somebody else's" * 4096)
    words = ["build", source, "--output", tmp_path / "out", "--write", f"optical:{drive}", "--json"]
    with subprocess.Popen([*MAIN, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr and run.stdout
        assert "waits for a blank disc" in run.stderr.readline()
        drive.write_bytes(b"")
        told = json.loads(run.stdout.read())
    assert told["volumes"][0]["written"] == ["optical_1.json"]
    burned = tmp_path / "burned.iso"
    burned.write_bytes(drive.read_bytes()[: told["volumes"][0]["size_bytes"]])  # a burner pads
    assert disc("verify", burned, "--report", tmp_path / "out/report.json").returncode == 0


def test_de_identified_with_a_key_of_its_own(source: Path, tmp_path: Path) -> None:
    words = ("--de-identify", "descriptors,modified-dates", "--key-file", tmp_path / "key", "--write", "folder")
    made = disc("build", source, "--output", tmp_path / "out", *words)
    assert made.returncode == 0, made.stderr
    image = (tmp_path / "out/volume_1/DICOM/PA000001/ST000001/SE000001/IM000001").read_bytes()
    assert b"Sample^" not in image and b"19700101" not in image
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "out/deidentified.pdf").read_bytes().startswith(b"%PDF")
    wrong = disc("build", source, "--output", tmp_path / "no", "--de-identify", "names")
    assert wrong.returncode == 2 and "expected basic or some of" in wrong.stderr
    alone = disc("build", source, "--output", tmp_path / "no", "--release", "1.2.3")
    assert alone.returncode == 2 and "--de-identify" in alone.stderr


def test_encrypted_and_no_password_on_the_command_line(source: Path, tmp_path: Path) -> None:
    made = disc("build", source, "--output", tmp_path / "out", "--encrypt", "zip", "--write", "folder")
    assert made.returncode == 0, made.stderr
    assert sorted(path.name for path in (tmp_path / "out/volume_1").iterdir()) == [
        *("CHECKSUM.TXT", "DISC.ZIP", "INDEX.HTM", "README.TXT")
    ]
    assert (tmp_path / "out/password.pdf").read_bytes().startswith(b"%PDF")
    said = disc("build", source, "--output", tmp_path / "no", "--encrypt", "zip", "--password", "open-sesame-now")
    assert said.returncode == 2 and "not given on the command line" in said.stderr
    (tmp_path / "secret").write_text("correct-horse-battery\n")
    words = ("--encrypt", "cms", "--password", f"file:{tmp_path / 'secret'}")
    filed = disc("build", source, "--output", tmp_path / "two", *words)
    assert filed.returncode == 0, filed.stderr
    assert "correct-horse" not in (tmp_path / "two/.job/order.json").read_text()
    checked = disc("verify", tmp_path / "two/volume_1.iso", "--report", tmp_path / "two/report.json")
    assert checked.returncode == 0 and "note: encrypted" in checked.stdout
