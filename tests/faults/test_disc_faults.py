"""A disc build killed at any moment, or out of room: no volume without verification, and the same bytes in the end.

The short forms run with the tests; `make slow` kills 30 builds and fills the disk at 10 sizes.
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from samples.make import write
from tests.faults.test_disk_full import small_disk

CREATED = ["--created", "2024-05-06T07:08:09+02:00", "--file-set-id", "FAULTS"]


def start(sources: Path, output: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from service.cli import main; main()", "disc", "build", str(sources)]
    return subprocess.Popen(
        [*command, "--output", str(output), *CREATED], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(sources: Path, output: Path) -> tuple[int, str]:
    process = start(sources, output)
    out, err = process.communicate(timeout=120)
    return process.returncode, out + err


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> tuple[Path, bytes, float]:
    """The sources, the image they give, and how long that takes."""
    folder = tmp_path_factory.mktemp("undisturbed")
    write(folder / "studies")
    began = time.monotonic()
    assert finish(folder / "studies", folder / "disc")[0] == 0
    return folder / "studies", (folder / "disc/volume_1.iso").read_bytes(), time.monotonic() - began


def volumes(output: Path) -> list[Path]:
    return sorted(output.glob("volume_*")) if output.exists() else []


@pytest.mark.parametrize("kills", [pytest.param(4, id="short"), pytest.param(30, id="long", marks=pytest.mark.slow)])
def test_a_killed_build_goes_on_to_the_same_bytes(undisturbed, tmp_path, kills):
    sources, expected, took = undisturbed
    chance = random.Random(kills)
    cut_short = 0
    for number in range(kills):
        output = tmp_path / f"disc_{number}"
        process = start(sources, output)
        time.sleep(chance.uniform(0.05, 1.0) * took)
        process.kill()
        process.communicate()
        cut_short += process.returncode < 0
        for volume in volumes(output):
            assert volume.read_bytes() == expected
        code, said = finish(sources, output)
        assert code == 0, said
        assert [volume.name for volume in volumes(output)] == ["volume_1.iso"]
        assert volumes(output)[0].read_bytes() == expected
    assert cut_short > 0


@pytest.mark.parametrize("sizes", [pytest.param(2, id="short"), pytest.param(10, id="long", marks=pytest.mark.slow)])
def test_a_full_disk_gives_no_volume_and_room_gives_the_same_bytes(undisturbed, tmp_path, sizes):
    sources, expected, _ = undisturbed
    for number in range(sizes):
        room = 4096 + (len(expected) - 4096) * number // sizes
        with small_disk(tmp_path / f"small_{number}", str(max(room, 65536))) as disk:
            code, said = finish(sources, disk / "disc")
            assert code == 1, said
            assert "room" in said or "space" in said, said
            assert "Traceback" not in said
            assert volumes(disk / "disc") == []
            subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
            code, said = finish(sources, disk / "disc")
            assert code == 0, said
            assert volumes(disk / "disc")[0].read_bytes() == expected
            assert os.listdir(disk / "disc").count("volume_1.iso") == 1
