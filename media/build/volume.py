"""One volume as an image: the instances, the DICOMDIR and the companions, in one pass."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from media.build import companions
from media.build.companions import Imprint
from media.build.dicomdir import Icons, dicomdir_chunks, dicomdir_size
from media.build.iso import Format, Last, Written, write_image
from media.build.stream import Content, Entry, Put, from_bytes, from_path, from_source
from media.build.transcode import make_icons, transcode
from media.build.viewer.making import bundles_in
from media.build.viewer.shows import Shows
from media.build.viewer.site import Site, site_of
from media.fileset.media import FileSystem
from media.fileset.model import Action, Plan, PlannedFile, Rejection, Volume
from media.fileset.profiles import IconRule, profile
from media.limited import Limits
from media.ports import Progress, Source


def write_volume(
    path: Path,
    plan: Plan,
    volume: Volume,
    source: Source,
    imprint: Imprint,
    made: Path,
    progress: Progress,
    viewer: Shows = Shows.NOTHING,
    more: Mapping[tuple[str, ...], Path] = MappingProxyType({}),
) -> Written:
    """Write the image of a volume to `path`; `made` is the folder of transcoded files, icons and bundles.

    more  files beside the usual ones
    """
    icons = _icons(plan, made)
    entries = [_instance(file, source, made) for file in volume.files]
    entries.append(Entry(companions.DICOMDIR, dicomdir_size(plan, volume), _directory(plan, volume, icons)))
    site = site_of_volume(volume, made, viewer)
    entries += site.entries if site else []
    for name, data in companions.companion_files(plan, volume, imprint, site.pages if site else None).items():
        entries.append(Entry(name, len(data), from_bytes(data)))
    for name, file in more.items():
        entries.append(Entry(name, size := file.stat().st_size, from_path(file, size)))
    size = companions.checksum_size(entry.path for entry in entries)
    last = Last(companions.CHECKSUM, size, companions.checksum_text)
    return write_image(path, format_of(plan, volume), entries, last, progress)


def site_of_volume(volume: Volume, made: Path, viewer: Shows) -> Site | None:
    """The viewer on a volume, out of the bundles in `made`; None without one."""
    if viewer is Shows.NOTHING:
        return None

    bundles = bundles_in(made)
    return site_of(volume, lambda file: bundles[made_name(file)], viewer is Shows.VALUES)


def format_of(plan: Plan, volume: Volume) -> Format:
    """How the plan wants its volume written."""
    return Format(
        volume_identifier=volume.file_set_id,
        created_s=int(datetime.fromisoformat(plan.created).timestamp()),
        udf=plan.udf,
        joliet=plan.joliet,
        multi_extent=plan.file_system == FileSystem.UDF_BRIDGE,
    )


def prepare(
    plan: Plan, source: Source, made: Path, progress: Progress, limits: Limits | None = None
) -> list[Rejection]:
    """Transcode what the plan says and draw the icons the profile asks for; give what cannot be."""
    files = [file for volume in plan.volumes for file in volume.files]
    changed = [file for file in files if file.action is Action.TRANSCODE]
    failed = transcode(changed, source, made, made_name, progress, limits) if changed else []
    rule = icon_rule(plan)
    if rule is not None and not failed:
        images = [file for file in files if file.record_type == "IMAGE"]
        failed = make_icons(images, rule.size, source, made, made_name, progress, limits)
    return failed


def made_name(file: PlannedFile) -> str:
    """The name of a file made out of an instance: another source file or syntax has another."""
    source = file.instance.source
    what = f"{source.name}\0{source.size_bytes}\0{source.mtime_ns}\0{file.transfer_syntax_uid}"
    return hashlib.sha256(what.encode("utf-8", "surrogateescape")).hexdigest()[:40]


def icon_rule(plan: Plan) -> IconRule | None:
    """The icons of the directory, None without."""
    rule = profile(plan.profile).icon
    return rule if rule is not None and (plan.icons or rule.required) else None


def _icons(plan: Plan, made: Path) -> Icons | None:
    if icon_rule(plan) is None:
        return None

    def read(file: PlannedFile, _size: int) -> bytes:
        return (made / f"{made_name(file)}.icon").read_bytes()

    return read


def _instance(file: PlannedFile, source: Source, made: Path) -> Entry:
    if file.action is Action.TRANSCODE:
        path = made / made_name(file)
        size = path.stat().st_size
        return Entry(file.file_id, size, from_path(path, size))
    return Entry(file.file_id, file.instance.source.size_bytes, from_source(source, file.instance))


def _directory(plan: Plan, volume: Volume, icons: Icons | None) -> Content:
    """The DICOMDIR piece by piece, so that icons are not in memory together."""

    def stream(put: Put) -> str:
        digest = hashlib.sha256()
        for chunk in dicomdir_chunks(plan, volume, icons):
            digest.update(chunk)
            put(memoryview(chunk))
        return digest.hexdigest()

    return stream


def names(hashes: Mapping[str, str]) -> dict[str, str]:
    """Hashes by absolute path, as verification wants them."""
    return {f"/{name}": digest for name, digest in hashes.items()}
