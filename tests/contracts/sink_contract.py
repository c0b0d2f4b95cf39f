"""What every sink must do: subclass it and give the fixtures `sink`, `unreachable` and `received`."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from printmgr.errors import DeliveryFailed
from printmgr.film.identity import Identity
from printmgr.pipeline import document_step, lay_out_step, render_step
from printmgr.ports import Print, Sending, Sink
from samples.prints import film_of, print_of

Received = Callable[[], dict[str, bytes]]
PATIENT = Identity(
    patient_id="MRN-4711",
    issuer="HOUSE",
    patient_name="Müller^Änne",
    birth_date="19570102",
    sex="F",
    study_uid="1.2.826.0.1.3680043.10.1.4711",
    study_id="S1",
    study_date="20260105",
    study_time="101500",
    accession_number="A-1",
    description="Thorax",
    referring_physician="Weiß^Ida",
)
IMAGES = 2


def finished_print(folder: Path) -> Print:
    """A print of one film with two images, with the files that its job left."""
    levels = np.random.default_rng(7).integers(0, 4096, (IMAGES, 48, 40), np.uint16)
    print_ = print_of(folder, [film_of(folder, dict(enumerate(levels, start=1)), "STANDARD\\2,1")])
    lay_out_step(print_)
    render_step(print_)
    document_step(print_)
    return print_


class SinkContract:
    @pytest.fixture
    def sink(self) -> Sink:
        """The sink under test, with nothing delivered."""
        raise NotImplementedError

    @pytest.fixture
    def unreachable(self) -> Sink:
        """The same kind of sink where nobody takes anything."""
        raise NotImplementedError

    @pytest.fixture
    def received(self) -> Received:
        """Gives what arrived by the name the receiver has it under, oldest first."""
        raise NotImplementedError

    def expected(self, print_: Print) -> bytes:
        """What the receiver of a print should have."""
        return (print_.folder / "film.pdf").read_bytes()

    @pytest.fixture
    def print_(self, tmp_path: Path) -> Print:
        folder = tmp_path / "print"
        folder.mkdir()
        return replace(finished_print(folder), id=self.print_id())

    def print_id(self) -> str:
        """One that the receiver has not seen."""
        return "20260105-101500-000001"

    def deliver(self, sink: Sink, print_: Print, number: int = 1) -> str:
        sending = Sending(PATIENT if sink.needs_patient else None, number)
        return sink.deliver(print_, print_.folder / "film.pdf", print_.folder / "film.json", sending)

    def test_it_arrives_byte_for_byte(self, sink: Sink, received: Received, print_: Print) -> None:
        place = self.deliver(sink, print_)
        assert list(received().values()) == [self.expected(print_)]
        assert place and place.isprintable()

    def test_a_second_delivery_is_the_same_thing(self, sink: Sink, received: Received, print_: Print) -> None:
        assert self.deliver(sink, print_) == self.deliver(sink, print_)
        assert list(received().values()) == [self.expected(print_)]

    def test_prints_do_not_get_in_each_others_way(self, sink: Sink, received: Received, print_: Print) -> None:
        for number in range(3):
            self.deliver(sink, replace(print_, id=f"20260105-101500-00000{number}"))
        assert list(received().values()) == [self.expected(print_)] * 3

    def test_the_print_stays_as_it_is(self, sink: Sink, print_: Print) -> None:
        before = {path.name: path.read_bytes() for path in print_.folder.iterdir()}
        self.deliver(sink, print_)
        assert {path.name: path.read_bytes() for path in print_.folder.iterdir()} == before

    def test_a_probe_says_what_was_tried(self, sink: Sink) -> None:
        said = sink.probe()
        assert said.isprintable() and len(said) > 20

    def test_a_probe_of_nobody_fails(self, unreachable: Sink) -> None:
        with pytest.raises(DeliveryFailed) as caught:
            unreachable.probe()
        assert str(caught.value).isprintable() and len(str(caught.value)) > 20

    def test_nobody_there_is_told(self, unreachable: Sink, print_: Print) -> None:
        with pytest.raises(DeliveryFailed) as caught:
            self.deliver(unreachable, print_)
        assert str(caught.value).isprintable() and len(str(caught.value)) > 20
        assert PATIENT.patient_id not in str(caught.value)
