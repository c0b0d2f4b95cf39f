"""What verification says."""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    MISSING = "missing"
    UNEXPECTED = "unexpected"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it has to be; `where` names the region, file or record."""

    kind: Kind
    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Region:
    """A run of bytes of the image that is one thing; together the regions are the whole image."""

    name: str
    offset: int
    length: int
    sha256: str = ""


@dataclass(slots=True)
class Verification:
    """The outcome. `proven` names what the image alone could not show (no CHECKSUM.TXT …) as notes."""

    findings: list[Finding] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    files: int = 0
    instances: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, kind: Kind, where: str, detail: str) -> None:
        self.findings.append(Finding(kind, where, detail))

    @property
    def good(self) -> bool:
        return not self.findings
