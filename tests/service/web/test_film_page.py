"""A film's page: whose film it is by the worklist as it is now, printing again, sending on; each in the ledger."""

import html
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from printmgr.film.identity import Finding, Identity, Source
from printmgr.film.printer import LogicalPrinter
from samples.prints import film_of, print_of
from service.store import audit, deliveries, identities, jobs, orders
from service.store.audit import Record
from service.store.jobs import JobState
from service.store.people import PersonRole
from service.web.matrix import API
from tests.service.web.serving import Browser, Pages, pages
from tests.serving import free_port
from tests.worklist import make_folder, worklist_peer, write_entry

FILM = "20260105-101500-000000-0000000a"
GONE = "20260105-101500-000000-0000000b"  # its data are no longer kept
MEIER = {"PatientName": "Meier^Änne", "PatientID": "P-7", "PatientBirthDate": "19750131", "AccessionNumber": "A7"}
OTHER = {"PatientName": "Meierhofer^Max", "PatientID": "P-8", "PatientBirthDate": "19660202"}
pytestmark = pytest.mark.peer("wlmscpfs")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """Two films of a printer that prints on paper, and a worklist."""
    folder = tmp_path_factory.mktemp("film")
    worklist = make_folder(folder / "worklist")
    for name, patient in (("one", MEIER), ("two", OTHER)):
        write_entry(worklist, name, station="CT1", date="20260105", clock="1000", **patient)
    sinks = [
        {"name": "folder"},
        {"name": "paper", "kind": "paper", "uri": f"ipp://127.0.0.1:{free_port()}/printers/film"},
        {"name": "lost", "kind": "folder", "root": str(folder / "elsewhere")},
    ]
    with worklist_peer(worklist) as port:
        more = {
            "sinks": sinks,
            "printers": [{"ae_title": "FILM", "sinks": ["folder", "paper"]}],
            "identity": {"worklist": {"host": "127.0.0.1", "port": port, "ae_title": "WORKLIST"}},
        }
        with pages(folder, more=more) as made:
            for film_id in (FILM, GONE):
                add_film(made, film_id)
            spooled = made.settings.spool_dir / "prints" / FILM
            spooled.mkdir(parents=True)
            (spooled / "order.json").write_text("{}")
            yield made


def add_film(made: Pages, film_id: str) -> None:
    folder = made.settings.data_dir / "pixels"
    folder.mkdir(exist_ok=True)
    film = film_of(folder, {1: np.zeros((8, 8), np.uint16)}, "STANDARD\\1,1")
    writer = orders.OrderWriter(made.store, 100)
    writer.add(replace(print_of(folder, [film], LogicalPrinter("FILM", slug="film")), id=film_id), b"{}")
    writer.close()
    with made.store.write() as connection:
        orders.settle(connection, film_id)
        jobs.move(connection, film_id, JobState.DONE, only_from=[JobState.ORDERED])
        deliveries.hand_over(connection, film_id, ["folder"])


@pytest.fixture
def desk(site: Pages) -> Iterator[Browser]:
    with closing(site.browser(PersonRole.DESK)) as browser:
        yield browser


def ledger(site: Pages, action: str) -> list[Record]:
    """The newest first."""
    with site.store.read() as connection:
        return audit.listed(connection, limit=50, action=action)


def offered(desk: Browser, text: str) -> dict[str, str]:
    """Token of what the worklist has, by the words beside it."""
    answer = desk.get(f"/films/{FILM}/whose/worklist", params={"q": text})
    assert answer.status_code == 200, answer.text
    found = re.findall(r'value="(worklist [^"]+)"><span>(.*?)</span></label>', answer.text, re.DOTALL)
    return {html.unescape(re.sub(r"<[^>]+>", " ", said)): value for value, said in found}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mei", ["P-7", "P-8"]),
        ("MEIERH", ["P-8"]),
        ("änne meier", ["P-7"]),
        ("P-7", ["P-7"]),
        ("A7", ["P-7"]),
        ("31.1.1975", ["P-7"]),
        ("19660202 meier", ["P-8"]),
        ("nobody", []),
        ("*", []),
        ("m", []),
    ],
)
def test_the_worklist_is_searched_as_the_studies_are(site: Pages, desk: Browser, text: str, found: list[str]) -> None:
    said = " ".join(offered(desk, text))
    assert [number for number in ("P-7", "P-8") if number in said] == found


def test_a_patient_of_the_worklist_is_confirmed_and_undone(site: Pages, desk: Browser) -> None:
    (said,) = [one for one in offered(desk, "meier") if "P-7" in one]
    assert "Meier, Änne" in said and "CT1" in said
    entry = ledger(site, "search")[0]
    assert (entry.object_kind, entry.object_id) == ("worklist", "meier")
    assert ("P-7", "Meier^Änne") in entry.patients
    choice = offered(desk, "meier")[said]
    assert desk.submit(f"/films/{FILM}/whose", choice=choice).status_code == 303
    with site.store.read() as connection:
        now = identities.standing_of(connection, FILM)
    assert (now.state, now.identity.patient_id, now.identity.accession_number) == ("confirmed", "P-7", "A7")
    with site.store.read() as connection:  # the film is drawn with its patient
        assert jobs.one(connection, f"{FILM}-act1").kind == orders.IDENTITY
    assert desk.submit(f"/films/{FILM}/whose/undo", why="the wrong Meier").status_code == 303
    changes = [one.detail for one in ledger(site, "change") if one.object_id == FILM]
    assert changes == ["undid whose film it is: the wrong Meier", "confirmed whose film it is"]


def test_only_what_the_page_showed_is_confirmed_and_undone(site: Pages, desk: Browser) -> None:
    """Somebody looks at one patient; meanwhile another is proposed, or confirmed."""
    one, two = (Identity(f"Q-{n}", "", f"Quill^{n}") for n in (1, 2))
    with site.store.write() as connection:
        identities.found(connection, FILM, [Finding(Source.ATTRIBUTES, one)])
    page = desk.get(f"/films/{FILM}").text
    (choice,) = re.findall(r'name="choice" value="(found [^"]+)"', page)
    with site.store.write() as connection:
        identities.found(connection, FILM, [Finding(Source.ATTRIBUTES, two)])
    late = desk.submit(f"/films/{FILM}/whose", choice=choice)
    assert late.status_code == 422 and "not there any more" in late.text
    (choice,) = re.findall(r'name="choice" value="(found [^"]+)"', desk.get(f"/films/{FILM}").text)
    assert desk.submit(f"/films/{FILM}/whose", choice=choice).status_code == 303
    with site.store.read() as connection:
        assert identities.standing_of(connection, FILM).identity == two
    (act,) = re.findall(r'name="act" value="([0-9]+)"', desk.get(f"/films/{FILM}").text)
    with site.store.write() as connection:
        identities.undo(connection, FILM, "somebody else")
        identities.confirm(connection, FILM, "somebody else", one)
    late = desk.submit(f"/films/{FILM}/whose/undo", act=act)
    assert late.status_code == 409 and "confirmed anew" in late.text
    (act,) = re.findall(r'name="act" value="([0-9]+)"', desk.get(f"/films/{FILM}").text)
    assert desk.submit(f"/films/{FILM}/whose/undo", act=act).status_code == 303


def test_without_scripts_the_question_stands_beside_the_film(desk: Browser) -> None:
    page = desk.get(f"/films/{FILM}/whose", params={"q": "meier"}).text
    assert "</html>" in page and "data-viewer" in page and 'id="whose-found"' in page
    part = desk.get(f"/films/{FILM}/whose", headers={"hx-request": "true"}).text
    assert "</html>" not in part and "data-viewer" not in part and 'id="whose-found"' in part


def test_what_was_never_offered_is_not_taken(site: Pages, desk: Browser) -> None:
    answer = desk.submit(f"/films/{FILM}/whose", choice="worklist made-up")
    assert answer.status_code == 422 and "search again" in answer.text


def test_a_worklist_that_does_not_answer_says_so(tmp_path: Path) -> None:
    more = {"identity": {"worklist": {"host": "127.0.0.1", "port": free_port(), "ae_title": "WORKLIST"}}}
    with pages(tmp_path, more=more) as made, closing(made.browser(PersonRole.DESK)) as desk:
        add_film(made, FILM)
        answer = desk.get(f"/films/{FILM}/whose/worklist", params={"q": "meier"})
        assert answer.status_code == 200
        assert "The worklist cannot be searched now" in answer.text and "cannot be reached" in answer.text


def test_printing_again_is_a_delivery_with_an_entry_of_its_own(site: Pages, desk: Browser) -> None:
    page = desk.get(f"/films/{FILM}").text
    assert "Print again on paper" in page
    before = len(ledger(site, "print"))
    for number in (1, 2):
        assert desk.submit(f"/films/{FILM}/print").status_code == 303
        with site.store.read() as connection:
            way = deliveries.one(connection, FILM, "paper")
        assert (way.state, way.number) == ("waiting", number)
        with site.store.write() as connection:  # as when it was printed
            claim = deliveries.claim(connection, "paper", "test")
            assert claim is not None
            deliveries.delivered(connection, claim, "job 7", None)
    found = ledger(site, "print")
    assert len(found) == before + 2
    assert (found[0].who, found[0].role, found[0].detail) == ("desk", "desk", "printed again on paper")
    with site.client(PersonRole.DESK) as client:
        assert client.post(f"{API}/films/{FILM}/print").status_code == 202


def test_sending_is_a_delivery_to_any_sink(site: Pages, desk: Browser) -> None:
    assert desk.submit(f"/films/{FILM}/send", sink="lost").status_code == 303
    with site.store.read() as connection:
        assert deliveries.one(connection, FILM, "lost").state == "waiting"
    assert ledger(site, "export")[0].detail == "to lost"
    assert desk.submit(f"/films/{FILM}/send", sink="nowhere").status_code == 422


def test_a_film_that_is_no_longer_kept_is_not_promised(site: Pages, desk: Browser) -> None:
    for answer in (desk.submit(f"/films/{GONE}/print"), desk.submit(f"/films/{GONE}/send", sink="lost")):
        assert answer.status_code == 404 and "no longer in the spool" in answer.text
    assert [one for one in ledger(site, "print") if one.object_id == GONE and one.who == "desk"] == []
