"""Fixtures and markers of all tests."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


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
    """A test marked `peer(program, …)` skips where a program is missing, and fails there in CI."""
    for item in items:
        for mark in item.iter_markers("peer"):
            missing = [program for program in mark.args if shutil.which(program) is None]
            if missing and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(missing)}"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("peer"):
        missing = [program for program in mark.args if shutil.which(program) is None]
        if missing and os.environ.get("CI"):
            pytest.fail(f"needs {', '.join(missing)}; .ci/run installs them", pytrace=False)
