"""The tables agree with the data dictionary, with each other and with the standard's own constraints."""

import re

import pytest
from pydicom._uid_dict import UID_dictionary
from pydicom.datadict import dictionary_keyword, dictionary_VR

from media.errors import BadOrder
from media.fileset import file_ids, media, profiles, records, sop_classes, transfer_syntaxes
from media.fileset.media import FileSystem, MediumKind
from media.fileset.records import Key, Level

KNOWN_TO_DICTIONARY = {tag for tag in records.KEY_VRS if tag not in {0x00080400, 0x00080401, 0x00080403, 0x00080426}}


def all_keys(keys: tuple[Key, ...]) -> list[Key]:
    return [one for key in keys for one in (key, *all_keys(key.items))]


@pytest.mark.parametrize("record", records.RECORDS.values(), ids=lambda record: record.name)
def test_a_record_type_is_a_code_string_and_its_keys_are_in_tag_order(record: records.RecordType) -> None:
    assert re.fullmatch(r"[A-Z ]{1,16}", record.name)
    tags = [key.tag for key in record.keys]
    assert tags == sorted(set(tags))
    assert all(tag > records.CHARACTER_SET for tag in tags)
    assert re.fullmatch(r"F\.(5\.\d+|6\.1)", record.section)


def test_keys_have_the_names_and_vrs_of_the_data_dictionary() -> None:
    keys = [one for record in records.RECORDS.values() for one in all_keys(record.keys)]
    keys += all_keys(records.PATIENT_KEYS + records.STUDY_KEYS + records.SERIES_KEYS + records.OWN_KEYS)
    keys += [
        one for profile in profiles.PROFILES.values() for added in profile.keys.values() for one in all_keys(added)
    ]
    for key in keys:
        if key.tag in KNOWN_TO_DICTIONARY or key.tag not in records.KEY_VRS:
            assert dictionary_keyword(key.tag) == key.name
            assert key.vr in dictionary_VR(key.tag).split(" or ")


def test_a_tag_is_kept_by_one_level_only() -> None:
    levels = list(records.KEY_TAGS.values())
    for at, one in enumerate(levels):
        for other in levels[at + 1 :]:
            assert one & other <= {records.CHARACTER_SET}


def test_root_records_are_those_of_the_standard() -> None:
    roots = {record.name for record in records.INSTANCE_RECORDS if record.parent is Level.ROOT}
    assert roots == {"HANGING PROTOCOL", "PALETTE", "IMPLANT", "IMPLANT ASSY", "IMPLANT GROUP", "INVENTORY"}
    assert roots == set(file_ids.PREFIXES)


def test_every_storage_class_has_a_record_or_a_reason() -> None:
    newer = {sop_classes.STORAGE + tail for tail in ("66.7", "66.8", "9.100.1", "9.100.2")}
    storage = {uid for uid, entry in UID_dictionary.items() if entry[1] == "SOP Class" and "Storage" in entry[0]}
    storage -= {uid for uid in storage if "Commitment" in UID_dictionary[uid][0] or uid == "1.2.840.10008.1.3.10"}
    assert set(sop_classes.RECORD_TYPES) - storage == newer
    without = storage - set(sop_classes.RECORD_TYPES)
    named = {"Standalone", "Trial", "Stored Print", "Protocol", "Threat", "AIT", "Quadrupole"}
    assert all(any(word in UID_dictionary[uid][0] for word in named) for uid in without)
    assert set(sop_classes.WITHOUT_RECORD) <= without
    assert set(sop_classes.RECORD_TYPES.values()) == {record.name for record in records.INSTANCE_RECORDS} - {"PRIVATE"}


def test_transfer_syntaxes_are_the_standards() -> None:
    uids = [value for name, value in vars(transfer_syntaxes).items() if name.isupper() and isinstance(value, str)]
    assert all(UID_dictionary[uid][1] == "Transfer Syntax" for uid in uids)


PROFILES = """
STD-CTMR-CD STD-CTMR-DVD STD-CTMR-DVD-RAM STD-CTMR-MOD41 STD-DEN-CD STD-DVD-MPEG2-MPML
STD-GEN-BD STD-GEN-BD-J2K STD-GEN-BD-JPEG STD-GEN-BD-MPEG2-MPHL STD-GEN-BD-MPEG2-MPML STD-GEN-BD-MPEG4-HPLV41
STD-GEN-BD-MPEG4-HPLV41BD STD-GEN-BD-MPEG4-HPLV42-2D STD-GEN-BD-MPEG4-HPLV42-3D STD-GEN-BD-MPEG4-SHPLV42
STD-GEN-CD STD-GEN-CF-J2K STD-GEN-CF-JPEG STD-GEN-DVD-J2K STD-GEN-DVD-JPEG STD-GEN-DVD-RAM STD-GEN-MIME
STD-GEN-MMC-J2K STD-GEN-MMC-JPEG STD-GEN-SD-J2K STD-GEN-SD-JPEG STD-GEN-USB-J2K STD-GEN-USB-JPEG STD-GEN-ZIP-MAIL
STD-XA1K-CD STD-XA1K-DVD STD-XABC-CD
"""
ULTRASOUND = {
    f"STD-US-{purpose}-{frames}-{medium}"
    for purpose in ("ID", "SC", "CC")
    for frames in ("SF", "MF")
    for medium in ("MOD23-90", "CDR", "DVD-RAM", "DVD")
}


def test_all_profiles_in_force_are_there_and_no_retired_one() -> None:
    assert set(profiles.PROFILES) == set(PROFILES.split()) | ULTRASOUND


def test_secure_profiles_are_those_of_the_plain_ones() -> None:
    for name in ("STD-GEN-SEC-CD", "STD-GEN-SEC-USB-J2K", "STD-DVD-SEC-MPEG2-MPML", "STD-DTL-SEC-ZIP-MAIL"):
        assert profiles.profile(name).name == name
    plain = profiles.profile("STD-GEN-USB-J2K")
    assert profiles.secured(plain) == plain._replace(name="STD-GEN-SEC-USB-J2K")
    assert profiles.secured(profiles.profile("STD-XABC-CD")) is None
    with pytest.raises(BadOrder, match="STD-GEN-CD"):
        profiles.profile("STD-GEN-FLOPPY")


@pytest.mark.parametrize("profile", profiles.PROFILES.values(), ids=lambda profile: profile.name)
def test_a_profile_names_known_classes_syntaxes_and_records(profile: profiles.Profile) -> None:
    for rule in profile.rules:
        assert rule.sop_classes is None or rule.sop_classes <= set(sop_classes.RECORD_TYPES)
        assert rule.transfer_syntaxes is None or all(uid in UID_dictionary for uid in rule.transfer_syntaxes)
        assert set(rule.photometric) <= {"", *(rule.transfer_syntaxes or ())}
    assert set(profile.keys) <= set(records.RECORDS)
    tags = {key.tag for keys in profile.keys.values() for key in keys}
    assert tags <= set(records.KEY_VRS), "the index keeps every key a profile asks for"
    assert (profile.file_system is FileSystem.ISO_9660) == (profile.medium is MediumKind.CD_R)


CAPACITIES = {
    "CD-R-650": 681_984_000,
    "CD-R-700": 737_280_000,
    "DVD-R": 4_700_372_992,
    "DVD+R": 4_700_372_992,
    "DVD-DL": 8_543_666_176,
    "BD-R": 25_025_314_816,
    "BD-DL": 50_050_629_632,
    "USB-8G": 8_000_000_000,
}


@pytest.mark.parametrize(("name", "capacity"), CAPACITIES.items())
def test_media_hold_what_is_planned_with(name: str, capacity: int) -> None:
    found = media.medium(name).capacity_bytes
    assert found <= capacity
    assert found > capacity * 0.999


def test_a_medium_may_be_any_number_of_bytes() -> None:
    assert media.medium("1000000").capacity_bytes == 1000000 // 2048 * 2048
    for name in ("CD", "-5", "0", "12", "1e9", "99999"):
        with pytest.raises(BadOrder, match="number of bytes"):
            media.medium(name)
