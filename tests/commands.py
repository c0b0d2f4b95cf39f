"""The command line in this process: as it is in one of its own, without the time in which that one starts."""

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from subprocess import CompletedProcess
from unittest.mock import patch

from service.cli import main


def printmgr(*words: object, **environment: object) -> "CompletedProcess[str]":
    """What `printmgr WORDS` says and ends with; `environment` on top of this process's."""
    command = ["printmgr", *map(str, words)]
    around = os.environ | {name: str(value) for name, value in environment.items()}
    out, err, code = io.StringIO(), io.StringIO(), 0
    with patch.object(sys, "argv", command), patch.dict(os.environ, around), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    return CompletedProcess(command, code, out.getvalue(), err.getvalue())
