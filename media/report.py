"""report.json, and a plan to be shown: what was decided and what became of every file, for scripts and archives."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from media.fileset.model import Plan, PlannedFile, Rejection, SourceFile, Volume

if TYPE_CHECKING:
    from media.verify import Region, Verification

Json = dict[str, Any]


def plan_view(plan: Plan) -> Json:
    """A plan to be shown; of each file where it comes from, where it goes and what happens to it."""
    return {
        **_head(plan),
        "capacity_bytes": plan.capacity_bytes,
        "joliet": plan.joliet,
        "udf": plan.udf,
        "counts": _counts(plan),
        "volumes": [
            {**_volume_head(volume), "estimated_bytes": volume.estimated_bytes, "files": [*map(_file, volume.files)]}
            for volume in plan.volumes
        ],
        "refused": [*map(_rejection, plan.refusals)],
        "left_out": [*map(_rejection, plan.left_out)],
        "ignored": [*map(_rejection, plan.ignored)],
    }


def report_json(
    plan: Plan,
    written: Mapping[int, Sequence[str]],
    hashes: Mapping[int, Mapping[str, str]],
    verified: Mapping[int, "Verification"],
) -> Json:
    """The report of a build that succeeded: every file's fate, every region's hash."""
    return {
        "state": "done",
        **_head(plan),
        "counts": _counts(plan),
        "volumes": [
            {
                **_volume_head(volume),
                "written": list(written[volume.number]),
                "size_bytes": sum(region.length for region in verified[volume.number].regions),
                "instances": verified[volume.number].instances,
                "regions": [*map(_region, verified[volume.number].regions)],
            }
            for volume in plan.volumes
        ],
        "files": [*_fates(plan, hashes)],
    }


def failure_json(plan: Plan | None, error: Exception, findings: Sequence[str] = ()) -> Json:
    """The report of a build that failed: why, and every file's fate as far as it was decided."""
    return {
        "state": "failed",
        "error": type(error).__name__,
        "message": str(error),
        "findings": list(findings),
        **(_head(plan) | {"counts": _counts(plan)} if plan else {}),
        "volumes": [],
        "files": [*_fates(plan, {})] if plan else [],
    }


def regions_of(report: Json, image: str) -> "list[Region]":
    """The regions that a report has for the image of this name; for any name when it has one volume only.

    Raises KeyError when the report does not know the image.
    """
    from media.verify import Region

    volumes = [volume for volume in report["volumes"] if image in volume["written"]]
    if not volumes and len(report["volumes"]) == 1:
        volumes = report["volumes"]
    if not volumes:
        raise KeyError(image)
    return [Region(**region) for region in volumes[0]["regions"]]


def as_json(value: Json) -> bytes:
    """JSON for files, a line an entry: large ones stay readable, and are encoded fast."""
    return ("".join(_lines(value)) + "\n").encode("utf-8", "backslashreplace")


def _lines(value: Any) -> Iterator[str]:
    """A value with its members on lines of their own where it holds lists."""
    if isinstance(value, dict) and any(isinstance(member, list) for member in value.values()):
        yield "{"
        for at, (key, member) in enumerate(value.items()):
            yield f"{',' if at else ''}\n{_encode(key)}: "
            yield from _lines(member)
        yield "\n}"
    elif isinstance(value, list) and value:
        for at, member in enumerate(value):
            yield ",\n" if at else "[\n"
            yield from _lines(member)
        yield "\n]"
    else:
        yield _encode(value)


_encode = json.JSONEncoder(ensure_ascii=False).encode


def _head(plan: Plan) -> Json:
    return {
        "created": plan.created,
        "profile": plan.profile,
        "claim": plan.claim,
        "medium": plan.medium,
        "file_system": plan.file_system,
        "notes": list(plan.notes),
    }


def _volume_head(volume: Volume) -> Json:
    return {"number": volume.number, "file_set_id": volume.file_set_id, "file_set_uid": volume.file_set_uid}


def _counts(plan: Plan) -> Json:
    planned = sum(len(volume.files) for volume in plan.volumes)
    return {
        "planned": planned,
        "refused": len(plan.refusals),
        "left_out": len(plan.left_out),
        "ignored": len(plan.ignored),
    }


def _source(source: SourceFile) -> Json:
    return {"source": source.path} | ({"member": source.member} if source.member is not None else {})


def _file(file: PlannedFile) -> Json:
    instance = file.instance
    entry = {
        "file_id": "/".join(file.file_id),
        **_source(instance.source),
        "action": file.action.value,
        "record_type": file.record_type,
        "sop_class_uid": instance.sop_class_uid,
        "sop_instance_uid": instance.sop_instance_uid,
        "transfer_syntax_uid": file.transfer_syntax_uid,
    }
    if instance.transfer_syntax_uid != file.transfer_syntax_uid:
        entry["from_transfer_syntax_uid"] = instance.transfer_syntax_uid
    if file.derived:
        entry["derived"] = {
            f"{tag >> 16:04X}{tag & 0xFFFF:04X}": value.decode("latin-1") for tag, value in file.derived.items()
        }
    return entry


def _rejection(rejection: Rejection) -> Json:
    return {**_source(rejection.source), "reason": rejection.reason.value, "detail": rejection.detail}


def _region(region: "Region") -> Json:
    return {"name": region.name, "offset": region.offset, "length": region.length, "sha256": region.sha256}


def _fates(plan: Plan, hashes: Mapping[int, Mapping[str, str]]) -> Iterator[Json]:
    """Every file of the sources: on which volume under which name, or why not."""
    for volume in plan.volumes:
        found = hashes.get(volume.number, {})
        for file in volume.files:
            entry = {"fate": "on-volume" if found else "planned", "volume": volume.number, **_file(file)}
            digest = found.get("/".join(file.file_id))
            yield entry | ({"sha256": digest} if digest else {})
    yield from _named("refused", plan.refusals)
    yield from _named("left-out", plan.left_out)
    yield from _named("ignored", plan.ignored)


def _named(fate: str, rejections: Iterable[Rejection]) -> Iterator[Json]:
    for rejection in rejections:
        yield {"fate": fate, **_rejection(rejection)}
