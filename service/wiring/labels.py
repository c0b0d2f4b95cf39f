"""Labels and papers of discs: the text is set as that of films is."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from service.config import Settings

if TYPE_CHECKING:
    from media.labels import LabelOrder


def offer_labels() -> None:
    """Let the orders of this process have labels."""
    from media.labels.make import connect_typesetter
    from printmgr.render.typesetting import broken

    connect_typesetter(broken)


def label_order(
    settings: Settings, template: str = "", number: str = "", identified: bool = True, text: str = ""
) -> "LabelOrder":
    """A label as the settings want it."""
    from media.labels import LabelOrder

    wanted = settings.labels
    return LabelOrder(template or wanted.template, number, identified, text, wanted.language)


def label_of(
    output: Path,
    template: str,
    audit: str = "",
    identified: bool = True,
    text: str = "",
    handed: Mapping[str, str] = MappingProxyType({}),
    language: str = "en",
) -> tuple[bytes, list[str]]:
    """The PDF of a finished disc's label, a page a volume, and what had no room. Raises BadOrder, Unreadable.

    identified  False: nothing of a patient on it, as on every disc that is encrypted or de-identified
    text        what else is to stand on it
    handed      to whom the disc was handed out: to_whom, relation, identified_by
    """
    from media.errors import Unreadable
    from media.fileset.plan_json import NAME, read_plan
    from media.job_folder import NAME as JOB
    from media.job_folder import order_of
    from media.labels import LabelOrder, template_of
    from media.labels.make import Labels
    from media.pipeline import REPORT

    template_of(template)
    try:
        with (output / NAME).open() as lines:
            plan = read_plan(lines)
        report = json.loads((output / REPORT).read_bytes())
    except (OSError, ValueError) as error:
        raise Unreadable(str(output), f"is no finished disc: {error}; expected plan.json and report.json") from None
    offer_labels()
    wanted = LabelOrder(template, audit, identified, text, language)
    labels = Labels(order_of(output / JOB), wanted, plan, output, report, handed)
    return labels.pdf(labels.sheets)
