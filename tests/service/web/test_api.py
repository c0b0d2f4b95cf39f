"""The REST interface: pages of lists, entity tags, ranges, errors, names that lead elsewhere."""

import pytest

from media.studies import Received, Sender, Series, Study
from service.store import discs, orders
from service.store.discs import NewDisc
from service.store.jobs import JobState, move
from service.store.people import PersonRole
from service.store.studies import Entry, StudyWriter
from service.web.errors import ANSWERS
from service.web.matrix import API
from tests.service.web.serving import pages

NAMES = ["Müller^Änne", "Meier^Hans^^Dr.", "山田^太郎=Yamada^Tarou", "O'Neil^Sean", "de la Cruz^María José"]
DISC = "20260101-120000-000000-0000000a"
OUTSIDE = "20260101-120000-000000-0000000b"
STUDIES = 60


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with pages(tmp_path_factory.mktemp("api")) as made:
        store_studies(made.store, STUDIES)
        add_discs(made)
        yield made


@pytest.fixture
def desk(site):
    with site.client(PersonRole.DESK) as client:
        yield client


def store_studies(store, count: int) -> None:
    writer = StudyWriter(store, lambda one, there: False)
    for number in range(count):
        study = Study(
            f"1.2.{number}",
            patient_id=f"P-{number:04}",
            patient_name=NAMES[number % len(NAMES)],
            birth_date=f"19{50 + number % 50}0131",
            date="20260101",
            accession_number=f"ACC{number}",
        )
        series, sender = Series(f"1.2.{number}.2", modality="CT"), Sender("CT1", "ARCHIVE", "::1")
        found = Received("1.2", f"1.2.{number}.1", "1.2", "1", study, series, sender, 100, 0)
        writer.add([Entry(f"x/{number}.dcm", found)])
    writer.close()


def add_discs(made) -> None:
    """A finished disc with an image of known bytes, and one whose volume claims a file outside of its folder."""
    output = made.settings.discs_dir / DISC
    output.mkdir(parents=True)
    (output / "volume_1.iso").write_bytes(bytes(range(256)) * 40)
    (output / "report.json").write_text("{}")
    with made.store.write() as connection:
        for disc_id, written in ((DISC, ["volume_1.iso"]), (OUTSIDE, ["../../printmgr.db"])):
            orders.add_job(connection, disc_id, "disc", "{}")
            discs.add(connection, NewDisc(disc_id, "anna", "CD-R-700", "", str(made.settings.discs_dir / disc_id)))
            volume = {"number": 1, "file_set_id": "DISC", "file_set_uid": "1.2", "instances": 1, "size_bytes": 10240}
            discs.note_volumes(connection, disc_id, [{**volume, "written": written}])
            move(connection, disc_id, JobState.DONE, only_from=[JobState.ORDERED])


def test_pages_of_a_list_hold_every_study_once(desk):
    seen, place = [], f"{API}/studies?limit=7"
    while place:
        found = desk.get(place).json()
        seen += [one["uid"] for one in found["items"]]
        place = found["next"]
    assert len(seen) == len(set(seen)) == STUDIES
    assert seen[0] == f"1.2.{STUDIES - 1}"


@pytest.mark.parametrize(("limit", "shown"), [(1, 40), (45, 45), (200, STUDIES)])
def test_an_open_list_is_renewed_as_long_as_it_is_shown(desk, limit, shown):
    part = desk.get(f"/studies?live=1&limit={limit}", headers={"hx-request": "true"}).text
    assert part.count("data-uid=") == shown
    assert ("More studies" in part) == (shown < STUDIES)


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("muller", 12),
        ("MÜL änn", 12),
        ("P-0007", 1),
        ("acc33", 1),
        ("31.1.1957", 2),
        ("1957-01-31", 2),
        ("meier dr.", 12),
        ("太郎", 12),
        ("yamada p-0002", 1),
        ("o'neil", 12),
        ("cruz maria", 12),
        ("muller meier", 0),
        ("%", 0),
        ("' OR 1=1 --", 0),
        ("", 50),
    ],
)
def test_studies_are_found_by_the_beginnings_of_their_words(desk, asked, count):
    assert len(desk.get(f"{API}/studies", params={"q": asked}).json()["items"]) == count


def test_what_did_not_change_is_not_sent_again(desk):
    first = desk.get(f"{API}/studies")
    again = desk.get(f"{API}/studies", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    image = desk.get(f"{API}/discs/{DISC}/volumes/1")
    same = desk.get(f"{API}/discs/{DISC}/volumes/1", headers={"if-none-match": image.headers["etag"]})
    assert same.status_code == 304


def test_an_image_is_sent_by_ranges(desk):
    whole = desk.get(f"{API}/discs/{DISC}/volumes/1")
    assert whole.status_code == 200 and len(whole.content) == 10240
    part = desk.get(f"{API}/discs/{DISC}/volumes/1", headers={"range": "bytes=100-199"})
    assert part.status_code == 206 and part.content == whole.content[100:200]
    assert part.headers["content-range"] == "bytes 100-199/10240"
    end = desk.get(f"{API}/discs/{DISC}/volumes/1", headers={"range": "bytes=-16"})
    assert end.content == whole.content[-16:]
    assert desk.get(f"{API}/discs/{DISC}/volumes/1", headers={"range": "bytes=20000-"}).status_code == 416


def test_a_downloaded_disc_is_noted(site, desk):
    desk.get(f"{API}/discs/{DISC}/volumes/1")
    with site.client(PersonRole.ADMIN) as admin:
        found = admin.get(f"{API}/audit", params={"action": "export"}).json()["items"][0]
    assert (found["who"], found["object_kind"], found["object_id"]) == ("token machine desk", "disc", DISC)


def test_a_disc_is_handed_out_once_it_is_there(site, desk):
    given = {"to_whom": "Jane <b>Doe</b>", "relation": "guardian", "reason": "second opinion"}
    answer = desk.post(f"{API}/discs/{DISC}/releases", json=given)
    assert answer.status_code == 201 and answer.json()["releases"][-1]["to_whom"] == "Jane <b>Doe</b>"
    assert desk.post(f"{API}/discs/{DISC}/releases", json=given | {"relation": "x"}).status_code == 422
    with site.client(PersonRole.ADMIN) as admin:
        found = admin.get(f"{API}/audit", params={"action": "release"}).json()["items"][0]
    assert found["object_id"] == DISC


TRICKS = [
    "../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/printmgr.db",
    "....//",
    "%00",
    "a\\..\\b",
]
FILES = [
    "films/{}/pdf",
    "films/{}/pages/1.png",
    "discs/{}/report.json",
    "discs/{}/volumes/1",
    "studies/{}/thumbnail.png",
    "films/{}",
    "discs/{}",
    "jobs/{}",
]


@pytest.mark.parametrize("route", FILES)
def test_no_name_leads_out_of_our_folders(desk, route):
    for trick in TRICKS:
        answer = desk.get(f"{API}/{route.format(trick)}")
        assert answer.status_code in (404, 405, 422), f"{route} {trick}: {answer.status_code}"
        assert b"root:" not in answer.content and b"SQLite" not in answer.content
    for trick in TRICKS:
        assert desk.get(f"/static/{trick}").status_code == 404


def test_a_volume_outside_of_its_discs_folder_is_not_sent(desk):
    answer = desk.get(f"{API}/discs/{OUTSIDE}/volumes/1")
    assert answer.status_code == 404 and b"SQLite" not in answer.content


def test_errors_are_problems(desk):
    answer = desk.get(f"{API}/discs/20260101-120000-000000-ffffffff")
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code == 404
    assert problem["type"].endswith("/no-such-disc") and problem["instance"].startswith(f"{API}/discs/")
    wrong = desk.get(f"{API}/studies", params={"limit": 0})
    assert wrong.status_code == 422 and "limit" in wrong.json()["detail"]
    assert desk.get(f"{API}/studies", params={"after": "x"}).status_code == 422
    assert desk.get(f"{API}/jobs", params={"state": "x"}).status_code == 422
    assert desk.post(f"{API}/discs", json={"studies": ["1.2.999"]}).status_code == 404
    assert desk.post(f"{API}/discs", json={"studies": []}).status_code == 422
    assert desk.post(f"{API}/discs", json={"studies": ["1.2.1"], "medium": "floppy"}).status_code == 422


def test_studies_of_two_patients_must_be_meant(desk):
    wanted = {"studies": ["1.2.1", "1.2.2"]}
    answer = desk.post(f"{API}/discs", json=wanted)
    assert answer.status_code == 409 and answer.json()["type"].endswith("/needs-confirmation")
    made = desk.post(f"{API}/discs", json=wanted | {"two_patients": True})
    assert made.status_code == 202
    assert desk.get(made.headers["location"]).json()["patients"] == 2


def test_a_waiting_job_is_cancelled_and_put_first(desk):
    made = desk.post(f"{API}/discs", json={"studies": ["1.2.3"]}).json()
    assert desk.put(f"{API}/jobs/{made['id']}/priority", json={"priority": 5}).status_code == 204
    assert desk.get(made["job"]).json()["priority"] == 5
    assert "request" not in desk.get(made["job"]).json()
    assert desk.put(f"{API}/jobs/{made['id']}/priority", json={"priority": 50}).status_code == 422
    assert desk.post(f"{API}/jobs/{made['id']}/cancel").status_code == 204
    assert desk.post(f"{API}/jobs/{made['id']}/cancel").status_code == 409
    assert desk.put(f"{API}/jobs/{made['id']}/priority", json={"priority": 5}).status_code == 409


def test_the_interface_describes_itself(desk):
    described = desk.get(f"{API}/openapi.json").json()
    assert f"{API}/films/{{film_id}}" in described["paths"]
    assert not [path for path in described["paths"] if not path.startswith(API)]


def test_every_answer_stands_in_the_table_once_with_its_kind():
    for name, answer in ANSWERS.items():
        assert 400 <= answer.status < 600 and answer.title and answer.kind, name
