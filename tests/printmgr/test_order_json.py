"""order.json reads back as it was written, and nothing else passes for it."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printmgr.errors import DamagedSpool
from printmgr.film.model import FilmBox, FilmSession, ImageBox, LUTShape, OrderKind, PresentationLUT, PrintOrder
from printmgr.film.printer import LogicalPrinter, Resample
from printmgr.order_json import decode_order, encode_order
from printmgr.ports import Caller, Print

FOLDER = Path("/spool/print")
settings.register_profile("order", max_examples=150, deadline=None)
finite = st.floats(allow_nan=False, allow_infinity=False)
st.register_type_strategy(float, finite)
prints = st.builds(Print, folder=st.just(FOLDER), statuses=st.dictionaries(st.text(), st.lists(st.integers(0, 0xFFFF))))


def a_print(**changes: object) -> Print:
    session, film = FilmSession("1.2.1"), FilmBox("1.2.2", "STANDARD\\1,1", image_boxes=(ImageBox("1.2.3", 1),))
    values: dict[str, object] = {
        "id": "01",
        "date": "2024-05-06",
        "ordered_at": "2024-05-06T07:08:09+02:00",
        "caller": Caller("CT1", "PRINTER", "127.0.0.1", "a1"),
        "printer": LogicalPrinter("PRINTER", resample=Resample.FILM, custom_formats={"1": ((0.0, 0.0, 0.5, 1.0),)}),
        "order": PrintOrder(OrderKind.FILM, session, (film,)),
        "statuses": {"N-ACTION": [0xB604]},
        "folder": FOLDER,
    }
    return Print(**(values | changes))  # type: ignore[arg-type]  # the dict mixes the fields' types


@given(prints)
@settings(settings.get_profile("order"))
def test_every_print_reads_back_as_it_was(print_: Print) -> None:
    data = encode_order(print_)
    assert decode_order(data, FOLDER) == print_
    assert encode_order(decode_order(data, FOLDER)) == data


def test_a_lut_shared_by_many_boxes_is_written_once() -> None:
    lut = PresentationLUT("1.2.9", table=tuple(range(4096)), bits=12)
    shape = PresentationLUT("1.2.8", shape=LUTShape.LIN_OD)
    boxes = tuple(ImageBox(f"1.2.{i}", i, presentation_lut=lut) for i in range(1, 21))
    film = FilmBox("1.2", "STANDARD\\4,5", presentation_lut=shape, image_boxes=boxes)
    print_ = a_print(order=PrintOrder(OrderKind.SESSION, FilmSession("1.1"), (film, film)))
    data = encode_order(print_)
    assert len(data) < 60_000
    back = decode_order(data, FOLDER)
    assert back == print_
    assert back.order.films[0].image_boxes[0].presentation_lut is back.order.films[1].image_boxes[19].presentation_lut


@pytest.mark.parametrize("text", ["\u0000", "\ud800", '"\\/<>', "姓名", "\u2028"])
def test_any_text_survives(text: str) -> None:
    session = FilmSession("1.1", film_session_label=text)
    print_ = a_print(order=PrintOrder(OrderKind.FILM, session, ()))
    assert decode_order(encode_order(print_), FOLDER) == print_


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode_order(a_print(printer=LogicalPrinter("A", margin=float("nan"))))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["version"], 2),
        (["id"], 7),
        (["order", "films"], [{"uid": "1"}]),
        (["order", "kind"], "disc"),
        (["order", "session", "number_of_copies"], "3"),
        (["order", "session", "number_of_copies"], True),
        (["printer", "colour"], "red"),
        (["printer", "custom_formats"], {"1": [[0, 0, 1]]}),
        (["order", "session", "presentation_lut"], 0),
        (["statuses"], [1]),
    ],
)
def test_a_damaged_order_is_refused(path: list[str], value: object) -> None:
    document = json.loads(encode_order(a_print()))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(DamagedSpool):
        decode_order(json.dumps(document).encode(), FOLDER)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff\xfe", b'{"version":1}'])
def test_rubbish_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedSpool, match="expected an order of version 1"):
        decode_order(data, FOLDER)


def test_an_order_of_before_there_was_colour_and_annotation_reads_back() -> None:
    document = json.loads(encode_order(a_print()))
    film, session = document["order"]["films"][0], document["order"]["session"]
    for place, names in (
        (film, ("color", "icc_profile", "annotation_boxes", "stray_texts", "identifying")),
        (film["image_boxes"][0], ("identifying",)),
        (session, ("identifying",)),
        (document["printer"], ("annotation_formats", "annotation_height", "footer")),
    ):
        for name in names:
            del place[name]
    assert decode_order(json.dumps(document).encode(), FOLDER) == a_print()
