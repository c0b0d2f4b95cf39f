"""Files to index, written once a run."""

from pathlib import Path

import pydicom
import pytest

from samples.awkward import write_awkward, write_record_types


@pytest.fixture(scope="session")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_awkward(tmp_path_factory.mktemp("awkward"))


@pytest.fixture(scope="session")
def record_types(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_record_types(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="session")
def bundled() -> list[Path]:
    """Every file that comes with pydicom."""
    folder = Path(pydicom.__file__).parent / "data"
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
