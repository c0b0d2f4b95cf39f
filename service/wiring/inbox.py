"""The study inbox: what receives, what reports, and what orders may name."""

from functools import partial
from typing import TYPE_CHECKING

from service.config import Settings
from service.settings.dicom import Partner

if TYPE_CHECKING:
    from media.ports import MediaRequests
    from service.commitment_reports import CommitmentReports
    from service.inbox import StudyInbox
    from service.titles import Application


def open_inbox(settings: Settings) -> "StudyInbox":
    """The study inbox of this process."""
    from media.scp import header
    from service.group_commit import Durable
    from service.inbox import InboxSettings, StudyInbox
    from service.store.completeness import CompleteBy, Rule

    inbox = settings.inbox
    rule = Rule(CompleteBy(inbox.complete_by), inbox.quiet_s, inbox.count)
    return StudyInbox(
        InboxSettings(
            root=settings.inbox_dir,
            durable=Durable(inbox.durable),
            rule=rule,
            min_free_bytes=settings.dicom.min_free_bytes,
            max_instance_bytes=inbox.max_instance_bytes,
        ),
        settings.database,
        header.read_again,
    )


def received_studies(settings: Settings, inbox: "StudyInbox", requests: "MediaRequests") -> "Application":
    """What the inbox's AE title offers."""
    from media.scp.contexts import presentation_contexts
    from media.scp.handlers import InboxSCP
    from service.node import NodeSettings
    from service.titles import Application

    node = NodeSettings()
    scp = InboxSCP(inbox, (node.implementation_class_uid, node.implementation_version_name), requests)
    return Application(presentation_contexts(settings.inbox.private_classes, creation=True), scp.handlers())


def commitment_reports(settings: Settings, inbox: "StudyInbox") -> "CommitmentReports":
    """Reports for the partners that listen; one that is a network is called back where it called from."""
    from media.scp.commitment import result_of
    from media.scp.reporting import Listener, deliver
    from media.studies import Commitment
    from service.commitment_reports import CommitmentReports

    def to(partner: Partner, commitment: Commitment) -> bool:
        host = commitment.sender.address if "/" in partner.address else partner.address
        listener = Listener(partner.ae_title, host, partner.port)
        return deliver(result_of(commitment, inbox), settings.inbox.ae_title, listener)

    listening = [partner for partner in settings.partners if partner.port]
    return CommitmentReports(inbox.store, {partner.ae_title: partial(to, partner) for partner in listening})


def offer_received_studies(settings: Settings) -> None:
    """Let the orders of this process name received studies."""
    from media.sources import connect_inbox
    from service.store.catalogue import StudyCatalogue

    connect_inbox(StudyCatalogue(settings.database, settings.inbox_dir))
