"""The command line: quick help, words instead of tracebacks, exit codes 0, 1, 2."""

import json
import os
import subprocess
import sys

import pytest

from tests.commands import printmgr
from tests.databases import new_database

RUN = [sys.executable, "-c", "from service.cli import main; main()"]


HEAVY = ("dbos", "sqlalchemy", "pydicom", "numpy", "pydantic", "rich.table")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    around = {"PATH": os.environ["PATH"]} | environment
    return subprocess.run([*RUN, *arguments], env=around, capture_output=True, text=True, timeout=60, check=False)


def test_help_imports_nothing_heavy():
    assert run("--help").returncode == 0
    code = f"import sys, service.cli; print([m for m in {HEAVY} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "command",
    ["", "film", "film list", "film send", "jobs", "jobs retry", "config", "serve", "demo", "disc", "disc build"],
)
def test_every_command_has_help(command):
    ended = printmgr(*command.split(), "--help")
    assert ended.returncode == 0 and "Usage" in ended.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        "nonsense",
        "film show",
        "serve --role king",
        "jobs list --state lazy",
        "film list --state lazy",
        "film send host 1 AE file --bits 9",
        "film send host port AE file",
    ],
)
def test_a_wrong_call_is_2(arguments, tmp_path):
    ended = printmgr(*arguments.split(), PRINTMGR_DATA_DIR=tmp_path)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_no_data_is_told_in_words(tmp_path):
    ended = run("film", "list", PRINTMGR_DATA_DIR=str(tmp_path / "none"))
    assert ended.returncode == 1
    assert "expected the database of a service" in ended.stderr and "Traceback" not in ended.stderr
    assert not (tmp_path / "none").exists()


def test_an_id_nobody_knows_is_told_in_words(tmp_path):
    new_database(f"sqlite:///{tmp_path / 'printmgr.db'}")
    for command in ("film show", f"film render --output {tmp_path}/o.pdf", "jobs show", "jobs cancel", "jobs retry"):
        ended = printmgr(*command.split(), "x", PRINTMGR_DATA_DIR=tmp_path)
        assert ended.returncode == 1, command
        assert "'x'" in ended.stderr and "Traceback" not in ended.stderr


def test_lists_are_json_for_scripts(tmp_path):
    new_database(f"sqlite:///{tmp_path / 'printmgr.db'}")
    for command in (["film", "list"], ["jobs", "list"]):
        assert json.loads(printmgr(*command, "--json", PRINTMGR_DATA_DIR=tmp_path).stdout) == []
    shown = json.loads(printmgr("config", "show", "--json", PRINTMGR_DATA_DIR=tmp_path).stdout)
    assert shown["data_dir"] == str(tmp_path)
    assert f'data_dir = "{tmp_path}"' in printmgr("config", "show", PRINTMGR_DATA_DIR=tmp_path).stdout


def test_config_check_says_yes_or_every_no(tmp_path):
    assert run("config", "check").returncode == 0
    ended = run("config", "check", PRINTMGR_DICOM__PORT="x", PRINTMGR_RETENTION__JOBS="-1")
    assert ended.returncode == 2
    assert "dicom.port" in ended.stderr and "retention.jobs" in ended.stderr


def test_sending_to_nobody_is_told_in_words(tmp_path):
    from samples.make import write

    ended = run("film", "send", "127.0.0.1", "1", "AE", str(write(tmp_path)[0]))
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr and ended.stderr.startswith("printmgr: ")
