"""What a printer says it is: some consoles print only on cameras that they know."""

from printmgr.film.caps import Caps
from printmgr.film.printer import LogicalPrinter
from printmgr.scp.configuration import configuration
from printmgr.scp.replies import printer_attributes
from service.settings.printers import Printer

KEYWORDS = ("Manufacturer", "ManufacturerModelName", "DeviceSerialNumber")


def test_the_name_plate_of_the_settings_is_told_in_both_answers():
    plate = {"manufacturer": "ACME", "model_name": "DryFilm 9", "serial_number": "4711"}
    printer = Printer.model_validate({"ae_title": "CAM", **plate}).logical()
    said = printer_attributes(printer, "NORMAL", "NORMAL", "1.2", [])
    assert [said[keyword].value for keyword in KEYWORDS] == list(plate.values())
    item = configuration(printer, Caps())
    assert [item[keyword].value for keyword in KEYWORDS[:2]] == list(plate.values())[:2]


def test_without_one_it_is_itself():
    said = printer_attributes(LogicalPrinter("CAM"), "NORMAL", "NORMAL", "1.2", [])
    assert [said[keyword].value for keyword in KEYWORDS] == ["printmgr", "printmgr virtual film printer", "CAM"]
