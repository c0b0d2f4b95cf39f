"""The folder sink keeps films whole, once and private."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from printmgr.errors import DeliveryFailed, ResourceLimit
from printmgr.files import whole
from printmgr.ports import Print, Sink
from printmgr.sinks.folder import FolderSink
from tests.contracts.sink_contract import Received, SinkContract


class TestFolderSink(SinkContract):
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        return tmp_path / "data" / "films"

    @pytest.fixture
    def sink(self, root: Path) -> Sink:
        return FolderSink(root)

    @pytest.fixture
    def unreachable(self, tmp_path: Path) -> Sink:
        (tmp_path / "file").write_text("in the way")
        return FolderSink(tmp_path / "file")

    @pytest.fixture
    def received(self, root: Path) -> Received:
        return lambda: {path.name: path.read_bytes() for path in sorted(root.rglob("*.pdf"))}

    def test_the_json_lies_beside_it(self, sink: Sink, print_: Print) -> None:
        place = Path(self.deliver(sink, print_))
        assert place.with_suffix(".json").read_bytes() == (print_.folder / "film.json").read_bytes()

    def test_the_place_follows_from_the_print(self, sink: Sink, root: Path, print_: Print) -> None:
        place = self.deliver(sink, print_)
        assert place == str(root / "film" / "2026-01-05" / "20260105-101500-000001.pdf")
        assert {path.name for path in Path(place).parent.iterdir()} == {
            "20260105-101500-000001.pdf",
            "20260105-101500-000001.json",
        }

    def test_nobody_else_may_read(self, sink: Sink, root: Path, print_: Print) -> None:
        mask = os.umask(0)
        try:
            self.deliver(sink, print_)
        finally:
            os.umask(mask)
        modes = {path: path.stat().st_mode & 0o777 for path in [root, *root.rglob("*")]}
        assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
        assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}

    def test_what_is_whole_is_not_written_again(self, sink: Sink, print_: Print) -> None:
        place = Path(self.deliver(sink, print_))
        before = place.stat().st_ino, place.stat().st_mtime_ns
        self.deliver(sink, print_)
        assert (place.stat().st_ino, place.stat().st_mtime_ns) == before

    def test_what_a_killed_delivery_left_is_made_whole(
        self, sink: Sink, received: Received, print_: Print, root: Path
    ) -> None:
        folder = root / "film" / "2026-01-05"
        folder.mkdir(parents=True)
        (folder / f".{print_.id}.pdf.4711.part").write_bytes(b"%PDF-")
        (folder / f"{print_.id}.json").write_bytes((print_.folder / "film.json").read_bytes())
        place = Path(self.deliver(sink, print_))
        assert list(received().values()) == [self.expected(print_)]
        assert len(list(place.parent.iterdir())) == 2

    @pytest.mark.parametrize("name", ["", "..", "../other", "a/b", "a\0b", ".hidden", "x" * 200, "ä", "a\n"])
    def test_a_name_that_is_no_name_is_refused(self, sink: Sink, print_: Print, root: Path, name: str) -> None:
        for bad in (
            replace(print_, id=name),
            replace(print_, date=name),
            replace(print_, printer=replace(print_.printer, slug=name)),
        ):
            with pytest.raises(DeliveryFailed, match="expected letters"):
                self.deliver(sink, bad)
        assert not root.exists()


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    part = whole(tmp_path / "film.pdf")
    with pytest.raises(ResourceLimit, match="no room"), part as file, open("/dev/full", "wb", buffering=0) as full:
        file.write(b"half of it")
        full.write(b"the error of a disk without room")
    assert list(tmp_path.iterdir()) == []
