"""The plan: every instance accepted, transcoded or refused, its place, and the same each time."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.errors import BadOrder
from media.fileset import records
from media.fileset import transfer_syntaxes as ts
from media.fileset.elements import element, item
from media.fileset.file_ids import is_conformant, volume_file_set_id
from media.fileset.model import NO_PROFILE, Action, Instance, Plan, PlannedFile, Reason, Rejection, SourceFile
from media.fileset.order import DiscOrder
from media.fileset.plan import plan
from media.fileset.sop_classes import STORAGE
from tests.media.fileset.making import CREATED, IMAGE_KEYS, index, instance, order, us

PRIVATE_CLASS = "1.2.3.4.5.999.1"
HANGING = "1.2.840.10008.5.1.4.38.1"
PALETTE = "1.2.840.10008.5.1.4.39.1"
SR = STORAGE + "88.11"
PALETTE_KEYS = {0x00700080: b"HOT", 0x00700081: b"", records.CHARACTER_SET: b"ISO_IR 100"}


def files(made: Plan) -> list[PlannedFile]:
    return [one for volume in made.volumes for one in volume.files]


def only_refusal(made: Plan) -> Rejection:
    assert len(made.refusals) == 1
    assert not files(made)
    return made.refusals[0]


# --- places


@st.composite
def sets(draw: st.DrawFn) -> list[Instance]:
    """Instances of some patients, shuffled, with equal and missing-free keys."""
    made = [
        instance(number, patient=f"P{patient}", study=study, series=series, size=draw(st.integers(400, 60_000)))
        for patient in range(draw(st.integers(1, 3)))
        for study in range(1, draw(st.integers(1, 2)) + 1)
        for series in range(1, draw(st.integers(1, 3)) + 1)
        for number in range(1, draw(st.integers(1, 5)) + 1)
    ]
    return draw(st.permutations(made))


@settings(deadline=None)
@given(sets(), st.integers(400_000, 2_000_000))
def test_everything_is_on_one_volume_under_a_conformant_name_of_its_own(found: list[Instance], capacity: int) -> None:
    made = plan(index(*found), order(medium=str(capacity)))
    assert Counter(one.instance.sop_instance_uid for one in files(made)) == Counter(
        one.sop_instance_uid for one in found
    )
    for volume in made.volumes:
        assert all(is_conformant(one.file_id) for one in volume.files)
        assert len({one.file_id for one in volume.files}) == len(volume.files)
        assert volume.estimated_bytes <= made.capacity_bytes
    assert len({volume.file_set_uid for volume in made.volumes}) == len(made.volumes)


@given(sets())
@settings(deadline=None)
def test_the_same_order_gives_the_same_plan(found: list[Instance]) -> None:
    assert plan(index(*found), order()) == plan(index(*found), order())


@given(sets())
@settings(deadline=None)
def test_instances_come_by_patient_study_series_and_number(found: list[Instance]) -> None:
    made = files(plan(index(*found), order()))
    keys = [
        (one.file_id[1], one.file_id[2], one.file_id[3], int(one.instance.own[records.INSTANCE_NUMBER])) for one in made
    ]
    assert keys == sorted(keys)
    for at, level in ((1, "patient"), (2, "study"), (3, "series")):
        folders = {
            (one.file_id[: at + 1], id(getattr(one.instance, level)) and str(getattr(one.instance, level)))
            for one in made
        }
        assert len({folder for folder, _ in folders}) == len(folders)


def test_names_are_what_the_guide_says() -> None:
    made = plan(index(instance(2), instance(1), instance(1, patient="P2")), order(file_set_id="WARD_3"))
    assert ["/".join(one.file_id) for one in files(made)] == [
        "DICOM/PA000001/ST000001/SE000001/IM000001",
        "DICOM/PA000001/ST000001/SE000001/IM000002",
        "DICOM/PA000002/ST000001/SE000001/IM000001",
    ]
    assert made.volumes[0].file_set_id == "WARD_3"


def test_each_volume_is_its_own_file_set() -> None:
    found = [instance(n, study=n, size=300_000) for n in range(1, 6)]
    made = plan(index(*found), order(medium="1000000", file_set_id="ARCHIVE"))
    assert len(made.volumes) > 1
    assert [volume.file_set_id for volume in made.volumes] == [f"ARCHIVE_{n}" for n in range(1, len(made.volumes) + 1)]
    assert all(volume.files[0].file_id[1:3] == ("PA000001", "ST000001") for volume in made.volumes)


def test_uids_follow_from_the_order_and_the_content() -> None:
    base = plan(index(instance(1)), order())
    others = [
        plan(index(instance(2)), order()),
        plan(index(instance(1, size=4002)), order()),
        plan(index(instance(1)), order(file_set_id="OTHER")),
        plan(index(instance(1)), DiscOrder("2026-01-02T03:04:06+00:00")),
        plan(index(instance(1, changed={records.IMAGE_TYPE: b"DERIVED"})), order()),
    ]
    uids = {made.volumes[0].file_set_uid for made in [base, *others]}
    assert len(uids) == len(others) + 1
    assert all(uid.startswith("2.25.") and len(uid) <= 64 for uid in uids)


def test_a_file_set_id_keeps_its_length() -> None:
    assert volume_file_set_id("A" * 16, 3, 12) == "A" * 13 + "_03"
    assert volume_file_set_id("", 3, 12) == ""


def test_files_without_a_patient_stand_beside_the_patients() -> None:
    own = {0x00700080: b"HOT", 0x00700081: b""}
    made = plan(index(instance(1, sop_class=PALETTE, own=own), instance(2)), order())
    assert [("/".join(one.file_id), one.record_type) for one in files(made)] == [
        ("DICOM/PA000001/ST000001/SE000001/IM000001", "IMAGE"),
        ("DICOM/PL000001", "PALETTE"),
    ]


def test_the_companions_are_in_the_estimate_and_never_push_a_volume_over() -> None:
    found = [instance(n, study=n, size=200_000) for n in range(1, 9)]
    plain = plan(index(*found), order(medium="1000000"))
    made = plan(index(*found), order(medium="1000000"), lambda _plan, _volume: {("INDEX.HTM",): 500_000})
    assert len(made.volumes) > len(plain.volumes)
    assert all(volume.estimated_bytes <= 1_000_000 for volume in made.volumes)
    assert len(files(made)) == 8


def test_companions_larger_than_the_medium_leave_no_room_for_files() -> None:
    made = plan(index(instance()), order(medium="1000000"), lambda _plan, _volume: {("INDEX.HTM",): 1_100_000})
    assert only_refusal(made).reason is Reason.TOO_LARGE


# --- refusals


TYPE_1 = [
    records.PATIENT_ID,
    records.STUDY_DATE,
    records.STUDY_TIME,
    records.STUDY_ID,
    records.STUDY_UID,
    records.SERIES_UID,
    records.SERIES_NUMBER,
    records.MODALITY,
    records.INSTANCE_NUMBER,
]


@pytest.mark.parametrize("tag", TYPE_1, ids=lambda tag: f"{tag:08X}")
def test_a_missing_type_1_key_is_refused_and_named(tag: int) -> None:
    for found in (instance(without=(tag,)), instance(changed={tag: b""})):
        refusal = only_refusal(plan(index(found), order()))
        assert refusal.reason is Reason.MISSING_KEY
        assert f"({tag >> 16:04X},{tag & 0xFFFF:04X})" in refusal.detail


def test_all_missing_keys_are_named_at_once() -> None:
    refusal = only_refusal(plan(index(instance(without=(records.STUDY_ID, records.INSTANCE_NUMBER))), order()))
    assert "StudyID" in refusal.detail
    assert "InstanceNumber" in refusal.detail


def test_left_out_refusals_let_the_job_go_on_and_are_recorded() -> None:
    bad = instance(2, without=(records.INSTANCE_NUMBER,))
    made = plan(index(instance(1), bad), order(leave_out=frozenset({Reason.MISSING_KEY})))
    assert not made.refusals
    assert [one.source for one in made.left_out] == [bad.source]
    assert len(files(made)) == 1


def test_rejections_of_the_index_count_as_the_order_says() -> None:
    def rejection(reason: Reason) -> Rejection:
        return Rejection(SourceFile(f"/source/{reason.value}", 10, 0), reason)

    found = tuple(map(rejection, (Reason.DUPLICATE, Reason.NOT_DICOM, Reason.TRUNCATED, Reason.BOMB)))
    made = plan(index(instance(), rejections=found), order(leave_out=frozenset({Reason.BOMB})))
    assert [one.reason for one in made.ignored] == [Reason.DUPLICATE, Reason.NOT_DICOM]
    assert [one.reason for one in made.refusals] == [Reason.TRUNCATED]
    assert [one.reason for one in made.left_out] == [Reason.BOMB]


def test_a_private_class_has_no_record_unless_asked() -> None:
    found = instance(sop_class=PRIVATE_CLASS)
    refusal = only_refusal(plan(index(found), order()))
    assert refusal.reason is Reason.NO_RECORD_TYPE
    assert PRIVATE_CLASS in refusal.detail
    assert files(plan(index(found), order(private_records=True)))[0].record_type == "PRIVATE"


def test_a_file_larger_than_the_medium_is_refused() -> None:
    refusal = only_refusal(plan(index(instance(size=2_000_000)), order(medium="1000000")))
    assert refusal.reason is Reason.TOO_LARGE


def test_a_file_over_4_gib_needs_a_dvd() -> None:
    large = instance(size=4_500_000_000, syntax=ts.J2K_LOSSLESS)
    assert only_refusal(plan(index(large), order("STD-GEN-USB-J2K", "USB-16G"))).reason is Reason.TOO_LARGE
    assert not plan(index(large), order("STD-GEN-DVD-J2K")).refusals


def test_pixel_data_over_4_gib_once_decompressed_are_refused() -> None:
    own = IMAGE_KEYS | {0x00280008: b"600", 0x00280010: us(2048), 0x00280011: us(2048)}
    refusal = only_refusal(plan(index(instance(own=own, syntax=ts.J2K_LOSSLESS)), order(medium="9000000000")))
    assert refusal.reason is Reason.TOO_LARGE
    assert "5033164800 bytes of Pixel Data" in refusal.detail


# --- keys


def test_a_key_no_record_may_hold_is_refused_when_required() -> None:
    refusal = only_refusal(plan(index(instance(changed={records.STUDY_DATE: b"2026.01.01"})), order()))
    assert (refusal.reason, "StudyDate" in refusal.detail) == (Reason.BAD_KEY, True)


def test_a_key_no_record_may_hold_is_left_empty_and_listed_when_not_required() -> None:
    one = files(plan(index(instance(changed={0x00081030: b"x" * 65})), order()))[0]
    assert one.derived == {0x00081030: b""}
    assert element(0x00081030, "LO", b"") in one.levels[1]


def test_a_name_beyond_ascii_without_a_character_set_is_refused() -> None:
    name = {records.PATIENT_NAME: "Märta".encode("latin-1")}
    assert only_refusal(plan(index(instance(changed=name)), order())).reason is Reason.BAD_KEY
    declared = name | {records.CHARACTER_SET: b"ISO_IR 100"}
    assert not plan(index(instance(changed=declared)), order()).refusals


def test_a_record_declares_a_character_set_only_where_its_keys_need_it() -> None:
    changed = {records.CHARACTER_SET: b"ISO_IR 192", records.PATIENT_NAME: "Λόγος".encode()}
    one = files(plan(index(instance(changed=changed)), order()))[0]
    declared = element(records.CHARACTER_SET, "CS", b"ISO_IR 192")
    assert one.levels[0].startswith(declared)
    assert declared not in one.levels[1] + one.levels[2] + one.keys


def test_related_general_classes_stand_in_the_record() -> None:
    one = files(plan(index(instance(changed={records.RELATED_CLASSES: b"1.2.3"})), order()))[0]
    assert one.keys.startswith(element(0x0004151A, "UI", b"1.2.3"))


SR_KEYS = {
    0x00080023: b"20260101",
    0x00080033: b"101112",
    0x0040A491: b"COMPLETE",
    records.VERIFICATION_FLAG: b"VERIFIED",
    0x0040A043: item(element(0x00080104, "LO", b"Report")),
}


def test_a_verified_report_has_the_moment_of_its_last_observer() -> None:
    refusal = only_refusal(plan(index(instance(sop_class=SR, own=SR_KEYS)), order()))
    assert (refusal.reason, "VerificationDateTime" in refusal.detail) == (Reason.MISSING_KEY, True)
    observers = b"".join(
        item(element(records.VERIFICATION_DATETIME, "DT", when)) for when in (b"20260103", b"20260104")
    )
    own = SR_KEYS | {records.VERIFYING_OBSERVERS: observers}
    one = files(plan(index(instance(sop_class=SR, own=own)), order()))[0]
    assert element(records.VERIFICATION_DATETIME, "DT", b"20260104") in one.keys
    unverified = own | {records.VERIFICATION_FLAG: b"UNVERIFIED"}
    one = files(plan(index(instance(sop_class=SR, own=unverified)), order()))[0]
    assert b"20260104" not in one.keys


def test_a_cda_names_its_hl7_instance() -> None:
    own = {0x00420012: b"text/xml"}
    refusal = only_refusal(plan(index(instance(sop_class=STORAGE + "104.2", own=own)), order()))
    assert "HL7InstanceIdentifier" in refusal.detail
    assert not plan(index(instance(sop_class=STORAGE + "104.1", own=own)), order()).refusals


# --- derive


def derived_plan(*found: Instance) -> Plan:
    return plan(index(*found), order(derive=True))


def test_nothing_is_derived_unless_asked() -> None:
    found = [instance(1), instance(2, without=(records.STUDY_ID,))]
    assert [one.source for one in plan(index(*found), order()).refusals] == [found[1].source]


def test_a_patient_id_is_never_derived() -> None:
    made = derived_plan(instance(without=(records.PATIENT_ID,)))
    assert only_refusal(made).reason is Reason.MISSING_KEY


def test_a_study_id_comes_from_the_study_its_accession_number_or_its_place() -> None:
    made = files(derived_plan(instance(1), instance(2, without=(records.STUDY_ID,))))
    assert [dict(one.derived) for one in made] == [{}, {records.STUDY_ID: b"1"}]
    (one,) = files(derived_plan(instance(study=7, without=(records.STUDY_ID,))))
    assert one.derived == {records.STUDY_ID: b"A7"}
    (one,) = files(derived_plan(instance(study=7, without=(records.STUDY_ID, records.ACCESSION_NUMBER))))
    assert one.derived == {records.STUDY_ID: b"1"}


def test_study_date_and_time_come_from_the_same_study_or_stay_missing() -> None:
    without = (records.STUDY_DATE, records.STUDY_TIME)
    (one,) = files(derived_plan(instance(without=without, changed={0x00080022: b"20250505", 0x00080032: b"0707"})))
    assert one.derived == {records.STUDY_DATE: b"20250505", records.STUDY_TIME: b"0707"}
    assert only_refusal(derived_plan(instance(without=without))).reason is Reason.MISSING_KEY


def test_numbers_are_the_next_free_ones() -> None:
    found = [
        instance(4),
        instance(5, without=(records.INSTANCE_NUMBER,)),
        instance(6, without=(records.INSTANCE_NUMBER,)),
        instance(1, series=2, without=(records.SERIES_NUMBER,)),
    ]
    made = {one.instance.sop_instance_uid: dict(one.derived) for one in files(derived_plan(*found))}
    assert [made[one.sop_instance_uid] for one in found] == [
        {},
        {records.INSTANCE_NUMBER: b"5"},
        {records.INSTANCE_NUMBER: b"6"},
        {records.SERIES_NUMBER: b"2"},
    ]


# --- profiles


RGB = IMAGE_KEYS | {0x00280002: us(3), 0x00280004: b"RGB", 0x00280100: us(8), 0x00280101: us(8), 0x00280102: us(7)}
XA_512 = IMAGE_KEYS | {0x00280100: us(8), 0x00280101: us(8), 0x00280102: us(7)}
XA, US_IMAGE, MR, SC, DX, ENDO = (STORAGE + tail for tail in ("12.1", "6.1", "4", "7", "1.1", "77.1.1.1"))
ACCEPTED, REGIONS = "", {0x00186011: item(element(0x00186012, "US", us(1)))}

CASES = [
    ("STD-GEN-CD", instance(), ACCEPTED),
    ("STD-GEN-CD", instance(syntax=ts.IMPLICIT_LE), ts.EXPLICIT_LE),
    ("STD-GEN-CD", instance(syntax=ts.EXPLICIT_BE), ts.EXPLICIT_LE),
    ("STD-GEN-CD", instance(syntax=ts.DEFLATED_LE), ts.EXPLICIT_LE),
    ("STD-GEN-CD", instance(syntax=ts.JPEG_LOSSLESS_SV1), ts.EXPLICIT_LE),
    ("STD-GEN-CD", instance(syntax=ts.HTJ2K), ts.EXPLICIT_LE),
    ("STD-GEN-CD", instance(syntax=ts.MPEG2_MPML, sop_class=ENDO), Reason.PROFILE_TRANSFER_SYNTAX),
    ("STD-GEN-DVD-JPEG", instance(syntax=ts.JPEG_BASELINE), ACCEPTED),
    ("STD-GEN-DVD-JPEG", instance(syntax=ts.J2K), ts.EXPLICIT_LE),
    ("STD-GEN-DVD-J2K", instance(syntax=ts.J2K), ACCEPTED),
    ("STD-GEN-DVD-J2K", instance(syntax=ts.JPEG_BASELINE), ts.EXPLICIT_LE),
    ("STD-GEN-USB-JPEG", instance(syntax=ts.JPEG_EXTENDED), ACCEPTED),
    ("STD-GEN-ZIP-MAIL", instance(syntax=ts.HTJ2K), ACCEPTED),
    ("STD-GEN-MIME", instance(syntax=ts.DEFLATED_LE), ACCEPTED),
    ("STD-DVD-MPEG2-MPML", instance(syntax=ts.MPEG2_MPML, sop_class=ENDO), ACCEPTED),
    ("STD-DVD-MPEG2-MPML", instance(), Reason.PROFILE_SOP_CLASS),
    ("STD-GEN-BD-MPEG4-HPLV41", instance(syntax=ts.MPEG4_HPLV41, sop_class=ENDO), ACCEPTED),
    ("STD-GEN-BD-MPEG4-HPLV41", instance(), ACCEPTED),
    ("STD-GEN-BD-MPEG4-HPLV41BD", instance(), Reason.PROFILE_SOP_CLASS),
    ("STD-CTMR-CD", instance(syntax=ts.JPEG_LOSSLESS_SV1), ACCEPTED),
    ("STD-CTMR-CD", instance(syntax=ts.J2K_LOSSLESS), ts.EXPLICIT_LE),
    ("STD-CTMR-CD", instance(sop_class=SC, own=RGB), Reason.PROFILE_IMAGE),
    ("STD-CTMR-CD", instance(sop_class=DX), Reason.PROFILE_SOP_CLASS),
    ("STD-XABC-CD", instance(sop_class=XA, own=XA_512, syntax=ts.JPEG_LOSSLESS_SV1), ACCEPTED),
    ("STD-XABC-CD", instance(sop_class=XA, own=XA_512), ts.JPEG_LOSSLESS_SV1),
    ("STD-XABC-CD", instance(sop_class=XA, own=XA_512 | {0x00280010: us(513)}), Reason.PROFILE_IMAGE),
    ("STD-XABC-CD", instance(sop_class=XA), Reason.PROFILE_IMAGE),
    ("STD-XABC-CD", instance(), Reason.PROFILE_SOP_CLASS),
    ("STD-XA1K-CD", instance(sop_class=XA), ts.JPEG_LOSSLESS_SV1),
    ("STD-XA1K-CD", instance(sop_class=XA, syntax=ts.JPEG_BASELINE), ts.JPEG_LOSSLESS_SV1),
    ("STD-XA1K-DVD", instance(sop_class=XA, own=XA_512, syntax=ts.JPEG_BASELINE), ACCEPTED),
    ("STD-XA1K-CD", instance(sop_class=SC), ACCEPTED),
    ("STD-US-ID-SF-CDR", instance(sop_class=US_IMAGE, own=RGB), ACCEPTED),
    ("STD-US-ID-SF-CDR", instance(sop_class=US_IMAGE, own=RGB, syntax=ts.RLE), ACCEPTED),
    ("STD-US-ID-SF-CDR", instance(sop_class=US_IMAGE, own=RGB, syntax=ts.JPEG_BASELINE), ts.EXPLICIT_LE),
    (
        "STD-US-ID-SF-CDR",
        instance(sop_class=US_IMAGE, own=RGB | {0x00280004: b"YBR_FULL_422"}, syntax=ts.JPEG_BASELINE),
        ACCEPTED,
    ),
    ("STD-US-ID-SF-CDR", instance(sop_class=STORAGE + "3.1", own=RGB), Reason.PROFILE_SOP_CLASS),
    ("STD-US-ID-MF-DVD", instance(sop_class=STORAGE + "3.1", own=RGB), ACCEPTED),
    ("STD-US-SC-SF-CDR", instance(sop_class=US_IMAGE, own=RGB), Reason.PROFILE_IMAGE),
    ("STD-US-SC-SF-CDR", instance(sop_class=US_IMAGE, own=RGB | REGIONS), ACCEPTED),
    ("STD-DEN-CD", instance(sop_class=DX), ACCEPTED),
    ("STD-DEN-CD", instance(), Reason.PROFILE_SOP_CLASS),
]


@pytest.mark.parametrize(("name", "found", "expected"), CASES)
def test_a_profile_accepts_transcodes_or_refuses(name: str, found: Instance, expected: str) -> None:
    made = plan(index(found), order(name))
    if isinstance(expected, Reason):
        assert only_refusal(made).reason is expected
        return
    (one,) = files(made)
    assert one.action is (Action.TRANSCODE if expected else Action.ACCEPT)
    assert one.transfer_syntax_uid == (expected or found.transfer_syntax_uid)
    assert one.size_bytes == found.source.size_bytes or expected


def test_native_images_are_compressed_only_when_asked_and_allowed() -> None:
    single_bit = instance(2, own=IMAGE_KEYS | {0x00280100: us(1)})
    made = files(plan(index(instance(1), single_bit), order("STD-GEN-DVD-J2K", compress=ts.J2K_LOSSLESS)))
    assert [one.transfer_syntax_uid for one in made] == [ts.J2K_LOSSLESS, ts.EXPLICIT_LE]
    (one,) = files(plan(index(instance()), order("STD-GEN-CD", compress=ts.J2K_LOSSLESS)))
    assert one.action is Action.ACCEPT


def tags_of(body: bytes) -> set[int]:
    """The tags of encoded elements."""
    from media.fileset.elements import read_elements

    return {tag for tag, _, _ in read_elements(body, 0, len(body), 0)[0]}


GEOMETRY = {0x00200032: b"1\\2\\3", 0x00200037: b"1\\0\\0\\0\\1\\0", 0x00280030: b"1\\1", 0x00200052: b"1.2"}
PERSON = {0x00100030: b"19700101", 0x00100040: b"F", 0x00080080: b"Hospital"}


def test_general_profiles_add_image_type_and_referenced_images() -> None:
    reference = item(
        element(0x00081150, "UI", b"1.2") + element(0x00081155, "UI", b"1.3") + element(0x00081160, "IS", b"1")
    )
    (one,) = files(
        plan(index(instance(changed={records.REFERENCED_IMAGES: reference, **GEOMETRY})), order("STD-GEN-CD"))
    )
    assert tags_of(one.keys) == {records.IMAGE_TYPE, records.REFERENCED_IMAGES, records.INSTANCE_NUMBER}
    assert element(0x00081160, "IS", b"1") not in one.keys


def test_dvd_profiles_add_what_the_instance_has() -> None:
    (one,) = files(plan(index(instance(changed=GEOMETRY | PERSON)), order("STD-GEN-DVD-JPEG")))
    assert tags_of(one.keys) == {records.IMAGE_TYPE, records.INSTANCE_NUMBER, 0x00280010, 0x00280011, *GEOMETRY}
    assert {0x00100030, 0x00100040} <= tags_of(one.levels[0])
    assert 0x00080080 in tags_of(one.levels[2])


def test_dvd_profiles_take_geometry_from_the_shared_functional_groups() -> None:
    groups = item(
        element(0x00209113, "SQ", item(element(0x00200032, "DS", b"1\\2\\3")))
        + element(0x00289110, "SQ", item(element(0x00280030, "DS", b"1\\1")))
    )
    (one,) = files(plan(index(instance(changed={records.SHARED_GROUPS: groups})), order("STD-GEN-DVD-JPEG")))
    assert {0x00200032, 0x00280030} <= tags_of(one.keys)
    (one,) = files(plan(index(instance(changed={records.SHARED_GROUPS: groups})), order("STD-GEN-CD")))
    assert 0x00200032 not in tags_of(one.keys)


def test_cardiac_profiles_ask_for_type_2_keys_of_patient_and_series() -> None:
    found = instance(sop_class=XA, own=XA_512, syntax=ts.JPEG_LOSSLESS_SV1)
    (one,) = files(plan(index(found), order("STD-XABC-CD")))
    assert {0x00100030, 0x00100040} <= tags_of(one.levels[0])
    assert {0x00080080, 0x00080081, 0x00081050} <= tags_of(one.levels[2])
    assert {records.IMAGE_TYPE, 0x00500004} <= tags_of(one.keys)


# --- profile and medium


@pytest.mark.parametrize(
    ("profile", "medium", "claim", "file_system", "udf"),
    [
        ("", "", "STD-GEN-CD", "ISO 9660 level 1", False),
        ("", "DVD-R", "STD-GEN-DVD-JPEG", "ISO 9660 and UDF 1.02", True),
        ("STD-GEN-DVD-J2K", "", "STD-GEN-DVD-J2K", "ISO 9660 and UDF 1.02", True),
        ("STD-GEN-CD", "500000000", "STD-GEN-CD", "ISO 9660 level 1", False),
        ("", "BD-R", NO_PROFILE, "ISO 9660 and UDF 1.02", True),
        ("STD-GEN-DVD-RAM", "", NO_PROFILE, "ISO 9660 and UDF 1.02", True),
        ("STD-GEN-CD", "DVD-R", NO_PROFILE, "ISO 9660 and UDF 1.02", True),
        ("", "USB-8G", "STD-GEN-USB-JPEG", "FAT16 or FAT32", False),
        ("STD-GEN-ZIP-MAIL", "", "STD-GEN-ZIP-MAIL", "ZIP", False),
    ],
)
def test_profile_and_medium_settle_the_file_system_and_the_claim(
    profile: str, medium: str, claim: str, file_system: str, udf: bool
) -> None:
    made = plan(index(instance()), order(profile, medium))
    assert (made.claim, made.file_system, made.udf) == (claim, file_system, udf)
    assert bool(made.notes) is (claim == NO_PROFILE)
    assert all(note.startswith(NO_PROFILE) for note in made.notes)


@pytest.mark.parametrize(
    "options",
    [
        {"profile": "STD-GEN-SEC-CD"},
        {"profile": "NONE"},
        {"medium": "FLOPPY"},
        {"file_set_id": "lower case"},
        {"file_set_id": "A" * 17},
        {"compress": ts.JPEG_BASELINE},
        {"descriptor": "README.TXT"},
        {"medium": "USB-8G", "udf": True},
    ],
)
def test_an_order_that_cannot_be_carried_out_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(BadOrder):
        plan(index(instance()), order(**options))  # type: ignore[arg-type]  # by keyword


@pytest.mark.parametrize("created", ["", "yesterday", "2026-01-02T03:04:05"])
def test_an_order_has_a_moment_with_its_offset(created: str) -> None:
    with pytest.raises(BadOrder, match="created"):
        DiscOrder(created)


def test_an_order_of_nothing_has_no_volume() -> None:
    assert plan(index(), DiscOrder(CREATED)).volumes == ()
