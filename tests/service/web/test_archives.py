"""Archives as the pages ask them: what is asked, and what becomes of the pages while one does not answer."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from service.archives import Query
from service.store.people import PersonRole
from service.web.archives import AT_ONCE, WAITING, queries_of
from service.web.matrix import API
from tests.service.web.serving import pages
from tests.serving import free_port


@contextmanager
def silent() -> Iterator[int]:
    """A port where somebody answers the call and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        for one in held:
            one.close()
        server.shutdown(socket.SHUT_RDWR)


def archive(port: int, timeout_s: float = 20.0) -> dict[str, object]:
    peer = {"kind": "query_retrieve", "name": "PACS", "host": "127.0.0.1", "port": port, "ae_title": "NOBODY"}
    return {**peer, "timeout_s": timeout_s}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("", []),
        ("m", []),
        ("*?", []),
        ("Müller", [Query(patient_name="Müller"), Query(patient_id="Müller*"), Query(accession_number="Müller*")]),
        ("19750131", [Query("", "19750131*"), Query(accession_number="19750131*"), Query(birth_date="19750131")]),
        ("meier 31.1.1975", [
            Query("meier", birth_date="19750131"),
            Query(patient_id="meier*", birth_date="19750131"),
            Query(accession_number="meier*", birth_date="19750131"),
        ]),
        ("P1 A2", [Query(patient_id="P1*", accession_number="A2*"), Query(patient_id="A2*", accession_number="P1*")]),
        ("meier P1", [Query("meier", "P1*"), Query("meier", accession_number="P1*")]),
        ("1 2 3", []),
    ],
)  # fmt: skip
def test_typed_words_become_queries(text: str, asked: list[Query]) -> None:
    assert queries_of(text) == asked


def test_an_archive_that_is_away_is_told_in_words(tmp_path) -> None:
    with pages(tmp_path, archives=[archive(free_port())]) as site, site.client(PersonRole.DESK) as desk:
        assert desk.get(f"{API}/archives").json()["items"] == [{"name": "PACS"}]
        answer = desk.get(f"{API}/archives/PACS/studies?q=doe")
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (503, "archive-down")
        assert "PACS" in answer.json()["detail"] and "cannot be reached" in answer.json()["detail"]
        assert desk.get(f"{API}/archives/OTHER/studies?q=doe").status_code == 404
        part = desk.get("/studies/remote/PACS?q=doe")
        assert part.status_code == 200 and "PACS cannot be searched now" in part.text
        ordered = desk.post(f"{API}/discs", json={"studies": ["pacs:PACS:1.2.3"]})
        assert ordered.status_code == 503
        assert desk.post(f"{API}/discs", json={"studies": ["pacs:OTHER:1.2.3"]}).status_code == 422


def test_the_pages_answer_while_an_archive_does_not(tmp_path) -> None:
    with silent() as port, pages(tmp_path, archives=[archive(port, 4.0)]) as site, site.client(PersonRole.DESK) as desk:
        told: list[int] = []

        def ask() -> None:
            with site.client(PersonRole.DESK) as other:
                told.append(other.get(f"{API}/archives/PACS/studies?q=doe", timeout=60).status_code)

        asking = [threading.Thread(target=ask) for _ in range(AT_ONCE + WAITING + 1)]
        for one in asking:
            one.start()
        patience = time.monotonic() + 30
        while not told and time.monotonic() < patience:
            time.sleep(0.02)
        assert told[0] == 503  # one too many is not left to wait
        assert any(one.is_alive() for one in asking)
        assert desk.get(f"{API}/studies").status_code == 200
        assert desk.get("/studies").status_code == 200
        assert any(one.is_alive() for one in asking), "the pages waited for the archive"
        for one in asking:
            one.join(60)
        assert told == [503] * len(asking)
