"""The recordings of tests/recordings played against the real service: every request is answered as it was then."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from printmgr.recording import read
from printmgr.replay import replay
from printmgr.scu import SendFailed
from tests.serving import PATIENCE_S, Serving, free_port

RECORDINGS = sorted((Path(__file__).parent.parent / "recordings").glob("*.jsonl"))
N_ACTION = 0x0130


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    printers = '[{"ae_title": "PRINTER", "name": "Film"}]'
    with Serving(tmp_path_factory.mktemp("replay") / "data", {"PRINTMGR_PRINTERS": printers}) as serving:
        yield serving


def pdfs(service: Serving) -> int:
    return len(list((service.data_dir / "films").rglob("*.pdf")))


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda file: file.stem)
def test_it_is_answered_as_it_was(service, file):
    recording = read(file)
    before = pdfs(service)
    played = replay(recording, "127.0.0.1", service.port)
    requests = [m for m in recording.messages if m.sender == "scu" and m.is_request]
    assert len(played) == len(requests) >= 2
    assert [one for one in played if one.differs or one.recorded is None] == []
    ordered = sum(m.command["CommandField"] == N_ACTION for m in requests)
    refused = sum(one.answer.failed for one in played if one.answer.request.startswith("N-ACTION"))
    patience = time.monotonic() + PATIENCE_S
    while pdfs(service) < before + ordered - refused and time.monotonic() < patience:
        time.sleep(0.05)
    assert pdfs(service) == before + ordered - refused


def test_there_is_a_set_of_both_peers_with_failures_and_aborts_among_them():
    found = [read(file) for file in RECORDINGS]
    assert len(found) >= 12
    assert {"released", "aborted"} == {one.ended for one in found}
    statuses = {m.command["Status"] for one in found for m in one.messages if m.sender == "scp"}
    assert {0x0000} < statuses and any(status >= 0xA000 or 0x0100 <= status < 0x0200 for status in statuses)


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda file: file.stem)
def test_no_text_of_the_synthetic_patients_is_in_a_recording(file):
    assert not re.search("MUSTERMANN|PHANTOM|4711|THORAX", file.read_text())


def test_a_printer_that_is_not_there_is_told():
    with pytest.raises(SendFailed, match="cannot be reached"):
        replay(read(RECORDINGS[0]), "127.0.0.1", free_port(), timeout_s=2)
