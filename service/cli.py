"""The command line `printmgr`. Exit codes: 0 done, 1 failed, 2 wrong call. Heavy things are imported late."""

import gc
from pathlib import Path
from typing import Annotated

import typer

from service import cli_audit, cli_backup, cli_config, cli_disc, cli_film, cli_jobs, cli_printer, cli_study, cli_user
from service.terminal import SettingsFile, fail, settings_of

app = typer.Typer(
    name="printmgr",
    help="Virtual DICOM film printer and off-line DICOM media: films become PDFs, studies become verified discs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_film.app, name="film")
app.add_typer(cli_printer.app, name="printer")
app.add_typer(cli_disc.app, name="disc")
app.add_typer(cli_study.app, name="study")
app.add_typer(cli_jobs.app, name="jobs")
app.add_typer(cli_config.app, name="config")
app.add_typer(cli_user.app, name="user")
app.add_typer(cli_audit.app, name="audit")
app.command()(cli_backup.backup)
app.command()(cli_backup.restore)


@app.command()
def serve(
    settings: SettingsFile = None,
    role: Annotated[str, typer.Option(help="node, worker, web or all")] = "all",
) -> None:
    """Take prints and make films of them until Ctrl-C or SIGTERM."""
    from service.children import Role, all_roles
    from service.logs import configure
    from service.supervisor import Supervisor

    known = settings_of(settings)
    roles = {"all": all_roles(known), "node": (Role.NODE,), "worker": (Role.WORKER,), "web": (Role.WEB,)}
    if role not in roles:
        raise typer.BadParameter(f"is {role!r}; expected node, worker, web or all", param_hint="--role")
    configure(known.log.format, known.log.level)
    Supervisor(known, roles[role], say=say).run()


@app.command()
def demo(
    data_dir: Annotated[Path, typer.Option(help="Where films and everything else go.")] = Path("run"),
    port: Annotated[int, typer.Option(help="DICOM port; any free one when it is taken.")] = 11112,
    once: Annotated[bool, typer.Option("--once", help="End when film and disc are there.")] = False,
) -> None:
    """Start the service with a sample printer, print a sample film into it, build a sample disc, say where they are."""
    from service.demo import run
    from service.logs import configure

    configure()
    run(data_dir, port, once, say)


@app.command()
def conformance(
    quirks: Annotated[bool, typer.Option("--quirks", help="The table of partners' quirks instead.")] = False,
) -> None:
    """Print the DICOM conformance statement, made from the tables the code runs by."""
    from service.conformance import conformance as statement
    from service.quirks_page import quirks_page

    print(quirks_page() if quirks else statement(), end="")


def say(line: str) -> None:
    """A line for people, at once."""
    print(line, flush=True)


def main() -> None:
    """Run the command line; what can go wrong is told in words, with its exit code."""
    gc.set_threshold(50_000)  # what is imported stays: to look for garbage in it costs a tenth of a command
    try:
        app()
    except Exception as error:  # noqa: BLE001  # the command line's top
        fail(error)
