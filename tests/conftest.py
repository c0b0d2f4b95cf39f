"""Fixtures and markers of all tests."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks import hide_namesakes
from tests.postgres import Cluster, cluster, programs

hide_namesakes()
GOLDEN = Path(__file__).parent / "golden"
LONGEST = ("attacks", "browser", "soak", "faults", "peers", "statuses", "service")
"""Folders of tests that take long each. They come first, so that no process is left alone with one at the end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew; then read the diff")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)` compares text with tests/golden/NAME, or writes it with --update-golden."""

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert file.read_text(encoding="utf-8") == text, f"{name} differs; --update-golden writes it anew"

    return check


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first. A test marked `peer(program, …)` skips where a program is missing, and fails there in CI."""
    items.sort(key=_turn)
    for item in items:
        for mark in item.iter_markers("peer"):
            missing = [program for program in mark.args if shutil.which(program) is None]
            if missing and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(missing)}"))


def _turn(item: pytest.Item) -> int:
    folder = item.path.relative_to(item.config.rootpath).parts[1]
    return LONGEST.index(folder) if folder in LONGEST else len(LONGEST)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("peer"):
        missing = [program for program in mark.args if shutil.which(program) is None]
        if missing and os.environ.get("CI"):
            pytest.fail(f"needs {', '.join(missing)}; .ci/run installs them", pytrace=False)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL of this run; skipped on a laptop without it, fails in CI."""
    if programs() is None:
        if os.environ.get("CI"):
            pytest.fail("needs PostgreSQL's initdb; .ci/run installs it", pytrace=False)
        pytest.skip("needs PostgreSQL's initdb")
    with cluster() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database with the newest schema, of each kind."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql").new_database()
    from tests.databases import new_database

    url = f"sqlite:///{tmp_path / 'printmgr.db'}"
    new_database(url)
    return url
