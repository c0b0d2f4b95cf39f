"""Secure DICOM Files (PS3.15 D.1): CMS EnvelopedData around DigestedData or SignedData (RFC 5652, RFC 3370), streamed.

    ContentInfo envelopedData { recipients, AES-256-CBC of ContentInfo digestedData { SHA-256, the file } }

D.1.1 has one of the two inside; with the certificate and key of a signer it is SignedData (RSA over SHA-256, without
signed attributes: the content is id-data). What is inside is a whole ContentInfo, and its type outside therefore
id-data, as OpenSSL writes and reads it.

The digest or signature goes behind the content, the lengths before it: the size of a file says all lengths, and one
pass is enough.
Recipients are a password (PBKDF2, RFC 3211 key wrap) and certificates (RSA key transport). A file of any size takes no
more memory than a chunk.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

KEY_BYTES, BLOCK_BYTES = 32, 16
ITERATIONS = 400_000
"""Of PBKDF2 with HMAC-SHA1, the function that RFC 3370 names: once for a File-set when writing, once a file to open."""

DATA, SIGNED = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"
ENVELOPED, DIGESTED = "1.2.840.113549.1.7.3", "1.2.840.113549.1.7.5"
SHA256, AES256_CBC = "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.1.42"
PBKDF2, PWRI_KEK = "1.2.840.113549.1.5.12", "1.2.840.113549.1.9.16.3.9"
RSA = "1.2.840.113549.1.1.1"
SEQUENCE, SET, INTEGER, OCTETS, OID, NULL = 0x30, 0x31, 0x02, 0x04, 0x06, 0x05
Put = Callable[[memoryview], None]


# --- DER (X.690)


def header(tag: int, length: int) -> bytes:
    """Tag and length.

    >>> header(0x30, 200).hex()
    '3081c8'
    """
    if length < 0x80:
        return bytes([tag, length])
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets


def der(tag: int, value: bytes) -> bytes:
    return header(tag, len(value)) + value


def integer(value: int) -> bytes:
    """
    >>> integer(128).hex()
    '02020080'
    """
    return der(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """The value of an OBJECT IDENTIFIER.

    >>> oid("1.2.840.113549").hex()
    '2a864886f70d'
    """
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray()
    for arc in (40 * first + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | arc & 0x7F)
        out += bytes(reversed(septets))
    return bytes(out)


def algorithm(name: str, parameters: bytes) -> bytes:
    """An AlgorithmIdentifier."""
    return der(SEQUENCE, der(OID, oid(name)) + parameters)


# --- who can open it, and what is inside


class Recipient(Protocol):
    """Somebody who can open the files."""

    version: int

    def info(self, key: bytes) -> bytes:
        """The RecipientInfo with the content-encryption key."""
        ...


class PasswordRecipient:
    """Whoever has the password (RFC 5652 6.2.4, RFC 3211); it is stretched once for all files."""

    version = 3

    def __init__(self, password: str) -> None:
        self._salt = os.urandom(16)
        self._kek = PBKDF2HMAC(hashes.SHA1(), KEY_BYTES, self._salt, ITERATIONS).derive(password.encode("ascii"))  # noqa: S303

    def info(self, key: bytes) -> bytes:
        iv = os.urandom(BLOCK_BYTES)
        plain = bytes([len(key), *(byte ^ 0xFF for byte in key[:3])]) + key
        plain += os.urandom(-len(plain) % BLOCK_BYTES)
        cipher = Cipher(algorithms.AES(self._kek), modes.CBC(iv))
        once = cipher.encryptor().update(plain)
        twice = Cipher(algorithms.AES(self._kek), modes.CBC(once[-BLOCK_BYTES:])).encryptor().update(once)
        derivation = der(OID, oid(PBKDF2)) + der(SEQUENCE, der(OCTETS, self._salt) + integer(ITERATIONS))
        wrap = der(OID, oid(PWRI_KEK)) + algorithm(AES256_CBC, der(OCTETS, iv))
        return der(0xA3, integer(0) + der(0xA0, derivation) + der(SEQUENCE, wrap) + der(OCTETS, twice))


class CertificateRecipient:
    """Whoever has the private key of a certificate (RFC 5652 6.2.1, RFC 3370 4.2.1)."""

    version = 0

    def __init__(self, certificate: Certificate) -> None:
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            raise ValueError("the certificate has no RSA key")
        self._key = key
        issuer, serial = certificate.issuer.public_bytes(), integer(certificate.serial_number)
        self._who = der(SEQUENCE, issuer + serial)

    def info(self, key: bytes) -> bytes:
        wrapped = self._key.encrypt(key, padding.PKCS1v15())
        return der(SEQUENCE, integer(0) + self._who + algorithm(RSA, der(NULL, b"")) + der(OCTETS, wrapped))


class Digested:
    """The file beside its digest: DigestedData."""

    kind = DIGESTED
    tail_bytes = len(der(OCTETS, bytes(32)))

    def before(self) -> bytes:
        return integer(0) + algorithm(SHA256, b"")

    def tail(self, digest: bytes) -> bytes:
        return der(OCTETS, digest)


class Signed:
    """The file with the signature of one signer over it, and his certificate: SignedData."""

    kind = SIGNED

    def __init__(self, certificate: Certificate, key: RSAPrivateKey) -> None:
        self._key = key
        encoded = certificate.public_bytes(Encoding.DER)
        self._certificates = der(0xA0, encoded)
        self._who = der(SEQUENCE, certificate.issuer.public_bytes() + integer(certificate.serial_number))
        self.tail_bytes = len(self.tail(bytes(32)))

    def before(self) -> bytes:
        return integer(1) + der(SET, algorithm(SHA256, b""))

    def tail(self, digest: bytes) -> bytes:
        signature = self._key.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        algorithms_ = algorithm(SHA256, b"") + algorithm(RSA, der(NULL, b""))
        signer = der(SEQUENCE, integer(1) + self._who + algorithms_ + der(OCTETS, signature))
        return self._certificates + der(SET, signer)


Inner = Digested | Signed


@dataclass(frozen=True, slots=True)
class Envelope:
    """A file of `size_bytes` on its way into an envelope; `sealed_bytes` is what comes out."""

    size_bytes: int
    recipients: Sequence[bytes]
    version: int
    key: bytes
    iv: bytes
    inside: Inner

    @property
    def sealed_bytes(self) -> int:
        return len(self._head()) + self._cipher_bytes()

    def seal(self, content: Callable[[Put], str], put: Put) -> str:
        """Take the content piece by piece and put the envelope; the SHA-256 of the envelope."""
        encryptor = Cipher(algorithms.AES(self.key), modes.CBC(self.iv)).encryptor()
        inner, outer = hashlib.sha256(), hashlib.sha256()
        taken = 0

        def out(data: bytes) -> None:
            outer.update(data)
            put(memoryview(data))

        def take(chunk: memoryview) -> None:
            nonlocal taken
            inner.update(chunk)
            taken += len(chunk)
            out(encryptor.update(chunk))

        out(self._head())
        out(encryptor.update(_inner_head(self.inside, self.size_bytes)))
        content(take)
        if taken != self.size_bytes:
            raise ValueError(f"{taken} bytes; expected {self.size_bytes}")
        tail = self.inside.tail(inner.digest())
        pad = BLOCK_BYTES - self._inner_bytes() % BLOCK_BYTES
        out(encryptor.update(tail + bytes([pad]) * pad) + encryptor.finalize())
        return outer.hexdigest()

    def _inner_bytes(self) -> int:
        return len(_inner_head(self.inside, self.size_bytes)) + self.size_bytes + self.inside.tail_bytes

    def _cipher_bytes(self) -> int:
        return (self._inner_bytes() // BLOCK_BYTES + 1) * BLOCK_BYTES

    def _head(self) -> bytes:
        """All that stands before the ciphertext."""
        before = integer(self.version) + der(SET, b"".join(sorted(self.recipients)))
        kind = der(OID, oid(DATA)) + algorithm(AES256_CBC, der(OCTETS, self.iv))
        cipher = header(0x80, self._cipher_bytes())
        content = header(SEQUENCE, len(kind) + len(cipher) + self._cipher_bytes())
        enveloped = before + content + kind + cipher
        inner = header(SEQUENCE, len(enveloped) + self._cipher_bytes())
        explicit = header(0xA0, len(inner) + len(enveloped) + self._cipher_bytes())
        kind_of_all = der(OID, oid(ENVELOPED))
        whole = len(kind_of_all) + len(explicit) + len(inner) + len(enveloped) + self._cipher_bytes()
        return header(SEQUENCE, whole) + kind_of_all + explicit + inner + enveloped


def envelope(size_bytes: int, recipients: Sequence[Recipient], inside: Inner | None = None) -> Envelope:
    """A new envelope with a key of its own for a file of that size."""
    key = os.urandom(KEY_BYTES)
    version = max(recipient.version for recipient in recipients)
    infos = tuple(recipient.info(key) for recipient in recipients)
    return Envelope(size_bytes, infos, version, key, os.urandom(BLOCK_BYTES), inside or Digested())


def _inner_head(inside: Inner, size_bytes: int) -> bytes:
    """ContentInfo with DigestedData or SignedData up to the content."""
    octets = header(OCTETS, size_bytes)
    explicit = header(0xA0, len(octets) + size_bytes)
    kind = der(OID, oid(DATA))
    content = header(SEQUENCE, len(kind) + len(explicit) + len(octets) + size_bytes) + kind + explicit + octets
    before = inside.before()
    length = len(before) + len(content) + size_bytes + inside.tail_bytes
    value = header(SEQUENCE, length) + before + content
    explicit = header(0xA0, len(value) + size_bytes + inside.tail_bytes)
    kind = der(OID, oid(inside.kind))
    whole = len(kind) + len(explicit) + len(value) + size_bytes + inside.tail_bytes
    return header(SEQUENCE, whole) + kind + explicit + value
