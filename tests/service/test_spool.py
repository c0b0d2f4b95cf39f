"""The spool: what was answered is there after any end of the process; nothing else stays."""

import os
import subprocess
import sys
import textwrap
import time
from datetime import datetime
from pathlib import Path

import pytest

from printmgr.errors import QueueFull, ResourceLimit
from printmgr.film.model import FilmBox, FilmSession, Image, ImageBox, OrderKind, PixelFormat, PrintOrder, StoredPixels
from printmgr.film.printer import LogicalPrinter
from printmgr.ports import Caller, Print
from service.node.streamed import StreamedDataSet
from service.spool import Place, Spool, load_print

CALLER = Caller("CT1", "PRINTER", "10.0.0.1", "a1")
PRINTER = LogicalPrinter("PRINTER", slug="printer")


class Book:
    """Orders in memory."""

    def __init__(self) -> None:
        self.added: dict[str, bytes] = {}
        self.done: list[str] = []
        self.gone: list[str] = []
        self.full = False
        self.troubles: list[Exception] = []  # of the next orders that are settled

    def add(self, print_: Print, document: bytes) -> None:
        if self.full:
            raise QueueFull("full")
        self.added[print_.id] = document

    def settled(self, print_id: str) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.done.append(print_id)

    def lost(self, print_id: str, error: str) -> None:
        self.gone.append(print_id)

    def unsettled(self) -> list[tuple[str, bytes]]:
        return [(id_, document) for id_, document in self.added.items() if id_ not in self.done]


@pytest.fixture
def book():
    return Book()


@pytest.fixture
def spool(tmp_path, book):
    return Spool(tmp_path / "spool", book)


def order(*names: str) -> PrintOrder:
    boxes = tuple(
        ImageBox(f"1.{i}", i, Image(PixelFormat(1, 4), StoredPixels(name, 0, 4))) for i, name in enumerate(names, 1)
    )
    return PrintOrder(OrderKind.FILM, FilmSession("1.2"), (FilmBox("1.3", "STANDARD\\1,1", image_boxes=boxes),))


def everything(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_an_order_settles_into_a_folder_of_its_own(spool, book, tmp_path):
    association = spool.open(CALLER, PRINTER)
    kept, dropped, other = (association.keep_data_set(data) for data in (b"kept", memoryview(b"drop"), b"else"))
    print_id = association.order(order(kept, dropped, kept), {"N-ACTION": [0]})
    association.drop(dropped)
    association.close()
    assert (tmp_path / "spool/associations/a1" / other).exists(), "the association's end must not outrun the order"
    spool.start()
    spool.stop()
    assert book.done == [print_id]
    assert everything(tmp_path / "spool/associations") == []
    assert everything(tmp_path / "spool/prints" / print_id) == [kept, dropped, "order.json"]
    loaded = load_print(tmp_path / "spool", print_id)
    assert (loaded.folder / kept).read_bytes() == b"kept"
    assert (loaded.order, loaded.caller, loaded.date) == (
        order(kept, dropped, kept),
        CALLER,
        print_id[:4] + "-" + print_id[4:6] + "-" + print_id[6:8],
    )


def test_an_order_that_is_refused_leaves_nothing(spool, book, tmp_path):
    association = spool.open(CALLER, PRINTER)
    name = association.keep_data_set(b"x")
    book.full = True
    with pytest.raises(QueueFull):
        association.order(order(name), {})
    association.close()
    spool.start()
    spool.stop()
    assert everything(tmp_path / "spool") == ["associations", "prints"]


def test_a_dead_process_is_tidied_up_after_and_its_orders_are_settled(spool, book, tmp_path):
    association = spool.open(CALLER, PRINTER)
    name = association.keep_data_set(b"x")
    print_id = association.order(order(name), {})
    (tmp_path / "spool/prints/never-committed").mkdir()
    spool.open(Caller("CT1", "P", "::1", "a2"), PRINTER).keep_data_set(b"y")
    after = Spool(tmp_path / "spool", book)
    assert sorted(after.recover(book.unsettled(), lambda: set(book.added))) == ["a1", "a2", "never-committed"]
    assert everything(tmp_path / "spool") == [
        "associations",
        "prints",
        f"prints/{print_id}",
        f"prints/{print_id}/1.ds",
        f"prints/{print_id}/order.json",
    ]
    assert after.recover(book.unsettled(), lambda: set(book.added)) == []


def test_a_process_leaves_alone_what_living_ones_have(book, tmp_path):
    root = tmp_path / "spool"
    spools = [Spool(root, book, place=Place(number, 3)) for number in range(3)]
    prints = []
    for number, spool in enumerate(spools):
        association = spool.open(Caller("CT1", "P", "::1", f"a{number}"), PRINTER)
        prints.append(association.order(order(association.keep_data_set(b"x")), {}))
        association.order(order(), {})
    again = Spool(root, book, place=Place(1, 3))
    assert again.recover(book.unsettled(), lambda: set(book.added)) == ["a1"]
    assert book.done == list(book.added)[2:4] and prints[1] == book.done[0]
    assert everything(root / "associations") == ["a0", "a0/1.ds"]
    assert everything(root / "associations-3") == ["a2", "a2/1.ds"]
    fewer = Spool(root, book, place=Place(0, 2))
    assert fewer.recover(book.unsettled(), lambda: set(book.added)) == ["a0", "a2"]
    assert sorted(book.done) == sorted(book.added)
    assert all((root / "prints" / name / "1.ds").read_bytes() == b"x" for name in prints)


@pytest.mark.parametrize(
    "left", [["folder"], ["folder", "1.ds"], ["folder", "1.ds", ".order.json.1.part"], ["folder", "1.ds", "order.json"]]
)
def test_settling_goes_on_wherever_it_was_cut(spool, book, tmp_path, left):
    association = spool.open(CALLER, PRINTER)
    name = association.keep_data_set(b"x")
    print_id = association.order(order(name), {})
    folder = tmp_path / "spool/prints" / print_id
    folder.mkdir()
    if "1.ds" in left:
        os.link(tmp_path / "spool/associations/a1/1.ds", folder / "1.ds")
    for partial in set(left) - {"folder", "1.ds"}:
        (folder / partial).write_bytes(b"half")
    Spool(tmp_path / "spool", book).recover(book.unsettled(), lambda: set(book.added))
    assert load_print(tmp_path / "spool", print_id).id == print_id
    assert everything(folder) == ["1.ds", "order.json"]


def test_a_data_set_that_somebody_deleted_fails_its_print_alone(spool, book, tmp_path):
    association = spool.open(CALLER, PRINTER)
    gone, good = association.keep_data_set(b"x"), association.keep_data_set(b"y")
    lost, fine = association.order(order(gone), {}), association.order(order(good), {})
    (tmp_path / "spool/associations/a1" / gone).unlink()
    spool.start()
    spool.stop()
    assert (book.gone, book.done) == ([lost], [fine])


@pytest.mark.parametrize("trouble", [ResourceLimit("busy"), RuntimeError("a fault of ours")])
def test_trouble_with_an_order_does_not_end_the_thread_that_settles(spool, book, monkeypatch, trouble):
    monkeypatch.setattr("service.spool.RETRY_S", 0.01)
    book.troubles = [trouble, trouble]
    spool.start()
    association = spool.open(CALLER, PRINTER)
    ordered = [association.order(order(association.keep_data_set(bytes(8))), {}) for _ in range(3)]
    patience = time.monotonic() + 20
    while len(book.done) < 3:
        assert time.monotonic() < patience
        time.sleep(0.01)
    spool.stop()
    assert book.done == ordered


def test_ids_are_unique_and_in_order_of_time_even_when_the_clock_stands(tmp_path, book):
    spool = Spool(tmp_path / "spool", book, now=lambda: datetime(2024, 12, 31, 23, 59, 59, 999999).astimezone())
    association = spool.open(CALLER, PRINTER)
    ids = {association.order(order(), {}) for _ in range(100)}
    assert len(ids) == 100
    assert {id_[:22] for id_ in ids} == {"20241231-235959-999999"}
    moving = Spool(tmp_path / "spool", book).open(CALLER, PRINTER)
    later = [moving.order(order(), {}) for _ in range(20)]
    assert later == sorted(later)


def test_one_association_cannot_fill_the_spool(tmp_path, book):
    association = Spool(tmp_path / "spool", book, max_association_bytes=10).open(CALLER, PRINTER)
    first = association.keep_data_set(b"12345678")
    with pytest.raises(ResourceLimit, match="its limit"):
        association.keep_data_set(b"345")
    association.drop(first)
    association.keep_data_set(b"1234567890")


def test_a_disk_that_takes_no_more_is_told_and_keeps_no_half_file(tmp_path):
    """A file-size limit of the kernel stands for the full disk: the same write fails at the same place."""
    code = f"""
        import resource, sys
        from pathlib import Path
        from printmgr.errors import ResourceLimit
        from tests.service.test_spool import Book, CALLER, PRINTER
        from service.spool import Place, Spool
        association = Spool(Path({str(tmp_path)!r}), Book()).open(CALLER, PRINTER)
        association.keep_data_set(b"x" * 5000)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        try:
            association.keep_data_set(b"x" * 5000)
        except ResourceLimit as error:
            print(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(association.keep_data_set(b"y" * 5000))
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["the spool has no room: File too large", "3.ds"]
    assert everything(tmp_path) == [
        "associations",
        "associations/a1",
        "associations/a1/1.ds",
        "associations/a1/3.ds",
        "prints",
    ]


@pytest.mark.parametrize("nameless", [True, False])
def test_what_is_in_a_file_already_is_named_not_copied(spool, book, tmp_path, monkeypatch, nameless):
    if not nameless:
        monkeypatch.setattr("os.O_TMPFILE", 0)  # a file system that has no nameless files
    arrived = StreamedDataSet(spool.associations, memoryview(b"the whole"))
    number = os.fstat(arrived.file.fileno()).st_ino
    association = spool.open(CALLER, PRINTER)
    whole, part = association.keep_data_set(arrived.getbuffer()), association.keep_data_set(arrived.getbuffer()[4:])
    del arrived
    folder = spool.associations / CALLER.association
    assert (folder / whole).stat().st_ino == number
    assert [(folder / name).read_bytes() for name in (whole, part)] == [b"the whole", b"whole"]
    assert sorted(os.listdir(spool.associations)) == [CALLER.association]


def test_a_data_set_that_was_arriving_when_the_process_died_is_removed(spool, book):
    (spool.associations / ".arriving-x").write_bytes(b"half")
    assert spool.recover([], set) == [".arriving-x"]
    assert os.listdir(spool.associations) == []
