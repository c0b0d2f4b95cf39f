"""`printmgr disc`: plan, build and verify volumes of DICOM files."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli_disc_orders import disc_of, order_of, with_encryption, with_label, with_privacy
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
    str,
    typer.Option(
        help="image, folder, zip, fat, optical:/DRIVE, usb:/MOUNT, hot_folder:/FOLDER, ptburn:/FOLDER=THEIRS."
    ),
]
LabelWanted = Annotated[str, typer.Option("--label", help="Make label.pdf by this template; a robot gets it too.")]
DeIdentify = Annotated[
    str, typer.Option(metavar="OPTIONS", help="basic, or what PS3.15 E.3 keeps: uids, device, modified-dates … .")
]
KeyFile = Annotated[Path | None, typer.Option(help="Key of the pseudonyms; by default the service's.")]
Release = Annotated[str, typer.Option(metavar="UID,...", help="SOP instances seen and released for de-identification.")]
Encrypted = Annotated[str, typer.Option("--encrypt", help="zip: one AES ZIP; cms: Secure DICOM Files, no viewer.")]
Password = Annotated[str, typer.Option(metavar="WHENCE", help="made (by default), ask, env:NAME, file:PATH or none.")]
Recipient = Annotated[list[Path] | None, typer.Option(help="Certificate of somebody who may open it (cms).")]
Signer = Annotated[Path | None, typer.Option(help="PEM file with certificate and key: signs each file (cms).")]
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
    de_identify: DeIdentify = "",
    key_file: KeyFile = None,
    settings: SettingsFile = None,
    as_json: AsJSON = False,
) -> None:
    """Say what would go on which volume, what would be transcoded, and what is in the way; write nothing."""
    with told(as_json):
        from media.pipeline import draft
        from media.report import plan_view

        disc = disc_of(profile, medium, leave_out, derive, created, file_set_id, compress, joliet)
        order = order_of(disc, sources, settings, "", preset, viewer)
        order = with_privacy(order, settings, de_identify, key_file, "", False)
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
    sign: Signer = None,
    label: LabelWanted = "",
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

        disc = disc_of(profile, medium, leave_out, derive, created, file_set_id, compress, joliet)
        check_encoder(disc.compress)
        writers = tuple(filter(None, write.split(",")))
        order = order_of(disc, sources, settings, str(output.resolve()), preset, viewer, writers, institution, contact)
        order = with_privacy(order, settings, de_identify, key_file, release, queue)
        order = with_label(with_encryption(order, encrypt, password, recipient or [], sign, queue), label, settings)
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
    password: Annotated[
        str, typer.Option(metavar="WHENCE", help="Of an encrypted disc: ask, env:NAME, file:PATH.")
    ] = "",
    key: Annotated[
        Path | None, typer.Option(help="Of an encrypted disc: PEM file of a recipient's private key.")
    ] = None,
    as_json: AsJSON = False,
) -> None:
    """Reopen an image and check all that it proves of itself; with the report every byte. Exit 0 or 1.

    An encrypted disc is opened with its password or a recipient's key, and the File-set in it checked.
    """
    with told(as_json):
        from media.verify import verify_image, verify_opened, verify_regions
        from service.wiring.privacy import opening_key, opening_password

        opens = (opening_password(password), opening_key(key))
        with bar_of(as_json) as bar:
            bar.step("verify")
            if any(opens):
                found = verify_opened(image, *opens, progress=bar.progress)
            else:
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
        str,
        typer.Option(help="disc, jewel-case, envelope, receipt, release, or a TOML file; else as the settings say."),
    ] = "",
    language: Annotated[str, typer.Option(help="Of the label's own words: en or de; else as the settings say.")] = "",
    output: Annotated[Path | None, typer.Option(help="The PDF; OUT/TEMPLATE.pdf unless given.")] = None,
    audit: Annotated[str, typer.Option(help="The disc's number in the ledger; the folder's name unless given.")] = "",
    settings: SettingsFile = None,
    as_json: AsJSON = False,
) -> None:
    """Make the label or paper of a disc, a page a volume. What has no room on it is listed, and not cut."""
    with told(as_json):
        from service.wiring.labels import label_of

        known = settings_of(settings).labels
        template = template or known.template
        pdf, unfit = label_of(disc, template, audit, language=language or known.language)
        target = output or disc / f"{Path(template).stem}.pdf"
        target.write_bytes(pdf)
        if as_json:
            print_json({"label": str(target), "no_room": unfit})
        else:
            print(target)
            for one in unfit:
                print(f"no room: {one}")


@app.command()
def waiting(settings: SettingsFile = None, as_json: AsJSON = False) -> None:
    """Say which studies the rules hold back, and why."""
    from dataclasses import asdict

    from service.store import rule_discs
    from service.terminal import print_table

    with store_of(settings_of(settings)) as store, store.read() as connection:
        found = rule_discs.waiting(connection)
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        rows = [(one.rule, one.study_uid, one.since, one.reason) for one in found]
        print_table(("rule", "study", "since", "why"), rows, "no study is held back")


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
