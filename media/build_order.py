"""What is asked for: a disc order with its sources, its output, and how it leaves."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from media.build.companions import Imprint
from media.build.viewer.shows import Shows
from media.errors import BadOrder
from media.fileset.confidentiality import Deidentify
from media.fileset.encryption import Encrypt
from media.fileset.model import Reason
from media.fileset.order import DiscOrder
from media.labels.order import LabelOrder
from media.writers import writer_of


@dataclass(frozen=True, slots=True)
class BuildOrder:
    """What is to be built from what, and where it goes."""

    sources: tuple[str, ...]
    output: str
    disc: DiscOrder
    imprint: Imprint = field(default_factory=Imprint)
    writers: tuple[str, ...] = ()  # of media.writers; nothing: as the medium wants it
    viewer: Shows = Shows.NOTHING  # what a browser shows of the disc
    processes: int = 1  # that may read headers at the same time
    deidentify: Deidentify | None = None
    copies: int = 1  # of every volume
    one_volume: bool = False  # fail rather than need a second
    encrypt: Encrypt | None = None
    label: LabelOrder | None = None  # label.pdf beside the volumes, and with what a robot gets

    def __post_init__(self) -> None:
        if not self.sources:
            raise BadOrder("no source; expected at least one folder, file or ZIP")
        if self.encrypt is not None:
            self.encrypt.check(viewer=self.viewer is not Shows.NOTHING)
        for name in self.writers:
            writer_of(name)

    def to_json(self) -> dict[str, Any]:
        """The order as JSON values."""
        value = asdict(self)
        value["deidentify"] = self.deidentify and self.deidentify.to_json()
        value["encrypt"] = self.encrypt and self.encrypt.to_json()
        value["label"] = self.label and self.label.to_json()
        value["disc"] = {**self.disc._asdict(), "leave_out": sorted(self.disc.leave_out)}
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "BuildOrder":
        """The order that `to_json` gave."""
        disc = value["disc"] | {"leave_out": frozenset(map(Reason, value["disc"]["leave_out"]))}
        return cls(
            sources=tuple(value["sources"]),
            output=value["output"],
            disc=DiscOrder(**disc),
            imprint=Imprint(**value["imprint"]),
            writers=tuple(value["writers"]),
            viewer=Shows(value.get("viewer", Shows.NOTHING)),
            processes=value["processes"],
            deidentify=Deidentify.from_json(found) if (found := value.get("deidentify")) else None,
            copies=value.get("copies", 1),
            one_volume=value.get("one_volume", False),
            encrypt=Encrypt.from_json(found) if (found := value.get("encrypt")) else None,
            label=LabelOrder(**found) if (found := value.get("label")) else None,
        )
