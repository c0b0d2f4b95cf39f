"""DER (X.690) as verification reads it: elements by where they lie."""

from typing import NamedTuple


class Unopened(Exception):
    """The file is no Secure DICOM File, its password or key is another one, or it was changed."""


class Node(NamedTuple):
    """One DER element: its tag, and where its value is."""

    tag: int
    start: int
    end: int


def kind_of(data: bytes, info: Node) -> str:
    """The content type of a ContentInfo, as hexadecimal digits of its object identifier."""
    return value(data, children(data, info, complete=False)[0]).hex()


def explicit(data: bytes, info: Node, kind: str) -> Node:
    """What a ContentInfo of that kind holds: of `[0] EXPLICIT` the element inside."""
    _name, content = children(data, info, complete=False)[:2]
    if kind_of(data, info) != kind:
        raise Unopened(f"it holds {kind_of(data, info)}; expected {kind}")
    return node_at(data, content.start)


def node_at(data: bytes, at: int) -> Node:
    tag, length, at = data[at], data[at + 1], at + 2
    if length & 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= 8:
            raise Unopened("a length that is not definite")
        length, at = int.from_bytes(data[at : at + octets], "big"), at + octets
    return Node(tag, at, at + length)


def children(data: bytes, node: Node, complete: bool = True) -> list[Node]:
    """The elements inside another, those that begin in the data."""
    found, at = [], node.start
    while at < node.end and at + 2 <= len(data):
        found.append(node_at(data, at))
        at = found[-1].end
    if complete and at != node.end:
        raise Unopened("an element is longer than the one around it")
    return found


def value(data: bytes, node: Node) -> bytes:
    return data[node.start : node.end]
