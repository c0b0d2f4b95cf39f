"""What is old enough goes, and it is written down: films, spool folders, records of jobs, studies, passwords."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from service.config import Settings
from service.inbox_folder import SETTLED
from service.recordings import remove_old
from service.store import commitments, completeness, deliveries, jobs, prints, removals, study_queries
from service.store.engine import Store

log = logging.getLogger(__name__)

DAY_S = 86400.0
Forget = Callable[[Sequence[str]], None]


class Retention:
    """The nightly removal of one installation."""

    def __init__(self, settings: Settings, store: Store, forget: Forget) -> None:
        """forget  deletes what the job engine kept of ended jobs"""
        self._settings = settings
        self._store = store
        self._forget = forget

    def start(self, stopping: threading.Event) -> None:
        """Remove at start, for a machine that is off at night, and every night."""
        threading.Thread(target=self._loop, args=[stopping], name="retention", daemon=True).start()

    def _loop(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                self.run(time.time())
            except Exception:
                log.exception("retention stumbled; trying again next night")
            stopping.wait(seconds_until(self._settings.retention.hour, datetime.now()))

    def run(self, now: float) -> dict[str, int]:
        """Remove what is older than its kind's days at the time `now`, seconds since 1970; how many of each kind."""
        keep = self._settings.retention
        tasks = (
            ("films", keep.films, self._films),
            ("spool", keep.spool, self._spool),
            ("jobs", keep.jobs, self._jobs),
            ("studies", keep.studies, self._studies),
            ("recordings", keep.recordings, self._recordings),
            ("passwords", keep.passwords, self._passwords),
        )
        counts = {}
        for kind, days, remove in tasks:
            counts[kind] = remove(int((now - days * DAY_S) * 1e6)) if days else 0
            if counts[kind]:
                log.info("retention removed %d %s older than %d days", counts[kind], kind, days)
        return counts

    def _films(self, before: int) -> int:
        """Films in folders of ours; what other sinks took is theirs."""
        with self._store.read() as connection:
            old = [prints.one(connection, id_) for id_ in prints.with_films(connection, before)]
        for print_ in old:
            pdfs = [
                Path(delivery.place) for delivery in print_.deliveries if delivery.place.endswith(f"/{print_.id}.pdf")
            ]
            size = sum(_remove_file(file) for pdf in pdfs for file in (pdf, pdf.with_suffix(".json")))
            for pdf in pdfs:
                _remove_if_empty(pdf.parent)
            with self._store.write() as connection:
                prints.mark_deleted(connection, print_.id)
                removals.record(connection, "films", print_.id, size)
        return len(old)

    def _spool(self, before: int) -> int:
        with self._store.write() as connection:
            deliveries.expire_held(connection, before)
        with self._store.read() as connection:
            old = prints.done_before(connection, before)
        folders = [self._settings.spool_dir / "prints" / id_ for id_ in old]
        return sum(self._remove_folder(folder) for folder in folders if folder.exists())

    def _jobs(self, before: int) -> int:
        """Steps of every old job; jobs that have no film to answer for go whole, with their spool folder."""
        with self._store.read() as connection:
            with_steps, whole = jobs.with_steps(connection, before), removals.old_jobs(connection, before)
        for job_id in whole:
            folder = self._settings.spool_dir / "prints" / job_id
            if folder.exists():
                self._remove_folder(folder)
            shutil.rmtree(self._settings.discs_dir / job_id, ignore_errors=True)
        self._forget(sorted({*with_steps, *whole}))
        with self._store.write() as connection:
            jobs.delete_steps(connection, with_steps)
            for job_id in whole:
                removals.record(connection, "jobs", job_id, 0)
            removals.delete_jobs(connection, whole)
        return len(whole)

    def _studies(self, before: int) -> int:
        """Received studies: files first, so that what is interrupted is done again the next night."""
        with self._store.read() as connection:
            old = study_queries.untouched_since(connection, before)
        with self._store.write() as connection:
            completeness.forget_steps(connection, before)
            commitments.forget(connection, before)
        return sum(self._remove_study(study_uid, before) for study_uid in old)

    def _remove_study(self, study_uid: str, before: int) -> int:
        with self._store.write() as connection:  # nothing is received into the study meanwhile
            if study_uid not in study_queries.untouched_since(connection, before, study_uid):
                return 0
            held = study_queries.files(connection, study_uid)
            size = sum(_remove_file(self._settings.inbox_dir / one.file) for one in held)
            study_queries.remove(connection, study_uid)
            removals.record(connection, "studies", study_uid, size)
        for folder in {(self._settings.inbox_dir / one.file).parent for one in held}:
            _remove_run_if_over(folder)
        return 1

    def _recordings(self, before: int) -> int:
        removed = remove_old(self._settings.recordings_dir, before / 1e6)
        with self._store.write() as connection:
            for name, size in removed:
                removals.record(connection, "recordings", name, size)
        return len(removed)

    def _passwords(self, before: int) -> int:
        """Sheets with the password of an encrypted disc, which should have been handed over and deleted by now."""
        from media.encryption import SLIP

        old = [one for one in self._settings.discs_dir.glob(f"*/{SLIP}") if one.stat().st_mtime * 1e6 < before]
        for sheet in old:
            size = _remove_file(sheet)
            with self._store.write() as connection:
                removals.record(connection, "passwords", sheet.parent.name, size)
        return len(old)

    def _remove_folder(self, folder: Path) -> int:
        size = sum(file.stat().st_size for file in folder.iterdir())
        shutil.rmtree(folder)
        with self._store.write() as connection:
            removals.record(connection, "spool", folder.name, size)
        return 1


def seconds_until(hour: int, now: datetime) -> float:
    """How long until the clock next shows `hour`:00.

    >>> seconds_until(3, datetime(2024, 5, 6, 2, 30)), seconds_until(3, datetime(2024, 5, 6, 3, 0))
    (1800.0, 86400.0)
    """
    then = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    if then <= now:
        then += timedelta(days=1)
    return (then - now).total_seconds()


def _remove_file(file: Path) -> int:
    """Its size; nothing when it is gone already."""
    if not file.exists():
        return 0
    size = file.stat().st_size
    file.unlink()
    return size


def _remove_run_if_over(folder: Path) -> None:
    """Remove a folder of received files when it is empty, and its run when that is over and empty too."""
    run = folder.parent
    if not (run / SETTLED).exists():
        return
    _remove_if_empty(folder)
    if not any(each.is_dir() for each in run.iterdir()):
        shutil.rmtree(run)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
