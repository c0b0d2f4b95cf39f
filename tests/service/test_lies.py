"""Well-formed data sets that lie: dimensions, bit depths, numbers, lengths, depths. Into the real service.

Each is answered, by a failure or by success; what was printed with it is made, and nothing else is left behind.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian
from pynetdicom.dimse_primitives import N_SET

from benchmarks.store_client import StoreClient
from tests.attacks import mutate
from tests.console import BOX, FILM, SESSION, Console, console
from tests.printmgr.scp import requests
from tests.receiving import encoded, instance
from tests.service.test_bad_input import a_good_film, wait_for_all
from tests.serving import Serving
from tests.soak.watch import usages

SAMPLES, ROWS, COLUMNS, ALLOCATED, STORED, HIGH, SIGNED = (
    0x00280002, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103,
)  # fmt: skip
LIES = [
    *[("US", value.to_bytes(2, "little")) for value in (0, 1, 7, 32, 64, 0x7FFF, 0x8000, 0xFFFF)],
    *[("SS", (value & 0xFFFF).to_bytes(2, "little")) for value in (-1, -16, 16)],
    *[("UL", value.to_bytes(4, "little")) for value in (16, 0x10000, 0x80000000, 0xFFFFFFFF)],
    *[("US", b""), ("US", b"\x10"), ("US", b"\x10\0\x10"), ("US", b"\x10\0" * 4), ("OB", b"\x10\0"), ("IS", b"-1")],
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with Serving(tmp_path_factory.mktemp("lies") / "data") as serving:
        yield serving
        wait_for_all(serving)  # every job is done, every film there
        assert not list(serving.data_dir.rglob("*.part"))
        log = serving.log.read_text()
        assert "Traceback" not in log, log[log.find("Traceback") - 300 :][:2000]


@pytest.fixture(scope="module")
def modality(service: Serving) -> Iterator[Console]:
    with console(service.port) as one:
        yield one


def lying(said: Dataset, tag: int, vr: str, value: bytes) -> bytes:
    """The data set with this element's value and VR instead of its own; all lengths round it are right."""
    tree = mutate.Part(mutate.Frame.NONE, parts=mutate.read_data_set(requests.encoded(said), explicit=True))
    (element,) = [part for part in tree.below() if part.kind == tag and part.frame is mutate.Frame.EXPLICIT]
    element.extra, element.body = int.from_bytes(vr.encode(), "big"), value
    return tree.encode()


@pytest.mark.parametrize("tag", [SAMPLES, ROWS, COLUMNS, ALLOCATED, STORED, HIGH, SIGNED], ids=lambda tag: f"{tag:08X}")
def test_lies_of_dimensions_and_bits(modality: Console, tag: int) -> None:
    said = requests.image_box(requests.image())
    answers = []
    for vr, value in LIES:
        modality.delete(SESSION, modality.session)
        assert modality.open_session() == 0
        _, film, (box,) = modality.film()
        status = modality.set_bytes(box, lying(said, tag, vr, value))
        assert status >= 0, (vr, value, "was not answered")
        if status == 0:
            assert modality.act(FILM, film) in (0x0000, 0xB605), (vr, value)
        answers.append(status)
    assert len([status for status in answers if status]) >= len(LIES) // 2
    a_good_film(modality, set())


TEXTS = [
    b"0",
    b"-1 ",
    b"-32768",
    b"65536 ",
    b"4294967296",
    b"-99999999999",
    b"1e308 ",
    b"-1e308",
    b"NaN ",
    b"1,5 ",
    b"\\ ",
    b"",
]
WORDS = [value.to_bytes(2, "little") for value in (0, 1, 0x7FFF, 0x8000, 0xFFFF)] + [b"", b"\1\0\1\0"]
NUMBERS = {
    "NumberOfCopies": (SESSION, 1, "IS", TEXTS),
    "MemoryAllocation": (SESSION, 1, "IS", TEXTS),
    "MaxDensity": (FILM, 300, "US", WORDS),
    "MinDensity": (FILM, 20, "US", WORDS),
    "Illumination": (FILM, 2000, "US", WORDS),
    "ReflectedAmbientLight": (FILM, 10, "US", WORDS),
    "BorderDensity": (FILM, "150", "CS", TEXTS),
    "EmptyImageDensity": (FILM, "150", "CS", TEXTS),
    "ImageBoxPosition": (BOX, 1, "US", WORDS),
    "RequestedImageSize": (BOX, "100", "DS", TEXTS),
    "PixelAspectRatio": ("image", [1, 1], "IS", [text + b"\\" + text for text in TEXTS] + TEXTS),
}


@pytest.mark.parametrize("keyword", NUMBERS)
def test_zero_negative_and_huge_numbers(modality: Console, keyword: str) -> None:
    """Both bounds of every number of a print: a failure, a warning or a default; the film is made."""
    of, right, vr, values = NUMBERS[keyword]
    for value in values:
        modality.delete(SESSION, modality.session)
        assert modality.open_session() == 0
        _, film, (box,) = modality.film()
        image = requests.image_box(requests.image(**({keyword: right} if of == "image" else {})))
        said = image if of in (BOX, "image") else Dataset()
        if of != "image":
            setattr(said, keyword, right)
        lie = lying(said, tag_for_keyword(keyword), vr, value)
        uid = {SESSION: modality.session, FILM: film}.get(of, box)
        request = N_SET()
        request.RequestedSOPClassUID, request.RequestedSOPInstanceUID = (of if of != "image" else BOX), uid
        assert modality.tell(request, lie) >= 0, (value, "was not answered")
        if of in (SESSION, FILM):
            assert modality.set(BOX, box, image) in (0, 0xB604, 0xB609, 0xB60A), value
        assert modality.act(FILM, film) >= 0, (value, "was not answered")
    a_good_film(modality, set())


# the study inbox


def deflated(data: bytes) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return squeeze.compress(data) + squeeze.flush()


def bomb(megabytes: int) -> bytes:
    """A private element of zeros before the pixels, so large, deflated to a thousandth."""
    ds = instance(1)
    ds.add_new(0x00190010, "LO", "BOMB")
    begin = encoded(ds)
    head = b"\x19\0\x01\x10OB\0\0" + (megabytes << 20).to_bytes(4, "little")
    at = begin.index(b"\x20\0\x0d\0")
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    out = [squeeze.compress(begin[:at] + head)]
    out += [squeeze.compress(bytes(1 << 20)) for _ in range(megabytes)]
    return b"".join([*out, squeeze.compress(begin[at:]), squeeze.flush()])


def deep(levels: int) -> bytes:
    data = encoded(instance(2))
    at = data.index(b"\x20\0\x0d\0")
    return data[:at] + mutate.nested(levels, explicit=True) + data[at:]


def long_value(length: int) -> bytes:
    data = encoded(instance(3))
    return data + b"\xe0\x7f\x10\0OW\0\0" + length.to_bytes(4, "little") + bytes(100)


HOSTILE = {
    "a bomb of 300 MB": (DeflatedExplicitVRLittleEndian, lambda: bomb(300)),
    "a bomb in a bomb": (DeflatedExplicitVRLittleEndian, lambda: deflated(bomb(100))),
    "deflated garbage": (DeflatedExplicitVRLittleEndian, lambda: b"\xff" * 1000),
    "deflated and cut": (DeflatedExplicitVRLittleEndian, lambda: deflated(encoded(instance(4)))[:-9]),
    "65 levels": (ExplicitVRLittleEndian, lambda: deep(65)),
    "1000 levels": (ExplicitVRLittleEndian, lambda: deep(1000)),
    "100000 levels": (ExplicitVRLittleEndian, lambda: deep(100_000)),
    "pixels of 4 GiB": (ExplicitVRLittleEndian, lambda: long_value(0xFFFFFFFE)),
    "pixels of 2 GiB": (ExplicitVRLittleEndian, lambda: long_value(0x80000000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_instances_are_refused_and_leave_nothing(service: Serving, name: str) -> None:
    syntax, make = HOSTILE[name]
    client = StoreClient(("127.0.0.1", service.port), CTImageStorage, syntax)
    before = sum(one.rss_bytes for one in usages(service.process.pid))
    files = sorted(Path(service.data_dir, "inbox").rglob("*.dcm"))
    status = client.store("1.2.3.1.1", client.framed(make()))
    assert 0xA000 <= status <= 0xCFFF, f"{status:04X}"
    assert sum(one.rss_bytes for one in usages(service.process.pid)) - before < 64_000_000
    assert sorted(Path(service.data_dir, "inbox").rglob("*.dcm")) == files
    good = instance(name.__len__() + 100, uid=f"1.2.3.1.{sorted(HOSTILE).index(name) + 100}")
    client.release()
    client = StoreClient(("127.0.0.1", service.port), CTImageStorage, ExplicitVRLittleEndian)
    assert client.store(str(good.SOPInstanceUID), client.framed(encoded(good))) == 0
    client.release()
