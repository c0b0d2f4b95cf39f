"""A plan as JSON and back."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.errors import Unreadable
from media.fileset import records
from media.fileset import transfer_syntaxes as ts
from media.fileset.model import Plan, PlannedFile, Reason, Rejection, SourceFile
from media.fileset.plan import plan
from media.fileset.plan_json import plan_lines, read_plan
from tests.media.fileset.making import index, instance, order


def as_read(made: Plan) -> Plan:
    """The plan without what JSON does not keep: the own keys of instances."""

    def bare(one: PlannedFile) -> PlannedFile:
        return one._replace(instance=one.instance._replace(own={}))

    return made._replace(volumes=tuple(v._replace(files=tuple(map(bare, v.files))) for v in made.volumes))


def sample() -> Plan:
    found = [
        instance(1, changed={records.CHARACTER_SET: b"ISO_IR 100", records.PATIENT_NAME: b"P\xe9", 0x00081030: b"\0"}),
        instance(2, study=2, syntax=ts.JPEG_LOSSLESS, size=700_000),
        instance(3, study=2, without=(records.INSTANCE_NUMBER,)),
        instance(4, patient="P2", without=(records.PATIENT_ID,)),
        instance(1, sop_class="1.2.840.10008.5.1.4.39.1", own={0x00700080: b"HOT", 0x00700081: b""}),
    ]
    member = Rejection(SourceFile("/a.zip", 5, -1, "dir/b"), Reason.TRUNCATED, "ends early")
    leave_out = frozenset({Reason.TRUNCATED})
    made = plan(
        index(*found, rejections=(member, member._replace(reason=Reason.DUPLICATE))),
        order(medium="1000000", derive=True, leave_out=leave_out, joliet=True),
    )
    assert len(made.volumes) > 1
    assert made.refusals
    return made


def test_a_plan_survives() -> None:
    made = sample()
    assert read_plan(plan_lines(made)) == as_read(made)


def test_shared_keys_are_shared_again() -> None:
    made = read_plan(plan_lines(plan(index(instance(1), instance(2)), order())))
    one, other = made.volumes[0].files
    assert one.levels == other.levels
    assert one.instance.transfer_syntax_uid is other.instance.transfer_syntax_uid


def test_the_whole_text_is_one_json_object_with_a_file_a_line() -> None:
    made = sample()
    lines = list(plan_lines(made))
    value = json.loads("".join(lines))
    assert [volume["number"] for volume in value["volumes"]] == [volume.number for volume in made.volumes]
    assert len(lines) == 2 + sum(2 + len(volume.files) for volume in made.volumes)


@settings(deadline=None)
@given(st.text(st.characters(), min_size=1, max_size=30).filter(lambda text: "\0" not in text))
def test_any_path_survives(path: str) -> None:
    found = instance()._replace(source=SourceFile(path + "\udcff", 4000, 1))
    made = plan(index(found), order())
    assert read_plan(plan_lines(made)).volumes[0].files[0].instance.source == found.source


BREAKAGES = [
    lambda lines: lines[:-1],
    lambda lines: lines[1:],
    lambda lines: [],
    lambda lines: [lines[0].replace("disc plan 1", "disc plan 9"), *lines[1:]],
    lambda lines: [lines[0].replace('"joliet":true', '"joliet":1'), *lines[1:]],
    lambda lines: [lines[0].replace('"claim"', '"boast"'), *lines[1:]],
    lambda lines: [line.replace('"record":', '"extra":1,"record":') for line in lines],
    lambda lines: [line.replace('"size":4000', '"size":-4000') for line in lines],
    lambda lines: [line.replace('"shared":0', '"shared":99') for line in lines],
    lambda lines: [line.replace('"uid":"', '"uid":5,"x":"') for line in lines],
    lambda lines: [line.replace('"keys":"', '"keys":"zz') for line in lines],
]


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_another_text_is_refused(breakage) -> None:  # type: ignore[no-untyped-def]  # a lambda of lines
    lines = list(plan_lines(sample()))
    with pytest.raises(Unreadable):
        read_plan(breakage(lines))
