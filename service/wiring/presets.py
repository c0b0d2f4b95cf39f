"""Orders of discs by the presets of the settings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from service.config import Settings

if TYPE_CHECKING:
    from media.pipeline import BuildOrder
    from service.settings.discs import Preset

COMPRESSIONS = {"": "", "jpeg": "1.2.840.10008.1.2.4.70", "j2k": "1.2.840.10008.1.2.4.90"}


def order_by_preset(
    settings: Settings, name: str, sources: Sequence[str], created: str, output: str = "", **other: Any
) -> "BuildOrder":
    """The order of a disc as a preset wants it. Raises BadOrder.

    other  what is to be other than the preset has it: fields of DiscOrder and of BuildOrder, such as writers
    """
    from media.build.companions import Imprint
    from media.build.transcode import check_encoder
    from media.build.viewer.shows import Shows
    from media.fileset.order import DiscOrder
    from media.pipeline import BuildOrder
    from service.wiring.labels import label_order
    from service.wiring.privacy import deidentification, encryption

    preset = preset_of(settings, name)
    disc: dict[str, Any] = {
        "profile": preset.profile,
        "medium": preset.medium,
        "leave_out": frozenset(preset.leave_out),
        "derive": preset.derive,
        "compress": COMPRESSIONS[preset.compress],
        "joliet": preset.joliet,
        "icons": preset.icons,
    }
    apart: dict[str, Any] = {
        "writers": preset.writers,
        "viewer": Shows(preset.viewer),
        "encrypt": encryption(preset.encrypt),
        "deidentify": deidentification(settings, preset.de_identify),
        "label": label_order(settings, preset.label) if preset.label else None,
        "imprint": Imprint(settings.web.institution, settings.web.contact),
    }
    disc |= {key: value for key, value in other.items() if key in DiscOrder._fields}
    apart |= {key: value for key, value in other.items() if key not in DiscOrder._fields}
    check_encoder(str(disc["compress"]))
    return BuildOrder(tuple(sources), output, DiscOrder(created=created, **disc), **apart)


def preset_of(settings: Settings, name: str) -> "Preset":
    """The preset of this name; '' is a plain disc without a viewer. Raises BadOrder."""
    from media.errors import BadOrder
    from service.settings.discs import Preset

    if not name:
        return Preset(viewer="none")
    if name not in settings.presets:
        raise BadOrder(f"preset {name!r} is not known; expected one of {', '.join(settings.presets)}")
    return settings.presets[name]
