"""PLUGIN POINT. Where finished films go; a sink's fields are its settings."""

from printmgr.sinks.folder import FolderSink
from printmgr.sinks.mail import MailSink
from printmgr.sinks.pacs import PacsSink
from printmgr.sinks.settings import SinkSettings
from printmgr.sinks.webhook import WebhookSink

SINKS: dict[str, type[SinkSettings]] = {
    "folder": FolderSink,
    "mail": MailSink,
    "pacs": PacsSink,
    "webhook": WebhookSink,
}

AnySink = FolderSink | MailSink | PacsSink | WebhookSink

__all__ = ["SINKS", "AnySink", "FolderSink", "MailSink", "PacsSink", "SinkSettings", "WebhookSink"]
