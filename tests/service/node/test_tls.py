"""TLS: who gets through, by which versions and suites, with whose certificate."""

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import evt

from service.node import Node, NodeSettings, PartnerList, Profile, Rule, TLSSettings
from service.node.tls import fingerprint
from tests.certificates import Authority, Identity
from tests.service.node import wire
from tests.service.node.wire import CALLED, CALLING, CONTEXTS, Peer

pytestmark = pytest.mark.peer("openssl")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"), "authority")


@pytest.fixture(scope="module")
def server(authority: Authority) -> Identity:
    return authority.sign("server")


@pytest.fixture(scope="module")
def modality(authority: Authority) -> Identity:
    return authority.sign("modality")


@contextmanager
def secure(
    authority: Authority, server: Identity, rules: list[Rule], profile: Profile = Profile.NON_DOWNGRADING, **more: Any
) -> Iterator[Node]:
    files = {"certificate": server.certificate, "key": server.key, "authorities": authority.identity.certificate}
    tls = TLSSettings(**files, port=0, profile=profile)
    handlers = [(evt.EVT_N_SET, lambda event: (0x0000, None))]
    node = Node(NodeSettings(port=None, **more), CONTEXTS, handlers, PartnerList([CALLED], rules), tls)
    node.start()
    try:
        yield node
    finally:
        node.stop(0.5)


def client(authority: Authority, identity: Identity | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.identity.certificate)
    context.check_hostname = False
    if identity is not None:
        context.load_cert_chain(identity.certificate, identity.key)
    return context


class SecurePeer(Peer):
    def __init__(self, address: tuple[str, int], context: ssl.SSLContext) -> None:
        super().__init__(address)
        self.socket = context.wrap_socket(self.socket)


ANYONE = [Rule.of(CALLING)]


def test_a_film_over_tls(authority: Authority, server: Identity, modality: Identity) -> None:
    image = wire.data_set(BitsAllocated=8, PixelData=bytes(3_000_000))
    with secure(authority, server, ANYONE) as node:
        with SecurePeer(node.tls_address, client(authority, modality)) as peer:
            assert peer.associate()[0] == 2
            for number in range(1, 4):
                assert peer.ask(wire.set_(number, wire.IMAGE_BOX, "1.2", image))[0]["Status"] == 0
            assert peer.release()[0] == 6
        with pytest.raises(AssertionError, match="without TLS"):
            assert node.address


def test_a_certificate_is_required(authority: Authority, server: Identity, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "another").sign("stranger")
    with secure(authority, server, ANYONE) as node:
        for identity in (None, stranger):
            with pytest.raises((OSError, EOFError)), SecurePeer(node.tls_address, client(authority, identity)) as peer:
                peer.associate()
        end = time.monotonic() + 2
        while node.refusals.counts() != {"TLS handshake failed": 2}:
            assert time.monotonic() < end, node.refusals.counts()
            time.sleep(0.01)


def test_a_certificate_speaks_for_its_title_only(authority: Authority, server: Identity, modality: Identity) -> None:
    other = authority.sign("other")
    rules = [Rule.of(CALLING, fingerprints=[modality.fingerprint]), Rule.of("MR1")]
    with secure(authority, server, rules) as node:
        for identity, title, answer in (
            (modality, CALLING, 2),
            (modality, "MR1", 3),
            (other, CALLING, 3),
            (other, "MR1", 2),
        ):
            with SecurePeer(node.tls_address, client(authority, identity)) as peer:
                assert peer.associate(calling=title)[0] == answer, (identity, title)
        assert node.refusals.counts() == {"calling AE title or address unknown": 2}


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize(
    ("version", "suites", "profile", "let_in"),
    [
        (ssl.TLSVersion.TLSv1, "ALL:@SECLEVEL=0", Profile.NON_DOWNGRADING, False),
        (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0", Profile.NON_DOWNGRADING, False),
        (ssl.TLSVersion.TLSv1_2, "AES256-SHA", Profile.NON_DOWNGRADING, False),
        (ssl.TLSVersion.TLSv1_2, "AES256-GCM-SHA384", Profile.NON_DOWNGRADING, False),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES256-SHA384", Profile.NON_DOWNGRADING, False),
        (ssl.TLSVersion.TLSv1_2, "NULL:@SECLEVEL=0", Profile.NON_DOWNGRADING, False),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-CHACHA20-POLY1305", Profile.NON_DOWNGRADING, True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-CHACHA20-POLY1305", Profile.EXTENDED, False),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES256-GCM-SHA384", Profile.EXTENDED, True),
        (ssl.TLSVersion.TLSv1_3, "ECDHE-RSA-AES256-GCM-SHA384", Profile.EXTENDED, True),
    ],
)
def test_versions_and_suites(
    authority: Authority,
    server: Identity,
    modality: Identity,
    version: Any,
    suites: str,
    profile: Profile,
    let_in: bool,
) -> None:
    context = client(authority, modality)
    context.minimum_version = context.maximum_version = version
    context.set_ciphers(suites)
    with secure(authority, server, ANYONE, profile) as node:
        if let_in:
            with SecurePeer(node.tls_address, context) as peer:
                assert peer.associate()[0] == 2
        else:
            with pytest.raises(OSError):  # the reason is OpenSSL's
                SecurePeer(node.tls_address, context)


def test_a_handshake_holds_nobody_up(authority: Authority, server: Identity, modality: Identity) -> None:
    """Connections that begin a handshake and stop there are closed in time, and others go on meanwhile."""
    with secure(authority, server, ANYONE, request_pdu_timeout_s=0.5, acse_timeout_s=1.0) as node:
        stuck = [socket.create_connection(node.tls_address) for _ in range(20)]
        for sock in stuck:
            sock.sendall(b"\x16\x03\x01\x02")
        began = time.monotonic()
        with SecurePeer(node.tls_address, client(authority, modality)) as peer:
            assert peer.associate()[0] == 2
            peer.release()
        assert time.monotonic() - began < 0.5
        for sock in stuck:
            sock.settimeout(3)
            assert sock.recv(10) == b""
            sock.close()


def test_new_certificates_without_a_restart(
    authority: Authority, server: Identity, modality: Identity, tmp_path: Path
) -> None:
    mine = Identity(tmp_path / "certificate", tmp_path / "key")
    mine.certificate.write_bytes(server.certificate.read_bytes())
    mine.key.write_bytes(server.key.read_bytes())
    with secure(authority, mine, ANYONE) as node, SecurePeer(node.tls_address, client(authority, modality)) as before:
        assert before.associate()[0] == 2
        renewed = authority.sign("renewed")
        mine.certificate.write_bytes(renewed.certificate.read_bytes())
        with pytest.raises(OSError):  # certificate and key do not fit: the old ones stay
            node.reload_tls()
        mine.key.write_bytes(renewed.key.read_bytes())
        node.reload_tls()
        with SecurePeer(node.tls_address, client(authority, modality)) as peer:
            shown = peer.socket.getpeercert(binary_form=True)  # type: ignore[attr-defined]
            assert fingerprint(shown) == renewed.fingerprint
        assert before.ask(wire.echo(1, 3))[0]["Status"] == 0


@pytest.mark.peer("echoscu")
@pytest.mark.parametrize(("option", "profile"), [("+py", Profile.NON_DOWNGRADING), ("+pz", Profile.EXTENDED)])
def test_dcmtk_with_its_profiles(
    authority: Authority, server: Identity, modality: Identity, option: str, profile: Profile
) -> None:
    with secure(authority, server, ANYONE, profile) as node:
        host, port = node.tls_address
        identity = ["+tls", modality.key, modality.certificate, "+cf", authority.identity.certificate, "-ic"]
        words = ["echoscu", *identity, option, "-aet", CALLING, "-aec", CALLED, host, port]
        done = subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, done.stderr
