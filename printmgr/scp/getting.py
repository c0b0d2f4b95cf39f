"""N-GET: the printer, its configuration, print jobs; each also alone on an association (PS3.4 H.4.5, H.4.6, H.4.11)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from pydicom.dataset import Dataset

from printmgr.errors import NoSuchInstance
from printmgr.film.caps import Caps
from printmgr.film.printer import LogicalPrinter
from printmgr.ports import PrintPort
from printmgr.scp import replies
from printmgr.scp.configuration import printer_configuration
from printmgr.scp.contexts import CLASS_NAMES, PRINTER_CONFIGURATION_INSTANCE, PRINTER_INSTANCE, SOPClass
from printmgr.scp.print_jobs import print_job_attributes


class Asked(NamedTuple):
    """An N-GET as it came."""

    sop_class: str
    uid: str
    tags: tuple[int, ...]  # Attribute Identifier List; none: all


def get_printer(port: PrintPort, printer: LogicalPrinter, version: str, asked: Asked, caps: Caps) -> Dataset:
    status, info = port.printer_status(printer)
    return replies.printer_attributes(printer, status, info, version, asked.tags)


def get_printer_configuration(
    port: PrintPort, printer: LogicalPrinter, version: str, asked: Asked, caps: Caps
) -> Dataset:
    return printer_configuration(printer, asked.tags, caps)


def get_print_job(port: PrintPort, printer: LogicalPrinter, version: str, asked: Asked, caps: Caps) -> Dataset:
    return print_job_attributes(port.print_job(asked.uid), asked.tags)


Getter = Callable[[PrintPort, LogicalPrinter, str, Asked, Caps], Dataset]

# By SOP class: what gives its attributes, and its well-known instance where it has just the one.
GETTERS: Mapping[str, tuple[Getter, str]] = MappingProxyType(
    {
        SOPClass.PRINTER: (get_printer, PRINTER_INSTANCE),
        SOPClass.PRINTER_CONFIGURATION: (get_printer_configuration, PRINTER_CONFIGURATION_INSTANCE),
        SOPClass.PRINT_JOB: (get_print_job, ""),
    }
)


def get(port: PrintPort, printer: LogicalPrinter, version: str, asked: Asked, caps: Caps) -> Dataset:
    """The attributes asked for that the instance has. Raises NoSuchInstance; KeyError for a class without N-GET."""
    getter, instance = GETTERS[asked.sop_class]
    if instance and asked.uid != instance:
        raise NoSuchInstance(CLASS_NAMES[asked.sop_class], asked.uid)
    return getter(port, printer, version, asked, caps)
