"""Signing in at an identity provider: a small one, on a real port, with signed tokens."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from service.config import ConfigError, load
from service.store import people
from service.store.people import PersonRole
from tests.service.web.serving import pages

pytest.importorskip("authlib")
SECRET = "of the house"


class Provider(ThreadingHTTPServer):
    """OpenID Connect's code flow for one person."""

    def __init__(self) -> None:
        from authlib.jose import JsonWebKey

        super().__init__(("127.0.0.1", 0), Answers)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.key = JsonWebKey.generate_key("RSA", 2048, is_private=True, options={"kid": "k"})
        self.claims: dict[str, object] = {}
        self.asked: dict[str, str] = {}
        self.verified = False
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def token(self) -> str:
        from authlib.jose import jwt

        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "printmgr", "exp": now + 60, "iat": now, "nonce": self.asked["nonce"]}
        return jwt.encode({"alg": "RS256", "kid": "k"}, claims | self.claims, self.key).decode()


class Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        if place.path == "/authorize":
            self.server.asked = {name: values[0] for name, values in parse_qs(place.query).items()}
            back = urlencode({"code": "the-code", "state": self.server.asked["state"]})
            self.send_response(302)
            self.send_header("Location", f"{self.server.asked['redirect_uri']}?{back}")
            self.end_headers()
        elif place.path == "/keys":
            self._json({"keys": [self.server.key.as_dict(is_private=False)]})
        else:
            issuer = self.server.issuer
            self._json(
                {
                    "issuer": issuer,
                    "authorization_endpoint": f"{issuer}/authorize",
                    "token_endpoint": f"{issuer}/token",
                    "jwks_uri": f"{issuer}/keys",
                    "id_token_signing_alg_values_supported": ["RS256"],
                }
            )

    def do_POST(self) -> None:
        said = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        digest = hashlib.sha256(said["code_verifier"][0].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        credentials = base64.b64encode(f"printmgr:{SECRET}".encode()).decode()
        if self.headers["authorization"] != f"Basic {credentials}":
            self.send_error(401)
            return
        self.server.verified = challenge == self.server.asked["code_challenge"] and said["code"] == ["the-code"]
        self._json({"access_token": "x", "token_type": "Bearer", "id_token": self.server.token()})

    def _json(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None: ...


@pytest.fixture(scope="module")
def provider():
    made = Provider()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture(scope="module")
def site(tmp_path_factory, provider):
    secret = tmp_path_factory.mktemp("secret") / "oidc"
    secret.write_text(f"{SECRET}\n")
    oidc = {
        "issuer": provider.issuer,
        "client_id": "printmgr",
        "client_secret": f"file:{secret}",
        "name": "Hospital",
        "roles": {"film-desk": "desk", "film-admin": "admin"},
    }
    with pages(tmp_path_factory.mktemp("oidc"), oidc=oidc) as made:
        yield made


def come_in(site, provider, **claims: object):
    """Where the browser ends, and the browser."""
    provider.claims = {"sub": "1", **claims}
    browser = site.browser()
    browser.follow_redirects = True
    return browser.get("/login/oidc"), browser


def test_who_has_a_role_at_the_provider_comes_in(site, provider):
    assert "Hospital" in site.browser().get("/login").text
    answer, _ = come_in(site, provider, preferred_username="Erika", name="Erika E.", groups=["x", "film-desk"])
    assert answer.status_code == 200 and answer.url.path == "/films" and "Erika E." in answer.text
    assert provider.verified, "the code was not proven (PKCE)"
    with site.store.read() as connection:
        assert people.one(connection, "erika").role is PersonRole.DESK
        assert people.password_hash_of(connection, "erika") == ""
    assert site.browser().sign_in("erika", "").status_code in (401, 422)


def test_a_secret_that_stands_in_the_settings_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="never the secret: file:/absolute/path or env:NAME"):
        load(data_dir=tmp_path, web={"oidc": {"client_secret": SECRET}})


def test_the_role_follows_the_provider(site, provider):
    come_in(site, provider, preferred_username="otto", groups=["film-desk"])
    come_in(site, provider, preferred_username="otto", groups=["film-desk", "film-admin"])
    with site.store.read() as connection:
        assert people.one(connection, "otto").role is PersonRole.ADMIN


def test_who_has_no_role_there_stays_out(site, provider):
    answer, browser = come_in(site, provider, preferred_username="eve", groups=["x"])
    assert answer.status_code == 403
    browser.follow_redirects = False
    assert browser.get("/films").status_code == 303


def test_a_name_with_a_password_here_is_somebody_elses(site, provider):
    answer, _ = come_in(site, provider, preferred_username="admin", groups=["film-admin"])
    assert answer.status_code == 403


def test_an_answer_that_nobody_asked_for_is_refused(site, provider):
    answer = site.browser().get("/login/oidc/callback?code=the-code&state=made-up")
    assert answer.status_code == 403
