"""The flight recorder's file: what is written is read again; what is none is named."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printmgr import recording
from printmgr.recording import BadRecording, Context, DataSet, Header, Message, Pixels, Recording

HEADER = Header(
    "2024-05-06T07:08:09+02:00", "CT1", "PRINTER", 16384, "PYNETDICOM", "masked",
    (Context(1, "1.2.3", ("1.2.840.10008.1.2",), "1.2.840.10008.1.2"), Context(3, "1.2.4", ("1.2.840.10008.1.2",))),
)  # fmt: skip
MESSAGES = (
    Message(3, "scu", 1, {"CommandField": 0x0140, "MessageID": 1}, DataSet(9, ("AAEC", Pixels(6, "ab")))),
    Message(5, "scp", 1, {"CommandField": 0x8140, "MessageIDBeingRespondedTo": 1, "OffendingElement": [1, 2]}),
    Message(6, "scu", 1, {"CommandField": 0x0120}, DataSet(4, unreadable="at byte 3", sha256="cd")),
)


def test_what_is_written_is_read_again(tmp_path):
    made = Recording(HEADER, MESSAGES, "released")
    recording.write(tmp_path / "one.jsonl", made)
    assert recording.read(tmp_path / "one.jsonl") == made


def test_one_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path):
    file = tmp_path / "one.jsonl"
    recording.write(file, Recording(HEADER, MESSAGES, "released"))
    whole = file.read_bytes()
    file.write_bytes(whole[: whole.rindex(b'{"at_ms":6') + 20])
    assert recording.read(file) == Recording(HEADER, MESSAGES[:2])


@pytest.mark.parametrize(
    "content",
    [b"", b"hello\n", b"[]\n", b"{}\n", b'{"format":"printmgr recording","version":2}\n',
     b'{"format":"printmgr recording","version":1}\n', b"\x00\xff\n", b"[" * 100_000 + b"\n"],
)  # fmt: skip
def test_what_is_no_recording_is_named(tmp_path, content):
    file = tmp_path / "one.jsonl"
    file.write_bytes(content)
    with pytest.raises(BadRecording, match=r"one\.jsonl"):
        recording.read(file)


@pytest.mark.parametrize(
    "line", [b"{}", b'{"command":{}}', b'{"command":{"CommandField":1}}', b'{"at_ms":"x","command":{"CommandField":1}}']
)
def test_a_line_that_is_no_message_is_named(tmp_path, line):
    file = tmp_path / "one.jsonl"
    file.write_bytes(recording.header_line(HEADER) + line + b"\n")
    with pytest.raises(BadRecording, match="line 2"):
        recording.read(file)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_recording_or_named(tmp_path_factory, content):
    file = tmp_path_factory.mktemp("any") / "one.jsonl"
    file.write_bytes(recording.header_line(HEADER) + content)
    with contextlib.suppress(BadRecording):
        recording.read(file)
