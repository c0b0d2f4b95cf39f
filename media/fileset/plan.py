"""PURE. An index and an order become a plan: every instance accepted, transcoded or refused, and its place."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping

from media.fileset import file_ids
from media.fileset.capacity import (
    FOLDER_COSTS,
    ZIP_COSTS,
    Costs,
    Trees,
    folder_bytes,
    image_bytes,
    image_costs,
    zip_bytes,
)
from media.fileset.directory import DirectoryMaker, directory_bytes
from media.fileset.media import WRITTEN_AS_IMAGE, FileSystem
from media.fileset.model import (
    NEVER_IN_THE_WAY,
    WITHHELD,
    Index,
    Plan,
    PlannedFile,
    Reason,
    Rejection,
    Volume,
)
from media.fileset.order import DiscOrder
from media.fileset.selection import Candidate, Run, select
from media.fileset.targets import Target, target_of
from media.fileset.volumes import Bundle, Part, split

Companions = Callable[[Plan, Volume], Mapping[tuple[str, ...], int]]
"""Path and size of every file of a volume that is neither DICOMDIR nor an instance."""

RECORD_BYTES = 360  # the most a record has beside its keys: offsets, File ID, three UIDs
LEVEL_BYTES = 1024  # the most a patient, study or series record has
CHECKSUM_LINE_BYTES = 120
RESERVE_BYTES = 128 * 1024  # DICOMDIR header, companions; grows when the companions of a volume need more


def no_companions(_plan: Plan, _volume: Volume) -> Mapping[tuple[str, ...], int]:
    """A volume of DICOM files alone."""
    return {}


def plan(index: Index, order: DiscOrder, companions: Companions = no_companions) -> Plan:
    """The plan of one order. Raises BadOrder for an order that cannot be carried out whatever the files are.

    The same index and order give the same plan; refusals not left out stand in `refusals` and fail the job.
    """
    target = target_of(order)
    costs = costs_of(target)
    runs, rejections = select(index.instances, order, target)
    made = Plan(
        created=order.created,
        profile=target.profile.name,
        medium=target.medium.name,
        capacity_bytes=target.medium.capacity_bytes,
        volumes=(),
        refusals=(),
        left_out=(),
        ignored=(),
        notes=target.notes,
        claim=target.claim,
        file_system=target.file_system.value,
        joliet=target.trees.joliet,
        udf=target.trees.udf,
        icons=order.icons,
        descriptor=order.descriptor,
        deidentified=order.deidentified,
    )
    leave_out = order.leave_out | WITHHELD if order.deidentified else order.leave_out
    reserve = RESERVE_BYTES
    while True:
        fitting, bundles, too_large = bundled(runs, target, reserve)
        refusals, left_out, ignored = sorted_out([*index.rejections, *rejections, *too_large], leave_out)
        made = made._replace(refusals=refusals, left_out=left_out, ignored=ignored)
        parts = split(bundles, room(target, costs, reserve), overheads(costs)[1])
        volumes = filled([named(volume, fitting) for volume in parts], made, order, target, companions)
        excess = max((one.estimated_bytes - made.capacity_bytes for one in volumes), default=0)
        if excess <= 0:
            return made._replace(volumes=volumes)
        reserve += excess


def sorted_out(
    rejections: list[Rejection], leave_out: frozenset[Reason]
) -> tuple[tuple[Rejection, ...], tuple[Rejection, ...], tuple[Rejection, ...]]:
    """Rejections that are in the way, that the order leaves out, that are never in the way."""
    refused, left, ignored = [], [], []
    for one in rejections:
        if one.reason in NEVER_IN_THE_WAY:
            ignored.append(one)
        elif one.reason in leave_out:
            left.append(one)
        else:
            refused.append(one)
    return tuple(refused), tuple(left), tuple(ignored)


def costs_of(target: Target) -> Costs:
    """What files and folders take at most, by the file system."""
    if target.file_system in WRITTEN_AS_IMAGE:
        return image_costs(target.trees)
    return ZIP_COSTS if target.file_system is FileSystem.ZIP else FOLDER_COSTS


def total_bytes(files: Mapping[tuple[str, ...], int], target: Target) -> int:
    """What a volume takes of its medium."""
    if target.file_system in WRITTEN_AS_IMAGE:
        return image_bytes(files, target.trees)
    return zip_bytes(files) if target.file_system is FileSystem.ZIP else folder_bytes(files)


def cost(one: Candidate, costs: Costs, icon: int) -> int:
    """The most an instance adds to a volume: its file, its record, its line in CHECKSUM.TXT."""
    record = RECORD_BYTES + len(one.keys) + (icon if one.record_type == "IMAGE" else 0)
    return costs.file(one.size_bytes) + record + CHECKSUM_LINE_BYTES


def overheads(costs: Costs) -> tuple[int, int]:
    """Of a series, and of a study with its patient: folders and records."""
    return costs.folder + LEVEL_BYTES, 2 * (costs.folder + LEVEL_BYTES)


def room(target: Target, costs: Costs, reserve: int) -> int:
    """What is left of the medium for patients, studies, series and their files."""
    empty = image_bytes({("DICOM", "X"): 0}, Trees(target.trees.udf, target.trees.joliet))
    return target.medium.capacity_bytes - empty - reserve - costs.folder


def bundled(runs: list[Run], target: Target, reserve: int) -> tuple[list[Run], list[Bundle], list[Rejection]]:
    """Runs with what they take; instances that no volume could hold, with nothing beside them, are refused."""
    costs = costs_of(target)
    series_overhead, study_overhead = overheads(costs)
    most = room(target, costs, reserve) - series_overhead - study_overhead
    kept, bundles, refused = [], [], []
    for run in runs:
        sizes = [cost(one, costs, target.icon_bytes) for one in run.candidates]
        if max(sizes) > most:
            detail = f"bytes; {target.medium.name} has {target.medium.capacity_bytes}"
            refused += [
                Rejection(one.instance.source, Reason.TOO_LARGE, f"{one.size_bytes} {detail}")
                for one, size in zip(run.candidates, sizes, strict=True)
                if size > most
            ]
            run = Run(
                run.patient, run.study, [one for one, size in zip(run.candidates, sizes, strict=True) if size <= most]
            )
            sizes = [size for size in sizes if size <= most]
        if sizes:
            kept.append(run)
            bundles.append(Bundle((run.patient, run.study), sizes, series_overhead))
    return kept, bundles, refused


def filled(
    contents: list[tuple[PlannedFile, ...]], made: Plan, order: DiscOrder, target: Target, companions: Companions
) -> tuple[Volume, ...]:
    """The volumes with their UIDs and estimates."""
    digest = plan_hash(made, order, contents)
    maker = DirectoryMaker(target.profile, order.icons, order.descriptor)
    volumes = []
    for number, files in enumerate(contents, 1):
        volume = Volume(
            number=number,
            file_set_id=file_ids.volume_file_set_id(order.file_set_id, number, len(contents)),
            file_set_uid=uid_of(digest, number),
            files=files,
            estimated_bytes=0,
        )
        sizes = {one.file_id: one.size_bytes for one in files}
        sizes[("DICOMDIR",)] = directory_bytes(volume, maker)
        sizes.update(companions(made, volume))
        volumes.append(volume._replace(estimated_bytes=total_bytes(sizes, target)))
    return tuple(volumes)


class Place:
    """A folder of a volume: its path, the folders inside by what they hold."""

    __slots__ = ("count", "inside", "path")

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path
        self.inside: dict[bytes | None, Place] = {}
        self.count = 0

    def next(self, prefix: str) -> tuple[str, ...]:
        """The path of one more folder inside."""
        self.count += 1
        return (*self.path, file_ids.numbered(prefix, self.count))

    def of(self, key: bytes | None, prefix: str) -> "Place":
        """The folder inside that holds `key`."""
        found = self.inside.get(key)
        if found is None:
            found = self.inside[key] = Place(self.next(prefix))
        return found


def named(parts: list[Part], runs: list[Run]) -> tuple[PlannedFile, ...]:
    """The files of one volume with their File IDs, numbered from 1 on each volume."""
    files: list[PlannedFile] = []
    top = Place((file_ids.ROOT,))
    for part in parts:
        run = runs[part.bundle]
        chosen = run.candidates[part.start : part.stop]
        if run.study is None:
            at_root: Counter[str] = Counter()
            for one in chosen:
                prefix = file_ids.PREFIXES[one.record_type]
                at_root[prefix] += 1
                files.append(one.planned((*top.path, file_ids.numbered(prefix, at_root[prefix]))))
            continue
        series = top.of(run.patient, "PA").of(run.study, "ST").next("SE")
        names = zip(chosen, file_ids.numbers("IM", len(chosen)), strict=True)
        files += [one.planned((*series, name)) for one, name in names]
    return tuple(files)


def plan_hash(made: Plan, order: DiscOrder, contents: list[tuple[PlannedFile, ...]]) -> bytes:
    """SHA-256 of what decides the volumes' content: the order and every file's place, identity and keys."""
    digest = hashlib.sha256()
    head = (made.created, made.profile, made.medium, order.file_set_id, made.file_system, made.joliet, made.udf)
    digest.update(repr(head).encode())
    for number, files in enumerate(contents, 1):
        for one in files:
            uids = f"{one.instance.sop_class_uid} {one.instance.sop_instance_uid} {one.transfer_syntax_uid}"
            digest.update(f"{number} {'/'.join(one.file_id)} {uids} {one.size_bytes} ".encode() + one.keys)
    return digest.digest()


def uid_of(digest: bytes, number: int) -> str:
    """A UID out of a hash, in the form of a UUID (PS3.5 B.2).

    >>> uid_of(b"", 1)
    '2.25.11060515667654193513433344299041463245'
    """
    value = int.from_bytes(hashlib.sha256(digest + b"volume %d" % number).digest()[:16], "big")
    value = value & ~(0xF << 76) | 0x8 << 76  # version 8: custom
    return f"2.25.{value & ~(0x3 << 62) | 0x2 << 62}"
