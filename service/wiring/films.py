"""What is done for a print."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from printmgr.errors import DeliveryFailed, ResourceLimit
from printmgr.files import whole
from printmgr.film.identity import NOBODY, Identity
from printmgr.ports import Print
from printmgr.sinks import AnySink, FolderSink
from service.audit import note
from service.config import Settings
from service.deliveries import Deliveries, Finished, NotYet
from service.limited_films import LimitedFilms
from service.spool import load_print
from service.steps import Progress, Step
from service.store import deliveries, identities, jobs, prints
from service.store.audit import Entry
from service.store.engine import Store
from service.wiring.identities import identify_step


def film_steps(settings: Settings, store: Store, films: LimitedFilms, print_id: str) -> Sequence[Step]:
    """What is done for a print; its order fixes the steps, whatever the settings have become since."""
    from printmgr import pipeline

    print_ = load_print(settings.spool_dir, print_id)

    def disk_step(name: str, run: Callable[[Print], object]) -> Step:
        return Step(name, lambda progress: _discard(run(print_)), waits_for=(ResourceLimit,))

    def document(order: Print) -> None:
        pipeline.document_step(order)
        with store.write() as connection:  # at once, so that no sink waits for another
            deliveries.hand_over(
                connection, print_id, [name for name in order.printer.sinks if not is_own(settings, name)]
            )

    steps = [
        disk_step("lay out", pipeline.lay_out_step),
        disk_step("render", lambda order: films.do("render", order.id)),
        disk_step("preview", lambda order: films.do("preview", order.id)),
        disk_step("document", document),
    ]
    steps += [_delivery(settings, store, print_, name) for name in print_.printer.sinks]
    return [*steps, identify_step(settings, store, print_)]


def _delivery(settings: Settings, store: Store, print_: Print, name: str) -> Step:
    """Into a folder of ours at once; to anybody else it is promised and service.deliveries takes it there."""
    from printmgr import pipeline

    def deliver(progress: Progress) -> None:
        if not is_own(settings, name):
            with store.write() as connection:
                deliveries.hand_over(connection, print_.id, [name])
            return
        try:
            place = pipeline.deliver_step(print_, sink_named(settings, name))
        except (DeliveryFailed, ResourceLimit) as error:
            with store.write() as connection:
                prints.not_delivered(connection, print_.id, name, str(error))
            raise
        with store.write() as connection:
            prints.delivered(connection, print_.id, name, place)

    return Step(f"deliver to {name}", deliver, 8, 2.0, (DeliveryFailed,), waits_for=(ResourceLimit,))


def film_deliveries(settings: Settings, store: Store, films: LimitedFilms, executor: str) -> Deliveries:
    """What takes finished prints to their sinks."""
    from printmgr import pipeline

    def finished(print_id: str) -> Finished:
        print_ = load_print(settings.spool_dir, print_id)

        def named(identity: Identity) -> Path:
            films.do("named", print_id, identity)
            return pipeline.named_pdf(print_, identity)

        return Finished(print_, pipeline.render_step(print_), pipeline.document_step(print_), named)

    def patient(print_: Print) -> Identity:
        with store.read() as connection:
            identity = identities.released(connection, print_.id, print_.printer.release)
        if identity is None:
            raise NotYet(f"it is not {print_.printer.release} whose film it is")
        return identity

    sinks = [sink_named(settings, sink.name) for sink in settings.sinks]
    return Deliveries(store, executor, sinks, finished, patient)


def deliver_again(settings: Settings, store: Store, print_id: str, entries: Mapping[str, Entry]) -> None:
    """Have a finished print delivered (once more), to all of these sinks or to none.

    entries  what the ledger is told, by sink
    Raises NoSuchPrint, NoSuchDelivery, DeliveryFailed.
    """
    for sink in entries:
        sink_named(settings, sink)
    with store.write() as connection:
        state = prints.one(connection, print_id).state
        there = (settings.spool_dir / "prints" / print_id / "order.json").exists()
        if state in jobs.OPEN or not there:
            found = f"cannot start: the print is {state}" + ("" if there else " and no longer in the spool")
            raise deliveries.NoSuchDelivery(print_id, sink, found, "a print that is done and that the spool still has")
        for sink, entry in entries.items():
            deliveries.ask_again(connection, print_id, sink)
            note(connection, entry)


def sink_named(settings: Settings, name: str) -> AnySink:
    """The sink of this name. Raises DeliveryFailed when the settings have it no more."""
    found = next((sink for sink in settings.sinks if sink.name == name), None)
    if found is None:
        raise DeliveryFailed(f"the settings have no sink {name!r} any more; expected it in [[sinks]]")
    if isinstance(found, FolderSink) and found.root is None:
        return replace(found, root=settings.films_dir)
    return found


def is_own(settings: Settings, name: str) -> bool:
    """Whether a sink is a step of the print's own job: a folder, or one that the settings lost, which fails there."""
    found = next((sink for sink in settings.sinks if sink.name == name), None)
    return found is None or isinstance(found, FolderSink)


def _discard(result: object) -> None:
    """A step's result is the file it left."""


def render_again(settings: Settings, print_id: str, output: Path, identity: Identity = NOBODY) -> None:
    """Make the PDF of a settled print anew from its order. Raises NoSuchPrint, DamagedSpool, BadPixels.

    identity  the patient whom the document names
    """
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
        drawn = pipeline.render_step(again) if identity == NOBODY else pipeline.named_step(again, identity)
        with whole(output.absolute()) as pdf:
            pdf.write(drawn.read_bytes())
