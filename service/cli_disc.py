"""`printmgr disc`: plan, build and verify volumes of DICOM files."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.disc_terminal import Bar, bar_of, findings_of, show_built, show_findings, show_plan, told
from service.terminal import AsJSON, SettingsFile, print_json, settings_of, store_of

if TYPE_CHECKING:
    pass

app = typer.Typer(help="Plan, build and verify discs: DICOM File-sets in ISO images.", no_args_is_help=True)

LOOK_AGAIN_S = 3.0  # for a blank disc, a stick, a robot

Sources = Annotated[
    list[str],
    typer.Argument(metavar="SOURCE...", help="Folders, files, ZIPs, inbox:STUDY_UID, pacs:ARCHIVE:STUDY_UID."),
]
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
PresetName = Annotated[str, typer.Option(help="A preset of the settings, such as patient or physician.")]
Write = Annotated[
    str, typer.Option(help="image, folder, zip, fat, optical:/DRIVE, usb:/MOUNT, hot_folder:/FOLDER; commas between.")
]
DeIdentify = Annotated[
    str, typer.Option(metavar="OPTIONS", help="basic, or what PS3.15 E.3 keeps: uids, device, modified-dates … .")
]
KeyFile = Annotated[Path | None, typer.Option(help="Key of the pseudonyms; by default the service's.")]
Release = Annotated[str, typer.Option(metavar="UID,...", help="SOP instances seen and released for de-identification.")]
Encrypted = Annotated[str, typer.Option("--encrypt", help="zip: one AES ZIP; cms: Secure DICOM Files, no viewer.")]
Password = Annotated[str, typer.Option(metavar="WHENCE", help="made (by default), ask, env:NAME, file:PATH or none.")]
Recipient = Annotated[list[Path] | None, typer.Option(help="Certificate of somebody who may open it (cms).")]
Joliet = Annotated[bool, typer.Option("--joliet", help="Add a Joliet tree.")]


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
    viewer: Viewer = "",
    preset: PresetName = "",
    settings: SettingsFile = None,
    as_json: AsJSON = False,
) -> None:
    """Say what would go on which volume, what would be transcoded, and what is in the way; write nothing."""
    with told(as_json):
        from media.pipeline import draft
        from media.report import plan_view

        disc = _disc(profile, medium, leave_out, derive, created, file_set_id, compress, joliet)
        order = _order(disc, sources, settings, "", preset, viewer)
        with bar_of(as_json) as bar:
            bar.step("index")
            made = draft(order, bar.progress)
        if as_json:
            print_json(plan_view(made))
        else:
            show_plan(made)


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
    viewer: Viewer = "",
    preset: PresetName = "",
    institution: Annotated[str, typer.Option(help="Who made the disc, for README.TXT.")] = "",
    contact: Annotated[str, typer.Option(help="How to reach them, for README.TXT.")] = "",
    write: Write = "",
    de_identify: DeIdentify = "",
    key_file: KeyFile = None,
    release: Release = "",
    encrypt: Encrypted = "",
    password: Password = "",
    recipient: Recipient = None,
    queue: Annotated[
        bool, typer.Option("--queue", help="Leave it to the service; `jobs show` tells how far it is.")
    ] = False,
    settings: SettingsFile = None,
    as_json: AsJSON = False,
) -> None:
    """Build verified volumes. Interrupted, the same command goes on and ends with the same bytes."""
    with told(as_json):
        from media.build.transcode import check_encoder
        from media.job_folder import job_in_output

        disc = _disc(profile, medium, leave_out, derive, created, file_set_id, compress, joliet)
        check_encoder(disc.compress)
        writers = tuple(filter(None, write.split(",")))
        order = _order(disc, sources, settings, str(output.resolve()), preset, viewer, writers, institution, contact)
        order = _private(order, settings, de_identify, key_file, release, queue)
        order = _encrypted(order, encrypt, password, recipient or [], queue)
        if queue:
            from service.wiring.discs import order_disc

            job_id = order_disc(settings_of(settings), order)
            print_json({"job": job_id}) if as_json else print(job_id)
            return
        with bar_of(as_json) as bar:
            _fetch(order.sources, settings, bar)
        with job_in_output(order, keep_created=bool(created)) as (order, job), bar_of(as_json) as bar:
            _build_patiently(order, job, bar)
        show_built(output, as_json)


def _fetch(sources: tuple[str, ...], settings: Path | None, bar: Any) -> None:
    """Bring remote studies into the inbox; the command goes on where it was when it is given again."""
    from media.sources import REMOTE

    for source in sources:
        if source.startswith(REMOTE):
            from service.store.engine import migrate
            from service.wiring.remote import fetch_study

            known = settings_of(settings)
            migrate(known.database)
            bar.step("fetch")
            fetch_study(known, source, bar.progress)


@app.command()
def verify(
    image: Annotated[Path, typer.Argument(metavar="IMAGE")],
    report: Annotated[Path | None, typer.Option(help="report.json of the build: every byte is compared.")] = None,
    as_json: AsJSON = False,
) -> None:
    """Reopen an image and check all that it proves of itself; with the report every byte. Exit 0 or 1."""
    with told(as_json):
        from media.verify import verify_image, verify_regions

        with bar_of(as_json) as bar:
            bar.step("verify")
            found = verify_image(image, progress=bar.progress)
            if report is not None:
                bar.step("regions")
                found.findings += verify_regions(image, _regions(report, image), bar.progress).findings
        if as_json:
            print_json({"image": str(image), "good": found.good, **findings_of(found)})
        else:
            show_findings(image, found)
    raise SystemExit(0 if found.good else 1)


@app.command()
def label(
    disc: Annotated[Path, typer.Argument(metavar="OUT", help="The output folder of a finished disc.")],
    template: Annotated[
        str, typer.Option(help="disc, jewel-case, envelope, receipt, release, or a TOML file.")
    ] = "disc",
    output: Annotated[Path | None, typer.Option(help="The PDF; OUT/TEMPLATE.pdf unless given.")] = None,
    audit: Annotated[str, typer.Option(help="The disc's number in the ledger; the folder's name unless given.")] = "",
    as_json: AsJSON = False,
) -> None:
    """Make the label or paper of a disc, a page a volume. What has no room on it is listed, and not cut."""
    with told(as_json):
        from service.wiring.labels import label_of

        pdf, unfit = label_of(disc, template, audit)
        target = output or disc / f"{Path(template).stem}.pdf"
        target.write_bytes(pdf)
        if as_json:
            print_json({"label": str(target), "no_room": unfit})
        else:
            print(target)
            for one in unfit:
                print(f"no room: {one}")


@app.command()
def confirm(
    disc_id: Annotated[str, typer.Argument(metavar="ID")],
    by: Annotated[str, typer.Option(help="Who confirms it: not who ordered it. The password is asked for.")],
    settings: SettingsFile = None,
) -> None:
    """Let a disc of several patients be made that somebody else has ordered."""
    from service.people import Passwords, SignIn, TryLater, WrongPassword
    from service.second_person import CannotConfirm
    from service.second_person import confirm as confirm_disc
    from service.store.discs import NoSuchDisc
    from service.store.people import PersonRole

    try:
        with store_of(settings_of(settings)) as store:
            person = SignIn(store, Passwords()).check(by, _password(), "console")
            if person.role is PersonRole.VIEWER:
                raise CannotConfirm(f"{person.name} is {person.role}; expected somebody who may order discs")
            confirm_disc(store, disc_id, person.name, person.role, "console")
    except (CannotConfirm, NoSuchDisc, WrongPassword, TryLater) as error:
        print(f"printmgr: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    print(f"{disc_id} is made when a worker is free")


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True))
    return sys.stdin.readline().rstrip("\r\n")


# --- orders


def _order(
    disc: Any,
    sources: list[str],
    settings: Path | None,
    output: str,
    preset: str,
    viewer: str,
    writers: tuple[str, ...] = (),
    institution: str = "",
    contact: str = "",
) -> Any:
    """The order of the options, over those of a preset. Raises BadOrder."""
    from media.build.companions import Imprint
    from media.fileset.order import Fields
    from media.pipeline import BuildOrder

    named, imprint = _named(sources, settings), Imprint(institution, contact)
    if not preset:
        shows = _shows(viewer or "none")
        return BuildOrder(named, output, disc, imprint, writers, processes=_processes(), viewer=shows)
    from service.wiring.presets import order_by_preset

    other = {name: value for name, value in disc._asdict().items() if value != Fields._field_defaults.get(name)}
    del other["created"]
    other |= {"viewer": _shows(viewer)} if viewer else {}
    other |= {"writers": writers} if writers else {}
    other |= {"imprint": imprint} if institution or contact else {}
    return order_by_preset(settings_of(settings), preset, named, disc.created, output, processes=_processes(), **other)


def _private(order: Any, settings: Path | None, options: str, key_file: Path | None, release: str, queue: bool) -> Any:
    """The order with the de-identification of the options, over that of its preset. Raises BadOrder."""
    from dataclasses import replace

    from media.errors import BadOrder
    from service.wiring.privacy import deidentification

    if not options and order.deidentify is not None:
        options = ",".join(("basic", *sorted(order.deidentify.options)))
    if not options and (key_file or release):
        raise BadOrder("--key-file and --release are for de-identified discs; expected --de-identify basic or options")
    service = settings_of(settings) if settings or queue or order.deidentify else None
    return replace(order, deidentify=deidentification(service, options, key_file, filter(None, release.split(","))))


def _encrypted(order: Any, method: str, password: str, recipients: list[Path], queue: bool) -> Any:
    """The order with the encryption of the options, over that of its preset. Raises BadOrder."""
    from dataclasses import replace

    from media.errors import BadOrder
    from service.wiring.privacy import encryption

    method = method or (str(order.encrypt.method) if order.encrypt else "")
    if not method and (password or recipients):
        raise BadOrder("--password and --recipient are for encrypted discs; expected --encrypt zip or cms")
    if queue and (password == "ask" or password.startswith("env:")):  # noqa: S105  # a word of ours
        raise BadOrder("the service cannot ask, nor see this environment; expected --password made or file:PATH")
    return replace(order, encrypt=encryption(method, password, recipients))


def _build_patiently(order: Any, job: Path, bar: Bar) -> None:
    """All steps; while something outside is waited for, say so once and look again."""
    import time

    from media.errors import NotYet
    from media.pipeline import build as run

    said = ""
    while True:
        try:
            return run(order, job, bar.progress, bar.step)
        except NotYet as waiting:
            if str(waiting) != said:
                said = str(waiting)
                print(f"printmgr: {said}", file=sys.stderr)
            time.sleep(LOOK_AGAIN_S)


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
    from service.wiring.presets import COMPRESSIONS

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
