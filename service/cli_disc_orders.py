"""What the options of `printmgr disc plan` and `build` order. Everything here raises BadOrder."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.terminal import settings_of


def order_of(
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


def with_privacy(
    order: Any, settings: Path | None, options: str, key_file: Path | None, release: str, queue: bool
) -> Any:
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


def with_encryption(
    order: Any, method: str, password: str, recipients: list[Path], signer: Path | None, queue: bool
) -> Any:
    """The order with the encryption of the options, over that of its preset. Raises BadOrder."""
    from dataclasses import replace

    from media.errors import BadOrder
    from service.wiring.privacy import encryption

    method = method or (str(order.encrypt.method) if order.encrypt else "")
    if not method and (password or recipients or signer):
        raise BadOrder("--password, --recipient and --sign are for encrypted discs; expected --encrypt zip or cms")
    if queue and (password == "ask" or password.startswith("env:")):  # noqa: S105  # a word of ours
        raise BadOrder("the service cannot ask, nor see this environment; expected --password made or file:PATH")
    return replace(order, encrypt=encryption(method, password, recipients, signer))


def with_label(order: Any, template: str, settings: Path | None) -> Any:
    """The order with the label of the options, over that of its preset. Raises BadOrder."""
    from dataclasses import replace

    from media.labels import template_of
    from service.wiring.labels import label_order, offer_labels

    if template:
        template_of(template)
        order = replace(order, label=label_order(settings_of(settings), template))
    if order.label is not None:
        offer_labels()
    return order


def _shows(viewer: str) -> Any:
    """What --viewer says. Raises BadOrder."""
    from media.build.viewer.shows import Shows
    from media.errors import BadOrder

    if viewer not in set(Shows):
        raise BadOrder(f"--viewer is {viewer!r}; expected one of {', '.join(Shows)}")
    return Shows(viewer)


def disc_of(
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
