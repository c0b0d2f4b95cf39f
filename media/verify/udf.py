"""Reads the UDF tree of an image (ECMA-167, UDF 1.02), checking every descriptor's tag, checksum and CRC."""

import binascii
import struct
from collections.abc import Iterator

from media.errors import Unreadable
from media.verify.findings import Kind, Region, Verification
from media.verify.image import SECTOR, Image
from media.verify.iso9660 import MAX_DEPTH, Entry, Tree

ANCHOR = 256
DIRECTORY, FILE = 4, 5  # ICB file types (ECMA-167 4/14.6.6)
DESCRIPTORS = {
    1: "primary volume descriptor",
    2: "anchor",
    4: "implementation use volume descriptor",
    5: "partition descriptor",
    6: "logical volume descriptor",
    7: "unallocated space descriptor",
    8: "terminating descriptor",
    9: "logical volume integrity descriptor",
    256: "file set descriptor",
    257: "file identifier descriptor",
    261: "file entry",
}


class Reader:
    """Reads one UDF volume with one partition, as it stands beside ISO 9660 on a bridge disc."""

    def __init__(self, image: Image, out: Verification) -> None:
        self.image, self.out = image, out
        self.regions: list[Region] = []
        self.start = 0  # of the partition, in sectors
        self.length = 0
        self.tree: Tree | None = None

    def read(self, first_sector: int) -> Tree | None:
        """The tree; None when no UDF is announced from `first_sector` on (the end of the ISO 9660 descriptors)."""
        if not self._recognition(first_sector):
            return None
        self.tree = Tree("UDF", "")
        anchors = [self._tagged(sector, 2, "UDF anchor") for sector in (ANCHOR, self.image.sectors - 1)]
        anchor = next((data for data in anchors if data), None)
        if anchor is None:
            return self.tree
        if all(anchors) and anchors[0][16:32] != anchors[1][16:32]:  # type: ignore[index]  # all() says so
            self.out.add(Kind.DIFFERENT, "UDF anchor", "the two anchors name different sequences")
        for offset, which in ((16, "main"), (24, "reserve")):
            length, sector = struct.unpack_from("<II", anchor, offset)
            self._sequence(sector, length // SECTOR, which)
        return self.tree

    def _recognition(self, sector: int) -> bool:
        """The volume recognition sequence: BEA01, NSR02, TEA01 (ECMA-167 2/9)."""
        found = []
        for at in range(sector, min(sector + 16, self.image.sectors)):
            data = self.image.sector(at)
            if data[1:6] not in (b"BEA01", b"NSR02", b"NSR03", b"TEA01"):
                break
            name = f"UDF recognition sequence, {data[1:6].decode()}"
            if data[0] or data[6] != 1 or data[7:].count(0) != SECTOR - 7:
                self.out.add(Kind.DIFFERENT, name, "its type, version or reserved bytes are wrong")
            self.regions.append(Region(name, at * SECTOR, SECTOR))
            found.append(data[1:6])
        if found and found not in ([b"BEA01", b"NSR02", b"TEA01"], [b"BEA01", b"NSR03", b"TEA01"]):
            self.out.add(Kind.DIFFERENT, "UDF recognition sequence", f"holds {b', '.join(found).decode()}")
        return bool(found)

    def _tag(self, data: bytes, location: int, wanted: int, where: str) -> bool:
        """Check a descriptor tag (ECMA-167 3/7.2) and the CRC over what follows it."""
        tag, version, checksum, _, _, crc, crc_length, at = struct.unpack_from("<HHBBHHHI", data)
        if tag != wanted:
            self.out.add(Kind.DIFFERENT, where, f"tag {tag}; expected {wanted} ({DESCRIPTORS[wanted]})")
            return False
        if sum(data[:4]) + sum(data[5:16]) & 0xFF != checksum:
            self.out.add(Kind.DIFFERENT, where, "the checksum of its tag is wrong")
        if version not in (2, 3) or at != location:
            self.out.add(Kind.DIFFERENT, where, f"version {version} at {at}; expected 2 or 3 at {location}")
        if 16 + crc_length > len(data) or binascii.crc_hqx(data[16 : 16 + crc_length], 0) != crc:
            self.out.add(Kind.DIFFERENT, where, "its CRC is wrong")
            return False
        return True

    def _tagged(self, sector: int, wanted: int, where: str, location: int | None = None) -> bytes | None:
        """A descriptor that has a sector for itself; the rest of the sector has to be zero."""
        try:
            data = self.image.sector(sector)
        except Unreadable as error:
            self.out.add(Kind.MISSING, where, error.what)
            return None
        self.regions.append(Region(where, sector * SECTOR, SECTOR))
        if not self._tag(data, sector if location is None else location, wanted, where):
            return None
        covered = 16 + int.from_bytes(data[10:12], "little")
        if data[covered:].count(0) != SECTOR - covered:
            self.out.add(Kind.UNEXPECTED, where, "bytes after its end are not zero")
        return data

    def _sequence(self, sector: int, count: int, which: str) -> None:
        """A volume descriptor sequence; the main one leads to the files, the reserve one has to say the same."""
        parts: dict[int, bytes] = {}
        for at in range(sector, sector + min(count, 64)):
            try:
                tag = int.from_bytes(self.image.sector(at)[:2], "little")
            except Unreadable as error:
                self.out.add(Kind.MISSING, f"UDF {which} volume descriptor sequence", error.what)
                return
            if tag not in DESCRIPTORS:
                self.out.add(Kind.UNEXPECTED, f"UDF {which} volume descriptor sequence", f"tag {tag} at sector {at}")
                continue
            where = f"UDF {which} {DESCRIPTORS[tag]}"
            data = self._tagged(at, tag, where)
            if data is not None:
                parts[tag] = data
            if tag == 8:
                break
        for needed in (1, 5, 6):
            if needed not in parts:
                self.out.add(Kind.MISSING, f"UDF {which} volume descriptor sequence", DESCRIPTORS[needed])
        if 5 not in parts or 6 not in parts:
            return
        start, length = struct.unpack_from("<II", parts[5], 188)
        if which == "main" or not self.length:
            self._volume(parts, start, length)
        elif (start, length) != (self.start, self.length):
            self.out.add(Kind.DIFFERENT, "UDF reserve partition descriptor", "differs from the main one")

    def _volume(self, parts: dict[int, bytes], start: int, length: int) -> None:
        self.start, self.length = start, length
        if start + length > self.image.sectors:
            self.out.add(Kind.DIFFERENT, "UDF main partition descriptor", "the partition ends beyond the image")
        logical = parts[6]
        (block,) = struct.unpack_from("<I", logical, 212)
        if block != SECTOR:
            self.out.add(Kind.DIFFERENT, "UDF main logical volume descriptor", f"block size {block}")
        if self.tree:
            self.tree.volume_id = dstring(logical[84:212])
        integrity_length, integrity = struct.unpack_from("<II", logical, 432)
        if integrity_length:
            data = self._tagged(integrity, 9, "UDF logical volume integrity descriptor")
            if data and struct.unpack_from("<I", data, 28)[0] != 1:
                self.out.add(Kind.DIFFERENT, "UDF logical volume integrity descriptor", "the volume was not closed")
            if data and integrity_length >= 2 * SECTOR:
                self._tagged(integrity + 1, 8, "UDF integrity terminating descriptor")
        (file_set,) = struct.unpack_from("<I", logical, 252)
        data = self._tagged(self.start + file_set, 256, "UDF file set descriptor", file_set)
        if data is None:
            return
        after = self.image.sector(self.start + file_set + 1)
        if int.from_bytes(after[:2], "little") == 8:
            self._tagged(self.start + file_set + 1, 8, "UDF file set terminating descriptor", file_set + 1)
        (root,) = struct.unpack_from("<I", data, 404)
        self._walk(root)

    def _walk(self, root: int) -> None:
        assert self.tree is not None
        waiting = [("/", root, root, 0)]
        seen: set[int] = set()
        while waiting:
            path, block, parent, depth = waiting.pop()
            if block in seen or depth > MAX_DEPTH:
                self.out.add(Kind.DIFFERENT, f"UDF directory {path}", "leads back to itself or is nested too deep")
                continue
            seen.add(block)
            entry = self._file_entry(path, block, DIRECTORY)
            if entry is None:
                continue
            self.tree.entries[path] = entry
            for name, child, is_directory in self._identifiers(entry, path, parent):
                inner = f"{path.rstrip('/')}/{name}"
                if is_directory:
                    waiting.append((inner, child, block, depth + 1))
                    continue
                found = self._file_entry(inner, child, FILE)
                if found:
                    if inner in self.tree.entries:
                        self.out.add(Kind.DIFFERENT, f"UDF directory {path}", f"names {name} twice")
                    self.tree.entries[inner] = found

    def _file_entry(self, path: str, block: int, wanted: int) -> Entry | None:
        where = f"UDF file entry {path}"
        data = self._tagged(self.start + block, 261, where, block)
        if data is None:
            return None
        kind, flags = data[16 + 11], int.from_bytes(data[16 + 18 : 16 + 20], "little")
        if kind != wanted:
            self.out.add(Kind.DIFFERENT, where, f"file type {kind}; expected {wanted}")
            return None
        size, attributes, length = struct.unpack_from("<Q104xII", data, 56)
        step, form = {0: (8, "<II"), 1: (16, "<II")}.get(flags & 7, (0, ""))
        if not step:
            self.out.add(Kind.DIFFERENT, where, f"allocation descriptors of type {flags & 7}")
            return None
        extents = []
        for at in range(176 + attributes, min(176 + attributes + length, SECTOR - step + 1), step):
            count, position = struct.unpack_from(form, data, at)
            if count & 0x3FFFFFFF:
                extents.append((self.start + position, count & 0x3FFFFFFF))
        if sum(count for _, count in extents) != size:
            self.out.add(Kind.DIFFERENT, where, f"says {size} bytes; its extents hold {sum(c for _, c in extents)}")
        for sector, count in extents:
            if sector * SECTOR + count > self.image.size:
                self.out.add(Kind.MISSING, where, "its bytes lie beyond the end of the image")
                return None
        return Entry(path, wanted == DIRECTORY, extents)

    def _identifiers(self, entry: Entry, path: str, parent: int) -> Iterator[tuple[str, int, bool]]:
        """Name, block and kind of what a directory holds (ECMA-167 4/14.4)."""
        where = f"UDF directory {path}"
        data = b""
        for sector, count in entry.extents:
            whole = -(-count // SECTOR) * SECTOR
            self.regions.append(Region(where, sector * SECTOR, whole))
            data += self.image.read(sector * SECTOR, count)
            if not self.image.is_zero(sector * SECTOR + count, whole - count):
                self.out.add(Kind.UNEXPECTED, where, "bytes after its last identifier are not zero")
        at, first = 0, True
        base = entry.extents[0][0] - self.start if entry.extents else 0
        while at + 38 <= len(data):
            name_length, use_length = data[at + 19], int.from_bytes(data[at + 36 : at + 38], "little")
            length = -(-(38 + name_length + use_length) // 4) * 4
            if not self._tag(data[at : at + length], base + at // SECTOR, 257, f"{where}, identifier at byte {at}"):
                return
            characteristics = data[at + 18]
            (block,) = struct.unpack_from("<I", data, at + 24)
            name = data[at + 38 + use_length : at + 38 + use_length + name_length]
            if first:
                if not characteristics & 8 or block != parent:
                    self.out.add(Kind.DIFFERENT, where, "its first identifier does not name its parent")
            elif characteristics & ~2:
                self.out.add(Kind.DIFFERENT, where, f"an identifier has characteristics {characteristics:02X}H")
            else:
                yield compressed_unicode(name), block, bool(characteristics & 2)
            at, first = at + length, False
        if at != len(data):
            self.out.add(Kind.DIFFERENT, where, "bytes after its last identifier")


def compressed_unicode(data: bytes) -> str:
    """OSTA Compressed Unicode (UDF 1.02 2.1.1).

    >>> compressed_unicode(bytes([8]) + b"DICOMDIR")
    'DICOMDIR'
    """
    return data[1:].decode("utf-16-be" if data[:1] == b"\x10" else "latin-1", "replace")


def dstring(field: bytes) -> str:
    """A field whose last byte is the length of what is used of it (ECMA-167 1/7.2.12)."""
    return compressed_unicode(field[: field[-1]]) if field[-1] else ""
