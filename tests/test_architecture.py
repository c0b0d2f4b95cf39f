"""What the import linter cannot say: the pure packages import values only, modules stay small."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
VALUES = {
    "__future__",
    "bisect",
    "collections",
    "dataclasses",
    "datetime",
    "enum",
    "fnmatch",
    "functools",
    "hashlib",
    "itertools",
    "json",
    "math",
    "numpy",
    "operator",
    "re",
    "struct",
    "types",
    "typing",
    "unicodedata",
}
PURE = {"printmgr/film": ("printmgr.film", "printmgr.errors"), "media/fileset": ("media.fileset", "media.errors")}


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
            allowed = name.partition(".")[0] in VALUES or name.startswith(PURE[package])
            assert allowed, f"{path.name} imports {name}"


def test_pure_packages_read_no_clock():
    for package in PURE:
        for path in (ROOT / package).glob("*.py"):
            for word in (".now(", ".today(", ".utcnow(", "open("):
                assert word not in path.read_text(), f"{path.name} calls {word}"


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


def test_migrations_are_one_line():
    folder = ROOT / "service/store/migrations/versions"
    revisions = [
        re.search(r'^down_revision = "?(\w+)', file.read_text(), re.M) for file in sorted(folder.glob("0*.py"))
    ]
    befores = [found.group(1) for found in revisions if found]
    assert befores == ["None", *(file.name[:4] for file in sorted(folder.glob("0*.py"))[:-1])]
