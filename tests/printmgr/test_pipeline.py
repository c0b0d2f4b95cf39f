"""The steps leave whole files, do nothing twice, and come to the same bytes whenever they are interrupted."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from printmgr.errors import BadPixels, DamagedSpool
from printmgr.film.layout import lay_out
from printmgr.order_json import encode_order
from printmgr.pipeline import deliver_step, document_step, lay_out_step, preview_step, read_layouts, render_step
from printmgr.ports import Print
from printmgr.sinks import FolderSink
from samples import phantoms
from samples.prints import film_of, print_of

ALL = "from printmgr.pipeline import *; lay_out_step(p); render_step(p); preview_step(p); document_step(p)"
RUN = (
    "import sys; from pathlib import Path; from printmgr.order_json import decode_order\n"
    "folder = Path(sys.argv[1]); p = decode_order((folder / 'order.json').read_bytes(), folder)\n"
    f"print('ready', flush=True)\n{ALL}"
)


@pytest.fixture
def print_(tmp_path: Path) -> Print:
    folder = tmp_path / "print"
    folder.mkdir()
    slices = {number + 1: phantoms.ct_slice(number, size=128).clip(0, 255).astype(np.uint8) for number in range(3)}
    films = [
        film_of(folder, slices, "STANDARD\\2,2", 1),
        film_of(folder, {1: phantoms.cr_image(640, 512)}, "ROW\\1", 2),
    ]
    made = print_of(folder, films)
    (folder / "order.json").write_bytes(encode_order(made))
    return made


def run(print_: Print) -> None:
    lay_out_step(print_)
    render_step(print_)
    preview_step(print_)
    document_step(print_)


def contents(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_each_step_leaves_its_file(print_: Print) -> None:
    assert lay_out_step(print_) == print_.folder / "layout.json"
    assert render_step(print_).read_bytes().startswith(b"%PDF-1.7")
    assert [path.name for path in preview_step(print_)] == ["preview_1.png", "preview_2.png"]
    document = json.loads(document_step(print_).read_bytes())
    assert document["caller"] == {
        "calling_ae": "CT1",
        "called_ae": "FILM",
        "address": "127.0.0.1",
        "association": "a1",
    }
    assert document["statuses"] == {"N-ACTION": [0]}
    assert [len(film["image_boxes"]) for film in document["order"]["films"]] == [3, 1]
    assert [len(film["images"]) for film in document["layouts"]] == [4, 1]
    assert document["layouts"][0]["images"][0]["image"]["width"] == 177.8
    assert all(
        path.stat().st_mode & 0o077 == 0
        for path in print_.folder.iterdir()
        if path.suffix != ".ds" and path.name != "order.json"
    )


def test_a_finished_step_does_nothing(print_: Print) -> None:
    run(print_)
    before = {path: path.stat().st_mtime_ns for path in print_.folder.iterdir()}
    for film in print_.order.films:
        for box in film.image_boxes:
            assert box.image is not None
            (print_.folder / box.image.pixels.file).unlink()
    run(print_)  # would raise BadPixels if it drew anything
    assert {path: path.stat().st_mtime_ns for path in print_.folder.iterdir()}.items() <= before.items()


def test_the_layout_reads_back(print_: Print) -> None:
    lay_out_step(print_)
    assert read_layouts(print_) == tuple(lay_out(film, print_.printer) for film in print_.order.films)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"version":2,"films":[]}', b'{"version":1,"films":[]}', b"\xff"])
def test_a_damaged_layout_fails_the_print(print_: Print, data: bytes) -> None:
    (print_.folder / "layout.json").write_bytes(data)
    with pytest.raises(DamagedSpool, match="layout"):
        render_step(print_)


def test_a_step_before_its_turn_fails(print_: Print) -> None:
    with pytest.raises(DamagedSpool, match=r"layout\.json"):
        render_step(print_)


def test_a_failed_step_leaves_nothing(print_: Print) -> None:
    lay_out_step(print_)
    (print_.folder / "2_1.ds").unlink()
    before = set(print_.folder.iterdir())
    with pytest.raises(BadPixels):
        render_step(print_)
    assert set(print_.folder.iterdir()) == before


def test_delivery_needs_no_other_step_after_rendering(print_: Print, tmp_path: Path) -> None:
    run(print_)
    sink = FolderSink(tmp_path / "films")
    place = Path(deliver_step(print_, sink))
    assert place.read_bytes() == (print_.folder / "film.pdf").read_bytes()
    assert deliver_step(print_, sink) == str(place)


def test_killed_at_any_time_it_comes_to_the_same_bytes(print_: Print, tmp_path: Path) -> None:
    run(print_)
    expected = contents(print_.folder)
    whole_run = 0.0
    delays = np.random.default_rng(9).uniform(0, 1, 8)
    for delay in [None, *delays]:
        for name in ("layout.json", "film.pdf", "preview_1.png", "preview_2.png", "film.json"):
            (print_.folder / name).unlink(missing_ok=True)
        process = subprocess.Popen([sys.executable, "-c", RUN, str(print_.folder)], stdout=subprocess.PIPE)
        with process:
            assert process.stdout is not None
            process.stdout.readline()
            begin = time.monotonic()
            if delay is not None:
                time.sleep(delay * whole_run)
                os.kill(process.pid, signal.SIGKILL)
            process.wait()
        whole_run = whole_run or time.monotonic() - begin
        finished = {name: value for name, value in contents(print_.folder).items() if not name.startswith(".")}
        assert finished.items() <= expected.items()
        run(print_)
        assert contents(print_.folder) == expected
