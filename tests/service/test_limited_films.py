"""Films are drawn in processes with limits: whatever a film does to its process, it fails alone and in words."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from media.limited import LimitedChild, Limits, Lost
from printmgr import order_json, pipeline
from printmgr.errors import BadPixels, ResourceLimit
from samples import phantoms
from samples.prints import film_of, print_of
from service.limited_films import LimitedFilms
from service.spool import load_print

PLENTY = Limits(4 << 30, 60, 60.0)


@pytest.fixture
def spool(tmp_path) -> Path:
    (tmp_path / "prints").mkdir()
    return tmp_path


def settled(spool: Path, name: str) -> str:
    """A print of the spool that is laid out."""
    folder = spool / "prints" / name
    folder.mkdir()
    made = replace(print_of(folder, [film_of(folder, {1: phantoms.cr_image(640, 512)}, "ROW\\1", 1)]), id=name)
    (folder / order_json.FILE).write_bytes(order_json.encode_order(made))
    pipeline.lay_out_step(load_print(spool, name))
    return name


def children_of(films: LimitedFilms) -> list[int]:
    return [child._process.pid for child in films._children if child._process is not None]


def test_the_child_leaves_what_the_steps_leave(spool, tmp_path):
    films = LimitedFilms(spool, PLENTY, 1)
    one, other = settled(spool, "one"), settled(spool, "other")
    for step in ("render", "preview"):
        films.do(step, one)
    again = load_print(spool, other)
    pipeline.render_step(again)
    pipeline.preview_step(again)
    for file in ("film.pdf", "preview_1.png"):
        assert (spool / "prints" / one / file).stat().st_size > 0
    assert (spool / "prints" / one / "preview_1.png").read_bytes() == (
        spool / "prints" / other / "preview_1.png"
    ).read_bytes()
    films.close()


def test_a_film_that_kills_its_process_fails_alone(spool):
    films = LimitedFilms(spool, PLENTY, 1)
    good, bad, other = (settled(spool, name) for name in ("good", "bad", "other"))
    films.do("render", good)
    (pid,) = children_of(films)
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, [pid, signal.SIGKILL]).start()
    with pytest.raises(BadPixels, match="could not be drawn within its limits: the decoder was ended by signal 9"):
        films.do("render", bad)
    films.do("render", other)
    films.do("render", bad)
    assert children_of(films) != [pid]
    films.close()


def test_no_film_is_blamed_for_a_process_that_ended_before(spool):
    films = LimitedFilms(spool, PLENTY, 1)
    films.do("render", settled(spool, "one"))
    process = films._children[0]._process
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    films.do("render", settled(spool, "other"))
    films.close()


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(200 << 20, 60, 60.0), "MemoryError|memory|ended"),
        (Limits(4 << 30, 60, 0.001), "more than 0.001 s"),
    ],
    ids=["memory", "time"],
)
def test_what_is_too_much_is_said(spool, limits, said):
    films = LimitedFilms(spool, limits, 1)
    with pytest.raises(BadPixels, match=said):
        films.do("render", settled(spool, "heavy"))
    films.close()


def test_processor_time_ends(tmp_path):
    (tmp_path / "spin.py").write_text(
        "from media.limited import serve\ndef spin(order):\n    while True: pass\nserve(spin)\n"
    )
    os.environ["PYTHONPATH"] = f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"
    try:
        child = LimitedChild("spin", Limits(4 << 30, 1, 60.0))
        with pytest.raises(Lost, match=f"signal {int(signal.SIGXCPU)}"):
            child.ask({})
    finally:
        os.environ["PYTHONPATH"] = os.environ["PYTHONPATH"].partition(":")[2]
        child.close()


def test_a_full_disk_is_told_as_such(spool):
    films = LimitedFilms(spool, PLENTY, 1)
    name = settled(spool, "full")
    (spool / "prints" / name / "layout.json").unlink()
    with pytest.raises(BadPixels, match=r"layout.json is damaged"):
        films.do("render", name)
    films.close()
    assert issubclass(BadPixels, Exception) and not issubclass(BadPixels, ResourceLimit)


def test_many_films_at_once_each_get_their_own(spool):
    films = LimitedFilms(spool, PLENTY, 2)
    names = [settled(spool, f"p{number}") for number in range(8)]
    threads = [threading.Thread(target=films.do, args=["render", name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all((spool / "prints" / name / "film.pdf").exists() for name in names)
    films.close()


def test_a_child_ends_with_its_parent(spool):
    films = LimitedFilms(spool, PLENTY, 1)
    films.do("render", settled(spool, "last"))
    process = films._children[0]._process
    process.stdin.close()  # as when the parent is killed
    deadline = time.monotonic() + 20
    while process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert process.returncode == 0
    process.stdout.close()
