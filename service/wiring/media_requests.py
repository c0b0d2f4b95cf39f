"""Media creation requests of the node become discs (media.ports.MediaRequests)."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media import creation
from media.creation import Execution, Info, MediaRequest, MediaStatus, Objects
from media.errors import Awaits, MediaError, NoRoom
from printmgr.errors import ResourceLimit
from service.config import Settings
from service.spool import local_now, new_id
from service.store import discs, jobs, media_requests, study_queries
from service.store.engine import Durability, Store
from service.store.jobs import JobState
from service.wiring.discs import add_disc

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from media.pipeline import BuildOrder

PRESET_OF = {
    Objects.FOR_PATIENT: "patient",
    Objects.FOR_PHYSICIAN: "physician",
    Objects.FOR_TEACHING: "teaching",
    Objects.FOR_RESEARCH: "teaching",
}
USUAL_PRESET = "patient"
INFO_OF = {
    "Refused": Info.FAILED,
    "NotVerified": Info.DEVICE_FAILURE,
    "DeviceFailed": Info.DEVICE_FAILURE,
    "Unreadable": Info.CHECK_SERVER,
    "BadOrder": Info.NOT_SUPPORTED,
    "OneVolumeOnly": Info.SET_OVERSIZED,
    "NoRoom": Info.NO_MEMORY,
}
"""By the error that report.json names."""
INFO_OF_REFUSALS = {
    "profile": Info.PROFILE_CONFLICT,
    "missing-key": Info.DIRECTORY_ERROR,
    "bad-key": Info.DIRECTORY_ERROR,
    "too-large": Info.INSTANCE_OVERSIZED,
}
"""By the reason of report.json that all refused files share; of a reason like profile-... by its first word."""
INFO_OF_WAIT = {
    Awaits.OPERATOR: Info.CHECK_OPERATOR,
    Awaits.SUPPLIES: Info.NO_SUPPLIES,
    Awaits.DEVICE: Info.DEVICE_BUSY,
}
REASON_OF = {"too-large": creation.OVERSIZED, "transcode-failed": creation.COMPRESSION_CONFLICT}


class Requests:
    """Requests in the database; an initiated one is a disc's job."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = Store(settings.database, Durability.ANSWERED)

    def close(self) -> None:
        self._store.close()

    def new_uid(self) -> str:
        from pydicom.uid import generate_uid

        return str(generate_uid(prefix=None))

    def create(self, request: MediaRequest) -> bool:
        try:
            with self._store.write() as connection:
                return media_requests.add(connection, request)
        except ResourceLimit as error:
            raise NoRoom(str(error)) from error

    def initiate(self, uid: str, copies: int, priority: int) -> None:
        with self._store.write() as connection:
            request, job_id, failure = self._known(connection, uid)
            if job_id or failure:
                raise creation.AlreadyInitiated
            found = self._paths(connection, request)
            failed = _not_held(request, found)
            info = Info.NO_INSTANCE
            if len(set(request.references)) < len(request.references):
                failed, info = _twice(request), Info.DUPLICATE
            if failed:
                media_requests.failed(connection, uid, json.dumps({"info": info, "failed": failed}))
                return
            try:
                order = self._order(request, [found[one][0] for _, one in request.references], copies)
            except MediaError:
                unable = {"info": Info.NOT_SUPPORTED, "failed": []}
                media_requests.failed(connection, uid, json.dumps(unable))
                return
            job_id = new_id(local_now())
            studies = study_queries.studies_of(connection, [one for _, one in request.references])
            add_disc(connection, self._settings, job_id, order, f"DICOM {request.calling_ae}", studies)
            jobs.set_priority(connection, job_id, priority)
            media_requests.initiated(connection, uid, job_id)

    def cancel(self, uid: str, calling_ae: str) -> None:
        from service.jobs import EndedAlready, NotNow
        from service.jobs import cancel as cancel_job

        with self._store.read() as connection:
            request, job_id, failure = self._known(connection, uid)
            state = jobs.state_of(connection, job_id) if job_id else None
        if request.calling_ae != calling_ae:
            raise creation.Denied(f"requested by {request.calling_ae}")
        if failure or state in jobs.ENDED:
            raise creation.AlreadyCompleted("ended already")
        if job_id:
            try:
                cancel_job(self._store, job_id)
            except EndedAlready:
                raise creation.AlreadyCompleted("ended already") from None
            except NotNow:
                raise creation.InProgress("its medium is being made") from None
        with self._store.write() as connection:
            media_requests.remove(connection, uid)

    def status(self, uid: str) -> MediaStatus:
        with self._store.read() as connection:
            request, job_id, failure = self._known(connection, uid)
            if failure:
                told = json.loads(failure)
                failed = tuple((class_uid, one, reason) for class_uid, one, reason in told["failed"])
                return MediaStatus(Execution.FAILURE, Info(told["info"]), 0, failed=failed)
            if job_id is None:
                return MediaStatus(Execution.IDLE)
            job, disc = jobs.one(connection, job_id), discs.one(connection, job_id)
            if job.state is JobState.FAILED:
                return _failure(request, self._paths(connection, request), Path(disc.output))
        match job.state:
            case JobState.DONE:
                sets = tuple((one.file_set_id, one.file_set_uid) for one in disc.volumes)
                copies = int(json.loads(job.request).get("copies", 1))
                return MediaStatus(Execution.DONE, pieces=len(sets) * copies, file_sets=sets)
            case JobState.RUNNING if job.awaits and not job.held:
                return MediaStatus(Execution.PENDING, INFO_OF_WAIT[Awaits(job.awaits)])
            case JobState.RUNNING:
                return MediaStatus(Execution.CREATING)
        waits = job.state is JobState.UNCONFIRMED
        return MediaStatus(Execution.PENDING, Info.CHECK_OPERATOR if waits else Info.QUEUED)

    def _known(self, connection: "Connection", uid: str) -> tuple[MediaRequest, str | None, str]:
        found = media_requests.one(connection, uid)
        if found is None:
            raise creation.NoSuchRequest(uid)
        return found

    def _paths(self, connection: "Connection", request: MediaRequest) -> dict[str, tuple[str, str]]:
        """Files and SOP classes of the instances that are there."""
        held = study_queries.held(connection, [uid for _, uid in request.references])
        root = self._settings.inbox_dir
        return {one.sop_instance_uid: (str((root / one.file).resolve()), one.sop_class_uid) for one in held}

    def _order(self, request: MediaRequest, paths: list[str], copies: int) -> "BuildOrder":
        """Raises BadOrder."""
        from media.build.viewer.shows import Shows
        from media.errors import BadOrder
        from media.fileset.order import FILE_SET_ID
        from media.fileset.profiles import SECURE_PROFILES, profile
        from service.wiring.labels import label_order
        from service.wiring.presets import order_by_preset

        if len(request.profiles) > 1:
            raise BadOrder(f"{len(request.profiles)} application profiles in one request; expected one")
        preset = PRESET_OF.get(request.objects, USUAL_PRESET) if request.objects else USUAL_PRESET
        other: dict[str, Any] = {"copies": copies}
        if request.profiles:
            if profile(request.profiles[0]).name in SECURE_PROFILES:
                raise BadOrder(f"{request.profiles[0]} asks for Secure DICOM Files, whose recipients no request names")
            other |= {"profile": request.profiles[0], "medium": ""}
        if request.file_set_id and FILE_SET_ID.fullmatch(request.file_set_id):
            other["file_set_id"] = request.file_set_id
        if request.viewer is False or request.objects is Objects.NONE:
            other["viewer"] = Shows.NOTHING
        if not request.splitting:
            other["one_volume"] = True
        if request.label or request.label_text:
            about = (request.barcode, bool(request.label), request.label_text)
            other["label"] = label_order(self._settings, request.label_style, *about)
        return order_by_preset(self._settings, preset, paths, local_now().isoformat(timespec="seconds"), **other)


def _not_held(request: MediaRequest, found: dict[str, tuple[str, str]]) -> list[tuple[str, str, int]]:
    failed = []
    for class_uid, uid in request.references:
        if uid not in found:
            failed.append((class_uid, uid, creation.NO_SUCH_INSTANCE))
        elif found[uid][1] != class_uid:
            failed.append((class_uid, uid, creation.CLASS_CONFLICT))
    return failed


def _twice(request: MediaRequest) -> list[tuple[str, str, int]]:
    seen: set[tuple[str, str]] = set()
    double = [one for one in request.references if one in seen or seen.add(one)]  # type: ignore[func-returns-value]
    return [(*one, creation.PROCESSING) for one in dict.fromkeys(double)]


def _failure(request: MediaRequest, found: dict[str, tuple[str, str]], output: Path) -> MediaStatus:
    """What report.json says of a failed disc, in the standard's words."""
    try:
        report = json.loads((output / "report.json").read_bytes())
    except (OSError, ValueError):
        return MediaStatus(Execution.FAILURE, Info.FAILED, 0)
    reasons = {one["source"]: one["reason"] for one in report.get("files", []) if one.get("fate") == "refused"}
    failed = [
        (class_uid, uid, _reason(reasons[found[uid][0]]))
        for class_uid, uid in request.references
        if uid in found and found[uid][0] in reasons
    ]
    gone = [
        (class_uid, uid, creation.NO_SUCH_INSTANCE) for class_uid, uid in request.references if _is_gone(uid, found)
    ]
    if gone:
        return MediaStatus(Execution.FAILURE, Info.NO_INSTANCE, 0, failed=tuple(gone))
    info = INFO_OF.get(report.get("error", ""), Info.FAILED)
    shared = {one if one in INFO_OF_REFUSALS else one.partition("-")[0] for one in reasons.values()}
    if len(shared) == 1:
        info = INFO_OF_REFUSALS.get(shared.pop(), info)
    return MediaStatus(Execution.FAILURE, info, 0, failed=tuple(failed))


def _is_gone(uid: str, found: dict[str, tuple[str, str]]) -> bool:
    """Whether an instance is no more where it was when it was asked for."""
    return uid not in found or not Path(found[uid][0]).exists()


def _reason(reason: str) -> int:
    return creation.PROFILE_CONFLICT if reason.startswith("profile-") else REASON_OF.get(reason, creation.PROCESSING)
