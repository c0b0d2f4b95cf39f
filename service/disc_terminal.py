"""What `printmgr disc` shows on a terminal: progress, plans, findings, and what went wrong."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.terminal import print_json

if TYPE_CHECKING:
    from media.errors import MediaError
    from media.fileset.model import Plan
    from media.ports import Progress
    from media.verify import Verification

SHOWN = 20
"""Files that are named one by one on a terminal; JSON and report.json have all."""


@dataclass
class Bar:
    """What shows progress: each step by its name, then how far it is."""

    step: Any
    progress: "Progress"


@contextmanager
def bar_of(as_json: bool) -> Iterator[Bar]:
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
def told(as_json: bool) -> Iterator[None]:
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


def show_plan(made: "Plan") -> None:
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


def show_built(output: Path, as_json: bool) -> None:
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


def findings_of(found: "Verification") -> dict[str, Any]:
    findings = [{"kind": str(one.kind), "where": one.where, "detail": one.detail} for one in found.findings]
    return {"files": found.files, "instances": found.instances, "notes": found.notes, "findings": findings}


def show_findings(image: Path, found: "Verification") -> None:
    for finding in found.findings:
        print(finding)
    for note in found.notes:
        print(f"note: {note}")
    outcome = "good" if found.good else f"{len(found.findings)} findings"
    print(f"{image}: {found.files} files, {found.instances} instances: {outcome}")
