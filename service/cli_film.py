"""`printmgr film`: print films, list them, show one, render one again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service import cli_identity, cli_recorder
from service.terminal import AsJSON, SettingsFile, fail, print_json, print_table, settings_of, store_of

if TYPE_CHECKING:
    from service.store.deliveries import DeliveryRecord

app = typer.Typer(help="Print, list, show and render films.", no_args_is_help=True)
cli_identity.register(app)
cli_recorder.register(app)


@app.command("list")
def list_films(
    settings: SettingsFile = None,
    state: Annotated[str, typer.Option(help="Only prints in this state, such as failed.")] = "",
    printer: Annotated[str, typer.Option(help="Only prints of this printer's AE title.")] = "",
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: AsJSON = False,
) -> None:
    """List prints, newest first."""
    from service.cli_jobs import known_states
    from service.store import prints

    known_states([state] if state else [])
    with store_of(settings_of(settings)) as store, store.read() as connection:
        found = prints.listed(connection, limit, state, printer)
    if as_json:
        print_json(found)
        return
    rows = [(p.id, p.state, p.printer, p.calling_ae, p.ordered_at, p.film_count, p.images, p.error) for p in found]
    columns = ("id", "state", "printer", "from", "ordered", "films", "images", "error")
    print_table(columns, rows, "no films")


@app.command()
def show(
    print_id: Annotated[str, typer.Argument(metavar="ID")], settings: SettingsFile = None, as_json: AsJSON = False
) -> None:
    """Show a print: its films, the statuses that were answered, where it was delivered."""
    from service.store import prints

    with store_of(settings_of(settings)) as store, store.read() as connection:
        found = prints.one(connection, print_id)
    if as_json:
        print_json(found)
        return
    print(f"{found.id}  {found.state}{'  deleted by retention' if found.deleted else ''}")
    print(
        f"ordered {found.ordered_at} by {found.calling_ae} ({found.address}) at {found.printer}, {found.copies} copies"
    )
    if found.error:
        print(f"error: {found.error}")
    for film in found.films:
        print(
            f"film {film.number}: {film.film_size_id} {film.film_orientation} {film.image_display_format}, "
            f"{film.images} images in {film.boxes} boxes"
        )
    for request, statuses in found.statuses.items():
        print(f"{request}: {' '.join(f'{status:04X}H' for status in statuses)}")
    for delivery in found.deliveries:
        print(_way(delivery))


def _way(delivery: "DeliveryRecord") -> str:
    """One delivery on one line: where it is, or why not yet and when it is tried again."""
    import time

    said = [f"{delivery.sink}: {delivery.state}"]
    if delivery.state in ("waiting", "held") and delivery.next_at > time.time() * 1e6:
        said.append(f"(attempt {delivery.attempts + 1} in {delivery.next_at / 1e6 - time.time():.0f} s)")
    said += [text for text in (delivery.place, delivery.correction, delivery.error) if text]
    return " ".join(said)


@app.command()
def deliver(
    print_id: Annotated[str, typer.Argument(metavar="ID")],
    sink: Annotated[str, typer.Argument(metavar="SINK", help="A name in [[sinks]].")],
    cancel: Annotated[bool, typer.Option("--cancel", help="Do not deliver it there (any more).")] = False,
    settings: SettingsFile = None,
) -> None:
    """Deliver a print to a sink: once more, at once when it waits, or where it was not meant to go at first."""
    import getpass

    from service.audit import Action
    from service.store import deliveries
    from service.store.audit import Entry
    from service.wiring.films import deliver_again

    read = settings_of(settings)
    with store_of(read) as store:
        if cancel:
            with store.write() as connection:
                deliveries.cancel(connection, print_id, sink)
            print(f"{print_id} is not delivered to {sink}")
        else:
            entry = Entry(Action.EXPORT, getpass.getuser(), object_kind="film", object_id=print_id, detail=f"to {sink}")
            deliver_again(read, store, print_id, {sink: entry})
            print(f"{print_id} goes to {sink} now")


@app.command("deliveries")
def list_deliveries(
    settings: SettingsFile = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these: waiting, held, running, done, failed, cancelled, corrected, uncorrected. "
            "Else all that have not got there."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: AsJSON = False,
) -> None:
    """List where films are on their way to, newest first."""
    from service.store import deliveries

    if unknown := sorted(set(state or []) - set(deliveries.DeliveryState)):
        expected = ", ".join(deliveries.DeliveryState)
        raise typer.BadParameter(f"{', '.join(unknown)}; expected {expected}", param_hint="--state")
    with store_of(settings_of(settings)) as store, store.read() as connection:
        found = deliveries.listed(connection, state or deliveries.UNSETTLED, limit)
    if as_json:
        print_json([{"id": print_id, "delivery": delivery} for print_id, delivery in found])
        return
    rows = [(id_, way.sink, way.state, way.attempts, way.place, way.error) for id_, way in found]
    print_table(("id", "sink", "state", "attempts", "place", "error"), rows, "no deliveries")


@app.command()
def render(
    print_id: Annotated[str, typer.Argument(metavar="ID")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The PDF to write.")],
    named: Annotated[bool, typer.Option("--named", help="With the patient whose film it is confirmed to be.")] = False,
    settings: SettingsFile = None,
) -> None:
    """Make the PDF of a print again from its order, while the spool still has it."""
    from printmgr.film.identity import NOBODY
    from service.identities import confirmed
    from service.wiring.films import render_again

    read = settings_of(settings)
    identity = NOBODY
    if named:
        with store_of(read) as store:
            identity = confirmed(store, print_id)
    render_again(read, print_id, output, identity)
    print(output)


@app.command()
def send(
    host: str,
    port: int,
    called_ae: str,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    image_display_format: Annotated[str, typer.Option("--format", help="Image Display Format.")] = "STANDARD\\1,1",
    film_size: Annotated[str, typer.Option(help="Film Size ID, such as 14INX17IN.")] = "",
    orientation: Annotated[str, typer.Option(help="PORTRAIT or LANDSCAPE.")] = "",
    magnification: Annotated[str, typer.Option(help="REPLICATE, BILINEAR, CUBIC or NONE.")] = "",
    polarity: Annotated[str, typer.Option(help="NORMAL or REVERSE.")] = "",
    trim: Annotated[str, typer.Option(help="YES or NO.")] = "",
    border_density: Annotated[str, typer.Option(help="BLACK, WHITE or hundredths of OD.")] = "",
    empty_density: Annotated[str, typer.Option(help="BLACK, WHITE or hundredths of OD.")] = "",
    min_density: Annotated[float | None, typer.Option(help="OD")] = None,
    max_density: Annotated[float | None, typer.Option(help="OD")] = None,
    copies: Annotated[int, typer.Option(min=1)] = 1,
    resolution: Annotated[str, typer.Option(help="STANDARD or HIGH.")] = "",
    image_width: Annotated[float | None, typer.Option(help="Requested Image Size: width in mm.")] = None,
    too_large: Annotated[str, typer.Option(help="DECIMATE, CROP or FAIL.")] = "",
    lut: Annotated[str, typer.Option(help="Presentation LUT Shape: IDENTITY or 'LIN OD'.")] = "",
    bits: Annotated[int, typer.Option(help="8 or 12 bits a pixel.")] = 12,
    color: Annotated[
        bool, typer.Option("--color", help="A colour film, 8 bits a sample; without it colour is grey.")
    ] = False,
    by_session: Annotated[bool, typer.Option("--by-session", help="One N-ACTION for all films.")] = False,
    calling_ae: Annotated[str, typer.Option(help="Our AE title.")] = "PRINTMGR",
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.")] = 60.0,
) -> None:
    """Print DICOM images on any DICOM film printer; every status is told."""
    from printmgr.scu import Answer, SendFailed, SendOptions
    from printmgr.scu import send as send_to

    if bits not in (8, 12):
        raise typer.BadParameter(f"is {bits}; expected 8 or 12", param_hint="--bits")
    options = SendOptions(
        calling_ae=calling_ae,
        image_display_format=image_display_format,
        film_size_id=film_size,
        film_orientation=orientation,
        magnification_type=magnification,
        polarity=polarity,
        trim=trim,
        border_density=border_density,
        empty_image_density=empty_density,
        min_density=min_density,
        max_density=max_density,
        number_of_copies=copies,
        resolution_id=resolution,
        requested_image_size=image_width,
        requested_decimate_crop_behavior=too_large,
        presentation_lut_shape=lut,
        bits=bits,
        color=color,
        print_session=by_session,
        timeout_s=timeout,
    )

    def report(answer: Answer) -> None:
        print(f"{answer.status:04X}H  {answer.request}  {answer.comment}".rstrip())

    try:
        answers = send_to(host, port, called_ae, files, options, report)
    except SendFailed as error:
        fail(error)
    if any(answer.failed for answer in answers):
        raise typer.Exit(1)
