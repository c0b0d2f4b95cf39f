"""The fast path: a Part 10 file in Explicit or Implicit VR Little Endian -> its keys, without its values or pixels."""

from typing import BinaryIO, cast

from media.fileset.transfer_syntaxes import DEFLATED_LE, EXPLICIT_BE, IMPLICIT_LE
from media.index.flaws import Odd
from media.index.found import Found, assembled
from media.index.likeness import Unfinished, Whole
from media.index.memory import Memory
from media.index.reader import FIRST_BYTES, Read, Reader, read_keys, read_meta
from media.index.walk import EXPLICIT, IMPLICIT
from media.index.window import Window, read_up_to


def scan(stream: BinaryIO, size: int, memory: Memory) -> Found:
    """The instance in a file of `size` bytes.

    memory  what the files before this one had in common

    Raises Flaw for what is no whole instance, Odd for what the slow path must judge.
    """
    window = Window(stream, size, read_up_to(stream, min(size, FIRST_BYTES)))
    found = memory.recall(window)
    if found is None:
        return read_whole(window, memory)
    if isinstance(found, Unfinished):
        reader = Reader(window, found.syntax)
        reader.values = found.values
        read_keys(reader, found.at, [])
        return memory.shared(assembled(found.meta, reader.values, reader.pixels))
    return found


def read_whole(window: Window, memory: Memory) -> Found:
    """The file of `window` read element by element. Raises Flaw, Odd."""
    begun, elements = window.data, list[Read]()
    meta = read_meta(window, elements)
    is_begun = window.data is begun
    uid = meta.transfer_syntax_uid.decode("ascii")
    if uid == EXPLICIT_BE:
        raise Odd("big endian")
    if uid == DEFLATED_LE:
        from media.index.deflated import Inflated

        inflated = Inflated(window.stream, meta.start, window.size)
        window, is_begun = Window(cast(BinaryIO, inflated), inflated.measured()), False
    reader = Reader(window, IMPLICIT if uid == IMPLICIT_LE else EXPLICIT)
    read_keys(reader, meta.start, elements)
    found = memory.shared(assembled(meta, reader.values, reader.pixels))
    if is_begun:
        values = reader.values | dict(zip(*found.parts[3], strict=True))
        memory.learn(Whole(begun, window.size, elements, meta, reader.syntax, values))
    return found
