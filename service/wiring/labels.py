"""Labels and papers of finished discs: the text is set as that of films is."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType


def label_of(
    output: Path,
    template: str,
    audit: str = "",
    identified: bool = True,
    text: str = "",
    handed: Mapping[str, str] = MappingProxyType({}),
) -> tuple[bytes, list[str]]:
    """The PDF of a finished disc's label, a page a volume, and what had no room. Raises BadOrder, Unreadable.

    identified  False: nothing of a patient on it, as on every disc that is encrypted or de-identified
    text        what else is to stand on it
    handed      to whom the disc was handed out: to_whom, relation, identified_by
    """
    from media.build.companions import Imprint
    from media.build.viewer.shows import Shows
    from media.errors import Unreadable
    from media.fileset.plan_json import NAME, read_plan
    from media.job_folder import NAME as JOB
    from media.job_folder import order_of
    from media.labels import drawn, facts_of, template_of
    from media.pipeline import REPORT
    from printmgr.render.typesetting import broken

    wanted = template_of(template)
    try:
        with (output / NAME).open() as lines:
            plan = read_plan(lines)
        report = json.loads((output / REPORT).read_bytes())
    except (OSError, ValueError) as error:
        raise Unreadable(str(output), f"is no finished disc: {error}; expected plan.json and report.json") from None
    order = order_of(output / JOB)
    plain = order is not None and order.encrypt is None and order.deidentify is None
    sheets = [
        facts_of(
            plan,
            volume,
            imprint=order.imprint if order else Imprint(),
            audit=audit or output.resolve().name,
            web=order is not None and order.viewer is not Shows.NOTHING,
            report=report,
            identified=identified and plain,
            text=text,
            handed=handed,
        )
        for volume in plan.volumes
    ]
    return drawn(wanted, sheets, broken)
