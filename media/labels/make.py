"""The label of an order's volumes, before they are written and after."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from media.build.companions import Imprint
from media.build.viewer.shows import Shows
from media.errors import BadOrder
from media.labels.draw import drawn
from media.labels.facts import Facts, facts_of
from media.labels.order import LabelOrder
from media.labels.template import template_of
from media.labels.text import Typesetter
from media.labels.words import words_of

if TYPE_CHECKING:
    from media.build_order import BuildOrder
    from media.fileset.model import Plan

_SETTERS: list[Typesetter] = []


def connect_typesetter(typeset: Typesetter) -> None:
    """Let orders of this process have labels: text is set by who can set any script."""
    _SETTERS[:] = [typeset]


class Labels:
    """The sheets of a plan's volumes, in the plan's order. Raises BadOrder."""

    def __init__(
        self,
        order: "BuildOrder | None",
        wanted: LabelOrder,
        plan: "Plan",
        output: Path,
        report: Mapping[str, Any] | None,
        handed: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        if not _SETTERS:
            raise BadOrder("no label can be made by this process: nothing sets its text")
        self._template = template_of(wanted.template)
        self._words = words_of(wanted.language, self._template.texts)
        plain = order is not None and order.encrypt is None and order.deidentify is None
        self.sheets: list[Facts] = [
            facts_of(
                plan,
                volume,
                imprint=order.imprint if order else Imprint(),
                audit=wanted.number or output.resolve().name,
                web=order is not None and order.viewer is not Shows.NOTHING,
                report=report,
                identified=wanted.identified and plain,
                text=wanted.text,
                handed=handed,
                words=self._words,
            )
            for volume in plan.volumes
        ]

    def pdf(self, sheets: Sequence[Facts]) -> tuple[bytes, list[str]]:
        """A page a sheet, and what had no room."""
        return drawn(self._template, sheets, _SETTERS[0], self._words)

    def fields(self, sheet: Facts) -> dict[str, str]:
        """What a sheet says, for labels of a robot's own design."""
        return {**sheet.fields, "studies": "; ".join(sheet.rows.get("studies", ()))}
