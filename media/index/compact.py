"""Keys of many instances in little memory: tags and equal values are shared."""

from collections.abc import Iterator, Mapping
from typing import TypeVar, overload

from media.fileset.model import Instance, Keys, SourceFile
from media.index.found import Found, Part

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
    """Makes instances of what was found: one object for equal shared parts and texts.

    Neighbours mostly have the very parts of the file before, so that these are looked at first.
    """

    def __init__(self) -> None:
        self.positions: dict[tuple[int, ...], dict[int, int]] = {}
        self.parts: dict[Part, Keys] = {}
        self.texts: dict[str, str] = {}
        self.latest: list[Part] = [((), ())] * 3
        self.keys: list[Keys] = [{}] * 3

    def instance(self, file: SourceFile, found: Found) -> Instance:
        """The instance in a file, its keys shared with those before it."""
        sop_class_uid, sop_instance_uid, transfer_syntax_uid, (*shared, own) = found
        keys = self.keys
        for level, part in enumerate(shared):
            if part is not self.latest[level]:
                self.latest[level] = part
                keys[level] = self._shared(part)
        tags, held = own
        return Instance(
            file,
            self.texts.setdefault(sop_class_uid, sop_class_uid),
            sop_instance_uid,
            self.texts.setdefault(transfer_syntax_uid, transfer_syntax_uid),
            keys[0],
            keys[1],
            keys[2],
            CompactKeys(self._positions(tags), held),
        )

    def _shared(self, part: Part) -> Keys:
        """Keys of a patient, study or series: few, and looked at often."""
        found = self.parts.get(part)
        if found is None:
            found = self.parts[part] = dict(zip(*part, strict=True))
        return found

    def _positions(self, tags: tuple[int, ...]) -> dict[int, int]:
        found = self.positions.get(tags)
        if found is None:
            found = self.positions[tags] = {tag: position for position, tag in enumerate(tags)}
        return found
