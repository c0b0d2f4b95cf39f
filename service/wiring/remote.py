"""Archives elsewhere: searching them, and fetching what a disc wants of them."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import NamedTuple

from media.errors import BadOrder
from media.sources import REMOTE, remote_study
from service.archives import Archive, ArchiveDown, ArchiveRefused, Query, RemoteStudy
from service.config import Settings
from service.settings.archives import DicomWeb, QueryRetrieve
from service.steps import Progress, Step

ASKED_AGAIN_S = 2.0


def archive_of(settings: Settings, name: str) -> Archive:
    """The archive of this name. Raises BadOrder, ArchiveDown."""
    from printmgr.errors import SinkDown

    found = next((one for one in settings.archives if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in settings.archives) or "none"
        raise BadOrder(f"no archive is named {name!r}; expected one of [[archives]]: {known}")
    try:
        return _opened(settings, found)
    except SinkDown as error:
        raise ArchiveDown(str(error)) from error


def _opened(settings: Settings, found: QueryRetrieve | DicomWeb) -> Archive:
    if isinstance(found, DicomWeb):
        from service.archives.dicomweb import DicomWebArchive

        return DicomWebArchive(found)
    from service.archives.query_retrieve import QueryRetrieveArchive

    return QueryRetrieveArchive(found, settings.inbox.ae_title)


def find(settings: Settings, name: str, query: Query) -> list[RemoteStudy]:
    """Studies that an archive has. Raises BadOrder, ArchiveDown, ArchiveRefused."""
    return archive_of(settings, name).find(query)


class Completeness(NamedTuple):
    """What an archive lists of a study, and which of it are not here."""

    listed: int
    missing: tuple[str, ...]


def completeness(settings: Settings, name: str, study_uid: str) -> int:
    """How many instances an archive lists of a study, 0 when it has none. Raises like `find`."""
    return len(archive_of(settings, name).instances(study_uid))


def compared(settings: Settings, name: str, study_uid: str, held: Collection[str]) -> Completeness:
    """Compare a study with what an archive lists of it; `held` are the instances here. Raises like `find`."""
    listed = {one.uid for one in archive_of(settings, name).instances(study_uid)}
    return Completeness(len(listed), tuple(sorted(listed - set(held))))


def fetch_study(settings: Settings, source: str, progress: Progress) -> int:
    """Bring `pacs:NAME:STUDY_UID` into the inbox, whole; how many instances. Raises MediaError."""
    from media.studies import Sender
    from service.archives.fetch import InboxDeposit, fetch
    from service.node import NodeSettings
    from service.wiring.inbox import open_inbox

    name, study_uid = remote_study(source)
    archive = archive_of(settings, name)
    if not settings.inbox.ae_title:
        raise BadOrder("[inbox] ae_title is empty: nothing can be fetched without an inbox")
    found = next(one for one in settings.archives if one.name == name)
    title, host = (found.ae_title, found.host) if isinstance(found, QueryRetrieve) else (name[:16], found.url[:64])
    node = NodeSettings()
    inbox = open_inbox(settings)
    inbox.start()
    try:
        sender = Sender(title, settings.inbox.ae_title, host)
        deposit = InboxDeposit(inbox, sender, (node.implementation_class_uid, node.implementation_version_name))
        try:
            return fetch(archive, study_uid, inbox, deposit, progress)
        finally:
            deposit.end()
    finally:
        inbox.stop()


def fetch_steps(settings: Settings, sources: Sequence[str]) -> list[Step]:
    """A step for each remote study of a disc; it waits while its archive is away."""

    def fetching(source: str, progress: Progress) -> None:
        fetch_study(settings, source, progress)

    return [
        Step(
            f"fetch {remote_study(source)[1]}"[:64],
            partial(fetching, source),
            wait_s=ASKED_AGAIN_S,
            waits_for=(ArchiveDown,),
        )
        for source in sources
        if source.startswith(REMOTE)
    ]


__all__ = ["ArchiveDown", "ArchiveRefused", "Query", "RemoteStudy", "archive_of", "completeness", "fetch_study", "find"]
