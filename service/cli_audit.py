"""`printmgr audit`: the ledger of who did what."""

from typing import Annotated

import typer

from service.terminal import AsJSON, SettingsFile, print_json, print_table, settings_of, store_of

app = typer.Typer(help="Check and list the ledger of who did what.", no_args_is_help=True)


@app.command()
def verify(
    noted: Annotated[str, typer.Option("--noted", help="A hash that was written down before: it must be there.")] = "",
    settings: SettingsFile = None,
    as_json: AsJSON = False,
) -> None:
    """Check that no row was changed, removed or put in; exit 0 or 1. Write the hash it prints down elsewhere."""
    from service.store import audit

    with store_of(settings_of(settings)) as store, store.read() as connection:
        verdict = audit.verify(connection, noted)
    if as_json:
        print_json(verdict)
    else:
        for fault in verdict.faults:
            print(fault)
        print(f"{verdict.rows} rows, {'whole' if not verdict.faults else 'CHANGED'}, the last {verdict.head}")
    raise SystemExit(1 if verdict.faults else 0)


@app.command("list")
def list_entries(
    settings: SettingsFile = None,
    who: Annotated[str, typer.Option(help="Only this person's.")] = "",
    action: Annotated[str, typer.Option(help="Only this, such as login or export.")] = "",
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: AsJSON = False,
) -> None:
    """List entries, the newest first."""
    from service.store import audit

    with store_of(settings_of(settings)) as store, store.read() as connection:
        found = audit.listed(connection, limit=limit, who=who, action=action)
    if as_json:
        print_json(found)
        return
    rows = [
        (one.number, one.at, one.who, one.action, one.object_kind, one.object_id, one.detail or "", one.good)
        for one in found
    ]
    print_table(("number", "time", "who", "action", "what", "", "details", "done"), rows, "no entries")
