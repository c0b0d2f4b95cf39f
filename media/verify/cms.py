"""Opens Secure DICOM Files (PS3.15 D.1): a reader of its own for CMS EnvelopedData and what it holds."""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.x509 import load_der_x509_certificate

from media.verify.der import Node, Unopened, children, explicit, kind_of, node_at, value

HEAD_BYTES = 64 << 10  # recipients and all other things before the ciphertext
INNER_BYTES = 4096  # what stands before the file inside
CHUNK_BYTES = 1 << 20
BLOCK = 16
MOST_ITERATIONS = 10_000_000
ENVELOPED, SIGNED, DIGESTED, DATA = (f"2a864886f70d0107{last:02x}" for last in (3, 2, 5, 1))
Read = Callable[[int, int], bytes]
"""read(offset, length): bytes of the file."""


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


Key = PasswordKey | RSAPrivateKey | bytes
"""A password, the key of a recipient's certificate, or the key of the content itself."""


class Content(NamedTuple):
    """Where the file lies in the plain text of an envelope, and what it stands beside."""

    kind: str
    start: int
    size: int


class SecureFile:
    """An envelope that was opened: the file in it can be read from anywhere."""

    def __init__(self, read: Read, size: int, key: Key) -> None:
        """Raises Unopened."""
        self._read = read
        try:
            head = read(0, min(HEAD_BYTES, size))
            enveloped = children(head, explicit(head, node_at(head, 0), ENVELOPED))
            recipients = next(node for node in enveloped if node.tag == 0x31)
            _kind, algorithm, self._cipher = children(head, enveloped[-1])
            if self._cipher.end != size:
                raise Unopened(f"has {size} bytes and says it has {self._cipher.end}")
            self._iv = value(head, children(head, algorithm)[1])
            self._secret = key if isinstance(key, bytes) else _secret(head, recipients, key)
            self.content = _content(self._plain(0, min(INNER_BYTES, self._cipher.end - self._cipher.start)))
        except (IndexError, ValueError, StopIteration) as error:
            raise Unopened(f"no Secure DICOM File, or its key is another one: {error}") from error

    @property
    def size(self) -> int:
        return self.content.size

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of the file."""
        return self._plain(self.content.start + offset, length)

    def check(self) -> str:
        """Read all of it once; its SHA-256, which its digest or signature confirms. Raises Unopened."""
        digest = hashlib.sha256()
        for at in range(0, self.size, CHUNK_BYTES):
            digest.update(self.read(at, min(CHUNK_BYTES, self.size - at)))
        end = self.content.start + self.size
        tail = self._plain(end, self._cipher.end - self._cipher.start - end)
        pad = tail[-1] if tail else 0
        if not 1 <= pad <= BLOCK or tail[-pad:] != bytes([pad]) * pad:
            raise Unopened("it does not end as it should")
        try:
            _confirm(self.content.kind, tail[:-pad], digest.digest())
        except (IndexError, ValueError) as error:
            raise Unopened(f"what stands beside the file cannot be read: {error}") from error
        return digest.hexdigest()

    def _plain(self, offset: int, length: int) -> bytes:
        """Bytes of the plain text, decrypted from the block before them (CBC)."""
        first = offset // BLOCK * BLOCK
        last = -(-(offset + length) // BLOCK) * BLOCK
        start = self._cipher.start
        iv = self._iv if first == 0 else self._read(start + first - BLOCK, BLOCK)
        decryptor = Cipher(algorithms.AES(self._secret), modes.CBC(iv)).decryptor()
        plain = decryptor.update(self._read(start + first, last - first))
        return plain[offset - first : offset - first + length]


def opened_sha256(read: Read, size: int, key: Key) -> str:
    """The SHA-256 of the file in the envelope, which what stands beside it confirms. Raises Unopened."""
    return SecureFile(read, size, key).check()


def _content(start: bytes) -> Content:
    info = node_at(start, 0)
    kind = kind_of(start, info)
    if kind not in (DIGESTED, SIGNED):
        raise Unopened(f"it holds {kind}; expected digested or signed data")
    inner = children(start, explicit(start, info, kind), complete=False)
    octets = explicit(start, inner[2], DATA)
    return Content(kind, octets.start, octets.end - octets.start)


def _confirm(kind: str, tail: bytes, digest: bytes) -> None:
    """See that the digest, or a signature by the certificate beside it, is that of the content. Raises Unopened."""
    if kind == DIGESTED:
        if tail != b"\x04\x20" + digest:
            raise Unopened("its digest is another")
        return
    nodes = children(tail, Node(0, 0, len(tail)))
    certificates, infos = nodes[0], nodes[-1]
    certificate = load_der_x509_certificate(value(tail, certificates))
    signer = children(tail, children(tail, infos)[0])
    if any(node.tag == 0xA0 for node in signer):
        raise Unopened("it is signed with signed attributes, which are not looked into here")
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise Unopened("its signer has no RSA key")
    try:
        key.verify(value(tail, signer[-1]), digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    except InvalidSignature:
        raise Unopened("its signature is not of this content") from None


def _secret(head: bytes, recipients: Node, key: PasswordKey | RSAPrivateKey) -> bytes:
    """The content-encryption key out of the recipient that the key is of."""
    infos = children(head, recipients)
    if isinstance(key, PasswordKey):
        return next((_by_password(head, one, key) for one in infos if one.tag == 0xA3), None) or _nobody("a password")
    for one in infos:
        if one.tag == 0x30 and (found := _by_key(head, one, key)) is not None:
            return found
    return _nobody("this certificate's key")


def _nobody(whom: str) -> bytes:
    raise Unopened(f"it is not for {whom}")


def _by_key(head: bytes, info: Node, key: RSAPrivateKey) -> bytes | None:
    """Of RSA key transport (RFC 5652 6.2.1). A key that is another one gives other bytes, or none."""
    wrapped = value(head, children(head, info)[3])
    try:
        found = key.decrypt(wrapped, padding.PKCS1v15())
    except ValueError:
        return None
    return found if len(found) in (16, 24, 32) else None


def _by_password(head: bytes, info: Node, key: PasswordKey) -> bytes:
    """Out of the password recipient (RFC 3211 2.3.2)."""
    _version, derivation, encryption, wrapped = children(head, info)
    salt, iterations = children(head, children(head, derivation)[1])[:2]
    rounds = int.from_bytes(value(head, iterations), "big")
    kek = algorithms.AES(key.stretched(value(head, salt), rounds))
    iv = value(head, children(head, children(head, encryption)[1])[1])
    data = value(head, wrapped)
    last = Cipher(kek, modes.ECB()).decryptor().update(data[-16:])  # noqa: S305  # the step of RFC 3211
    once_iv = bytes(a ^ b for a, b in zip(last, data[-32:-16], strict=True))
    once = Cipher(kek, modes.CBC(once_iv)).decryptor().update(data)
    plain = Cipher(kek, modes.CBC(iv)).decryptor().update(once)
    length, check, found = plain[0], plain[1:4], plain[4 : 4 + plain[0]]
    if length != 32 or bytes(byte ^ 0xFF for byte in check) != found[:3]:
        raise Unopened("the password is another one")
    return found
