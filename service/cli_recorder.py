"""`printmgr film record|recordings|replay`: the flight recorder."""

from pathlib import Path
from typing import Annotated

import typer

from service.terminal import AsJSON, SettingsFile, fail, print_json, print_table, settings_of


def register(app: typer.Typer) -> None:
    """Add the commands to `printmgr film`."""
    app.command()(record)
    app.command()(recordings)
    app.command()(replay)


def record(
    ae_title: Annotated[str, typer.Argument(help="The calling AE title.")],
    what: Annotated[
        str, typer.Argument(help="masked, plain (texts as they come), off, or settings (as the settings say).")
    ] = "masked",
    settings: SettingsFile = None,
) -> None:
    """Write down the next associations of a partner with printers; a running service obeys at once."""
    from service.recordings import Record, want

    if what not in (*Record, "settings"):
        raise typer.BadParameter(f"is {what!r}; expected {', '.join(Record)} or settings", param_hint="WHAT")
    folder = settings_of(settings).recordings_dir
    want(folder, ae_title.strip(), None if what == "settings" else Record(what))
    print(f"{ae_title}: {what}; recordings are in {folder}")


def recordings(settings: SettingsFile = None, as_json: AsJSON = False) -> None:
    """List what was recorded, newest first, and who is being recorded."""
    from printmgr.recording import BadRecording, read
    from service.recordings import wanted

    folder = settings_of(settings).recordings_dir
    found = []
    for file in sorted(folder.glob("*.jsonl"), reverse=True):
        try:
            one = read(file)
        except BadRecording as error:
            found.append((file.name, "", "", 0, f"cannot be read: {error}"))
            continue
        found.append(
            (file.name, one.header.calling_ae, one.header.called_ae, len(one.messages), one.ended or "cut off")
        )
    if as_json:
        keys = ("file", "calling_ae", "called_ae", "messages", "ended")
        print_json({"wanted": wanted(folder), "recordings": [dict(zip(keys, row, strict=True)) for row in found]})
        return
    print_table(("file", "from", "to", "messages", "ended"), found, "no recordings")
    for title, what in wanted(folder).items():
        print(f"{title}: {what}")


def replay(
    file: Path,
    host: str,
    port: int,
    called_ae: Annotated[str, typer.Option(help="Another printer than the recorded one.")] = "",
    calling_ae: Annotated[str, typer.Option(help="Another AE title of ours than the recorded one.")] = "",
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.")] = 60.0,
) -> None:
    """Play a recording against a printer; tells every status, and fails when one is not as recorded."""
    from printmgr.recording import read
    from printmgr.replay import Played
    from printmgr.replay import replay as play
    from printmgr.scu import SendFailed

    def report(played: Played) -> None:
        then = "not answered" if played.recorded is None else f"{played.recorded:04X}H"
        answer = played.answer
        mark = f"  recorded {then}" if played.differs or played.recorded is None else ""
        print(f"{answer.status:04X}H  {answer.request}  {answer.comment}".rstrip() + mark)

    try:
        played = play(read(file), host, port, called_ae, calling_ae, timeout, report)
    except SendFailed as error:
        fail(error)
    different = sum(one.differs for one in played)
    print(f"{len(played)} requests, {different} answered otherwise than recorded")
    if different:
        raise typer.Exit(1)
