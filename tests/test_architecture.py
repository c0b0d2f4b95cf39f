"""What the import linter cannot say: the pure packages import values only, modules stay small."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PURE = {
    "printmgr/film": {
        "bisect", "collections", "dataclasses", "enum", "functools", "itertools", "math", "re", "struct", "types", "typing",
        "collections.abc", "numpy", "printmgr.film", "printmgr.errors",
    },
    "media/fileset": {
        "bisect", "collections", "dataclasses", "enum", "functools", "hashlib", "itertools", "json", "math", "operator", "re",
        "struct", "types", "typing", "collections.abc", "numpy", "media.fileset", "media.errors",
    },
}  # fmt: skip


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("package", PURE)
def test_pure_packages_import_values_only(package):
    modules = sorted((ROOT / package).glob("*.py"))
    assert len(modules) > 3
    for path in modules:
        for name in imported(path):
            allowed = name in PURE[package] or any(
                name.startswith(f"{ok}.") for ok in PURE[package] if ok.endswith(("film", "fileset"))
            )
            assert allowed, f"{path.name} imports {name}"


def test_every_third_party_import_is_a_dependency_of_the_project():
    """A module that only a developer's machine has would fail at a user's."""
    text = (ROOT / "pyproject.toml").read_text()
    known = {
        "cv2": "opencv-python-headless",
        "gdcm": "python-gdcm",
        "openjpeg": "pylibjpeg-openjpeg",
        "jpeg_ls": "pyjpegls",
    }
    own = {"printmgr", "media", "service", "samples"}
    for package in ("printmgr", "media", "service"):
        for path in (ROOT / package).rglob("*.py"):
            for name in imported(path):
                top = name.partition(".")[0]
                if top in sys.stdlib_module_names or top in own:
                    continue
                assert known.get(top, top).replace("_", "-") in text, f"{path} imports {name}"


def test_modules_stay_small():
    """Past 400 lines a module has more than one subject; tables of the standard excepted."""
    for package in ("printmgr", "media", "service"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text()
            if "TABLE" in text.split("\n", 1)[0]:
                continue
            assert text.count("\n") <= 400, f"{path.relative_to(ROOT)} has {text.count(chr(10))} lines"
