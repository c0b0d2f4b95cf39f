"""Deflated data sets: read as they inflate, bounded, and named when they break off."""

import zlib
from io import BytesIO

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from media.fileset.model import Reason
from media.index.deflated import ALWAYS_BYTES, INFLATED_BYTES, Inflated
from media.index.flaws import Flaw
from media.index.found import Found
from media.index.memory import nothing_yet
from media.index.scan import scan
from samples.awkward import encoded, image

HEAD = b"head"


def squeezed(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def inflated(data: bytes) -> Inflated:
    packed = HEAD + squeezed(data)
    return Inflated(BytesIO(packed), len(HEAD), len(packed))  # type: ignore[arg-type]


def file() -> tuple[bytes, int]:
    """A deflated image and where its data set begins."""
    ds = image("deflated")
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data = encoded(ds)
    return data, 144 + int.from_bytes(data[140:144], "little")


def said(data: bytes) -> Found | Reason:
    try:
        return scan(BytesIO(data), len(data), nothing_yet())
    except Flaw as flaw:
        return flaw.reason


def test_it_reads_seeks_and_measures_like_a_file() -> None:
    plain = bytes(range(256)) * 5000
    stream = inflated(plain)
    assert stream.measured() == len(HEAD) + len(plain)
    assert stream.read(2) == HEAD[:2]
    for offset in (1000, 500_000, 4, 900_000, 899_999):
        assert stream.seek(offset) == stream.tell() == offset
        assert stream.read(10) == (HEAD + plain)[offset : offset + 10]
    assert stream.seek(10_000_000) == len(HEAD) + len(plain)
    assert stream.read() == b""


def test_no_more_than_a_chunk_is_held() -> None:
    stream = inflated(bytes(10 << 20))
    stream.seek(len(HEAD))
    assert all(len(stream.read()) <= INFLATED_BYTES for _ in range(50))


def test_what_is_small_may_inflate_a_thousandfold() -> None:
    assert inflated(bytes(20 << 20)).measured() == len(HEAD) + (20 << 20)


def test_what_is_large_may_not() -> None:
    with pytest.raises(Flaw) as caught:
        inflated(bytes(ALWAYS_BYTES + (1 << 20))).measured()
    assert caught.value.reason is Reason.BOMB


def test_a_cut_is_noticed() -> None:
    data, start = file()
    for end in range(start, len(data) - 1, 7):
        assert said(data[:end]) == Reason.TRUNCATED


def test_what_does_not_inflate_is_unreadable() -> None:
    data, start = file()
    assert said(data[:start] + b"\xff" * 200) == Reason.UNREADABLE


def test_a_padding_byte_behind_the_deflated_data_is_allowed() -> None:
    data, _ = file()
    assert said(data + b"\0") == said(data)
    assert isinstance(said(data), Found)
