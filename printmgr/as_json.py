"""Frozen values (dataclasses, enums, tuples) to JSON and back, strictly by their type hints."""

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from enum import Enum
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")
Reader = Callable[[Any], Any]


def encode(value: object, special: Mapping[type, Callable[[Any], object]] | None = None) -> bytes:
    """`value` as JSON in ASCII: the same bytes for the same value.

    special  how values of these types are written instead of field by field
    """
    writers = special or {}

    def write(part: Any) -> object:
        writer = writers.get(type(part))
        return writer(part) if writer else plain(part)

    return json.dumps(value, default=write, allow_nan=False, separators=(",", ":")).encode("ascii")


def plain(value: Any) -> dict[str, object]:
    """One dataclass or mapping as a dict, one level deep."""
    if isinstance(value, Mapping):
        return dict(value)
    return {name: getattr(value, name) for name in _fields(type(value))}  # type: ignore[arg-type]  # mypy: a class is hashable


def decode(kind: type[T], data: object, special: Mapping[type, Reader] | None = None) -> T:
    """The value of `kind` that parsed JSON stands for. Raises ValueError naming the field and what was expected.

    special  how values of these types are read instead of field by field
    """
    return typing.cast(T, _read(kind, data, kind.__name__, special or {}))


@cache
def _fields(kind: Hashable) -> dict[str, tuple[Any, bool]]:
    """Each field's type and whether it must be there."""
    hints = typing.get_type_hints(kind)
    missing = dataclasses.MISSING
    return {
        field.name: (hints[field.name], field.default is missing and field.default_factory is missing)
        for field in dataclasses.fields(typing.cast(type, kind))
    }


def _read(hint: Any, data: Any, where: str, special: Mapping[type, Reader]) -> Any:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return _read_optional(hint, data, where, special)
    if hint in special and data is not None:
        return special[hint](data)
    if origin is tuple:
        return _read_tuple(typing.get_args(hint), data, where, special)
    if origin is list:
        (item,) = typing.get_args(hint)
        return [_read(item, part, f"{where}[{i}]", special) for i, part in enumerate(_of(list, data, where))]
    if origin in (dict, Mapping):
        _, item = typing.get_args(hint)
        return {key: _read(item, part, f"{where}.{key}", special) for key, part in _of(dict, data, where).items()}
    if dataclasses.is_dataclass(hint):
        return _read_fields(typing.cast(type, hint), data, where, special)
    if issubclass(hint, Enum):
        return hint(_of(str, data, where))
    if hint is float and type(data) is int:
        return float(data)
    return _of(hint, data, where)


def _read_optional(hint: Any, data: Any, where: str, special: Mapping[type, Reader]) -> Any:
    if data is None:
        return None
    (kind,) = [part for part in typing.get_args(hint) if part is not types.NoneType]
    return _read(kind, data, where, special)


def _read_tuple(items: tuple[Any, ...], data: Any, where: str, special: Mapping[type, Reader]) -> tuple[Any, ...]:
    parts = _of(list, data, where)
    if items[-1] is Ellipsis:
        items = (items[0],) * len(parts)
    if len(items) != len(parts):
        raise ValueError(f"{where} has {len(parts)} parts; expected {len(items)}")
    return tuple(
        _read(item, part, f"{where}[{i}]", special) for i, (item, part) in enumerate(zip(items, parts, strict=True))
    )


def _read_fields(kind: type, data: Any, where: str, special: Mapping[type, Reader]) -> Any:
    fields = _fields(kind)
    given = _of(dict, data, where)
    if unknown := given.keys() - fields.keys():
        raise ValueError(f"{where} has {sorted(unknown)}; expected {', '.join(fields)}")
    if absent := [name for name, (_, needed) in fields.items() if needed and name not in given]:
        raise ValueError(f"{where} lacks {', '.join(absent)}")
    return kind(**{name: _read(fields[name][0], part, f"{where}.{name}", special) for name, part in given.items()})


def _of(kind: type[T], data: object, where: str) -> T:
    if type(data) is not kind:
        raise ValueError(f"{where} is a {type(data).__name__}; expected {kind.__name__}")
    return data
