"""Backup and restore: while films and studies come in, into an empty folder, compared; and what goes wrong."""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from printmgr.scu import undisturbed
from service.backup import MANIFEST, BackupFailed
from service.backup.restore import restore
from service.backup.write import backup
from service.config import Settings, load
from service.store import prints, study_queries
from service.store.engine import Store, migrate
from service.store.jobs import JobState
from tests.receiving import ARCHIVE, association, instance
from tests.serving import Serving, film_pixels, free_port, scu

RUN = [sys.executable, "-c", "from service.cli import main; main()"]
PATIENCE_S = 90.0


def printed(store: Store) -> dict[str, JobState]:
    with store.read() as connection:
        return {one.id: one.state for one in prints.listed(connection, limit=10_000)}


def wait_until(true, what: str) -> None:
    waited = threading.Event()
    for _ in range(int(PATIENCE_S / 0.1)):
        if true():
            return
        waited.wait(0.1)
    raise AssertionError(f"{what} did not come in {PATIENCE_S} s")


def test_a_backup_while_films_come_in_restores_into_an_empty_folder(tmp_path):
    data, target = tmp_path / "run", tmp_path / "restored"
    acknowledged: list[int] = []
    enough = threading.Event()

    def console(port: int) -> None:
        with scu(port) as one:
            assert one.open_session() == 0
            number = 0
            while not enough.wait(0.2):
                number += 1
                if one.print_film(film_pixels(number)) == 0:
                    acknowledged.append(number)

    def modality(port: int) -> None:
        context = (CTImageStorage, [ExplicitVRLittleEndian])
        with association(port, context, called=ARCHIVE) as assoc, undisturbed(assoc):
            number = 0
            while not enough.wait(0.05):
                number += 1
                assert assoc.send_c_store(instance(number)).Status == 0

    with Serving(data) as service:
        threads = [threading.Thread(target=sender, args=[service.port]) for sender in (console, modality)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(acknowledged) >= 3 and any((data / "films").rglob("*.pdf")), "a film")
        before = len(acknowledged)
        ended = subprocess.run(
            [*RUN, "backup", str(tmp_path / "b.tar"), "--json"],
            env={"PATH": "/usr/bin:/bin", "PRINTMGR_DATA_DIR": str(data)},
            capture_output=True,
            text=True,
            check=False,
        )
        enough.set()
        for thread in threads:
            thread.join()
        assert len(acknowledged) > before
        assert ended.returncode == 0, ended.stderr
        store = Store(load(data_dir=data).database)  # what is compared has to be made here too
        wait_until(lambda: set(printed(store).values()) == {JobState.DONE}, "the last film of the first service")
        store.close()
    made = json.loads(ended.stdout)
    known = load(data_dir=target)
    restored = restore(tmp_path / "b.tar", known)
    assert restored.missing == () and restored.files == made["files"] and restored.received
    store = Store(known.database)
    there = printed(store)
    assert len(there) >= before
    store.close()
    films = sorted((target / "films").rglob("*.pdf"))
    assert {film.stem for film in films} <= set(there)
    for film in films:
        assert film.read_bytes() == (data / film.relative_to(target)).read_bytes()

    with Serving(target):  # what was not done by then is now: the same films, byte for byte
        store = Store(known.database)
        wait_until(lambda: set(printed(store).values()) == {JobState.DONE}, "the last film")
        store.close()
    for print_id in there:
        (film,) = (target / "films").rglob(f"{print_id}.pdf")
        assert film.read_bytes() == (data / film.relative_to(target)).read_bytes()
    with Store(known.database).read() as connection:
        (study,) = study_queries.listed(connection)
        held = study_queries.files(connection, study.uid)
    assert len(held) >= restored.received
    for one in held:
        assert digest(target / "inbox" / one.file) == digest(data / "inbox" / one.file)


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture
def installation(tmp_path: Path) -> Settings:
    """Data without a service: a database, a film, a key elsewhere."""
    key = tmp_path / "etc" / "server.key"
    key.parent.mkdir()
    key.write_text("a key")
    tls = {"certificate": str(key), "key": str(key), "authorities": str(key), "port": free_port()}
    settings = load(data_dir=tmp_path / "data", dicom={"tls": tls})
    migrate(settings.database)
    (settings.films_dir / "ct").mkdir(parents=True)
    (settings.films_dir / "ct" / "a.json").write_bytes(bytes(range(256)) * 5000)
    return settings


def test_settings_and_keys_come_along_and_secrets_do_not(installation, tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('[web.oidc]\nclient_secret = "hunter2"\n[other]\nclient_secret = "file:/etc/secret"\n')
    backup(installation, tmp_path / "b.tar", file)
    assert b"hunter2" not in (tmp_path / "b.tar").read_bytes()
    target = tmp_path / "target"
    target.mkdir()
    made = restore(tmp_path / "b.tar", load(data_dir=target))
    assert made.settings
    assert "file:/etc/secret" in (target / "restored" / "settings.toml").read_text()
    assert (target / f"restored/outside{tmp_path}/etc/server.key").read_text() == "a key"
    assert {path.stat().st_mode & 0o077 for path in target.rglob("*")} == {0}
    assert (target / "films/ct/a.json").stat().st_mtime_ns == (tmp_path / "data/films/ct/a.json").stat().st_mtime_ns


def test_a_backup_never_goes_over_a_file_and_a_restore_never_into_a_used_folder(installation, tmp_path):
    file = tmp_path / "b.tar"
    backup(installation, file)
    with pytest.raises(BackupFailed, match="exists; expected the name of a new file"):
        backup(installation, file)
    with pytest.raises(BackupFailed, match="is not empty"):
        restore(file, installation)
    with pytest.raises(BackupFailed, match="does not exist"):
        restore(tmp_path / "no.tar", load(data_dir=tmp_path / "t"))
    with pytest.raises(BackupFailed, match="is no folder"):
        backup(installation, tmp_path / "no" / "b.tar")


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    at = data.index(bytes(range(256)))
    return data[: at + 9] + b"\xff" + data[at + 10 :]


def other(data: bytes) -> bytes:
    return b"no backup" * 1000


def without_manifest(data: bytes) -> bytes:
    return changed(data, lambda info: info.name != MANIFEST)


def climbing(data: bytes) -> bytes:
    def climb(info: tarfile.TarInfo) -> bool:
        info.name = info.name.replace("data/films", "data/../../films")
        return True

    return changed(data, climb)


def changed(data: bytes, keep) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as source, tarfile.open(fileobj=made, mode="w") as target:
        for info in source:
            if keep(info):
                target.addfile(info, source.extractfile(info))
    return made.getvalue()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (cut, "is no whole backup|ends after"),
        (flipped, "data/films/ct/a.json is not what was backed up"),
        (other, "is no whole backup|ends after"),
        (without_manifest, "without its manifest"),
        (climbing, "expected a relative path"),
    ],
)
def test_a_damaged_backup_is_told_and_nothing_stays_of_it(installation, tmp_path, damage, told):
    file = tmp_path / "b.tar"
    backup(installation, file)
    file.write_bytes(damage(file.read_bytes()))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BackupFailed, match=told):
        restore(file, load(data_dir=tmp_path / "target"))
    assert sorted(tmp_path.iterdir()) == before
