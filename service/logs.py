"""Log lines of the service: the standard library's loggers, text or JSON.

What came from outside cannot begin a line of its own: control characters are escaped, in text and in JSON.
"""

import json
import logging
import sys
from datetime import datetime

NOISY = ("alembic", "pynetdicom", "pydicom")


def configure(form: str = "text", level: str = "INFO") -> None:
    """Send all loggers to standard error. `form`: "text" or "json"."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)


def formatter(form: str) -> logging.Formatter:
    """Makes a line, or for an exception several, of a record."""
    return AsJSON() if form == "json" else AsText()


class AsText(logging.Formatter):
    """Time, level, process, logger, what happened; an exception indented below it."""

    def format(self, record: logging.LogRecord) -> str:
        head = f"{_time(record)} {record.levelname} {record.process} {record.name}"
        line = f"{head}: {escaped(record.getMessage())}"
        return line + "".join(f"\n  {escaped(each)}" for each in _exception(self, record).splitlines())


class AsJSON(logging.Formatter):
    """One object a record."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": _time(record),
            "process": record.process,
        }
        exception = _exception(self, record)
        return json.dumps(told | ({"exception": exception} if exception else {}))


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created).isoformat(timespec="microseconds")


def _exception(form: logging.Formatter, record: logging.LogRecord) -> str:
    return form.formatException(record.exc_info) if record.exc_info else ""


def escaped(text: str) -> str:
    """Text without control characters, line breaks and what turns the direction of writing.

    >>> escaped("EVIL" + chr(10) + chr(0x202e) + "AE")
    'EVIL\\\\n\\\\u202eAE'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
