"""`printmgr study`: what was received, whether all of it is there."""

from typing import Annotated

import typer

from service.terminal import AsJSON, SettingsFile, print_json, print_table, settings_of, store_of

app = typer.Typer(help="List and show received studies, say how many instances one has.", no_args_is_help=True)
StudyUID = Annotated[str, typer.Argument(metavar="STUDY_UID")]


@app.command("list")
def list_studies(
    settings: SettingsFile = None,
    state: Annotated[list[str] | None, typer.Option(help="Only these: arriving, complete, incomplete.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: AsJSON = False,
) -> None:
    """List received studies, the last to receive something first."""
    from media.studies import StudyState
    from service.store import study_queries

    if unknown := sorted(set(state or ()) - set(StudyState)):
        raise typer.BadParameter(f"is {unknown[0]!r}; expected some of {', '.join(StudyState)}", param_hint="--state")
    with store_of(settings_of(settings)) as store, store.read() as connection:
        found = study_queries.listed(connection, state or (), limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (one.uid, one.state, one.instances, one.conflicts, one.patient_id, one.patient_name, one.date, one.last_at)
        for one in found
    ]
    columns = ("study", "state", "instances", "conflicts", "patient ID", "patient", "date", "last received")
    print_table(columns, rows, "no studies")


@app.command()
def find(
    archive: Annotated[str, typer.Argument(metavar="ARCHIVE", help="A name of [[archives]].")],
    name: Annotated[str, typer.Option(help="Words that the patient's name begins with.")] = "",
    patient_id: Annotated[str, typer.Option("--id", help="Patient ID.")] = "",
    birth_date: Annotated[str, typer.Option(metavar="YYYYMMDD")] = "",
    accession: Annotated[str, typer.Option(help="Accession Number.")] = "",
    date: Annotated[str, typer.Option(metavar="YYYYMMDD[-YYYYMMDD]", help="When it was made.")] = "",
    study_uid: Annotated[str, typer.Option(help="Study Instance UID.")] = "",
    settings: SettingsFile = None,
    as_json: AsJSON = False,
) -> None:
    """Search an archive; what it has can go on a disc as pacs:ARCHIVE:STUDY_UID."""
    from service.wiring.remote import Query
    from service.wiring.remote import find as search

    query = Query(name, patient_id, birth_date, accession, date, study_uid)
    found = search(settings_of(settings), archive, query)
    if as_json:
        print_json(found)
        return
    rows = [
        (one.uid, one.patient_id, one.patient_name, one.birth_date, one.date, one.modalities, one.instances)
        for one in found
    ]
    columns = ("study", "patient ID", "patient", "birth date", "date", "modalities", "instances")
    print_table(columns, rows, "no studies")


@app.command()
def show(study_uid: StudyUID, settings: SettingsFile = None, as_json: AsJSON = False) -> None:
    """Show a study with its series."""
    from service.store import study_queries

    with store_of(settings_of(settings)) as store, store.read() as connection:
        found = study_queries.one(connection, study_uid)
    if as_json:
        print_json(found)
        return
    expected = "" if found.expected is None else f" of {found.expected}"
    print(f"{found.uid}  {found.state}{found.completed_by and ' by '}{found.completed_by}")
    print(f"{found.patient_id}  {found.patient_name}  {found.date}  {found.description}")
    print(f"{found.instances}{expected} instances, {found.size_bytes} bytes, from {found.calling_ae}")
    if found.conflicts:
        print(f"{found.conflicts} instances have another's UID and other bytes")
    if found.other_patients:
        print(f"{found.other_patients} instances have another Patient ID")
    rows = [(one.number, one.modality, one.description, one.instances, one.uid) for one in found.series]
    print_table(("number", "modality", "description", "instances", "series"), rows, "no series")


@app.command()
def expect(
    study_uid: StudyUID, instances: Annotated[int, typer.Argument(min=1)], settings: SettingsFile = None
) -> None:
    """Say how many instances a study has, for `[inbox] complete_by = "count"`."""
    from service.store import study_queries

    with store_of(settings_of(settings)) as store, store.write() as connection:
        study_queries.expect(connection, study_uid, instances)


@app.command()
def complete(study_uid: StudyUID, settings: SettingsFile = None) -> None:
    """Say that all of a study is there, so that discs can be made of it."""
    from service.store import study_queries

    with store_of(settings_of(settings)) as store, store.write() as connection:
        study_queries.declare_complete(connection, study_uid)
