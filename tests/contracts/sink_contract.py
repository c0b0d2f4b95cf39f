"""What every sink must do: subclass it and give the fixtures `sink` and `received`."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from printmgr.ports import Print, Sink
from samples.prints import film_of, print_of

Received = Callable[[], list[tuple[bytes, bytes]]]
PDF, DOCUMENT = b"%PDF-1.7 a film", b'{"version":1}'


class SinkContract:
    @pytest.fixture
    def sink(self) -> Sink:
        """The sink under test, with nothing delivered."""
        raise NotImplementedError

    @pytest.fixture
    def received(self) -> Received:
        """Gives the PDF and the JSON of every film that arrived, oldest first."""
        raise NotImplementedError

    @pytest.fixture
    def print_(self, tmp_path: Path) -> Print:
        folder = tmp_path / "print"
        folder.mkdir()
        (folder / "film.pdf").write_bytes(PDF)
        (folder / "film.json").write_bytes(DOCUMENT)
        return print_of(folder, [film_of(folder, {}, "STANDARD\\1,1")])

    def deliver(self, sink: Sink, print_: Print) -> str:
        return sink.deliver(print_, print_.folder / "film.pdf", print_.folder / "film.json")

    def test_both_files_arrive_byte_for_byte(self, sink: Sink, received: Received, print_: Print) -> None:
        place = self.deliver(sink, print_)
        assert received() == [(PDF, DOCUMENT)]
        assert place

    def test_a_second_delivery_makes_no_second_copy(self, sink: Sink, received: Received, print_: Print) -> None:
        assert self.deliver(sink, print_) == self.deliver(sink, print_)
        assert received() == [(PDF, DOCUMENT)]

    def test_prints_do_not_get_in_each_others_way(self, sink: Sink, received: Received, print_: Print) -> None:
        places = {self.deliver(sink, replace(print_, id=f"20260105-101500-00000{number}")) for number in range(3)}
        assert len(places) == 3
        assert received() == [(PDF, DOCUMENT)] * 3

    def test_the_print_stays_as_it_is(self, sink: Sink, print_: Print) -> None:
        before = {path.name: path.read_bytes() for path in print_.folder.iterdir()}
        self.deliver(sink, print_)
        assert {path.name: path.read_bytes() for path in print_.folder.iterdir()} == before
