"""`printmgr user`: who may sign in to the pages."""

import sys
from typing import Annotated

import typer

from service.terminal import AsJSON, SettingsFile, print_json, print_table, settings_of

app = typer.Typer(help="Add and list the people who may sign in.", no_args_is_help=True)
CONSOLE = "console"


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What they sign in with.")],
    role: Annotated[str, typer.Option(help="viewer, desk, archivist or admin")] = "viewer",
    full_name: Annotated[str, typer.Option(help="For people.")] = "",
    settings: SettingsFile = None,
) -> None:
    """Add a person; the password is asked for, or read from standard input."""
    from service.audit import note
    from service.people import Passwords, changed, known_name
    from service.store import people
    from service.store.engine import Store, migrate
    from service.store.people import PersonRole

    if role not in set(PersonRole):
        raise typer.BadParameter(f"is {role!r}; expected one of {', '.join(PersonRole)}", param_hint="--role")
    known = settings_of(settings)
    name = known_name(name)
    hashed = Passwords().hash(_password())
    migrate(known.database)
    store = Store(known.database)
    with store.write() as connection:
        person = people.add(connection, name, PersonRole(role), hashed, full_name)
        note(connection, changed(CONSOLE, "", "", "person", person.name, f"added as {role}"))
    store.close()
    print(f"{person.name} can sign in as {role}")


@app.command("list")
def list_people(settings: SettingsFile = None, as_json: AsJSON = False) -> None:
    """List everybody."""
    from service.store import people
    from service.terminal import store_of

    with store_of(settings_of(settings)) as store, store.read() as connection:
        found = people.listed(connection)
    if as_json:
        print_json(found)
        return
    rows = [(one.name, one.role, "" if one.active else "locked out", one.full_name) for one in found]
    print_table(("name", "role", "", "full name"), rows, "nobody")


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
