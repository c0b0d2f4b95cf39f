"""PURE. What an order's volumes are made for: profile, medium and file system, and what they may call themselves."""

from typing import NamedTuple

from media.errors import BadOrder
from media.fileset.capacity import Trees
from media.fileset.directory import icon_bytes
from media.fileset.media import MEDIA, WRITTEN_AS_IMAGE, FileSystem, Medium, MediumKind, medium
from media.fileset.model import NO_PROFILE
from media.fileset.order import DiscOrder
from media.fileset.profiles import SECURE_PROFILES, UNWRITTEN, Profile, profile, secured

DEFAULT_PROFILES: dict[MediumKind, str] = {
    MediumKind.CD_R: "STD-GEN-CD",
    MediumKind.DVD: "STD-GEN-DVD-JPEG",
    MediumKind.DVD_RAM: "STD-GEN-DVD-RAM",
    MediumKind.BD: "STD-GEN-BD",
    MediumKind.USB: "STD-GEN-USB-JPEG",
    MediumKind.CF: "STD-GEN-CF-JPEG",
    MediumKind.MMC: "STD-GEN-MMC-JPEG",
    MediumKind.SD: "STD-GEN-SD-JPEG",
    MediumKind.BYTES: "STD-GEN-CD",
}
DEFAULT_MEDIA: dict[MediumKind, str] = {
    MediumKind.CD_R: "CD-R-700",
    MediumKind.DVD: "DVD-R",
    MediumKind.DVD_RAM: "DVD-RAM",
    MediumKind.BD: "BD-R",
    MediumKind.USB: "USB-8G",
    MediumKind.CF: "CF-8G",
    MediumKind.MMC: "MMC-2G",
    MediumKind.SD: "SD-2G",
    MediumKind.MOD: "2300000000",
    MediumKind.MAIL: "4000000000",
}
FILE_SYSTEMS: dict[MediumKind, FileSystem] = {
    MediumKind.CD_R: FileSystem.ISO_9660,
    MediumKind.DVD: FileSystem.UDF_BRIDGE,
    MediumKind.DVD_RAM: FileSystem.UDF_15,
    MediumKind.BD: FileSystem.UDF_25,
    MediumKind.USB: FileSystem.FAT32,
    MediumKind.CF: FileSystem.FAT32,
    MediumKind.MMC: FileSystem.FAT16,
    MediumKind.SD: FileSystem.FAT16,
    MediumKind.MOD: FileSystem.FAT16,
    MediumKind.MAIL: FileSystem.ZIP,
}


class Target(NamedTuple):
    """One order resolved."""

    profile: Profile
    medium: Medium
    file_system: FileSystem  # that the volumes are written in
    trees: Trees
    claim: str
    notes: tuple[str, ...]
    icon_bytes: int  # of one icon in the directory, 0 without icons


def target_of(order: DiscOrder) -> Target:
    """Profile and medium of an order, each by the other where only one is named. Raises BadOrder."""
    chosen_medium = medium(order.medium) if order.medium else None
    if order.profile:
        chosen = profile(order.profile)
    else:
        chosen = profile(DEFAULT_PROFILES[chosen_medium.kind if chosen_medium else MediumKind.CD_R])
    if chosen.name in SECURE_PROFILES and not order.secure:
        raise BadOrder(f"profile {chosen.name} asks for Secure DICOM Files; expected an order that encrypts by CMS")
    secure = secured(chosen) if order.secure else None
    chosen = secure or chosen
    bought = chosen_medium or medium(DEFAULT_MEDIA[chosen.medium])
    wanted = chosen.file_system if bought.kind in {chosen.medium, MediumKind.BYTES} else FILE_SYSTEMS[bought.kind]
    written = FileSystem.UDF_BRIDGE if wanted in UNWRITTEN else wanted
    notes = reasons_for_no_claim(chosen, bought, wanted)
    if order.secure and secure is None:
        notes += (f"{NO_PROFILE}: {chosen.name} has no counterpart with Secure DICOM Files",)
    udf = order.udf if order.udf is not None else written is FileSystem.UDF_BRIDGE
    if written not in WRITTEN_AS_IMAGE and (order.udf or order.joliet):
        raise BadOrder(f"{chosen.name} on {bought.name} is a folder on {written}; it has neither UDF nor Joliet")
    icon = chosen.icon if chosen.icon and (chosen.icon.required or order.icons) else None
    return Target(
        profile=chosen,
        medium=bought,
        file_system=written,
        trees=Trees(udf, order.joliet),
        claim=NO_PROFILE if notes else chosen.name,
        notes=notes,
        icon_bytes=icon_bytes(icon.size) if icon else 0,
    )


def reasons_for_no_claim(chosen: Profile, bought: Medium, wanted: FileSystem) -> tuple[str, ...]:
    """Why the volumes are no File-set of the profile; nothing when they are."""
    if bought.kind not in {chosen.medium, MediumKind.BYTES}:
        return (
            f"{NO_PROFILE}: {chosen.name} asks for {chosen.medium}, and this is made for {MEDIA[bought.name].kind}",
        )
    if wanted in UNWRITTEN:
        return (f"{NO_PROFILE}: {chosen.name} asks for {wanted}, and this is written in {FileSystem.UDF_BRIDGE}",)
    return ()
