"""Who reaches the pages over the network, and how."""

import subprocess

import httpx
import pytest

from service.config import ConfigError, load
from service.store.people import PersonRole
from service.web.proxy import _allowed
from tests.service.web.serving import PASSWORD, pages


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    out = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(
        ["openssl", *command.split(), "-addext", "subjectAltName=IP:127.0.0.1", *out], check=True, capture_output=True
    )
    return folder


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "film.example"])
def test_passwords_do_not_cross_the_network_in_the_clear(host):
    with pytest.raises(ConfigError, match="passwords would cross"):
        load(web={"host": host})
    load(web={"host": host, "certificate": "c.pem", "key": "k.pem"})
    load(web={"host": host, "proxy": ["192.0.2.7"]})


def test_a_certificate_needs_its_key():
    with pytest.raises(ConfigError, match="certificate and key together"):
        load(web={"certificate": "c.pem"})


def test_tls_makes_the_cookie_secure(tmp_path, certificate):
    with pages(tmp_path, certificate=certificate / "cert.pem", key=certificate / "key.pem") as made:
        assert made.url.startswith("https://")
        with httpx.Client(base_url=made.url, verify=str(certificate / "cert.pem")) as browser:
            answer = browser.post("/login", data={"name": "desk", "password": PASSWORD}, headers={"origin": made.url})
            assert answer.status_code == 303
            assert "secure" in answer.headers["set-cookie"].lower()
            assert "max-age" in answer.headers["strict-transport-security"]
        plain = made.url.replace("https", "http")
        with pytest.raises(httpx.HTTPError):
            httpx.get(plain)


def test_behind_a_proxy_nobody_else_comes_without_tls():
    import ipaddress

    networks = [ipaddress.ip_network("192.0.2.7/32")]
    assert _allowed("192.0.2.7", networks) and _allowed("127.0.0.1", networks)
    assert not _allowed("192.0.2.8", networks) and not _allowed("", networks)


def test_what_a_stranger_says_of_itself_as_a_proxy_is_not_believed(tmp_path):
    """The ledger has the address that the connection comes from, unless the proxy of the settings says otherwise."""
    for proxy, expected in (([], "127.0.0.1"), (["127.0.0.1"], "203.0.113.9")):
        with pages(tmp_path / expected, proxy=proxy) as made:
            browser = made.browser()
            browser.headers["x-forwarded-for"] = "203.0.113.9"
            assert browser.sign_in("desk").status_code == 303
            with made.client(PersonRole.ADMIN) as admin:
                found = admin.get("/api/v1/audit", params={"action": "login"}).json()["items"][0]
            assert found["address"] == expected
