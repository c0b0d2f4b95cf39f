"""Archives that films are stored in: who may call back, and what is done with what they report."""

from collections.abc import MutableMapping
from typing import TYPE_CHECKING

from printmgr.sinks import PacsSink
from service.config import Settings
from service.settings.archives import QueryRetrieve
from service.settings.dicom import Partner
from service.store import archive_reports
from service.store.engine import Store

if TYPE_CHECKING:
    from service.titles import Application


def committing(settings: Settings) -> list[PacsSink]:
    """Archives that are asked to commit themselves."""
    return [sink for sink in settings.sinks if isinstance(sink, PacsSink) and sink.commitment]


def archives(settings: Settings) -> list[Partner]:
    """Archives that call us, to report or to move studies here, as partners unless they are listed as such."""
    listed = {partner.ae_title for partner in settings.partners}
    calling = [(sink.ae_title, sink.host) for sink in committing(settings)]
    calling += [
        (one.ae_title, one.host) for one in settings.archives if isinstance(one, QueryRetrieve) and one.how == "move"
    ]
    found = {title: host for title, host in calling if title not in listed}
    return [Partner(ae_title=title, address=host) for title, host in found.items()]


def add_archive_reports(settings: Settings, applications: "MutableMapping[str, Application]", store: Store) -> None:
    """Let reports of storage commitment come to the titles that films are stored under."""
    from printmgr.sinks.pacs_reports import handlers, presentation_contexts
    from service.titles import Application, joined

    def reported(transaction_uid: str, failed: bool) -> None:
        with store.write() as connection:
            archive_reports.reported(connection, transaction_uid, failed)

    reports = Application(presentation_contexts(), handlers(reported))
    for title in {sink.calling_ae for sink in committing(settings)} - {settings.inbox.ae_title}:
        known = applications.get(title)
        applications[title] = joined(known, reports) if known else reports
