"""The plan of a de-identified disc shows what the disc will say, and not whose it is."""

import json
import subprocess
import sys
from pathlib import Path

from tests.media.deidentify.making import IDENTIFIERS, ct, traces, write

DISC = [sys.executable, "-c", "import sys; from service.cli import main; sys.exit(main())", "disc"]


def test_a_plan_has_the_uids_of_the_disc_and_no_identifier(tmp_path: Path) -> None:
    source = write(tmp_path / "source", ct(1), ct(2))
    privacy = ["--de-identify", "basic", "--key-file", str(tmp_path / "key")]
    plan = [*DISC, "plan", str(source), *privacy, "--json"]
    shown = subprocess.run(plan, capture_output=True, text=True, check=True).stdout
    planned = json.loads(shown)
    for file in (one for volume in planned["volumes"] for one in volume["files"]):
        del file["source"]  # the user's own file names stay, and the note says so
    assert traces(json.dumps(planned, ensure_ascii=False).encode(), IDENTIFIERS) == []
    assert any(note.startswith("de-identified: names and UIDs are shown as") for note in planned["notes"])
    build = [*DISC, "build", str(source), *privacy, "--output", str(tmp_path / "out")]
    subprocess.run(build, capture_output=True, check=True)
    report = json.loads((tmp_path / "out" / "report.json").read_bytes())
    uids = {one["sop_instance_uid"] for volume in planned["volumes"] for one in volume["files"]}
    assert uids == {one["sop_instance_uid"] for one in report["files"] if one["fate"] == "on-volume"}
    assert len(uids) == 2
