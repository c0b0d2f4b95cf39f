"""Fixtures and markers of all tests."""

import os
import shutil

import pytest


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
