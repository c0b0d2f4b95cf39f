"""A PDF written from front to back (ISO 32000-1, 7.3, 7.5): of what was written only its place in the file is kept."""

from typing import BinaryIO

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"  # four bytes above 127, as ISO 19005-2, 6.1.2 wants them
FREE = b"0000000000 65535 f\r\n"
ESCAPES = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})


class PdfFile:
    """Objects go to `file`, an empty one, as they come; `end` adds the table of their places."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = 0
        self._places: list[int] = []  # by object number less one; 0: not yet written
        self._write(HEADER)

    def reserve(self) -> int:
        """An object number to refer to before the object is written."""
        self._places.append(0)
        return len(self._places)

    def add(self, body: str, number: int | None = None) -> int:
        """Write an object; its number."""
        return self._object(number, body.encode("ascii"))

    def add_stream(self, entries: str, data: bytes, number: int | None = None) -> int:
        """Write a stream with these dictionary entries beside its length; its number.

        EOL stands before endstream (ISO 19005-2, 6.1.7.1), of two bytes: a lone LF would make one with a last CR of the
        data, which then were too short by that byte.
        """
        head = f"<< {entries} /Length {len(data)} >>\nstream\n".encode("ascii")
        return self._object(number, head, data, b"\r\nendstream")

    def end(self, root: int, info: int, identifier: bytes) -> None:
        """Write the cross-reference table and the trailer; every reserved object must be there."""
        missing = [number for number, place in enumerate(self._places, start=1) if not place]
        if missing:
            raise ValueError(f"objects {missing} were reserved and never written")
        table = b"".join(b"%010d 00000 n\r\n" % place for place in self._places)
        size, start, file_id = len(self._places) + 1, self._at, identifier.hex()
        trailer = (
            f"trailer\n<< /Size {size} /Root {ref(root)} /Info {ref(info)} /ID [<{file_id}> <{file_id}>] >>\n"
            f"startxref\n{start}\n%%EOF\n"
        )
        self._write(b"xref\n0 %d\n" % size, FREE, table, trailer.encode("ascii"))

    def _object(self, number: int | None, *parts: bytes) -> int:
        number = self.reserve() if number is None else number
        self._places[number - 1] = self._at
        self._write(b"%d 0 obj\n" % number, *parts, b"\nendobj\n")
        return number

    def _write(self, *parts: bytes) -> None:
        for part in parts:
            self._file.write(part)
            self._at += len(part)


def ref(number: int) -> str:
    """A reference to an object."""
    return f"{number} 0 R"


def string(text: str) -> str:
    """A text string (ISO 32000-1, 7.9.2.2): printable ASCII as it is, all else as UTF-16.

    >>> string("Film (1)"), string("Å")
    ('(Film \\\\(1\\\\))', '<FEFF00C5>')
    """
    if text.isascii() and text.isprintable():
        return f"({text.translate(ESCAPES)})"
    return f"<FEFF{text.encode('utf-16-be').hex().upper()}>"
