"""Every route for every role, as the matrix says."""

import re

import pytest

from service.store.people import PersonRole
from service.web.matrix import API, MATRIX
from tests.service.web.serving import pages

FILM = "20260101-000000-000000-00000000"
VALUES = {
    **dict.fromkeys(("film_id", "disc_id", "job_id"), FILM),
    "study_uid": "1.2.3",
    "number": "1",
    "token_id": "999",
    "name": "nobody",
    "ae_title": "NOBODY",
    "archive": "NOWHERE",
    "paper": "disc",
}
LOOSE = [key for key in MATRIX if key[1] not in ("/live", "/login/oidc", "/login/oidc/callback")]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with pages(tmp_path_factory.mktemp("matrix")) as made:
        yield made


def path_of(template: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: VALUES[found.group(1)], template)


@pytest.mark.parametrize("role", [*PersonRole, None], ids=lambda role: role or "nobody")
def test_every_route_lets_in_whom_the_matrix_lets_in(site, role):
    with site.client(role) as client:
        for (method, template), allowed in MATRIX.items():
            if (method, template) not in LOOSE:
                continue
            answer = client.request(method, path_of(template), follow_redirects=False)
            told = f"{role} {method} {template}: {answer.status_code} {answer.text[:200]}"
            if allowed is not None and role is None:
                if template.startswith(API):
                    assert answer.status_code == 401, told
                else:
                    assert answer.status_code in (303, 403), told
                    assert "/login" in answer.headers.get("location", "/login"), told
            elif allowed is not None and role not in allowed:
                assert answer.status_code == 403, told
                assert str(role) in answer.text, told
            else:
                refused = "does not allow" in answer.text
                assert answer.status_code < 500 and not refused, told


def test_a_route_that_is_not_in_the_matrix_is_not_served(site):
    with site.client(PersonRole.ADMIN) as client:
        for path in ("/docs", "/openapi.json", "/api/v1", "/api/v1/people", "/static/", "/films/x/y"):
            assert client.get(path).status_code in (404, 405), path


def test_what_a_role_may_not_do_is_noted(site):
    with site.client(PersonRole.VIEWER) as client:
        assert client.get(f"{API}/audit").status_code == 403
    with site.client(PersonRole.ADMIN) as client:
        found = client.get(f"{API}/audit", params={"action": "alarm"}).json()["items"]
    assert found[0]["who"] == "token machine viewer" and found[0]["object_id"] == f"{API}/audit"


def test_the_pages_show_what_the_role_may_do(site):
    viewer, admin = site.browser("viewer"), site.browser("admin")
    assert "/settings" not in viewer.get("/films").text
    assert 'href="/settings"' in admin.get("/films").text
    assert "Sign out" in viewer.get("/queue").text
