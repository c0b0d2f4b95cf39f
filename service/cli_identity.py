"""`printmgr film identity|confirm|undo-confirm|of`: whose film it is, who says so, and which films a patient has."""

import getpass
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from service.terminal import AsJSON, SettingsFile, print_json, print_table, settings_of, store_of

if TYPE_CHECKING:
    from printmgr.film.identity import Identity

PrintId = Annotated[str, typer.Argument(metavar="ID")]
By = Annotated[str, typer.Option(help="Who says so; the name you are logged in with when not given.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `printmgr film`."""
    app.command("identity")(show)
    app.command("confirm")(confirm)
    app.command("undo-confirm")(undo_confirm)
    app.command("of")(films_of)


def show(print_id: PrintId, settings: SettingsFile = None, as_json: AsJSON = False) -> None:
    """Show whose film it is, what was found where, and who said what."""
    from service.store import identities
    from service.store.jobs import iso

    with store_of(settings_of(settings)) as store, store.read() as connection:
        found = identities.one(connection, print_id)
    if as_json:
        print_json(found)
        return
    print(f"{found.print_id}  {found.state}  {_in_words(found.identity)}".rstrip())
    for candidate in found.candidates:
        print(f"candidate: {_in_words(candidate)}")
    for one, other in found.disagree:
        print(f"disagree: {one} and {other}")
    rows = [(finding.source, finding.where, _in_words(finding.identity), finding.raw) for finding in found.findings]
    print_table(("source", "where", "says", "text"), rows, "nothing was found")
    for act in found.acts:
        print(f"{iso(act.at)}  {act.act} {act.by}  {_in_words(act.identity)}  {act.note}".rstrip())


def confirm(
    print_id: PrintId,
    patient_id: Annotated[str, typer.Option(help="Patient ID; what was found is confirmed when not given.")] = "",
    name: Annotated[str, typer.Option(help="Patient's Name as DICOM spells it: DOE^JOHN.")] = "",
    issuer: Annotated[str, typer.Option(help="Issuer of Patient ID.")] = "",
    birth_date: Annotated[str, typer.Option(help="YYYYMMDD")] = "",
    sex: Annotated[str, typer.Option(help="M, F or O.")] = "",
    study: Annotated[str, typer.Option(help="Study Instance UID.")] = "",
    accession: Annotated[str, typer.Option(help="Accession Number.")] = "",
    by: By = "",
    settings: SettingsFile = None,
) -> None:
    """Say whose film it is: what was found, or the patient given here."""
    from printmgr.film.identity import NOBODY, Identity
    from service import identities

    said = Identity(patient_id, issuer, name, birth_date, sex, study_uid=study, accession_number=accession)
    with store_of(settings_of(settings)) as store:
        who = identities.SaidBy(by or getpass.getuser())
        act = identities.confirm(store, print_id, who, None if said == NOBODY else said)
    print(f"{print_id} is confirmed as {_in_words(act.identity)} by {act.by}")


def undo_confirm(
    print_id: PrintId,
    why: Annotated[str, typer.Option(help="For those who read it later.")] = "",
    by: By = "",
    settings: SettingsFile = None,
    as_json: AsJSON = False,
) -> None:
    """Take a confirmation back, and list what was delivered under it."""
    from service import identities

    with store_of(settings_of(settings)) as store:
        undone = identities.undo(store, print_id, identities.SaidBy(by or getpass.getuser()), why)
    if as_json:
        print_json(undone)
        return
    print(f"{print_id} is no longer confirmed as {_in_words(undone.act.identity)}")
    rows = [(delivery.sink, delivery.state, delivery.place) for delivery in undone.delivered]
    print_table(("sink", "state", "place"), rows, "nothing was delivered")


def films_of(
    patient: Annotated[str, typer.Argument(help="Patient ID, or words of the name.")],
    state: Annotated[
        list[str] | None, typer.Option(help="Only these: proposed, conflict, identified, confirmed, unknown.")
    ] = None,
    before: Annotated[str, typer.Option(help="Only films older than this ID.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    settings: SettingsFile = None,
    as_json: AsJSON = False,
) -> None:
    """List the films of a patient, newest first."""
    from printmgr.film.identity import IdentityState
    from service.store import identities

    if unknown := sorted(set(state or ()) - set(IdentityState)):
        raise typer.BadParameter(
            f"is {unknown[0]!r}; expected some of {', '.join(IdentityState)}", param_hint="--state"
        )
    with store_of(settings_of(settings)) as store, store.read() as connection:
        found = identities.listed(connection, state or (), patient_id=patient, before=before, limit=limit)
        found = found or identities.listed(connection, state or (), name=patient, before=before, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [(one.print_id, one.state, _in_words(one.identity)) for one in found]
    print_table(("id", "state", "patient"), rows, "no films")


def _in_words(identity: "Identity") -> str:
    """All that is known, in one line."""
    named = {"patient_id": "ID", "birth_date": "born", "study_uid": "study", "accession_number": "accession"}
    shown = asdict(identity)
    name = shown.pop("patient_name")
    parts = [f"{named.get(field, field.replace('_', ' '))} {value}" for field, value in shown.items() if value]
    return ", ".join([*([name] if name else []), *parts])
