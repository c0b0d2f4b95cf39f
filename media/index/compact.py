"""Keys of many instances in little memory: tags and equal values are shared."""

from collections.abc import Iterator, Mapping
from typing import TypeVar, overload

from media.index.found import Part

Other = TypeVar("Other")


class CompactKeys(Mapping[int, bytes]):
    """Tag -> value; the positions of the tags are one dictionary for all mappings of the same tags."""

    __slots__ = ("held", "positions")

    def __init__(self, positions: dict[int, int], held: tuple[bytes, ...]) -> None:
        self.positions, self.held = positions, held

    def __getitem__(self, tag: int) -> bytes:
        return self.held[self.positions[tag]]

    @overload
    def get(self, tag: int) -> bytes | None: ...
    @overload
    def get(self, tag: int, default: bytes) -> bytes: ...
    @overload
    def get(self, tag: int, default: Other) -> bytes | Other: ...
    def get(self, tag: int, default: object = None) -> object:
        position = self.positions.get(tag)
        return default if position is None else self.held[position]

    def __contains__(self, tag: object) -> bool:
        return tag in self.positions

    def __iter__(self) -> Iterator[int]:
        return iter(self.positions)

    def __len__(self) -> int:
        return len(self.held)

    def __repr__(self) -> str:
        return f"CompactKeys({dict(self)!r})"


class Pool:
    """Makes CompactKeys of Parts: one object for equal shared parts, shared values where neighbours are equal."""

    def __init__(self) -> None:
        self.positions: dict[tuple[int, ...], dict[int, int]] = {}
        self.shared_parts: dict[Part, CompactKeys] = {}
        self.last: dict[tuple[int, ...], tuple[bytes, ...]] = {}
        self.texts: dict[str, str] = {}

    def shared(self, part: Part) -> CompactKeys:
        """Keys of a patient, study or series."""
        found = self.shared_parts.get(part)
        if found is None:
            found = self.shared_parts[part] = CompactKeys(self._positions(part[0]), part[1])
        return found

    def own(self, part: Part) -> CompactKeys:
        """Keys of one instance: most are equal to those of the instance before."""
        tags, held = part
        before = self.last.get(tags)
        if before is not None:
            held = tuple([old if old == new else new for old, new in zip(before, held, strict=True)])
        self.last[tags] = held
        return CompactKeys(self._positions(tags), held)

    def text(self, text: str) -> str:
        """One object for equal texts."""
        return self.texts.setdefault(text, text)

    def _positions(self, tags: tuple[int, ...]) -> dict[int, int]:
        found = self.positions.get(tags)
        if found is None:
            found = self.positions[tags] = {tag: position for position, tag in enumerate(tags)}
        return found
