"""The flight recorder of the real service: switched on while it runs, and what it wrote played again."""

import json
import threading
from pathlib import Path

from printmgr.recording import Pixels, read
from printmgr.replay import replay
from service.recordings import Record, remove_old, want, wanted
from tests.service.test_whose_film import command, identity_of_the_film, open_session, proposed
from tests.serving import Serving, film_pixels, scu

SECRETS = ("MUSTERMANN", "4711", "LABELTEXT")


def print_a_film(port: int, **titles: str) -> None:
    with scu(port, **titles) as modality:
        sequence = proposed("4711", "MUSTERMANN^ERIKA")
        assert open_session(modality, FilmSessionLabel="LABELTEXT", ProposedStudySequence=sequence) == 0
        assert modality.print_film(film_pixels(1), film_pixels(2), display_format="STANDARD\\1,2") == 0


def recordings(data_dir: Path) -> list[Path]:
    return sorted((data_dir / "recordings").glob("*.jsonl"))


def test_it_is_switched_on_and_off_while_the_service_runs(tmp_path):
    data_dir = tmp_path / "data"
    with Serving(data_dir) as serving:
        print_a_film(serving.port)
        assert recordings(data_dir) == []
        assert "masked" in command(data_dir, "film", "record", "CT1")
        print_a_film(serving.port)
        print_a_film(serving.port, calling_ae="CT2")
        want(data_dir / "recordings", "CT1", Record.OFF)
        print_a_film(serving.port)
        wait_ended(data_dir, 1)
        (file,) = recordings(data_dir)
        found = read(file)
        assert not any(secret in file.read_text() for secret in SECRETS)
        assert (found.header.calling_ae, found.header.called_ae, found.header.texts) == ("CT1", "PRINTMGR", "masked")
        assert found.ended == "released"
        pixels = [p for m in found.messages if m.data_set for p in m.data_set.parts if isinstance(p, Pixels)]
        assert [one.pixels for one in pixels] == [film_pixels(1).size, film_pixels(2).size]
        listed = json.loads(command(data_dir, "film", "recordings", "--json"))
        assert (listed["wanted"], [one["file"] for one in listed["recordings"]]) == ({"CT1": "off"}, [file.name])

        before = len(list((data_dir / "films").rglob("*.pdf")))
        told = command(data_dir, "film", "replay", str(file), "127.0.0.1", str(serving.port), "--calling-ae", "REPLAY")
        assert told.endswith(" 0 answered otherwise than recorded\n")
        identity_of_the_film(data_dir, before + 1)
        assert "otherwise" in command(
            data_dir, "film", "replay", str(without_session(file, tmp_path)), "127.0.0.1", str(serving.port),
            fails=True, stdout=True,
        )  # fmt: skip


def without_session(file: Path, folder: Path) -> Path:
    """The same recording without its first request."""
    lines = file.read_text().splitlines(keepends=True)
    changed = folder / "changed.jsonl"
    changed.write_text("".join([lines[0], *lines[3:]]))
    return changed


def wait_ended(data_dir: Path, count: int) -> None:
    patience = threading.Event()
    for _ in range(600):
        if sum(bool(read(file).ended) for file in recordings(data_dir)) >= count:
            return
        patience.wait(0.05)
    raise AssertionError("the recording did not end")


def test_partners_bounds_and_plain_texts_by_the_settings(tmp_path):
    data_dir = tmp_path / "data"
    partners = [{"ae_title": name, "address": "127.0.0.1", "record": "plain"} for name in ("CT1", "CT2", "CT3")]
    bounds = {"max_bytes": 4096, "max_files": 2}
    environment = {"PRINTMGR_PARTNERS": json.dumps(partners), "PRINTMGR_RECORDER": json.dumps(bounds)}
    with Serving(data_dir, environment) as serving:
        for partner in partners:
            print_a_film(serving.port, calling_ae=partner["ae_title"])
        wait_ended(data_dir, 2)
        found = [read(file) for file in recordings(data_dir)]
    assert sorted(one.header.calling_ae for one in found) == ["CT2", "CT3"]
    assert {one.ended for one in found} == {"full"}
    for file, one in zip(recordings(data_dir), found, strict=True):
        assert file.stat().st_size <= 4096 + 2000 and len(one.messages) > 1
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_recorded_abort_is_an_abort_again(tmp_path):
    data_dir = tmp_path / "data"
    want(data_dir / "recordings", "CT1", Record.MASKED)
    with Serving(data_dir) as serving:
        with scu(serving.port) as modality:
            assert modality.open_session() == 0
            modality.association.abort()
        wait_ended(data_dir, 1)
        (file,) = recordings(data_dir)
        assert read(file).ended == "aborted"
        (played,) = replay(read(file), "127.0.0.1", serving.port)
        assert not played.differs
        wait_ended(data_dir, 2)
        assert [read(each).ended for each in recordings(data_dir)] == ["aborted", "aborted"]


def test_who_is_recorded_survives_nonsense(tmp_path):
    assert wanted(tmp_path) == {}
    want(tmp_path, "CT1", Record.PLAIN)
    want(tmp_path, "CT2", Record.OFF)
    assert want(tmp_path, "CT1", None) == {"CT2": Record.OFF} == wanted(tmp_path)
    for nonsense in ("", "[]", "null", '{"CT1": "loud"}', "\x00"):
        (tmp_path / "wanted.json").write_text(nonsense)
        assert wanted(tmp_path) == {}


def test_old_recordings_go(tmp_path):
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text("x")
    import os

    os.utime(tmp_path / "a.jsonl", (1000, 1000))
    assert remove_old(tmp_path, 2000) == [("a.jsonl", 1)]
    assert [file.name for file in tmp_path.iterdir()] == ["b.jsonl"]
    assert remove_old(tmp_path / "none", 2000) == []
