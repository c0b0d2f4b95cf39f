"""PLUGIN POINT. Where finished films go; a sink's fields are its settings."""

from printmgr.sinks.film_printer import FilmPrinterSink
from printmgr.sinks.folder import FolderSink
from printmgr.sinks.mail import MailSink
from printmgr.sinks.pacs import PacsSink
from printmgr.sinks.paper import PaperSink
from printmgr.sinks.settings import SinkSettings
from printmgr.sinks.webhook import WebhookSink

SINKS: dict[str, type[SinkSettings]] = {
    "film_printer": FilmPrinterSink,
    "folder": FolderSink,
    "mail": MailSink,
    "pacs": PacsSink,
    "paper": PaperSink,
    "webhook": WebhookSink,
}

AnySink = FilmPrinterSink | FolderSink | MailSink | PacsSink | PaperSink | WebhookSink

__all__ = [
    "SINKS",
    "AnySink",
    "FilmPrinterSink",
    "FolderSink",
    "MailSink",
    "PacsSink",
    "PaperSink",
    "SinkSettings",
    "WebhookSink",
]
