"""Signing in, and what somebody tries who should not get in."""

import time

import pytest

from service.store import people
from service.store.people import PersonRole
from service.web.callers import COOKIE
from tests.service.web.serving import PASSWORD, pages


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with pages(tmp_path_factory.mktemp("people")) as made:
        yield made


def test_only_who_has_the_consoles_secret_becomes_the_first_administrator(tmp_path):
    with pages(tmp_path, with_people=False) as made:
        browser = made.browser()
        assert browser.get("/films").headers["location"].startswith("/login")
        assert browser.get("/login").headers["location"] == "/setup"
        given = {"name": "Anna", "password": PASSWORD}
        assert browser.post("/setup", data={"secret": "wrong", **given}).status_code == 403
        assert browser.post("/setup", data={"secret": made.secret, **given, "password": "short"}).status_code == 422
        assert browser.post("/setup", data={"secret": made.secret, **given}).status_code == 303
        assert browser.get("/settings").status_code == 200
        second = made.browser()
        assert second.post("/setup", data={"secret": made.secret, **given, "name": "eve"}).status_code == 403
        assert second.get("/setup").headers["location"] == "/login"
        with made.store.read() as connection:
            assert [(one.name, one.role) for one in people.listed(connection)] == [("anna", PersonRole.ADMIN)]


def test_the_secret_is_not_asked_for_when_there_is_an_administrator(site):
    assert site.secret == ""


def test_a_session_that_somebody_brings_along_is_not_taken(site):
    """Session fixation: whatever cookie the browser had, signing in makes a new one."""
    browser = site.browser()
    browser.cookies.set(COOKIE, "chosen-by-the-attacker")
    browser.sign_in("desk")
    mine = [one.value for one in browser.cookies.jar][-1]
    assert mine and mine != "chosen-by-the-attacker"
    other = site.browser()
    other.cookies.set(COOKIE, "chosen-by-the-attacker")
    assert other.get("/films").status_code == 303
    browser.cookies.clear()
    browser.cookies.set(COOKIE, mine)
    browser.sign_in("viewer")
    other.cookies.clear()
    other.cookies.set(COOKIE, mine)
    assert other.get("/films").status_code == 303, "the session before still opens the door"


def test_the_cookie_is_kept_from_scripts_and_other_sites(site):
    answer = site.browser().sign_in("desk")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie


def test_signing_out_ends_the_session_and_empties_the_cache(site):
    browser = site.browser("desk")
    token = browser.cookies.get(COOKIE)
    answer = browser.submit("/logout")
    assert answer.headers["clear-site-data"] == '"cache"'
    browser.cookies.set(COOKIE, token)
    assert browser.get("/films").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": ""},
    ],
)
def test_a_request_that_another_page_makes_is_refused(site, headers):
    browser = site.browser("admin")
    csrf = browser.csrf()
    data = {"csrf": csrf, "name": "eve", "role": "admin", "password": PASSWORD}
    assert browser.post("/settings/people", data=data, headers=headers).status_code == 403
    with site.store.read() as connection, pytest.raises(people.NoSuchPerson):
        people.one(connection, "eve")


def test_a_request_without_the_sessions_own_token_is_refused(site):
    browser, other = site.browser("admin"), site.browser("desk")
    for csrf in ("", "x", other.csrf()):
        data = {"csrf": csrf, "name": "eve", "role": "admin", "password": PASSWORD}
        assert browser.post("/settings/people", data=data).status_code == 403
    assert browser.submit("/settings/people", name="carl", role="viewer", password=PASSWORD).status_code == 200


def test_guessing_passwords_is_slowed_down(tmp_path):
    with pages(tmp_path) as made:
        browser = made.browser()
        tried = [browser.sign_in("desk", f"wrong password {n}").status_code for n in range(12)]
        assert tried[:5] == [401] * 5
        assert set(tried[5:]) == {429}
        assert browser.sign_in("desk").status_code == 429, "the right password must wait too"
        assert int(browser.sign_in("desk").headers.get("retry-after", "0") or 0) >= 0
        with made.store.write() as connection:
            people.forgive(connection, ["name desk", "address 127.0.0.1"])
        assert browser.sign_in("desk").status_code == 303


def test_nobody_learns_who_has_an_account(site):
    browser = site.browser()
    one, other = browser.sign_in("desk", "wrong password"), browser.sign_in("nobody-here", "wrong password")
    assert one.status_code == other.status_code == 401
    assert one.text.replace("desk", "") == other.text.replace("nobody-here", "")
    with site.store.write() as connection:
        people.forgive(connection, ["name desk", "address 127.0.0.1"])


def test_the_page_locks_and_goes_on_where_it_was(site):
    browser = site.browser("desk")
    csrf = browser.csrf()
    assert browser.get("/queue").status_code == 200
    age = int((time.time() - site.settings.web.lock_after_s - 5) * 1e6)
    with site.store.write() as connection:
        people.touch_session(connection, people.hash_of(browser.cookies.get(COOKIE)), seen_at=age)
    assert browser.get("/queue?show=failed").headers["location"] == "/lock?next=/queue%3Fshow%3Dfailed"
    assert browser.get("/api/v1/jobs").status_code == 423
    part = browser.get("/queue?live=1", headers={"hx-request": "true", "hx-current-url": "http://x/queue"})
    assert part.headers["hx-redirect"] == "/lock?next=/queue" and part.text == ""
    data = {"csrf": csrf, "next": "/queue?show=failed"}
    assert browser.post("/unlock", data=data | {"password": "not it at all"}).status_code == 401
    answer = browser.post("/unlock", data=data | {"password": PASSWORD})
    assert answer.headers["location"] == "/queue?show=failed"
    assert browser.get("/queue").status_code == 200


def test_live_updates_do_not_keep_a_page_open(site):
    browser = site.browser("desk")
    token = people.hash_of(browser.cookies.get(COOKIE))
    age = int((time.time() - site.settings.web.lock_after_s / 2) * 1e6)
    with site.store.write() as connection:
        people.touch_session(connection, token, seen_at=age)
    assert browser.get("/queue?live=1").status_code == 200
    with site.store.read() as connection:
        assert people.session_of(connection, browser.cookies.get(COOKIE)).seen_at == age
    browser.get("/queue")
    with site.store.read() as connection:
        assert people.session_of(connection, browser.cookies.get(COOKIE)).seen_at > age


def test_no_address_leads_elsewhere(site):
    for place in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil"):
        browser = site.browser()
        answer = browser.post("/login", data={"name": "desk", "password": PASSWORD, "next": place})
        assert answer.headers["location"] == "/", place


def test_a_role_change_ends_the_persons_sessions(site):
    admin = site.browser("admin")
    admin.submit("/settings/people", name="dora", role="desk", password=PASSWORD)
    dora = site.browser("dora")
    assert dora.get("/films").status_code == 200
    assert admin.submit("/settings/people/dora", active="no").status_code == 200
    assert dora.get("/films").status_code == 303
    assert site.browser().sign_in("dora").status_code == 401
    with site.store.write() as connection:
        people.forgive(connection, ["name dora", "address 127.0.0.1"])


def test_the_last_administrator_stays(tmp_path):
    with pages(tmp_path) as made:
        admin = made.browser("admin")
        assert admin.submit("/settings/people/first", role="viewer").status_code == 200
        assert admin.submit("/settings/people/admin", role="viewer").status_code == 409
        assert admin.get("/settings").status_code == 200


def test_a_revoked_token_opens_nothing(site):
    admin = site.browser("admin")
    page = admin.submit("/settings/tokens", name="ris", role="viewer").text
    token = page.partition('<code class="token">')[2].partition("<")[0]
    with site.client() as machine:
        machine.headers["authorization"] = f"Bearer {token}"
        assert machine.get("/api/v1/films").status_code == 200
        with site.store.read() as connection:
            number = people.tokens(connection)[-1].id
        admin.submit(f"/settings/tokens/{number}/revoke")
        assert machine.get("/api/v1/films").status_code == 401
    assert token not in admin.get("/settings").text


def test_ones_password_can_be_changed(site):
    admin = site.browser("admin")
    admin.submit("/settings/people", name="erik", role="viewer", password=PASSWORD)
    erik = site.browser("erik")
    assert erik.submit("/password", old="wrong", new="another good one 7").status_code == 401
    assert erik.submit("/password", old=PASSWORD, new="another good one 7").status_code == 303
    assert site.browser().sign_in("erik", "another good one 7").status_code == 303
    with site.store.write() as connection:
        people.forgive(connection, ["name erik", "address 127.0.0.1"])


def test_a_page_elsewhere_whose_name_points_here_reaches_nothing(site):
    with site.client() as client:
        assert client.get("/login", headers={"host": "evil.example"}).status_code == 421


def test_the_headers_hold_scripts_off(site):
    answer = site.browser("desk").get("/films")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy and "default-src 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    for word in ("<script>", "onclick=", "onload=", "style="):
        assert word not in answer.text
