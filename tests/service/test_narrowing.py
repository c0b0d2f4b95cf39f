"""Lists with anything asked of them, page by page, are what one finds by looking at every row."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import insert

from printmgr.film.identity import IdentityState
from service.store import audit, discs, film_queries, identities, jobs, narrowing, study_search
from service.store.disc_models import DiscRow, StudyWord
from service.store.engine import Store
from service.store.identity_models import IdentityRow, IdentityWord
from service.store.jobs import JobState
from service.store.models import Job, PrintRow
from service.store.study_models import StudyRow

COUNT = 90
PRINTERS, STATIONS, DATES = ("P0", "P1"), ("CT", "MR", "US"), ("2024-05-06", "2024-05-07")
NAMES = ("meier", "mei", "meinhardt", "mann", "anna", "anne", "an", "doe", "zz")
STUDY_STATES = ("arriving", "complete", "incomplete")
SIZES = {"FEW": 6, "LOOKED_THROUGH": 5, "MOST_COMPLETIONS": 2, "MOST_WAYS": 3}

Row = dict[str, Any]


@pytest.fixture(params=["as it is", "small"])
def sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With small sizes few rows go every way that many rows do."""
    if request.param == "small":
        for name, size in SIZES.items():
            monkeypatch.setattr(narrowing, name, size)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    yield store
    store.close()


def some_words(chance: random.Random) -> list[str]:
    return chance.sample(NAMES, chance.randint(0, 3))


def put_films(store: Store, chance: random.Random) -> list[Row]:
    """Films in every state, some removed."""
    films = []
    for number in range(COUNT):
        state = chance.choice(list(JobState))
        film = {"id": f"20240506-070809-{number:06}-aa", "state": state, "printer": chance.choice(PRINTERS)}
        film |= {"station": chance.choice(STATIONS), "date": chance.choice(DATES)}
        film |= {"removed": chance.random() < 0.2, "whose": chance.choice(list(IdentityState))}
        film |= {"patient": f"p{chance.randint(0, 20)}", "words": some_words(chance)}
        films.append(film)
    with store.write() as connection:
        for number, film in enumerate(films):
            values = {"id": film["id"], "kind": "film", "state": film["state"]}
            connection.execute(insert(Job).values(**values, ordered_at=number // 2, changed_at=0))
            same = {"kind": "film", "slug": "p", "ordered_at": "", "address": "", "films": 1, "images": 1, "copies": 1}
            same |= {name: film[name] for name in ("id", "printer", "date")} | {"calling_ae": film["station"]}
            removed = 1 if film["removed"] else None
            connection.execute(insert(PrintRow).values(**same, statuses="{}", deleted_at=removed))
            known = {"print_id": film["id"], "state": film["whose"], "patient_id": film["patient"]}
            empty = {"identity": "{}", "verdict": '{"candidates": [], "disagree": []}', "changed_at": 0}
            connection.execute(insert(IdentityRow).values(**known, **empty))
            for word in film["words"]:
                connection.execute(insert(IdentityWord).values(print_id=film["id"], word=word))
    return films


def put_studies(store: Store, chance: random.Random) -> list[Row]:
    studies = [{"id": n + 1, "state": chance.choice(STUDY_STATES), "words": some_words(chance)} for n in range(COUNT)]
    texts = ("patient_id", "issuer", "patient_name", "birth_date", "sex", "date", "time", "study_id")
    empty = dict.fromkeys((*texts, "accession_number", "description", "calling_ae"), "")
    counts = dict.fromkeys(("instances", "conflicts", "other_patients", "size_bytes", "first_at"), 0)
    with store.write() as connection:
        for study in studies:
            values = {"id": study["id"], "state": study["state"], "uid": f"1.{study['id']}"}
            connection.execute(insert(StudyRow).values(**values, **empty, **counts, last_at=chance.randint(0, 20)))
            for word in study["words"]:
                connection.execute(insert(StudyWord).values(study_id=study["id"], word=word))
    return studies


def have(row: Row, words: str) -> bool:
    return all(any(one.startswith(word) for one in row["words"]) for word in words.split())


def paged(page: Callable[[Any], list[Any]], key: Callable[[Any], Any]) -> list[Any]:
    """Keys of all pages, one after the other."""
    found: list[Any] = []
    while some := page(found[-1] if found else None):
        found += [key(one) for one in some]
        assert len(found) <= COUNT
    return found


ASKED_WORDS = ("", "m", "mei", "an", "anna", "m a", "mei an", "mei mei", "doe an", "doe zz", "a m z", "x", "doe x")


@pytest.mark.usefixtures("sizes")
def test_films_with_anything_asked_of_them(store: Store) -> None:
    chance = random.Random(1)
    films = put_films(store, chance)
    for _ in range(120):
        whose = chance.choice(["", "", film_queries.ANY_UNSURE, *IdentityState])
        asked = {"printer": chance.choice(["", "", *PRINTERS]), "calling_ae": chance.choice(["", "", *STATIONS])}
        asked |= {"date": chance.choice(["", "", *DATES]), "state": chance.choice(["", "", *JobState])}
        asked |= {"patient_id": chance.choice(["", "", "", "P 3", "nobody"]), "name": chance.choice(ASKED_WORDS)}
        meant = film_queries.UNSURE if whose == film_queries.ANY_UNSURE else {whose}
        expected = [
            film["id"]
            for film in reversed(films)
            if not film["removed"]
            and all(film[name] == asked[name] for name in ("printer", "date", "state") if asked[name])
            and (not asked["calling_ae"] or film["station"] == asked["calling_ae"])
            and (not whose or film["whose"] in meant)
            and (not asked["patient_id"] or film["patient"] == asked["patient_id"].replace(" ", "").lower())
            and have(film, asked["name"])
        ]
        limit = chance.randint(1, 9)
        with store.read() as connection:
            given = {**asked, "whose": whose, "limit": limit}
            found = paged(lambda last, g=given: film_queries.page(connection, last or "", **g), lambda one: one.id)
            assert found == expected, given
            if expected:
                down_to = chance.choice(expected)
                newer = film_queries.page(connection, down_to=down_to, **{**given, "limit": COUNT})
                assert [one.id for one in newer] == expected[: expected.index(down_to) + 1]
    unsure = [film for film in films if film["whose"] in film_queries.UNSURE and film["state"] not in jobs.OPEN]
    there = sum(not film["removed"] for film in unsure)
    with store.read() as connection:
        assert [film_queries.count_unsure(connection, most) for most in (1, 2, COUNT)] == [1, 2, there]


@pytest.mark.usefixtures("sizes")
def test_studies_with_anything_asked_of_them(store: Store) -> None:
    chance = random.Random(2)
    studies = put_studies(store, chance)
    for words in ASKED_WORDS:
        for state in ("", *STUDY_STATES):
            limit = chance.randint(1, 9)
            with store.read() as connection:

                def page(last: str | None, words: str = words, state: str = state, limit: int = limit) -> list[Any]:
                    before = study_search.key_of(connection, last) if last else None
                    return study_search.search(connection, words, before, limit, state)

                found = paged(page, lambda one: one.uid)
            wanted = [one for one in studies if have(one, words) and state in ("", one["state"])]
            expected = [f"1.{one['id']}" for one in reversed(wanted)]
            assert sorted(found) == sorted(expected)
            assert found == expected or not words


@pytest.mark.usefixtures("sizes")
def test_identities_jobs_discs_and_the_ledger(store: Store) -> None:
    chance = random.Random(3)
    films = put_films(store, chance)
    ids = [film["id"] for film in reversed(films)]
    of_discs = {film["id"]: f"p{number % 3}" for number, film in enumerate(films) if number % 2}
    empty = {"ordered_at": 0, "ordered_by": "", "medium": "", "profile": "", "output": "", "patient_name": ""}
    with store.write() as connection:
        for id_, patient_id in of_discs.items():
            connection.execute(insert(DiscRow).values(id=id_, patient_id=patient_id, patients=1, **empty))
        for number in range(COUNT):
            audit.append(connection, audit.Entry(f"a{number % 2}", f"w{number % 3}", object_id=f"o{number % 5}"))
    by_id = {film["id"]: film for film in films}
    with store.read() as connection:
        for name in ASKED_WORDS:
            states = chance.sample(list(IdentityState), chance.randint(0, 2))
            found = paged(
                lambda last, n=name, s=states: identities.listed(connection, s, name=n, before=last or "", limit=7),
                lambda one: one.print_id,
            )
            known = [film for film in reversed(films) if not states or film["whose"] in states]
            assert found == [film["id"] for film in known if have(film, name)]
        for states in ([], ["failed"], list(jobs.ENDED), list(jobs.OPEN)):
            found = paged(lambda last, s=states: jobs.listed(connection, s, "film", 7, last or ""), lambda one: one.id)
            assert found == [id_ for id_ in ids if not states or by_id[id_]["state"] in states]
        assert jobs.listed(connection, kind="disc") == []
        for state, patient_id in (("", "p1"), ("failed", ""), ("done", "p0")):
            found = paged(
                lambda last, s=state, p=patient_id: discs.listed(connection, last or "", 7, s, p), lambda one: one.id
            )
            some = [id_ for id_ in ids if id_ in of_discs and by_id[id_]["state"] == (state or by_id[id_]["state"])]
            assert found == [id_ for id_ in some if of_discs[id_] == (patient_id or of_discs[id_])]
        for who, action, object_id in (("w1", "", ""), ("w1", "a0", ""), ("w2", "a1", "o3"), ("w2", "", "o9")):
            found = paged(
                lambda last, a=(who, action, object_id): audit.listed(connection, last or 0, 7, *a),
                lambda one: one.number,
            )
            wanted = [n for n in range(COUNT, 0, -1) if who in ("", f"w{(n - 1) % 3}")]
            wanted = [n for n in wanted if action in ("", f"a{(n - 1) % 2}") and object_id in ("", f"o{(n - 1) % 5}")]
            assert found == wanted
