"""The file that is written from front to back is one that others read."""

import io

import page
import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printmgr.render.pdf_file import PdfFile, ref, string


def written(*streams: bytes, text: str = "") -> bytes:
    file = io.BytesIO()
    pdf = PdfFile(file)
    pages = pdf.reserve()
    kept = [ref(pdf.add_stream("", data)) for data in streams]
    leaf = pdf.add(f"<< /Type /Page /Parent {ref(pages)} /MediaBox [0 0 9 9] /Resources << >> >>")
    pdf.add(f"<< /Type /Pages /Kids [{ref(leaf)}] /Count 1 /Streams [{' '.join(kept)}] >>", pages)
    info = pdf.add(f"<< /Title {string(text)} >>")
    pdf.end(pdf.add(f"<< /Type /Catalog /Pages {ref(pages)} >>"), info, b"\x01\x02")
    return file.getvalue()


@given(st.lists(st.binary(max_size=200), max_size=5))
@settings(max_examples=50, deadline=None)
def test_streams_read_back(streams: list[bytes]) -> None:
    with pikepdf.open(io.BytesIO(written(*streams))) as document:
        assert [stream.read_bytes() for stream in document.Root.Pages.Streams] == streams
        assert document.check_pdf_syntax() == []


@pytest.mark.parametrize("end", [b"", b"\r", b"\n", b"\r\n", b"\n\r", b"\r\r\n"])
def test_a_stream_may_end_as_a_line_does(end: bytes) -> None:
    lengths = "PDFA2B-STREAM-LENGTH-001"
    found = page.validate_pdf_bytes(written(b"data" + end), profile="pdfa-2b").failures
    assert lengths not in {fault.rule_id for fault in found}


@given(st.text(max_size=50, alphabet=st.characters(exclude_categories=["Cs"])))
@settings(max_examples=100, deadline=None)
def test_text_reads_back(text: str) -> None:
    with pikepdf.open(io.BytesIO(written(text=text))) as document:
        assert str(document.docinfo["/Title"]) == text


def test_what_was_reserved_must_be_written() -> None:
    pdf = PdfFile(io.BytesIO())
    number = pdf.reserve()
    with pytest.raises(ValueError, match=rf"\[{number}\] were reserved"):
        pdf.end(number, number, b"")


def test_what_was_written_is_not_kept() -> None:
    """The largest thing in memory is the object being written."""
    import tracemalloc

    class Nowhere(io.RawIOBase):
        def write(self, data: object) -> int:  # type: ignore[override]
            return len(data)  # type: ignore[arg-type]

    pdf = PdfFile(Nowhere())  # type: ignore[arg-type]
    data = bytes(1 << 20)
    tracemalloc.start()
    for _ in range(50):
        pdf.add_stream("", data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20
