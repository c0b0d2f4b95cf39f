"""Reads the ISO 9660 and Joliet trees of an image (ECMA-119), checking each number where it stands twice."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from media.errors import Unreadable
from media.verify.findings import Kind, Region, Verification
from media.verify.image import SECTOR, Image

MAX_DEPTH = 32
PRIMARY, SUPPLEMENTARY, TERMINATOR = 1, 2, 255


ESCAPES = (b"%/@", b"%/C", b"%/E")  # UCS-2 levels 1 to 3
IDENTIFIERS = (
    (40, 72, "Volume Identifier"),
    (190, 318, "Volume Set Identifier"),
    (318, 446, "Publisher Identifier"),
    (446, 574, "Data Preparer Identifier"),
    (574, 702, "Application Identifier"),
    (702, 739, "Copyright File Identifier"),
    (739, 776, "Abstract File Identifier"),
    (776, 813, "Bibliographic File Identifier"),
    (883, 1395, "Application Use"),
)


@dataclass(slots=True)
class Entry:
    """A file or directory: where its bytes lie. `path` is absolute, names without version number."""

    path: str
    is_directory: bool
    extents: list[tuple[int, int]] = field(default_factory=list)  # sector, bytes

    @property
    def size(self) -> int:
        return sum(length for _, length in self.extents)


@dataclass(slots=True)
class Tree:
    """One tree of the image."""

    name: str  # "ISO 9660" or "Joliet"
    volume_id: str
    entries: dict[str, Entry] = field(default_factory=dict)


def both(data: bytes, offset: int, size: int) -> tuple[int, int]:
    """A number in both byte orders (ECMA-119 7.2.3, 7.3.3): as little endian, as big endian."""
    little = int.from_bytes(data[offset : offset + size], "little")
    big = int.from_bytes(data[offset + size : offset + 2 * size], "big")
    return little, big


class Reader:
    """Reads the volume descriptors and every tree they name."""

    def __init__(self, image: Image, out: Verification) -> None:
        self.image, self.out = image, out
        self.regions: list[Region] = [Region("system area", 0, min(16 * SECTOR, image.size))]
        self.trees: list[Tree] = []

    def read(self) -> list[Tree]:
        """All trees; findings go to the verification. Raises Unreadable when there is no volume at all."""
        if self.image.size < 17 * SECTOR:
            raise Unreadable(str(self.image.path), "too short for a volume descriptor at sector 16")
        if not self.image.is_zero(0, 16 * SECTOR):
            self.out.add(Kind.UNEXPECTED, "system area", "holds other bytes than zeros")
        for sector in range(16, min(16 + 64, self.image.sectors)):
            data = self.image.sector(sector)
            if data[1:6] != b"CD001":
                break
            name = {PRIMARY: "primary volume descriptor", SUPPLEMENTARY: "Joliet volume descriptor"}.get(
                data[0], "volume descriptor set terminator" if data[0] == TERMINATOR else "volume descriptor"
            )
            self.regions.append(Region(name, sector * SECTOR, SECTOR))
            if data[6] != 1:
                self.out.add(Kind.DIFFERENT, name, f"version {data[6]}; expected 1")
            if data[0] in (PRIMARY, SUPPLEMENTARY):
                self._volume(data, name)
            elif data[0] == TERMINATOR:
                if data[7:].count(0) != SECTOR - 7:
                    self.out.add(Kind.UNEXPECTED, name, "reserved bytes are not zero")
                break
            else:
                self.out.add(Kind.UNEXPECTED, name, f"descriptor type {data[0]}")
        else:
            self.out.add(Kind.MISSING, "volume descriptor set terminator", "none found")
        if not any(tree.name == "ISO 9660" for tree in self.trees):
            raise Unreadable(str(self.image.path), "no ISO 9660 primary volume descriptor at sector 16")
        return self.trees

    def _number(self, data: bytes, offset: int, size: int, where: str, what: str) -> int:
        little, big = both(data, offset, size)
        if little != big:
            self.out.add(Kind.DIFFERENT, where, f"{what} is {little} in one byte order and {big} in the other")
        return little

    def _volume(self, data: bytes, name: str) -> None:
        joliet = data[0] == SUPPLEMENTARY
        encoding = "utf-16-be" if joliet else "ascii"
        tree = Tree("Joliet" if joliet else "ISO 9660", data[40:72].decode(encoding, "replace").rstrip(" \0"))
        self._fixed(data, name, joliet)
        space = self._number(data, 80, 4, name, "volume space size")
        if space != self.image.sectors:
            self.out.add(Kind.DIFFERENT, name, f"volume space size {space}; the image has {self.image.sectors} sectors")
        for offset, what, expected in ((120, "set size", 1), (124, "sequence number", 1), (128, "block size", SECTOR)):
            value = self._number(data, offset, 2, name, f"volume {what}")
            if value != expected:
                self.out.add(Kind.DIFFERENT, name, f"volume {what} {value}; expected {expected}")
        self._walk(tree, data, name)
        self._path_tables(tree, data, name)
        self.trees.append(tree)

    def _fixed(self, data: bytes, name: str, joliet: bool) -> None:
        """What has one value only in a volume of this kind (ECMA-119 8.4, PS3.12 F.1.3)."""
        flags = data[7]
        if flags:
            self.out.add(Kind.DIFFERENT, name, f"flags {flags}; expected 0")
        blank = data[8:40]
        if blank.strip(b" \0"):
            self.out.add(Kind.UNEXPECTED, name, "System Identifier is not blank")
        for start, end in ((72, 80), (1395, SECTOR)) if joliet else ((72, 80), (88, 120), (1395, SECTOR)):
            if data[start:end].count(0) != end - start:
                self.out.add(Kind.UNEXPECTED, name, f"unused bytes {start} to {end - 1} are not zero")
        if joliet and (data[88:91] not in ESCAPES or data[91:120].count(0) != 29):
            self.out.add(Kind.DIFFERENT, name, "its escape sequence is none of Joliet's")
        for start, end, what in IDENTIFIERS:
            self._identifier(data[start:end], f"{name}, {what}", joliet and start < 883)
        if data[881] != 1 or data[882]:
            self.out.add(Kind.DIFFERENT, name, "file structure version is not 1")
        for start, what in ((813, "creation"), (830, "modification"), (847, "expiration"), (864, "effective")):
            digits = data[start : start + 16]
            if not (digits.isdigit() or digits.count(0) == 16):
                self.out.add(Kind.DIFFERENT, name, f"{what} date {digits!r}; expected 16 digits")

    def _identifier(self, value: bytes, where: str, wide: bool) -> None:
        """Text begins at the left end and is filled with blanks or zeros (ECMA-119 7.4.3), also when it is empty."""
        text = value[: len(value) // 2 * 2].decode("utf-16-be", "replace") if wide else value.decode("latin-1")
        content = text.rstrip(" \0")
        filling = text[len(content) :]
        if content.startswith((" ", "\0")) or "  " in content or "\0" in content or len(set(filling)) > 1:
            self.out.add(Kind.UNEXPECTED, where, "characters among its filling")
        elif not content.isascii() or not content.isprintable():
            self.out.add(Kind.DIFFERENT, where, "characters that may not stand there")

    def _walk(self, tree: Tree, descriptor: bytes, name: str) -> None:
        root = self._record(descriptor[156:190], f"{name}, root record")
        if root is None:
            return
        waiting = [("/", root, root, 0)]
        seen: set[int] = set()
        while waiting:
            path, own, parent, depth = waiting.pop()
            sector, length = own.extent
            where = f"{tree.name} directory {path}"
            if sector in seen or depth > MAX_DEPTH:
                self.out.add(Kind.DIFFERENT, where, "leads back to itself or is nested too deep")
                continue
            seen.add(sector)
            tree.entries[path] = Entry(path, True, [own.extent])
            self.regions.append(Region(where, sector * SECTOR, -(-length // SECTOR) * SECTOR))
            try:
                data = self.image.read(sector * SECTOR, length)
            except Unreadable as error:
                self.out.add(Kind.MISSING, where, error.what)
                continue
            for record in self._records(data, where, own, parent):
                child = f"{path.rstrip('/')}/{record.name(tree.name)}"
                if record.is_directory:
                    waiting.append((child, record, own, depth + 1))
                else:
                    self._file(tree, child, record, where)

    def _file(self, tree: Tree, path: str, record: "Record", where: str) -> None:
        entry = tree.entries.get(path)
        if entry is None:
            tree.entries[path] = Entry(path, False, [record.extent])
        elif record.continues or entry.extents:
            sector, length = entry.extents[-1]
            if sector + -(-length // SECTOR) != record.extent[0]:
                self.out.add(Kind.DIFFERENT, where, f"{path} is in the directory twice")
            entry.extents.append(record.extent)
        if record.extent[0] * SECTOR + record.extent[1] > self.image.size:
            self.out.add(Kind.MISSING, path, "its bytes lie beyond the end of the image")

    def _records(self, data: bytes, where: str, own: "Record", parent: "Record") -> Iterator["Record"]:
        """The records of a directory but its first two, which name itself and its parent (ECMA-119 6.8.2.2)."""
        at, number = 0, 0
        before = b""
        while at < len(data):
            length = data[at]
            if length == 0:
                end = min(-(-(at + 1) // SECTOR) * SECTOR, len(data))
                if data[at:end].count(0) != end - at:
                    self.out.add(Kind.UNEXPECTED, where, "bytes after its last record are not zero")
                at = end
                continue
            record = self._record(data[at : at + length], f"{where}, record {number + 1}")
            at += length
            if record is None:
                return
            if number < 2:
                expected, named = (own, b"\0") if number == 0 else (parent, b"\1")
                if record.extent != expected.extent or record.identifier != named or not record.is_directory:
                    self.out.add(
                        Kind.DIFFERENT,
                        where,
                        f"record {number + 1} does not name {'itself' if not number else 'its parent'}",
                    )
            else:
                if record.identifier < before:
                    self.out.add(Kind.DIFFERENT, where, "records are not in order")
                before = record.identifier
                yield record
            number += 1
        if number < 2:
            self.out.add(Kind.MISSING, where, "its first two records")

    def _record(self, data: bytes, where: str) -> "Record | None":
        if len(data) < 34 or data[0] < 34 or data[0] > len(data) or 33 + data[32] > data[0]:
            self.out.add(Kind.DIFFERENT, where, "its length is wrong")
            return None
        extent = self._number(data, 2, 4, where, "extent")
        length = self._number(data, 10, 4, where, "data length")
        if self._number(data, 28, 2, where, "volume sequence number") != 1:
            self.out.add(Kind.DIFFERENT, where, "volume sequence number is not 1")
        if data[1] or data[26] or data[27]:
            self.out.add(Kind.DIFFERENT, where, "extended attributes or interleaving, expected none")
        flags = data[25]
        if flags & 0x7D:  # neither hidden, associated, record, protection nor reserved bits (PS3.12 F.1.1)
            self.out.add(Kind.DIFFERENT, where, f"file flags {flags:02X}H")
        _, month, day, hour, minute, second, zone = struct.unpack("6Bb", data[18:25])
        if not (
            1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 60 and -48 <= zone <= 52
        ):
            self.out.add(Kind.DIFFERENT, where, "recording date is no date")
        identifier = data[33 : 33 + data[32]]
        rest = data[33 + data[32] : data[0]]
        if rest.count(0) != len(rest) or len(rest) > 1:
            self.out.add(Kind.UNEXPECTED, where, "bytes after its name")
        return Record(identifier, (extent, length), bool(flags & 2), bool(flags & 0x80), data[18:25])

    def _path_tables(self, tree: Tree, descriptor: bytes, name: str) -> None:
        """Both path tables name each directory once, with its extent and parent (ECMA-119 9.4)."""
        size = self._number(descriptor, 132, 4, name, "path table size")
        expected = self._expected_paths(tree)
        for offset, order, what in ((140, "little", "little endian"), (148, "big", "big endian")):
            where = f"{tree.name} path table ({what})"
            sector = int.from_bytes(descriptor[offset : offset + 4], order)  # type: ignore[arg-type]  # a Literal
            optional = int.from_bytes(descriptor[offset + 4 : offset + 8], order)  # type: ignore[arg-type]
            if optional:
                self.out.add(Kind.UNEXPECTED, name, f"optional path table at sector {optional}")
            length = -(-size // SECTOR) * SECTOR
            try:
                data = self.image.read(sector * SECTOR, length)
            except Unreadable as error:
                self.out.add(Kind.MISSING, where, error.what)
                continue
            self.regions.append(Region(where, sector * SECTOR, length))
            if data[size:].count(0) != length - size:
                self.out.add(Kind.UNEXPECTED, where, "bytes after its end are not zero")
            found = self._path_table(data[:size], order, where, tree.name)
            if found != expected:
                lost = len(set(expected) - set(found))
                self.out.add(
                    Kind.DIFFERENT, where, f"does not match the directories ({lost} of {len(expected)} differ)"
                )

    def _path_table(self, data: bytes, order: str, where: str, kind: str) -> list[tuple[str, int]]:
        paths: list[tuple[str, int]] = []
        at = 0
        mark = "<" if order == "little" else ">"
        while at + 8 <= len(data):
            length, attributes, sector, parent = struct.unpack_from(f"{mark}BBIH", data, at)
            name = data[at + 8 : at + 8 + length]
            if attributes:
                self.out.add(Kind.DIFFERENT, where, "extended attributes, expected none")
            at += 8 + length + length % 2
            if length % 2 and data[at - 1 : at] != b"\0":
                self.out.add(Kind.UNEXPECTED, where, f"padding byte at {at - 1}")
            if not paths:
                if parent != 1 or name != b"\0":
                    self.out.add(Kind.DIFFERENT, where, "first entry is not the root")
                paths.append(("/", sector))
            elif 1 <= parent <= len(paths):
                paths.append((f"{paths[parent - 1][0].rstrip('/')}/{decode_name(name, kind)}", sector))
            else:
                self.out.add(Kind.DIFFERENT, where, f"entry {len(paths) + 1} has no parent {parent}")
                break
        return sorted(paths)

    @staticmethod
    def _expected_paths(tree: Tree) -> list[tuple[str, int]]:
        return sorted((path, entry.extents[0][0]) for path, entry in tree.entries.items() if entry.is_directory)


@dataclass(frozen=True, slots=True)
class Record:
    """A directory record (ECMA-119 9.1)."""

    identifier: bytes
    extent: tuple[int, int]
    is_directory: bool
    continues: bool
    recorded: bytes

    def name(self, kind: str) -> str:
        return decode_name(self.identifier, kind)


def decode_name(identifier: bytes, kind: str) -> str:
    """A name without version number and the dot of an empty extension.

    >>> decode_name(b"DICOMDIR.;1", "ISO 9660"), decode_name(b"README.TXT;1", "ISO 9660")
    ('DICOMDIR', 'README.TXT')
    """
    text = identifier.decode("utf-16-be" if kind == "Joliet" else "latin-1", "replace")
    return text.partition(";")[0].rstrip(".")
