"""Data sets written to a file while they arrive."""

import threading
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import UID
from pynetdicom import evt

from service.node.held import MESSAGE_BYTES, HeldDataSet, MemoryBudget
from service.node.streamed import StreamedDataSet, StreamedMap
from tests.service.node import wire
from tests.service.node.wire import Peer, running, wait_until

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


def test_the_memory_of_all_associations_is_bounded(tmp_path: Path) -> None:
    """What does not fit goes into files; each is served, and the room of what was dropped is there again."""
    seen: list[tuple[int, str]] = []

    def n_set(event: Any) -> tuple[int, None]:
        stream = event.request.ModificationList
        seen.append((int(event.modification_list.PatientID), type(stream).__name__))
        return 0x0000, None

    limit, size = 300_000, 200_000
    pixels = {"BitsAllocated": 8, "PixelData": bytes(size)}
    with running([(evt.EVT_N_SET, n_set)], stream_folder=tmp_path, max_memory_bytes=limit) as node:
        peers = [Peer(node.address) for _ in range(5)]
        requests = [
            wire.set_(1, wire.IMAGE_BOX, "1.2", wire.data_set(**pixels, PatientID=str(number)))
            for number in range(len(peers))
        ]
        memory = node._ae.memory
        for peer, request in zip(peers, requests, strict=True):
            peer.associate()
            peer.send(request[: size // 2])
        wait_until(lambda: memory.used_bytes > limit // 2)
        for peer, request in zip(peers, requests, strict=True):
            peer.send(request[size // 2 :])
            assert memory.used_bytes <= limit + len(peers) * MESSAGE_BYTES
        assert [peer.answer()[0]["Status"] for peer in peers] == [0] * len(peers)
        assert sorted(number for number, _ in seen) == list(range(len(peers)))
        assert "StreamedDataSet" in {kind for _, kind in seen}
        seen.clear()
        wait_until(lambda: memory.used_bytes <= MESSAGE_BYTES)
        assert peers[0].ask(requests[0])[0]["Status"] == 0
        assert seen == [(0, "HeldDataSet")]
        for peer in peers:
            peer.release()
        wait_until(lambda: memory.used_bytes == 0)
    assert list(tmp_path.iterdir()) == []


def test_without_memory_and_without_a_folder_a_data_set_is_refused() -> None:
    limited = running([(evt.EVT_N_SET, lambda event: (0, None))], max_memory_bytes=100_000)
    with limited as node, Peer(node.address) as peer:
        peer.associate()
        assert peer.ask(wire.set_(1, wire.IMAGE_BOX, "1.2", IMAGE))[0]["Status"] == 0x0213
        assert peer.ask(wire.set_(2, wire.IMAGE_BOX, "1.2", wire.data_set(PatientID="1")))[0]["Status"] == 0
        peer.release()


def test_a_peer_that_does_not_wait_is_not_read_while_the_memory_is_used_up(tmp_path: Path) -> None:
    """Many small requests at once: what they are made of counts too, and all are served in their order."""
    served: list[int] = []

    def n_get(event: Any) -> tuple[int, None]:
        served.append(event.message_id)
        return 0x0000, None

    little = running([(evt.EVT_N_GET, n_get)], stream_folder=tmp_path, max_memory_bytes=50_000)
    with little as node, Peer(node.address) as peer:
        peer.associate()
        numbers = list(range(1, 301))
        peer.send(*(wire.get(number, wire.PRINTER, "1.2") for number in numbers))
        assert [peer.answer()[0]["MessageIDBeingRespondedTo"] for _ in numbers] == numbers
        peer.release()
    assert served == numbers


def test_bytes_may_be_given_back_while_they_are_taken() -> None:
    memory = MemoryBudget(1 << 30)

    def work() -> None:
        for _ in range(2000):
            memory.take(10)
            HeldDataSet(memory).hold(memoryview(b"abc"))
            memory.give_back(10)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert memory.used_bytes == 0
