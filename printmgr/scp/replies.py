"""Response data sets: the values used, by the tables of rules.py, and the references to what was made."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from pydicom.dataset import Dataset

from printmgr.film.model import FilmBox, FilmSession, ImageBox
from printmgr.film.printer import LogicalPrinter
from printmgr.scp import rules
from printmgr.scp.contexts import SOPClass
from printmgr.scp.rules import Kind, Rule

# What is free text stays out: the SCU knows it, and it might not survive another character set.
ECHOED = frozenset(set(Kind) - {Kind.TEXT, Kind.REFERENCE, Kind.BYTES, Kind.IDENTITY})


def values_used(table: Iterable[Rule], used: FilmSession | FilmBox | ImageBox) -> Dataset:
    """The attributes of the table as the model has them; those without a value are left out."""
    data_set = Dataset()
    for rule in table:
        value = getattr(used, rule.name) if rule.kind in ECHOED else None
        if value is not None and value != "":
            setattr(data_set, rule.keyword, on_the_wire(rule, value))
    return data_set


def on_the_wire(rule: Rule, value: object) -> object:
    """A value of the model in the standard's unit and spelling.

    >>> on_the_wire(rules.FILM_BOX_RULES[5], 3.2)
    320
    """
    if rule.kind is Kind.DENSITY and isinstance(value, float):
        return round(value * 100)
    if rule.kind in (Kind.QUANTITY, Kind.LIGHT) and isinstance(value, float):
        return round(value)
    if rule.kind is Kind.YES_NO:
        return "YES" if value else "NO"
    return value.value if isinstance(value, StrEnum) else value


def film_box_created(film: FilmBox) -> Dataset:
    """The answer to N-CREATE of a film box; SCUs rely on the order of Referenced Image Box Sequence."""
    data_set = values_used(rules.FILM_BOX_RULES, film)
    data_set.ImageDisplayFormat = film.image_display_format
    of_images = SOPClass.COLOR_IMAGE_BOX if film.color else SOPClass.GRAYSCALE_IMAGE_BOX
    data_set.ReferencedImageBoxSequence = [reference(of_images, box.uid) for box in film.image_boxes]
    if film.annotation_boxes:
        data_set.AnnotationDisplayFormatID = film.annotation_display_format_id
        annotations = [reference(SOPClass.ANNOTATION_BOX, box.uid) for box in film.annotation_boxes]
        data_set.ReferencedBasicAnnotationBoxSequence = annotations
    return data_set


def reference(sop_class: SOPClass, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = str(sop_class)
    item.ReferencedSOPInstanceUID = uid
    return item


def printer_attributes(printer: LogicalPrinter, status: str, info: str, version: str, tags: Iterable[int]) -> Dataset:
    """The answer to N-GET of the printer: the attributes asked for that it has; all for an empty list."""
    said = {
        "PrinterStatus": status,
        "PrinterStatusInfo": info,
        "PrinterName": printer.name or printer.ae_title,
        "Manufacturer": printer.manufacturer,
        "ManufacturerModelName": printer.model_name,
        "DeviceSerialNumber": printer.serial_number or printer.ae_title,
        "SoftwareVersions": version,
    }
    return asked_for(rules.PRINTER_ATTRIBUTES, said, tags)


def asked_for(table: Mapping[str, int], said: Mapping[str, str], tags: Iterable[int]) -> Dataset:
    """The attributes of the table that were asked for; all for an empty list (PS3.7 10.1.2.1.5).

    Others are no error: an SCU that asks for what a real camera has still learns the status.
    """
    asked = set(tags)
    data_set = Dataset()
    for keyword, tag in table.items():
        if not asked or tag in asked:
            setattr(data_set, keyword, said[keyword])
    return data_set
