"""Opens Secure DICOM Files (PS3.15 D.1): a reader of its own for CMS EnvelopedData around DigestedData (RFC 5652)."""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

HEAD_BYTES = 64 << 10  # recipients and all other things before the ciphertext
CHUNK_BYTES = 1 << 20
MOST_ITERATIONS = 10_000_000
Read = Callable[[int, int], bytes]
"""read(offset, length): bytes of the file."""


class Unopened(Exception):
    """The file is no Secure DICOM File, its password is another one, or it was changed."""


class Node(NamedTuple):
    """One DER element: its tag, and where its value is."""

    tag: int
    start: int
    end: int


class PasswordKey:
    """Keys out of a password; the same salt is stretched once."""

    def __init__(self, password: str) -> None:
        self._password = password.encode("ascii", "replace")
        self._known: dict[tuple[bytes, int], bytes] = {}

    def stretched(self, salt: bytes, iterations: int) -> bytes:
        if iterations > MOST_ITERATIONS:
            raise Unopened(f"{iterations} iterations; at most {MOST_ITERATIONS} are done")
        if (salt, iterations) not in self._known:
            made = PBKDF2HMAC(hashes.SHA1(), 32, salt, iterations).derive(self._password)  # noqa: S303  # RFC 3370 4.4.1
            self._known[salt, iterations] = made
        return self._known[salt, iterations]


def opened_sha256(read: Read, size: int, key: "PasswordKey | bytes") -> str:
    """The SHA-256 of the file in the envelope, which its own digest confirms. Raises Unopened."""
    try:
        return _opened(read, size, key)
    except (IndexError, ValueError) as error:
        raise Unopened(f"no Secure DICOM File: {error}") from error


def _opened(read: Read, size: int, key: "PasswordKey | bytes") -> str:
    head = read(0, min(HEAD_BYTES, size))
    enveloped = _children(head, _explicit(head, _node(head, 0), "2a864886f70d010703"))
    recipients = next(node for node in enveloped if node.tag == 0x31)
    content = enveloped[-1]
    _kind, algorithm, cipher = _children(head, content)
    if cipher.end != size:
        raise Unopened(f"has {size} bytes and says it has {cipher.end}")
    iv = _value(head, _children(head, algorithm)[1])
    secret = key if isinstance(key, bytes) else _unwrapped(head, recipients, key)
    decryptor = Cipher(algorithms.AES(secret), modes.CBC(iv)).decryptor()
    digested = _Digested()
    for at in range(cipher.start, cipher.end, CHUNK_BYTES):
        digested.take(decryptor.update(read(at, min(CHUNK_BYTES, cipher.end - at))))
    return digested.sha256()


class _Digested:
    """Takes the plain bytes of a ContentInfo with DigestedData, of any length."""

    def __init__(self) -> None:
        self._left = -1  # bytes of the content to come; -1: not known yet
        self._tail = b""
        self._digest = hashlib.sha256()

    def take(self, data: bytes) -> None:
        if self._left < 0:
            begin, self._left = self._content(data)  # a chunk has all that stands before the content
            data = data[begin:]
        mine = data[: self._left]
        self._digest.update(mine)
        self._left -= len(mine)
        self._tail += data[len(mine) :]

    def sha256(self) -> str:
        """What the content hashes to. Raises Unopened when the digest beside it is another."""
        pad = self._tail[-1] if self._tail else 0
        if self._left or not 1 <= pad <= 16 or self._tail[-pad:] != bytes([pad]) * pad:
            raise Unopened("it does not end as it should")
        found = self._tail[:-pad]
        if found != b"\x04\x20" + self._digest.digest():
            raise Unopened("its digest is another")
        return self._digest.hexdigest()

    @staticmethod
    def _content(start: bytes) -> tuple[int, int]:
        digested = _children(start, _explicit(start, _node(start, 0), "2a864886f70d010705"), complete=False)
        octets = _explicit(start, digested[2], "2a864886f70d010701")
        return octets.start, octets.end - octets.start


def _unwrapped(head: bytes, recipients: Node, key: PasswordKey) -> bytes:
    """The content-encryption key out of the password recipient (RFC 3211 2.3.2)."""
    for one in _children(head, recipients):
        if one.tag != 0xA3:
            continue
        _version, derivation, encryption, wrapped = _children(head, one)
        salt, iterations = _children(head, _children(head, derivation)[1])[:2]
        rounds = int.from_bytes(_value(head, iterations), "big")
        kek = algorithms.AES(key.stretched(_value(head, salt), rounds))
        iv = _value(head, _children(head, _children(head, encryption)[1])[1])
        data = _value(head, wrapped)
        last = Cipher(kek, modes.ECB()).decryptor().update(data[-16:])  # noqa: S305  # the step of RFC 3211
        once_iv = bytes(a ^ b for a, b in zip(last, data[-32:-16], strict=True))
        once = Cipher(kek, modes.CBC(once_iv)).decryptor().update(data)
        plain = Cipher(kek, modes.CBC(iv)).decryptor().update(once)
        length, check, found = plain[0], plain[1:4], plain[4 : 4 + plain[0]]
        if length != 32 or bytes(byte ^ 0xFF for byte in check) != found[:3]:
            raise Unopened("the password is another one")
        return found
    raise Unopened("it is not for a password")


def _explicit(data: bytes, info: Node, kind: str) -> Node:
    """What a ContentInfo of that kind holds: of `[0] EXPLICIT` the element inside."""
    name, content = _children(data, info, complete=False)[:2]
    if _value(data, name).hex() != kind:
        raise Unopened(f"it holds {_value(data, name).hex()}; expected {kind}")
    return _node(data, content.start)


def _node(data: bytes, at: int) -> Node:
    tag, length, at = data[at], data[at + 1], at + 2
    if length & 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= 8:
            raise Unopened("a length that is not definite")
        length, at = int.from_bytes(data[at : at + octets], "big"), at + octets
    return Node(tag, at, at + length)


def _children(data: bytes, node: Node, complete: bool = True) -> list[Node]:
    """The elements inside another, those that begin in the data."""
    found, at = [], node.start
    while at < node.end and at + 2 <= len(data):
        found.append(_node(data, at))
        at = found[-1].end
    if complete and at != node.end:
        raise Unopened("an element is longer than the one around it")
    return found


def _value(data: bytes, node: Node) -> bytes:
    return data[node.start : node.end]
