"""Log lines of the service: the standard library's loggers, formatted by structlog, text or JSON.

What came from outside cannot begin a line of its own: control characters are escaped, in text and in JSON.
"""

import logging
import sys
from typing import Any

import structlog

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
    first: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=False),
        _add_process,
    ]
    last: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if form == "json":
        last += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=True)]
    else:
        last += [structlog.processors.format_exc_info, _as_text]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=first, processors=last)


def escaped(text: str) -> str:
    """Text without control characters, line breaks and what turns the direction of writing.

    >>> escaped("EVIL" + chr(10) + chr(0x202e) + "AE")
    'EVIL\\\\n\\\\u202eAE'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _add_process(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    record = event.get("_record")
    event["process"] = record.process if record is not None else None
    return event


def _as_text(logger: Any, method: str, event: dict[str, Any]) -> str:
    head = f"{event['timestamp']} {str(event['level']).upper()} {event['process']} {event['logger']}"
    line = f"{head}: {escaped(str(event['event']))}"
    trace = event.get("exception")
    return line if not trace else line + "".join(f"\n  {escaped(each)}" for each in str(trace).splitlines())
