"""The film printer sink prints what the modality ordered, on our printer, that tells everything, and DCMTK's."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pynetdicom import AE

from printmgr.errors import DeliveryFailed, SinkDown, Undeliverable
from printmgr.film.model import (
    AnnotationBox,
    DecimateCropBehavior,
    FilmOrientation,
    LUTShape,
    MagnificationType,
    OrderKind,
    Polarity,
    PresentationLUT,
)
from printmgr.film.printer import LogicalPrinter
from printmgr.ports import Print, Sink
from printmgr.scp.contexts import presentation_contexts
from printmgr.scp.handlers import PrintSCP
from printmgr.sinks.film_printer import Device, FilmPrinterSink
from samples.prints import film_of, print_of
from tests.contracts.sink_contract import IMAGES, Received, SinkContract
from tests.fakes import FakePort
from tests.printmgr.test_scu import PRINTER
from tests.serving import free_port


class OurPort(FakePort):
    """Our own print SCP as the real printer; `says` is its Printer Status."""

    says = ("NORMAL", "NORMAL")

    def printer_status(self, printer: LogicalPrinter) -> tuple[str, str]:
        return self.says


Start = Callable[..., tuple[OurPort, Device]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as running:

        def one(name: str = "PRINTER", **words: object) -> tuple[OurPort, Device]:
            port = OurPort(tmp_path / f"peer {name}", LogicalPrinter(name))
            port.folder.mkdir()
            ae = AE(name)
            ae.supported_contexts = presentation_contexts()
            server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=PrintSCP(port, "1").handlers())
            running.callback(server.shutdown)
            return port, Device(host="127.0.0.1", port=server.server_address[1], ae_title=name, **words)  # type: ignore[arg-type]

        yield one


class TestFilmPrinterSink(SinkContract):
    @pytest.fixture
    def peer(self, start: Start) -> tuple[OurPort, Device]:
        return start()

    @pytest.fixture
    def sink(self, peer: tuple[OurPort, Device]) -> Sink:
        return FilmPrinterSink(printers=(peer[1],), timeout_s=20)

    @pytest.fixture
    def unreachable(self) -> Sink:
        nobody = Device(host="127.0.0.1", port=free_port(), ae_title="NOBODY")
        return FilmPrinterSink(printers=(nobody,), timeout_s=5)

    @pytest.fixture
    def received(self, peer: tuple[OurPort, Device]) -> Received:
        """By film box, whose UID is the delivery's: a second delivery is the same film to the printer's log."""
        return lambda: {
            film.uid: b"".join(ordered.pixels(number, 1 + image) for image in range(IMAGES))
            for ordered in peer[0].ordered
            for number, film in enumerate(ordered.order.films)
        }

    def expected(self, print_: Print) -> bytes:
        images = [box.image for box in print_.order.films[0].image_boxes]
        return b"".join((print_.folder / image.pixels.file).read_bytes() for image in images if image is not None)

    def test_every_attribute_goes_as_it_came(
        self, sink: Sink, peer: tuple[OurPort, Device], print_: Print, tmp_path: Path
    ) -> None:
        lut = PresentationLUT("1.2.3", None, tuple(range(0, 4096, 16)), 0, 12, "a curve")
        (film,) = print_.order.films
        first, second = film.image_boxes
        film = replace(
            film,
            film_orientation=FilmOrientation.LANDSCAPE,
            film_size_id="11INX17IN",
            magnification_type=MagnificationType.BILINEAR,
            border_density="150",
            empty_image_density="WHITE",
            min_density=0.25,
            max_density=2.9,
            trim=True,
            configuration_information="CS000",
            illumination=1800.0,
            reflected_ambient_light=8.0,
            requested_resolution_id="HIGH",
            presentation_lut=lut,
            annotation_display_format_id="LABEL",
            annotation_boxes=(AnnotationBox("1.2", 1, "Größe"),),
            image_boxes=(
                replace(
                    first,
                    polarity=Polarity.REVERSE,
                    magnification_type=MagnificationType.NONE,
                    min_density=0.3,
                    requested_image_size=101.5,
                    requested_decimate_crop_behavior=DecimateCropBehavior.CROP,
                    presentation_lut=PresentationLUT("1.2.4", LUTShape.LIN_OD),
                ),
                second,
            ),
        )
        session = replace(
            print_.order.session,
            number_of_copies=3,
            print_priority="HIGH",
            medium_type="BLUE FILM",
            film_destination="BIN_2",
            film_session_label="Label",
            owner_id="me",
        )
        self.deliver(sink, replace(print_, order=replace(print_.order, session=session, films=(film,))))
        (ordered,) = peer[0].ordered
        assert set(ordered.statuses["N-SET image box"]) == {0}, ordered.statuses
        got = ordered.order
        assert replace(got.session, uid="") == replace(session, uid="")
        (theirs,) = got.films
        assert theirs.presentation_lut is not None and theirs.presentation_lut.table == lut.table
        assert [(box.position, box.text) for box in theirs.annotation_boxes] == [(1, "Größe")]

        def bare(film, lut_uid=""):  # type: ignore[no-untyped-def]
            """Without what names it: UIDs, and where its pixels lie."""
            boxes = tuple(
                replace(
                    box,
                    uid="",
                    image=box.image and box.image.format,
                    presentation_lut=box.presentation_lut and replace(box.presentation_lut, uid=""),
                )
                for box in film.image_boxes
            )
            lut = replace(film.presentation_lut, uid="")
            return replace(film, uid="", image_boxes=boxes, annotation_boxes=(), stray_texts=(), presentation_lut=lut)

        assert bare(theirs) == bare(film)

    def test_colour(self, sink: Sink, peer: tuple[OurPort, Device], print_: Print) -> None:
        pixels = np.random.default_rng(3).integers(0, 256, (6, 4, 3), np.uint8)
        film = replace(film_of(print_.folder, {1: pixels}, "STANDARD\\1,1", 9), color=True)
        self.deliver(sink, replace(print_, order=replace(print_.order, films=(film,))))
        (ordered,) = peer[0].ordered
        (box,) = ordered.order.films[0].image_boxes
        assert ordered.order.films[0].color and ordered.pixels() == pixels.tobytes()
        assert box.image is not None and box.image.format.photometric_interpretation == "RGB"

    @pytest.mark.parametrize("by_session", [False, True])
    def test_a_session_of_films(
        self, sink: Sink, peer: tuple[OurPort, Device], print_: Print, by_session: bool
    ) -> None:
        films = tuple(
            film_of(print_.folder, {1: np.full((4, 4), number, np.uint8)}, "STANDARD\\1,1", number) for number in (5, 6)
        )
        order = replace(print_.order, kind=OrderKind.SESSION, films=films)
        place = self.deliver(replace(sink, by_session=by_session), replace(print_, order=order))
        assert place == "2 films on PRINTER"
        assert [len(ordered.order.films) for ordered in peer[0].ordered] == ([2] if by_session else [1, 1])

    def test_a_printer_that_is_not_ready_gives_way_to_the_next(self, start: Start, print_: Print) -> None:
        (one, first), (two, second) = start("ONE"), start("TWO")
        one.says = ("FAILURE", "FILM JAM")
        sink = FilmPrinterSink(printers=(first, second), timeout_s=20)
        assert self.deliver(sink, print_) == "1 film on TWO"
        with pytest.raises(DeliveryFailed, match=r"FILM JAM; TWO: NORMAL"):
            sink.probe()
        two.says = ("FAILURE", "SUPPLY EMPTY")
        with pytest.raises(SinkDown, match=r"FILM JAM.*SUPPLY EMPTY"):
            self.deliver(sink, print_)
        assert (len(one.ordered), len(two.ordered)) == (0, 1)

    def test_a_printer_whose_queue_is_full_gives_way_to_the_next(self, start: Start, print_: Print) -> None:
        (one, first), (_, second) = start("ONE"), start("TWO")
        one.queue_full = True
        sink = FilmPrinterSink(printers=(first, second), timeout_s=20)
        assert self.deliver(sink, print_) == "1 film on TWO"

    def test_films_go_to_the_printer_that_has_their_size(self, start: Start, print_: Print) -> None:
        (_, small), (_, large) = start("SMALL", film_sizes=("8INX10IN",)), start("LARGE", film_sizes=("14INX17IN",))
        assert self.deliver(FilmPrinterSink(printers=(small, large), timeout_s=20), print_) == "1 film on LARGE"
        with pytest.raises(Undeliverable, match="no printer has 14INX17IN"):
            self.deliver(FilmPrinterSink(printers=(small,)), print_)

    def test_what_the_printer_refuses_is_told(self, sink: Sink, print_: Print) -> None:
        (film,) = print_.order.films
        odd = replace(film, image_display_format="NONSENSE\\1")
        with pytest.raises(DeliveryFailed, match=r"0106H to the N-CREATE of film 1") as caught:
            self.deliver(sink, replace(print_, order=replace(print_.order, films=(odd,))))
        assert type(caught.value) is DeliveryFailed


@pytest.fixture
def dcmprscp(tmp_path: Path) -> Iterator[Callable[[], int]]:
    """Start DCMTK's printer, always on the same port; its port."""
    folder, port = tmp_path / "peer", free_port()
    for name in ("log", "spool", "database", "lut", "report"):
        (folder / name).mkdir(parents=True)
    (folder / "database" / "index.dat").touch()
    (folder / "peer.cfg").write_text(PRINTER.format(folder=folder, port=port))
    with ExitStack() as running:

        def one() -> int:
            process = subprocess.Popen(
                [shutil.which("dcmprscp") or "dcmprscp", "-c", folder / "peer.cfg", "-p", "PEER"],
                env={"TCP_NODELAY": "1", "DCMDICTPATH": "/usr/share/libdcmtk17/dicom.dic"},
                stderr=subprocess.DEVNULL,
            )
            running.callback(process.wait, 20)
            running.callback(process.terminate)
            patience = time.monotonic() + 20
            while time.monotonic() < patience:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            return port

        one.port = port  # type: ignore[attr-defined]
        yield one


def printed_by_dcmtk(database: Path) -> list[np.ndarray]:
    """The pixels of the images that DCMTK's printer stored, by film and position."""
    stored = {ds.SOPInstanceUID: ds for ds in map(dcmread, database.glob("HG_*.dcm"))}
    films = map(dcmread, sorted(database.glob("SP_*.dcm"), key=lambda file: file.stat().st_mtime_ns))
    return [
        stored[box.ReferencedImageSequence[0].ReferencedSOPInstanceUID].pixel_array
        for film in films
        for box in sorted(film.ImageBoxContentSequence, key=lambda box: box.ImageBoxPosition)
    ]


@pytest.mark.peer("dcmprscp")
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_dcmtks_printer_has_the_same_pixels(
    dcmprscp: Callable[[], int], tmp_path: Path, kind: type[np.unsignedinteger]
) -> None:
    folder = tmp_path / "print"
    folder.mkdir()
    images = np.random.default_rng(5).integers(0, 256 if kind is np.uint8 else 4096, (4, 40, 32), kind)
    film = film_of(folder, dict(enumerate(images, start=1)), "STANDARD\\2,2")
    film = replace(film, film_size_id="8INX10IN", border_density="BLACK")
    print_ = print_of(folder, [film], film_session_label="a label")
    device = Device(host="127.0.0.1", port=dcmprscp(), ae_title="PEER")
    FilmPrinterSink(printers=(device,), timeout_s=20).deliver(print_, folder / "film.pdf", folder / "film.json")
    found = printed_by_dcmtk(tmp_path / "peer" / "database")
    assert [one.tolist() for one in found] == [one.tolist() for one in images]
