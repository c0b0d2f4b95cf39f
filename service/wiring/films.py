"""What is done for a print."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from printmgr.errors import DeliveryFailed, ResourceLimit
from printmgr.files import whole
from printmgr.ports import Print, Sink
from service.config import Settings
from service.spool import load_print
from service.steps import Progress, Step
from service.store import prints
from service.store.engine import Store


def film_steps(settings: Settings, store: Store, print_id: str) -> Sequence[Step]:
    """What is done for a print; its order fixes the steps, whatever the settings have become since."""
    from printmgr import pipeline

    print_ = load_print(settings.spool_dir, print_id)

    def disk_step(name: str, run: Callable[[Print], object]) -> Step:
        return Step(name, lambda progress: _discard(run(print_)), waits_for=(ResourceLimit,))

    steps = [
        disk_step("lay out", pipeline.lay_out_step),
        disk_step("render", pipeline.render_step),
        disk_step("preview", pipeline.preview_step),
        disk_step("document", pipeline.document_step),
    ]
    return steps + [_delivery(settings, store, print_, name) for name in print_.printer.sinks]


def _delivery(settings: Settings, store: Store, print_: Print, name: str) -> Step:
    from printmgr import pipeline

    def deliver(progress: Progress) -> None:
        try:
            place = pipeline.deliver_step(print_, sink_named(settings, name))
        except (DeliveryFailed, ResourceLimit) as error:
            with store.write() as connection:
                prints.not_delivered(connection, print_.id, name, str(error))
            raise
        with store.write() as connection:
            prints.delivered(connection, print_.id, name, place)

    return Step(f"deliver to {name}", deliver, 8, 2.0, (DeliveryFailed,), waits_for=(ResourceLimit,))


def sink_named(settings: Settings, name: str) -> Sink:
    """The sink of this name. Raises DeliveryFailed when the settings have it no more."""
    from printmgr.sinks import SINKS

    found = next((sink for sink in settings.sinks if sink.name == name), None)
    if found is None:
        raise DeliveryFailed(f"the settings have no sink {name!r} any more; expected it in [[sinks]]")
    sink: Callable[..., Sink] = SINKS[found.kind]
    return sink(root=found.root or settings.films_dir)


def _discard(result: object) -> None:
    """A step's result is the file it left."""


def render_again(settings: Settings, print_id: str, output: Path) -> None:
    """Make the PDF of a settled print anew from its order. Raises NoSuchPrint, DamagedSpool, BadPixels."""
    from printmgr import pipeline

    try:
        print_ = load_print(settings.spool_dir, print_id)
    except FileNotFoundError:
        raise prints.NoSuchPrint(print_id) from None
    with tempfile.TemporaryDirectory() as folder:
        for file in print_.folder.glob("*.ds"):
            (Path(folder) / file.name).symlink_to(file)
        again = replace(print_, folder=Path(folder))
        pipeline.lay_out_step(again)
        with whole(output.absolute()) as pdf:
            pdf.write(pipeline.render_step(again).read_bytes())
