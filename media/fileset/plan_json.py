"""PURE. A plan as JSON and back, line by line: one file of a volume a line, so that neither side holds the whole text.

The text is one JSON object, `{"format": …, "volumes": [{…, "files": [{…}]}]}`; the line breaks are part of the format.
Bytes are hexadecimal, tags eight hexadecimal digits. An instance keeps what patient, study and series say of it, once
for all that share them; of its own keys it keeps those of its directory record (`PlannedFile.keys`), and so reads back
with `own` empty.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from media.errors import Unreadable
from media.fileset.model import (
    Action,
    Instance,
    Keys,
    Plan,
    PlannedFile,
    Reason,
    Rejection,
    SourceFile,
    Volume,
)

FORMAT = "printmgr disc plan 1"
NAME = "plan.json"
VOLUMES = ',"volumes":['
FILES = ',"files":['

Shared = tuple[Keys, Keys, Keys, tuple[bytes, ...]]
"""Patient, study and series of instances, and the encoded keys of their records."""

dumps = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def plan_lines(plan: Plan) -> Iterator[str]:
    """The text of a plan, a line at a time, each with its line break."""
    head = {
        "format": FORMAT,
        "created": plan.created,
        "profile": plan.profile,
        "medium": plan.medium,
        "capacity_bytes": plan.capacity_bytes,
        "claim": plan.claim,
        "file_system": plan.file_system,
        "joliet": plan.joliet,
        "udf": plan.udf,
        "icons": plan.icons,
        "descriptor": plan.descriptor,
        "deidentified": plan.deidentified,
        "notes": list(plan.notes),
        "refusals": [rejection_values(one) for one in plan.refusals],
        "left_out": [rejection_values(one) for one in plan.left_out],
        "ignored": [rejection_values(one) for one in plan.ignored],
    }
    yield dumps(head)[:-1] + VOLUMES + "\n"
    for at, volume in enumerate(plan.volumes, 1):
        yield from volume_lines(volume)
        yield "]},\n" if at < len(plan.volumes) else "]}\n"
    yield "]}\n"


def volume_lines(volume: Volume) -> Iterator[str]:
    """A volume up to its last file."""
    shared: dict[tuple[int, ...], int] = {}
    values: list[list[object]] = []
    for one in volume.files:
        key = shared_key(one)
        if key not in shared:
            shared[key] = len(values)
            instance = one.instance
            keys = [keys_values(level) for level in (instance.patient, instance.study, instance.series)]
            values.append([*keys, [body.hex() for body in one.levels]])
    head = {
        "number": volume.number,
        "file_set_id": volume.file_set_id,
        "file_set_uid": volume.file_set_uid,
        "estimated_bytes": volume.estimated_bytes,
        "shared": values,
    }
    yield dumps(head)[:-1] + FILES + "\n"
    last = len(volume.files) - 1
    for at, one in enumerate(volume.files):
        text = dumps(file_values(one, shared[shared_key(one)]))
        yield text + (",\n" if at < last else "\n")


def shared_key(one: PlannedFile) -> tuple[int, ...]:
    """The same for files that share patient, study and series."""
    return id(one.instance.patient), id(one.instance.study), id(one.instance.series), id(one.levels)


def file_values(one: PlannedFile, shared: int) -> dict[str, object]:
    """One file; what is as usual is left out."""
    instance, source = one.instance, one.instance.source
    values: dict[str, object] = {
        "file_id": "/".join(one.file_id),
        "path": source.path,
        "size": source.size_bytes,
        "mtime_ns": source.mtime_ns,
        "class": instance.sop_class_uid,
        "uid": instance.sop_instance_uid,
        "syntax": instance.transfer_syntax_uid,
        "record": one.record_type,
        "keys": one.keys.hex(),
        "shared": shared,
    }
    if source.member is not None:
        values["member"] = source.member
    if instance.header_bytes:
        values["header_bytes"] = instance.header_bytes
    if one.action is not Action.ACCEPT:
        values["action"] = one.action.value
        values["to"] = one.transfer_syntax_uid
    if one.size_bytes != source.size_bytes:
        values["size_on_disc"] = one.size_bytes
    if one.derived:
        values["derived"] = keys_values(one.derived)
    return values


def keys_values(keys: Keys) -> dict[str, str]:
    return {f"{tag:08X}": value.hex() for tag, value in keys.items()}


def rejection_values(one: Rejection) -> dict[str, object]:
    source = one.source
    values: dict[str, object] = {
        "path": source.path,
        "size": source.size_bytes,
        "mtime_ns": source.mtime_ns,
        "reason": one.reason.value,
        "detail": one.detail,
    }
    if source.member is not None:
        values["member"] = source.member
    return values


def read_plan(lines: Iterable[str]) -> Plan:
    """The plan of a text that `plan_lines` wrote. Raises Unreadable for any other."""
    try:
        return plan_of(iter(lines))
    except (KeyError, TypeError, ValueError, IndexError, StopIteration, AttributeError) as error:
        raise Unreadable(NAME, f"no {FORMAT}: {type(error).__name__} {error}") from error


def plan_of(lines: Iterator[str]) -> Plan:
    """Reads the lines of `plan_lines`."""
    head = opened(next(lines), VOLUMES)
    if head.pop("format") != FORMAT:
        raise ValueError("the format is another")
    rejections = {name: tuple(map(rejection_of, head.pop(name))) for name in ("refusals", "left_out", "ignored")}
    notes = tuple(text(note) for note in head.pop("notes"))
    volumes = []
    line = next(lines)
    while line != "]}\n":
        volumes.append(volume_of(opened(line, FILES), lines))
        line = next(lines)
    numbers = {name: number(head.pop(name)) for name in ("capacity_bytes",)}
    flags = {name: flag(head.pop(name)) for name in ("joliet", "udf", "icons")}
    texts = {name: text(value) for name, value in head.items()}
    return Plan(volumes=tuple(volumes), notes=notes, **rejections, **numbers, **flags, **texts)  # type: ignore[arg-type]  # an unknown or missing name is a TypeError


def opened(line: str, tail: str) -> dict[str, Any]:
    """The values of an object whose last member, an array, begins at the end of the line."""
    if not line.endswith(tail + "\n"):
        raise ValueError(f"a line should end with {tail}")
    values = json.loads(line[: -len(tail) - 1] + "}")
    if not isinstance(values, dict):
        raise ValueError("a line holds no object")
    return values


def volume_of(head: dict[str, Any], lines: Iterator[str]) -> Volume:
    """Reads the files of a volume up to the line that ends it."""
    shared: list[Shared] = [
        (keys_of(patient), keys_of(study), keys_of(series), tuple(map(bytes.fromhex, bodies)))
        for patient, study, series, bodies in head.pop("shared")
    ]
    texts: dict[str, str] = {}
    files = []
    for line in lines:
        if line.startswith("]}"):
            break
        files.append(file_of(json.loads(line.rstrip(",\n")), shared, texts))
    return Volume(
        number=number(head.pop("number")),
        estimated_bytes=number(head.pop("estimated_bytes")),
        files=tuple(files),
        **{name: text(value) for name, value in head.items()},
    )


def file_of(values: dict[str, Any], shared: list[Shared], texts: dict[str, str]) -> PlannedFile:
    """One file of a volume; `texts` makes one object of equal UIDs."""

    def same(value: object) -> str:
        return texts.setdefault(text(value), text(value))

    patient, study, series, bodies = shared[number(values.pop("shared"))]
    source = source_of(values)
    now = same(values.pop("syntax"))
    instance = Instance(
        source,
        same(values.pop("class")),
        text(values.pop("uid")),
        now,
        patient,
        study,
        series,
        {},
        number(values.pop("header_bytes", 0)),
    )
    planned = PlannedFile(
        file_id=tuple(same(part) for part in values.pop("file_id").split("/")),
        instance=instance,
        action=Action(values.pop("action", Action.ACCEPT)),
        transfer_syntax_uid=same(values.pop("to", now)),
        derived=keys_of(values.pop("derived", {})),
        record_type=same(values.pop("record")),
        keys=bytes.fromhex(values.pop("keys")),
        levels=bodies,
        size_bytes=number(values.pop("size_on_disc", source.size_bytes)),
    )
    if values:
        raise ValueError(f"a file has unknown {', '.join(sorted(values))}")
    return planned


def source_of(values: dict[str, Any]) -> SourceFile:
    member = values.pop("member", None)
    return SourceFile(
        text(values.pop("path")),
        number(values.pop("size")),
        whole(values.pop("mtime_ns")),
        None if member is None else text(member),
    )


def rejection_of(values: dict[str, Any]) -> Rejection:
    one = Rejection(source_of(values), Reason(values.pop("reason")), text(values.pop("detail")))
    if values:
        raise ValueError(f"a rejection has unknown {', '.join(sorted(values))}")
    return one


def keys_of(values: Mapping[str, str]) -> dict[int, bytes]:
    return {int(tag, 16): bytes.fromhex(value) for tag, value in values.items()}


def text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} where a text should be")
    return value


def whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} where a number should be")
    return value


def number(value: object) -> int:
    if whole(value) < 0:
        raise ValueError(f"{value!r} where a count should be")
    return whole(value)


def flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} where true or false should be")
    return value
