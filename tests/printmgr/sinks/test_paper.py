"""The paper sink prints by IPP: a real CUPS gets the film, on paper of its size, unscaled, once under its name."""

import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from printmgr.errors import SinkDown, Undeliverable
from printmgr.film.model import FilmOrientation, OrderKind
from printmgr.pipeline import document_step, lay_out_step, render_step
from printmgr.ports import Print, Sink
from printmgr.sinks.ipp import IppError, Operation, Tag, Value, decode, encode, integer, keyword
from printmgr.sinks.paper import PaperSink
from samples.prints import film_of, print_of
from tests.contracts.sink_contract import Received, SinkContract
from tests.printmgr.sinks.cups import Cups, cups
from tests.serving import free_port

pypdfium2 = pytest.importorskip("pypdfium2")
PAPER = {"A4": (595, 842), "Film14x17": (1008, 1224), "A3": (842, 1191)}


@pytest.fixture(scope="module")
def house() -> Iterator[Cups]:
    with cups(PAPER) as running:
        yield running


def look(pdf: Path) -> bytes:
    """Page sizes and where the images lie, in pt, as text: a printer may write the PDF anew, but must not scale it."""
    said = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            boxes = sorted(
                tuple(round(side) for side in found.get_bounds())
                for found in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
            )
            said.append(f"{round(page.get_width())}x{round(page.get_height())} {boxes}")
    return "\n".join(said).encode()


def finished(folder: Path, **film: object) -> Print:
    folder.mkdir()
    pixels = np.full((20, 10), 99, np.uint8)
    one = replace(film_of(folder, {1: pixels}, "STANDARD\\1,1"), **film)  # type: ignore[arg-type]
    return rendered(print_of(folder, [one]))


def rendered(print_: Print) -> Print:
    lay_out_step(print_)
    render_step(print_)
    document_step(print_)
    return print_


@pytest.mark.peer("cupsd", "ipptool")
class TestPaperSink(SinkContract):
    numbers = iter(range(1, 100))

    def print_id(self) -> str:
        return f"20260105-101500-9{next(self.numbers):05d}"

    @pytest.fixture
    def sink(self, house: Cups) -> Sink:
        return PaperSink(uri=house.uri, wait_s=60)

    @pytest.fixture
    def unreachable(self) -> Sink:
        return PaperSink(uri=f"ipp://127.0.0.1:{free_port()}/printers/film", timeout_s=5)

    @pytest.fixture
    def received(self, house: Cups) -> Received:
        before = len(house.names())
        return lambda: dict.fromkeys(house.names()[before:], look(house.printed))

    def expected(self, print_: Print) -> bytes:
        return look(print_.folder / "film.pdf")

    def test_prints_do_not_get_in_each_others_way(self, sink: Sink, received: Received, print_: Print) -> None:
        for number in range(3):
            self.deliver(sink, replace(print_, id=f"{print_.id}-{number}"))
        assert list(received()) == [f"{print_.id}-{number}" for number in range(3)]

    @pytest.mark.parametrize("orientation", FilmOrientation)
    @pytest.mark.parametrize(("size", "paper"), [("14INX17IN", "Film14x17"), ("A4", "A4"), ("A3", "A3")])
    def test_the_paper_has_the_films_size(
        self, sink: Sink, house: Cups, tmp_path: Path, size: str, paper: str, orientation: FilmOrientation
    ) -> None:
        print_ = finished(tmp_path / "film", film_size_id=size, film_orientation=orientation)
        self.deliver(sink, replace(print_, id=f"{size}-{orientation}"))
        with pypdfium2.PdfDocument(house.printed) as document:
            sides = sorted(round(side) for side in document[0].get_size())
        assert sides == sorted(PAPER[paper])
        with pypdfium2.PdfDocument(print_.folder / "film.pdf") as before:
            (image,) = before[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
            left, bottom, right, top = image.get_bounds()
        with pypdfium2.PdfDocument(house.printed) as after:
            (image,) = after[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
            bounds = image.get_bounds()
        size_now = sorted([bounds[2] - bounds[0], bounds[3] - bounds[1]])
        assert size_now == pytest.approx(sorted([right - left, top - bottom]), abs=0.6)

    def test_once_more_on_demand_is_another_job(self, sink: Sink, received: Received, print_: Print) -> None:
        self.deliver(sink, print_)
        self.deliver(sink, print_, number=2)
        assert list(received()) == [print_.id, f"{print_.id}-2"]

    def test_copies(self, sink: Sink, house: Cups, print_: Print) -> None:
        session = replace(print_.order.session, number_of_copies=2)
        self.deliver(sink, replace(print_, order=replace(print_.order, session=session)))
        log = (house.folder / "log" / "error").read_text()
        assert f'argv[3]="{print_.id}"' in log, "the name is the print's"
        copies = [line for line in log.splitlines() if 'argv[4]="' in line][-1]
        assert 'argv[4]="2"' in copies

    def test_films_of_several_sizes_are_jobs_of_their_own(self, sink: Sink, received: Received, tmp_path: Path) -> None:
        folder = tmp_path / "film"
        folder.mkdir()
        pixels = {1: np.full((20, 10), 99, np.uint8)}
        sizes = ["A4", "A4", "A3"]
        films = [
            replace(film_of(folder, pixels, "STANDARD\\1,1", number), film_size_id=size)
            for number, size in enumerate(sizes, start=1)
        ]
        print_ = print_of(folder, films)
        print_ = rendered(replace(print_, id="mixed", order=replace(print_.order, kind=OrderKind.SESSION)))
        self.deliver(sink, print_)
        assert list(received()) == ["mixed 1-2", "mixed 3-3"]
        assert next(iter(received().values())).startswith(b"842x1191")

    def test_a_film_without_paper_is_not_cut(self, sink: Sink, received: Received, tmp_path: Path) -> None:
        print_ = finished(tmp_path / "film", film_size_id="10INX12IN")
        with pytest.raises(Undeliverable, match=r"no paper of 10INX12IN, 254 x 304\.8 mm"):
            self.deliver(sink, print_)
        small = replace(sink, media={"10INX12IN": "iso_a4_210x297mm"})
        with pytest.raises(Undeliverable, match="does not fit on iso_a4"):
            self.deliver(small, print_)
        assert received() == {}
        larger = replace(sink, media={"10INX12IN": "iso_a3_297x420mm"})
        self.deliver(larger, replace(print_, id="on A3"))
        assert list(received()) == ["on A3"]

    def test_a_film_that_is_made_smaller_says_so(self, sink: Sink, house: Cups, tmp_path: Path) -> None:
        print_ = replace(finished(tmp_path / "film", film_size_id="14INX17IN"), id="smaller")
        place = self.deliver(replace(sink, scaling="fit", media={"14INX17IN": "iso_a4_210x297mm"}), print_)
        assert place.endswith(", scaled to fit")
        with pypdfium2.PdfDocument(house.printed) as document:
            assert sorted(round(side) for side in document[0].get_size()) == [595, 842]
        upright = replace(finished(tmp_path / "other", film_size_id="A4"), id="as large as it is")
        assert "scaled" not in self.deliver(replace(sink, scaling="fit"), upright)

    def test_a_film_that_tells_its_scale_is_not_made_smaller(self, sink: Sink, tmp_path: Path) -> None:
        print_ = finished(tmp_path / "film", film_size_id="14INX17IN")
        telling = replace(print_, printer=replace(print_.printer, scale_note=True))
        with pytest.raises(Undeliverable, match="says how large"):
            self.deliver(replace(sink, scaling="fit", media={"14INX17IN": "iso_a4_210x297mm"}), telling)

    def test_a_tray(self, sink: Sink, house: Cups, print_: Print) -> None:
        self.deliver(replace(sink, trays={"14INX17IN": "tray-2"}), print_)
        log = (house.folder / "log" / "error").read_text()
        assert "InputSlot=Tray2" in log
        with pypdfium2.PdfDocument(house.printed) as document:
            assert [round(side) for side in document[0].get_size()] == [1008, 1224]

    def test_a_queue_that_is_not_there(self, sink: Sink, print_: Print) -> None:
        with pytest.raises(SinkDown, match="0406H"):
            self.deliver(replace(sink, uri=sink.uri.replace("film", "nobody")), print_)


def test_a_request_is_encoded_as_rfc_8010_says() -> None:
    """RFC 8010 A.1 and 3.1.6: the head, attributes one by one, and a collection."""
    size = Value(Tag.BEGIN_COLLECTION, {"x-dimension": integer(21000)})
    said = encode(Operation.PRINT_JOB, 1, [(Tag.OPERATION, {"attributes-charset": Value(Tag.CHARSET, "utf-8")})])
    assert said == b"\x02\x00\x00\x02\x00\x00\x00\x01\x01\x47\x00\x12attributes-charset\x00\x05utf-8\x03"
    group = encode(Operation.PRINT_JOB, 1, [(Tag.JOB, {"media-size": size})])[9:-1]
    assert group == (
        b"\x34\x00\x0amedia-size\x00\x00\x4a\x00\x00\x00\x0bx-dimension\x21\x00\x00\x00\x04"
        + struct.pack(">i", 21000)
        + b"\x37\x00\x00\x00\x00"
    )


def test_what_is_encoded_is_decoded() -> None:
    inner = {"a": integer(-3), "b": Value(Tag.BEGIN_COLLECTION, {"c": keyword("d")})}
    said = {
        "several": [keyword("x"), keyword("y")],
        "pages": Value(Tag.RANGE, (1, 2)),
        "yes": Value(Tag.BOOLEAN, True),
        "col": Value(Tag.BEGIN_COLLECTION, inner),
    }
    status, groups = decode(encode(Operation.GET_JOBS, 1, [(Tag.OPERATION, said), (Tag.JOB, {"n": integer(7)})]))
    assert status == Operation.GET_JOBS
    assert groups == [
        {"several": ["x", "y"], "pages": [(1, 2)], "yes": [True], "col": [{"a": [-3], "b": [{"c": ["d"]}]}]},
        {"n": [7]},
    ]


@given(st.binary(max_size=200))
def test_nonsense_is_told_as_such(data: bytes) -> None:
    for start in (b"", b"\2\0\0\0\0\0\0\1", b"\2\0\0\0\0\0\0\1\1\x34\0\1a\0\0"):
        try:
            decode(start + data)
        except IppError as error:
            assert str(error)


@pytest.mark.parametrize(
    "wrong", [{"uri": "lpd://printer"}, {"uri": "ipp://me:word@printer/"}, {"scaling": "fill"}, {"password": "x"}]
)
def test_settings_that_are_wrong(wrong: dict[str, str]) -> None:
    TypeAdapter(PaperSink).validate_python({"name": "p", "uri": "ipps://printer/ipp/print"})
    with pytest.raises(ValidationError):
        TypeAdapter(PaperSink).validate_python({"name": "p", "uri": "ipps://printer/ipp/print"} | wrong)
