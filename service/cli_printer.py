"""`printmgr printer`: what state the printers are in, and their switch."""

from typing import TYPE_CHECKING, Annotated

import typer

from service.terminal import SettingsFile, settings_of

if TYPE_CHECKING:
    from service.settings.printers import Printer

app = typer.Typer(help="Printers: their switch.", no_args_is_help=True)

AETitle = Annotated[str, typer.Argument(help="The printer's AE title.")]


@app.command("list")
def list_(settings: SettingsFile = None) -> None:
    """Every printer, and whether it is switched on."""
    from service.printer_state import Switches

    known = settings_of(settings)
    switches = Switches(known.switches_dir)
    for printer in known.printers:
        print(f"{printer.ae_title:16}  {'off' if switches.is_off(printer.slug) else 'on':3}  {printer.logical().name}")


@app.command()
def off(ae_title: AETitle, settings: SettingsFile = None) -> None:
    """Take no more prints: the printer says FAILURE, PRINTER OFFLINE. What was ordered is still printed."""
    turn(ae_title, settings, on=False)


@app.command()
def on(ae_title: AETitle, settings: SettingsFile = None) -> None:
    """Take prints again."""
    turn(ae_title, settings, on=True)


def turn(ae_title: str, settings: SettingsFile, on: bool) -> None:
    from service.printer_state import Switches

    known = settings_of(settings)
    Switches(known.switches_dir).turn(printer_named(known.printers, ae_title).slug, on)


def printer_named(printers: "list[Printer]", ae_title: str) -> "Printer":
    found = next((printer for printer in printers if printer.ae_title == ae_title.strip()), None)
    if found is None:
        titles = ", ".join(printer.ae_title for printer in printers)
        raise typer.BadParameter(f"is {ae_title!r}; expected one of {titles}", param_hint="AE_TITLE")
    return found
