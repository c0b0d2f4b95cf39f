"""PostgreSQL for tests: a cluster in a temporary folder, with a socket there and no port."""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service.store.engine import migrate

TEMPLATE = "migrated"


def programs() -> Path | None:
    """Where initdb and its like are: Debian keeps them beside each version."""
    named = shutil.which("initdb")
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True), *([Path(named)] if named else [])]
    return found[0].parent if found else None


class Cluster:
    """A running PostgreSQL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def new_database(self) -> str:
        """The URL of a database of its own, with the newest schema."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.url(name)

    def empty_database(self) -> str:
        name = f"t{uuid.uuid4().hex[:12]}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def sql(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(f"host={self.folder} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)


def _demoted() -> dict[str, Any]:
    """PostgreSQL does not run as root."""
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Make a cluster, run it, stop it and remove it."""
    where = programs()
    assert where is not None
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    as_user = _demoted()
    if as_user:
        os.chown(folder, as_user["user"], as_user["group"])

    def run(program: str, *arguments: object) -> None:
        command = [str(where / program), *map(str, arguments)]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stdin": subprocess.DEVNULL, "cwd": folder, **as_user}
        subprocess.run(command, check=True, **quiet)

    data = folder / "data"
    options = f"-c listen_addresses='' -k {folder} -c shared_buffers=32MB -c max_connections=200"
    try:
        make = ("--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8")
        run("initdb", *make, "-D", data)
        run("pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            made = Cluster(folder)
            made.sql(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
            migrate(made.url(TEMPLATE))
            yield made
        finally:
            run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)
