"""kill -9 of the whole service while it builds a disc: no unverified image gets its name, the bytes end the same."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from samples.make import write
from tests.serving import Serving

CREATED = ["--created", "2024-05-06T07:08:09+02:00", "--file-set-id", "KILLED"]


def command(data_dir: Path, *arguments: str) -> str:
    run = [sys.executable, "-c", "from service.cli import main; main()", *arguments]
    around = os.environ | {"PRINTMGR_DATA_DIR": str(data_dir)}
    return subprocess.run(run, env=around, capture_output=True, text=True, timeout=120, check=True).stdout.strip()


def job(data_dir: Path, job_id: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(command(data_dir, "jobs", "show", job_id, "--json"))
    return found


@pytest.mark.parametrize("kills", [pytest.param(1, id="short"), pytest.param(30, id="long", marks=pytest.mark.slow)])
def test_a_disc_ends_with_the_same_bytes_however_often_it_is_interrupted(tmp_path, kills):
    chance = random.Random(kills)
    sources, data_dir, output = tmp_path / "studies", tmp_path / "data", tmp_path / "disc"
    write(sources)
    command(data_dir, "disc", "build", str(sources), "--output", str(tmp_path / "undisturbed"), *CREATED)
    job_id = command(data_dir, "disc", "build", str(sources), "--output", str(output), "--queue", *CREATED)
    for _ in range(kills):
        serving = Serving(data_dir).wait_ready()
        time.sleep(chance.uniform(0.0, 1.0))
        serving.kill()
        for image in output.glob("volume_*.iso"):
            assert image.read_bytes() == (tmp_path / "undisturbed" / image.name).read_bytes()
    with Serving(data_dir):
        patience = time.monotonic() + 60
        while job(data_dir, job_id)["state"] != "done" and time.monotonic() < patience:
            time.sleep(0.5)
        assert job(data_dir, job_id)["state"] == "done"
    assert sorted(path.name for path in output.glob("volume_*")) == ["volume_1.iso"]
    assert (output / "volume_1.iso").read_bytes() == (tmp_path / "undisturbed" / "volume_1.iso").read_bytes()


def test_a_disc_that_was_refused_can_be_retried_when_the_sources_are_good(tmp_path):
    sources, data_dir, output = tmp_path / "studies", tmp_path / "data", tmp_path / "disc"
    paths = write(sources)
    whole = paths[0].read_bytes()
    paths[0].write_bytes(whole[:300])
    job_id = command(data_dir, "disc", "build", str(sources), "--output", str(output), "--queue", *CREATED)
    with Serving(data_dir):
        patience = time.monotonic() + 60
        while job(data_dir, job_id)["state"] != "failed" and time.monotonic() < patience:
            time.sleep(0.5)
        assert paths[0].name in str(job(data_dir, job_id)["error"])
        assert json.loads((output / "report.json").read_text())["state"] == "failed"
        assert list(output.glob("volume_*")) == []
        paths[0].write_bytes(whole)
        command(data_dir, "jobs", "retry", job_id)
        while job(data_dir, job_id)["state"] != "done" and time.monotonic() < patience:
            time.sleep(0.5)
        assert job(data_dir, job_id)["state"] == "done"
    assert (output / "volume_1.iso").exists()
