"""`printmgr config`: whether the settings are right, and what they are."""

import typer

from service.terminal import AsJSON, SettingsFile, settings_of

app = typer.Typer(help="Check and show the settings.", no_args_is_help=True)


@app.command()
def check(settings: SettingsFile = None) -> None:
    """Name every fault of the settings at once; exit code 2 when there is one."""
    read = settings_of(settings)
    printers = ", ".join(f"{printer.ae_title} ({printer.slug})" for printer in read.printers)
    print(f"the settings are good; printers: {printers}")


@app.command()
def show(settings: SettingsFile = None, as_json: AsJSON = False) -> None:
    """Show every setting with its value, defaults and environment included."""
    import json

    values = json.loads(settings_of(settings).model_dump_json())
    if as_json:
        print(json.dumps(values, indent=2, ensure_ascii=False))
        return
    for key, value in _flat(values):
        print(f"{key} = {json.dumps(value, ensure_ascii=False)}")


def _flat(value: object, key: str = "") -> list[tuple[str, object]]:
    if isinstance(value, dict) and value:
        return [each for name, part in value.items() for each in _flat(part, f"{key}.{name}" if key else name)]
    if isinstance(value, list) and any(isinstance(part, dict) for part in value):
        return [each for index, part in enumerate(value) for each in _flat(part, f"{key}[{index}]")]
    return [(key, value)]
