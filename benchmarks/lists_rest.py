"""The REST interface of a house: lists over a connection that stays open, and pages open with live updates."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

from benchmarks import Row
from benchmarks.lists_data import a_print
from service.store import people
from service.store.engine import Store
from service.store.people import PersonRole

OPEN_PAGES, REST_S = 50, 10
AT_REST = f"{OPEN_PAGES} open pages with live updates, at rest"
PATHS = (
    (
        "films", f"films?after={a_print(500)}", "films?printer=P3", "films?station=CT999", "films?date=2020-01-01",
        "films?state=failed", "films?whose=conflict", "films?whose=unsure", "films?patient_id=P-000500",
        "films?name=mei", "films?name=Unique500", "films?name=meier an", "films?name=meier doe",
    ),
    (
        "studies", "studies?q=mei", "studies?q=unique500", "studies?q=meier an", "studies?q=meier doe",
        "studies?q=P-000500", "studies?state=incomplete", "studies?q=meier&state=incomplete",
    ),
    ("jobs", "jobs?state=failed", "jobs?state=done&state=failed", "jobs?kind=disc"),
    ("discs", "discs?state=failed", "discs?patient_id=P-000500"),
    ("volumes",),
    ("audit", "audit?who=person7", "audit?action=print"),
)  # fmt: skip


@dataclass(slots=True)
class Server:
    """Our pages' process and a connection to it."""

    process: subprocess.Popen[str]
    host: str
    headers: dict[str, str]
    connection: HTTPConnection

    def count(self, path: str) -> int:
        """How many items the answer to a GET has."""
        self.connection.request("GET", quote(f"/api/v1/{path}", safe="/?=&-"), headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status, body)
        return len(json.loads(body)["items"])

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(each) for each in fields[11:13]) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(folder: Path, store: Store) -> Iterator[Server]:
    """The pages of a database, and a machine that may ask for all of them."""
    with store.write() as connection:
        token, _ = people.add_token(connection, "benchmark", PersonRole.ADMIN, "benchmark")
    command = [sys.executable, "-m", "benchmarks.lists_server", str(folder), store.engine.url.render_as_string(False)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        host = urlsplit(process.stdout.readline().strip()).netloc
        yield Server(process, host, {"authorization": f"Bearer {token}"}, HTTPConnection(host, timeout=60))
    finally:
        process.stdin.close()
        process.wait(30)


def open_pages(server: Server) -> Row:
    """What pages with live updates cost the pages' process, all threads of it, while nothing changes."""
    with ExitStack() as stack:
        for _ in range(OPEN_PAGES):
            page = stack.enter_context(_closing(HTTPConnection(server.host, timeout=60)))
            page.request("GET", "/live", headers=server.headers)
            answer = page.getresponse()
            assert answer.status == 200, answer.status
            answer.readline()
        time.sleep(1)
        before = server.cpu_s()
        time.sleep(REST_S)
        share = (server.cpu_s() - before) / REST_S * 100
    return Row(AT_REST, "goal", share, 5.0, "% of a core", at_most=1.0)


@contextmanager
def _closing(connection: HTTPConnection) -> Iterator[HTTPConnection]:
    try:
        yield connection
    finally:
        connection.close()
