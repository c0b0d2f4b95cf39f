"""`printmgr disc`: plan, build and verify volumes of DICOM files."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.terminal import AsJSON, SettingsFile, print_json, settings_of

if TYPE_CHECKING:
    from media.errors import MediaError
    from media.fileset.model import Plan
    from media.ports import Progress
    from media.verify import Verification

app = typer.Typer(help="Plan, build and verify discs: DICOM File-sets in ISO images.", no_args_is_help=True)

SHOWN = 20
"""Files that are named one by one on a terminal; JSON and report.json have all."""

Sources = Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Folders, files, ZIPs, or inbox:STUDY_UID.")]
Profile = Annotated[str, typer.Option(help="Application profile, such as STD-GEN-CD or STD-GEN-DVD-J2K.")]
Medium = Annotated[str, typer.Option(help="CD-R-700, DVD-R, DVD-DL, BD-R, USB-8G … or a number of bytes.")]
LeaveOut = Annotated[str, typer.Option(metavar="REASON,...", help="Go on without files refused for these reasons.")]
Derive = Annotated[bool, typer.Option("--derive", help="Fill missing keys of the index from the same study.")]
Created = Annotated[str, typer.Option(metavar="ISO 8601", help="The time on the disc; now, unless given.")]
FileSetID = Annotated[str, typer.Option(help="Up to 16 of A-Z, 0-9 and _; the volume's name too.")]
Compress = Annotated[str, typer.Option(help="Compress losslessly where the profile allows it: jpeg or j2k.")]
Viewer = Annotated[
    str, typer.Option(help="What a browser shows: none, pictures, values, or values if they are fitting.")
]
Joliet = Annotated[bool, typer.Option("--joliet", help="Add a Joliet tree.")]

COMPRESSIONS = {"": "", "jpeg": "1.2.840.10008.1.2.4.70", "j2k": "1.2.840.10008.1.2.4.90"}


@app.command()
def plan(
    sources: Sources,
    profile: Profile = "",
    medium: Medium = "",
    leave_out: LeaveOut = "",
    derive: Derive = False,
    created: Created = "",
    file_set_id: FileSetID = "DISC",
    compress: Compress = "",
    joliet: Joliet = False,
    viewer: Viewer = "none",
    settings: SettingsFile = None,
    as_json: AsJSON = False,
) -> None:
    """Say what would go on which volume, what would be transcoded, and what is in the way; write nothing."""
    with _told(as_json):
        from media.pipeline import BuildOrder, draft
        from media.report import plan_view

        disc = _disc(profile, medium, leave_out, derive, created, file_set_id, compress, joliet)
        order = BuildOrder(_named(sources, settings), "", disc, processes=_processes(), viewer=_shows(viewer))
        with _bar(as_json) as bar:
            bar.step("index")
            made = draft(order, bar.progress)
        if as_json:
            print_json(plan_view(made))
        else:
            _show_plan(made)


@app.command()
def build(
    sources: Sources,
    output: Annotated[Path, typer.Option(help="Folder for volume_1.iso …, plan.json and report.json.")],
    profile: Profile = "",
    medium: Medium = "",
    leave_out: LeaveOut = "",
    derive: Derive = False,
    created: Created = "",
    file_set_id: FileSetID = "DISC",
    compress: Compress = "",
    joliet: Joliet = False,
    viewer: Viewer = "none",
    institution: Annotated[str, typer.Option(help="Who made the disc, for README.TXT.")] = "",
    contact: Annotated[str, typer.Option(help="How to reach them, for README.TXT.")] = "",
    write: Annotated[str, typer.Option(help="image, folder, zip, or several with commas; by the medium.")] = "",
    queue: Annotated[
        bool, typer.Option("--queue", help="Leave it to the service; `jobs show` tells how far it is.")
    ] = False,
    settings: SettingsFile = None,
    as_json: AsJSON = False,
) -> None:
    """Build verified volumes. Interrupted, the same command goes on and ends with the same bytes."""
    with _told(as_json):
        from media.build.companions import Imprint
        from media.build.transcode import check_encoder
        from media.job_folder import job_in_output
        from media.pipeline import BuildOrder
        from media.pipeline import build as run

        disc = _disc(profile, medium, leave_out, derive, created, file_set_id, compress, joliet)
        check_encoder(disc.compress)
        order = BuildOrder(
            sources=_named(sources, settings),
            output=str(output.resolve()),
            disc=disc,
            imprint=Imprint(institution, contact),
            writers=tuple(filter(None, write.split(","))),
            viewer=_shows(viewer),
            processes=_processes(),
        )
        if queue:
            from service.wiring.discs import order_disc

            job_id = order_disc(settings_of(settings), order)
            print_json({"job": job_id}) if as_json else print(job_id)
            return
        with job_in_output(order, keep_created=bool(created)) as (order, job), _bar(as_json) as bar:
            run(order, job, bar.progress, bar.step)
        _show_built(output, as_json)


@app.command()
def verify(
    image: Annotated[Path, typer.Argument(metavar="IMAGE")],
    report: Annotated[Path | None, typer.Option(help="report.json of the build: every byte is compared.")] = None,
    as_json: AsJSON = False,
) -> None:
    """Reopen an image and check all that it proves of itself; with the report every byte. Exit 0 or 1."""
    with _told(as_json):
        from media.verify import verify_image, verify_regions

        with _bar(as_json) as bar:
            bar.step("verify")
            found = verify_image(image, progress=bar.progress)
            if report is not None:
                bar.step("regions")
                found.findings += verify_regions(image, _regions(report, image), bar.progress).findings
        if as_json:
            print_json({"image": str(image), "good": found.good, **_findings(found)})
        else:
            _show_findings(image, found)
    raise SystemExit(0 if found.good else 1)


# --- orders


def _shows(viewer: str) -> Any:
    """What --viewer says. Raises BadOrder."""
    from media.build.viewer.shows import Shows
    from media.errors import BadOrder

    if viewer not in set(Shows):
        raise BadOrder(f"--viewer is {viewer!r}; expected one of {', '.join(Shows)}")
    return Shows(viewer)


def _disc(
    profile: str,
    medium: str,
    leave_out: str,
    derive: bool,
    created: str,
    file_set_id: str,
    compress: str,
    joliet: bool,
) -> Any:
    """The disc order of the options. Raises BadOrder."""
    from media.errors import BadOrder
    from media.fileset.model import Reason
    from media.fileset.order import DiscOrder

    reasons = {word.strip() for word in leave_out.split(",") if word.strip()}
    unknown = sorted(reasons - set(Reason))
    if unknown:
        raise BadOrder(f"--leave-out {unknown[0]!r} is no reason; expected some of {', '.join(Reason)}")
    if compress not in COMPRESSIONS:
        raise BadOrder(f"--compress is {compress!r}; expected jpeg or j2k")
    return DiscOrder(
        created=_moment(created),
        profile=profile,
        medium=medium,
        leave_out=frozenset(map(Reason, reasons)),
        derive=derive,
        file_set_id=file_set_id,
        compress=COMPRESSIONS[compress],
        joliet=joliet,
    )


def _named(sources: list[str], settings: Path | None) -> tuple[str, ...]:
    """The sources as any folder can use them; received studies are looked up where the settings say."""
    from media.sources import absolute, is_received

    if any(map(is_received, sources)):
        from service.wiring.inbox import offer_received_studies

        offer_received_studies(settings_of(settings))
    return tuple(map(absolute, sources))


def _moment(created: str) -> str:
    """The time with its offset, in whole seconds; a time without one is UTC. What is no time stays as it is."""
    if not created:
        return datetime.now(UTC).isoformat(timespec="seconds")
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return created
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat(timespec="seconds")


def _processes() -> int:
    import os

    return os.cpu_count() or 1


def _regions(report: Path, image: Path) -> Any:
    """The regions that the report has for the image. Raises Unreadable."""
    import json

    from media.errors import Unreadable
    from media.report import regions_of

    try:
        return regions_of(json.loads(report.read_bytes()), image.name)
    except OSError as error:
        raise Unreadable(str(report), error.strerror or type(error).__name__) from error
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(str(report), f"is no report of {image.name}") from error


# --- what is shown


@dataclass
class Bar:
    """What shows progress: each step by its name, then how far it is."""

    step: Any
    progress: "Progress"


@contextmanager
def _bar(as_json: bool) -> Iterator[Bar]:
    """A progress bar on a terminal, nothing elsewhere."""
    if as_json or not sys.stderr.isatty():
        yield Bar(lambda _name: None, lambda _what, _done, _total: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:8}"), BarColumn(), TextColumn("{task.fields[shown]}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        shown: dict[str, str] = {}
        current = [bars.add_task("", total=1, shown="")]

        def step(name: str) -> None:
            shown.clear()
            bars.update(current[0], total=1, completed=1)
            current[0] = bars.add_task(name, total=None, shown="")

        def progress(what: str, done: int, total: int) -> None:
            shown[what] = (
                f"{done / 1e6:.0f} of {total / 1e6:.0f} MB" if what == "bytes" else f"{done} of {total} {what}"
            )
            if what == "bytes" or "bytes" not in shown:
                bars.update(current[0], total=total, completed=done)
            bars.update(current[0], shown=", ".join(shown.values()))

        bars.update(current[0], visible=False)
        yield Bar(step, progress)


@contextmanager
def _told(as_json: bool) -> Iterator[None]:
    """Tell what went wrong in words or JSON: exit 1, of a wrong call 2."""
    from media.errors import BadOrder, MediaError

    try:
        yield
    except MediaError as error:
        if as_json:
            print_json({"state": "failed", "error": type(error).__name__, "message": str(error), **_details(error)})
        else:
            print(f"printmgr: {error}", file=sys.stderr)
            for line in _lines(error):
                print(f"  {line}", file=sys.stderr)
        raise SystemExit(2 if isinstance(error, BadOrder) else 1) from None


def _details(error: "MediaError") -> dict[str, Any]:
    """What an error names."""
    from media.errors import NotVerified, Refused

    if isinstance(error, Refused):
        return {"refused": [{"file": file, "reason": reason} for file, reason in error.refusals]}
    return {"findings": error.findings} if isinstance(error, NotVerified) else {}


def _lines(error: "MediaError") -> list[str]:
    from media.errors import NotVerified, Refused

    if isinstance(error, Refused):
        return [f"{file}: {reason}" for file, reason in error.refusals]
    return error.findings if isinstance(error, NotVerified) else []


def _show_plan(made: "Plan") -> None:
    print(f"{made.claim or made.profile} on {made.medium}, {made.file_system}")
    for volume in made.volumes:
        transcoded = sum(file.action == "transcode" for file in volume.files)
        print(
            f"volume {volume.number}: {len(volume.files)} instances, {transcoded} to be transcoded, "
            f"{volume.estimated_bytes} of {made.capacity_bytes} bytes"
        )
    for what, rejections in (("refused", made.refusals), ("left out", made.left_out), ("ignored", made.ignored)):
        if rejections:
            print(f"{what}: {len(rejections)} files")
        for one in rejections[:SHOWN]:
            print(f"  {one.source.name}: {one.reason.value}{': ' if one.detail else ''}{one.detail}")
        if len(rejections) > SHOWN:
            print(f"  and {len(rejections) - SHOWN} more; --json has all")
    for note in made.notes:
        print(note)


def _show_built(output: Path, as_json: bool) -> None:
    import json

    report = json.loads((output / "report.json").read_bytes())
    for volume in report["volumes"]:
        del volume["regions"]
    if as_json:
        summary = {key: value for key, value in report.items() if key != "files"}
        print_json({**summary, "output": str(output), "report": str(output / "report.json")})
        return
    for volume in report["volumes"]:
        for name in volume["written"]:
            print(f"{output / name}: {volume['instances']} instances, {volume['size_bytes']} bytes, verified")


def _findings(found: "Verification") -> dict[str, Any]:
    findings = [{"kind": str(one.kind), "where": one.where, "detail": one.detail} for one in found.findings]
    return {"files": found.files, "instances": found.instances, "notes": found.notes, "findings": findings}


def _show_findings(image: Path, found: "Verification") -> None:
    for finding in found.findings:
        print(finding)
    for note in found.notes:
        print(f"note: {note}")
    outcome = "good" if found.good else f"{len(found.findings)} findings"
    print(f"{image}: {found.files} files, {found.instances} instances: {outcome}")
