"""The folder sink keeps films whole, once and private."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from printmgr.errors import DeliveryFailed, ResourceLimit
from printmgr.files import whole
from printmgr.ports import Print, Sink
from printmgr.sinks import SINKS
from printmgr.sinks.folder import FolderSink
from tests.contracts.sink_contract import DOCUMENT, PDF, Received, SinkContract


class TestFolderSink(SinkContract):
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        return tmp_path / "data" / "films"

    @pytest.fixture
    def sink(self, root: Path) -> Sink:
        return SINKS["folder"](root=root)  # type: ignore[call-arg]  # each kind has its own settings

    @pytest.fixture
    def received(self, root: Path) -> Received:
        return lambda: [
            (path.read_bytes(), path.with_suffix(".json").read_bytes()) for path in sorted(root.rglob("*.pdf"))
        ]

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
        (folder / f".{print_.id}.pdf.4711.part").write_bytes(PDF[:5])
        (folder / f"{print_.id}.json").write_bytes(DOCUMENT)
        place = Path(self.deliver(sink, print_))
        assert received() == [(PDF, DOCUMENT)]
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

    def test_a_folder_that_cannot_be_made_is_told(self, print_: Print, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(DeliveryFailed, match=print_.id):
            self.deliver(FolderSink(tmp_path / "file"), print_)


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    part = whole(tmp_path / "film.pdf")
    with pytest.raises(ResourceLimit, match="no room"), part as file, open("/dev/full", "wb", buffering=0) as full:
        file.write(b"half of it")
        full.write(b"the error of a disk without room")
    assert list(tmp_path.iterdir()) == []
