"""kill -9 of the whole service while it builds a disc: no unverified image gets its name, the bytes end the same."""

import json
import random
import time
from pathlib import Path

import pytest

from samples.make import write
from service.store import jobs
from service.store.engine import Store
from service.store.jobs import JobRecord, JobState
from tests.commands import printmgr
from tests.serving import Serving

PATIENCE_S = 120.0
CREATED = ["--created", "2024-05-06T07:08:09+02:00", "--file-set-id", "KILLED"]


def command(data_dir: Path, *arguments: str) -> str:
    done = printmgr(*arguments, PRINTMGR_DATA_DIR=data_dir)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def until(data_dir: Path, job_id: str, wanted: JobState) -> JobRecord:
    """The job, once it is in this state."""
    store, patience = Store(f"sqlite:///{data_dir / 'printmgr.db'}"), time.monotonic() + PATIENCE_S
    while True:
        with store.read() as connection:
            found = jobs.one(connection, job_id)
        if found.state is wanted:
            store.close()
            return found
        assert time.monotonic() < patience, found
        time.sleep(0.1)


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
        until(data_dir, job_id, JobState.DONE)
    assert sorted(path.name for path in output.glob("volume_*")) == ["volume_1.iso"]
    assert (output / "volume_1.iso").read_bytes() == (tmp_path / "undisturbed" / "volume_1.iso").read_bytes()


def test_a_disc_that_was_refused_can_be_retried_when_the_sources_are_good(tmp_path):
    sources, data_dir, output = tmp_path / "studies", tmp_path / "data", tmp_path / "disc"
    paths = write(sources)
    whole = paths[0].read_bytes()
    paths[0].write_bytes(whole[:300])
    job_id = command(data_dir, "disc", "build", str(sources), "--output", str(output), "--queue", *CREATED)
    with Serving(data_dir):
        assert paths[0].name in until(data_dir, job_id, JobState.FAILED).error
        assert json.loads((output / "report.json").read_text())["state"] == "failed"
        assert list(output.glob("volume_*")) == []
        paths[0].write_bytes(whole)
        command(data_dir, "jobs", "retry", job_id)
        until(data_dir, job_id, JobState.DONE)
    assert (output / "volume_1.iso").exists()
