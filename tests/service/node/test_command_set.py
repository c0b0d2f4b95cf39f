"""Command sets as pydicom and pynetdicom write and read them."""

import contextlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import dimse_messages, dimse_primitives
from pynetdicom.dsutils import decode as pydicom_decode
from pynetdicom.dsutils import encode as pydicom_encode

from service.node import command_set

pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR")

UIDS = st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,6}){0,9}", fullmatch=True)
TEXTS = st.text("ABCDEFghij 0123-_é", min_size=1, max_size=16).map(str.strip).filter(bool)
NUMBERS = st.integers(0, 65_535)
TAGS = st.integers(0, 0xFFFFFFFF)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "UI": UIDS,
    "AE": st.text("ABCDEFghij0123-_", min_size=1, max_size=16),
    "LO": TEXTS,
    "US": NUMBERS,
    "AT": st.one_of(TAGS, st.lists(TAGS, min_size=2, max_size=5)),
}
VR_OF = dict(command_set.ELEMENTS.values())


@st.composite
def messages(draw: st.DrawFn) -> tuple[int, dict[str, Any]]:
    field = draw(st.sampled_from(sorted(command_set.MESSAGES)))
    values = {}
    for keyword in sorted(command_set.MESSAGES[field].keywords):
        value = draw(st.one_of(st.none(), VALUES[VR_OF[keyword]]))
        if keyword == "Priority":
            value = draw(st.sampled_from([0, 1, 2]))
        if value is not None:
            values[keyword] = value
    number = "MessageIDBeingRespondedTo" if field & 0x8000 or field == 0x0FFF else "MessageID"
    values[number] = draw(NUMBERS)
    return field, values


def primitive_of(field: int, values: dict[str, Any]) -> Any:
    primitive = getattr(dimse_primitives, command_set.MESSAGES[field].service)()
    for keyword, value in values.items():
        setattr(primitive, keyword, value)
    return primitive


def stock_message(field: int, primitive: Any) -> Any:
    message = dimse_messages._MESSAGE_TYPES[field][1]()
    message.primitive_to_message(primitive)
    return message


@given(messages())
def test_the_bytes_are_those_pynetdicom_writes(case: tuple[int, dict[str, Any]]) -> None:
    field, values = case
    primitive = primitive_of(field, values)
    stock = next(stock_message(field, primitive).encode_msg(1, 0)).presentation_data_value_list[0][1][1:]
    assert command_set.encode_primitive(primitive, field, command_set.NO_DATA_SET) == stock


@given(messages())
def test_the_values_are_those_pynetdicom_reads(case: tuple[int, dict[str, Any]]) -> None:
    field, values = case
    data = command_set.encode({**values, "CommandField": field, "CommandDataSetType": command_set.NO_DATA_SET})
    message = dimse_messages._MESSAGE_TYPES[field][1]()
    message.command_set = pydicom_decode(BytesIO(data), True, True)
    expected = vars(message.message_to_primitive())
    ours = primitive_of(field, {})
    for keyword, value in command_set.decode(data).items():
        if hasattr(ours, keyword):
            setattr(ours, keyword, value)
    assert {**vars(ours), "_dataset": None} == {
        **{key: value for key, value in expected.items() if key in vars(ours)},
        "_dataset": None,
    }


@given(messages())
def test_what_is_written_is_read_again(case: tuple[int, dict[str, Any]]) -> None:
    field, values = case
    written = {**values, "CommandField": field, "CommandDataSetType": 1}
    read = command_set.decode(command_set.encode(written))
    assert read.pop("CommandGroupLength") == len(command_set.encode(written)) - 12
    assert read == {key: value for key, value in written.items() if value is not None}


@pytest.mark.parametrize("field", sorted(command_set.MESSAGES))
def test_the_table_is_pynetdicoms(field: int) -> None:
    message = command_set.MESSAGES[field]
    name, stock = dimse_messages._MESSAGE_TYPES[field]
    always = {"CommandGroupLength", "CommandField", "CommandDataSetType"}
    assert message.keywords == set(dimse_messages._COMMAND_SET_KEYWORDS[name]) - always
    assert message.data_set == dimse_messages._DATASET_KEYWORDS.get(stock.__name__)
    assert stock.__name__.startswith(message.service)


ODD_VALUES = st.one_of(
    st.tuples(st.just("UI"), st.text("0123456789.\\ \0", max_size=70)),
    st.tuples(st.just("AE"), st.text("ABC \\", max_size=20)),
    st.tuples(st.just("LO"), st.text("ABCé \\\0", max_size=20)),
)


@given(ODD_VALUES, st.sampled_from([0x0002, 0x1001]))
def test_odd_texts_are_read_as_pydicom_reads_them(case: tuple[str, str], uid_element: int) -> None:
    vr, text = case
    element = {"UI": uid_element, "AE": 0x0600, "LO": 0x0902}[vr]
    raw = text.encode("iso8859")
    data = b"\0\0" + element.to_bytes(2, "little") + len(raw).to_bytes(4, "little") + raw
    stock = pydicom_decode(BytesIO(data), True, True)[0, element]
    expected = stock.value[0] if stock.VM > 1 else stock.value
    assert command_set.decode(data) == {command_set.ELEMENTS[element][0]: expected if expected is not None else ""}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(command_set.BadCommandSet):
        command_set.decode(data)


@given(messages(), st.data())
def test_a_shortened_command_set_is_refused_or_has_fewer_elements(
    case: tuple[int, dict[str, Any]], data: st.DataObject
) -> None:
    whole = command_set.encode({**case[1], "CommandField": case[0], "CommandDataSetType": 1})
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with contextlib.suppress(command_set.BadCommandSet):
        assert len(command_set.decode(cut)) < len(command_set.decode(whole))


def test_the_first_of_several_numbers_counts() -> None:
    assert command_set.decode(b"\0\0\0\1\4\0\0\0\x30\0\x31\0") == {"CommandField": 0x30}


def test_unknown_elements_are_passed_over() -> None:
    content = Dataset()
    content.PatientName = "A^B"
    content.CommandField = 0x30
    data = pydicom_encode(content, True, True)
    assert data is not None
    assert command_set.decode(data) == {"CommandField": 0x30}


@st.composite
def series(draw: st.DrawFn) -> list[bytes]:
    """Command sets of one association: some alike but for their number and last UID, some not, some cut or changed."""
    field, values = draw(messages())
    found = []
    for _ in range(draw(st.integers(1, 6))):
        one = {**values, "CommandField": field, "CommandDataSetType": 1, "MessageID": draw(st.integers(0, 65_535))}
        one[draw(st.sampled_from(["AffectedSOPInstanceUID", "RequestedSOPInstanceUID"]))] = draw(
            st.text("0123456789.\\ \0", min_size=4, max_size=6)
        )
        data = command_set.encode(one)
        if draw(st.integers(0, 3)) == 0:
            at = draw(st.integers(0, len(data) - 1))
            data = data[:at] + draw(st.binary(max_size=12)) + data[at + draw(st.integers(0, 12)) :]
        found.append(data)
    return found


@given(series())
def test_one_after_the_other_they_are_read_as_each_alone(found: list[bytes]) -> None:
    decoder = command_set.Decoder()
    for data in found:
        try:
            alone = command_set.decode(data)
        except command_set.BadCommandSet:
            with pytest.raises(command_set.BadCommandSet):
                decoder.decode(data)
            continue
        read = decoder.decode(data)
        assert read == alone and list(read) == list(alone)
        read["Priority"] = -1  # whoever has it may change it


@pytest.mark.parametrize("number", [b"\2\0\0\0\7\0", b"\4\0\0\0\7\0\x08\0", b"\0\0\0\0"])
@pytest.mark.parametrize("twice", [b"", b"\0\0\x10\1\2\0\0\0\x09\0", b"\0\0\0\x10\2\0\0\x001\0"])
def test_odd_numbers_are_read_in_every_one(number: bytes, twice: bytes) -> None:
    decoder = command_set.Decoder()
    for uid in (b"1.2\0", b"1.3\0", b"1.4\0"):
        data = twice + b"\0\0\x10\1" + number + b"\0\0\0\x10\4\0\0\0" + uid
        assert decoder.decode(data) == command_set.decode(data)


def test_uids_are_uids() -> None:
    value = command_set.decode(command_set.encode({"AffectedSOPClassUID": "1.2.840.10008.1.1"}))
    assert isinstance(value["AffectedSOPClassUID"], UID)
