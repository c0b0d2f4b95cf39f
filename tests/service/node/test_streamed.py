"""Data sets written to a file while they arrive."""

from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import UID
from pynetdicom import evt

from service.node.streamed import StreamedDataSet, StreamedMap
from tests.service.node import wire
from tests.service.node.wire import Peer, running

PIXELS = bytes(range(256)) * 1000
IMAGE = wire.data_set(PatientID="4711", BitsAllocated=8, PixelData=PIXELS)


def test_a_long_data_set_reads_as_any_other(tmp_path: Path) -> None:
    seen: list[Any] = []

    def n_set(event: Any) -> tuple[int, None]:
        stream = event.request.ModificationList
        buffer = stream.getbuffer()
        content = event.modification_list
        seen.append((bytes(buffer), stream.getvalue(), content.PatientID, content.PixelData, type(stream).__name__))
        return 0x0000, None

    streaming = running([(evt.EVT_N_SET, n_set)], stream_folder=tmp_path, stream_over_bytes=100_000)
    with streaming as node, Peer(node.address) as peer:
        peer.associate()
        assert peer.ask(wire.set_(1, wire.IMAGE_BOX, "1.2", IMAGE))[0]["Status"] == 0
        peer.release()
    assert seen == [(IMAGE, IMAGE, "4711", PIXELS, "StreamedDataSet")]
    assert list(tmp_path.iterdir()) == []


def test_a_spool_may_keep_the_file(tmp_path: Path) -> None:
    kept = tmp_path / "kept"

    def n_set(event: Any) -> tuple[int, None]:
        view = event.request.ModificationList.getbuffer()
        assert isinstance(view.obj, StreamedMap)
        assert len(view) == len(view.obj)
        view.obj.keep(kept)
        return 0x0000, None

    streaming = running([(evt.EVT_N_SET, n_set)], stream_folder=tmp_path, stream_over_bytes=100_000)
    with streaming as node, Peer(node.address) as peer:
        peer.associate()
        assert peer.ask(wire.set_(1, wire.IMAGE_BOX, "1.2", IMAGE))[0]["Status"] == 0
        peer.send(wire.set_(2, wire.IMAGE_BOX, "1.2", IMAGE)[:200_000])  # cut: nothing of it stays
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]
    assert kept.read_bytes() == IMAGE
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_file_system_without_nameless_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.O_TMPFILE", 0)  # opening a folder for writing fails, as it does there
    stream = StreamedDataSet(tmp_path, memoryview(b"abc"))
    stream.append(memoryview(b"def"))
    assert stream.getvalue() == b"abcdef"
    stream.file.keep(tmp_path / "kept")
    del stream
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept").read_bytes() == b"abcdef"


def test_no_room_is_a_status_and_the_association_goes_on(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with running([(evt.EVT_N_SET, lambda event: (0, None))], stream_folder=gone, stream_over_bytes=100_000) as node:
        with Peer(node.address) as peer:
            peer.associate()
            assert peer.ask(wire.set_(1, wire.IMAGE_BOX, "1.2", IMAGE))[0]["Status"] == 0x0213
            assert peer.ask(wire.set_(2, wire.IMAGE_BOX, "1.2", IMAGE[:1000]))[0]["Status"] == 0
            peer.release()
        assert node.refusals.counts()["data set cannot be written"] == 1


def test_instances_are_named_before_their_handler() -> None:
    asked: list[UID] = []

    def n_create(event: Any) -> tuple[int, None]:
        asked.append(event.request.AffectedSOPInstanceUID)
        return 0x0116, None

    with running([(evt.EVT_N_CREATE, n_create)], name_instances=True) as node, Peer(node.address) as peer:
        peer.associate()
        first = peer.ask(wire.create(1, wire.FILM_SESSION))[0]["AffectedSOPInstanceUID"]
        second = peer.ask(wire.create(2, wire.FILM_SESSION, uid="1.2.3"))[0]["AffectedSOPInstanceUID"]
        peer.release()
    assert asked == [first, second]
    assert first.startswith("2.25.")
    assert second == "1.2.3"
