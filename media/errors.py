"""What can go wrong with media; each kind tells the caller to do something different."""

from enum import StrEnum


class MediaError(Exception):
    """Base of every error of this component."""


class BadOrder(MediaError):
    """The order itself cannot be carried out: unknown profile, medium, source or option."""


class Refused(MediaError):
    """Files stand in the way of the disc; each is named with its reason."""

    def __init__(self, refusals: list[tuple[str, str]]) -> None:
        self.refusals = refusals
        named = "; ".join(f"{path}: {reason}" for path, reason in refusals[:5])
        more = f" and {len(refusals) - 5} more" if len(refusals) > 5 else ""
        super().__init__(f"{len(refusals)} files cannot go on the disc: {named}{more}")


class SourceChanged(MediaError):
    """A file is not what it was when it was indexed."""

    def __init__(self, path: str, what: str) -> None:
        self.path, self.what = path, what
        super().__init__(f"{path} changed since it was indexed: {what}")


class Unreadable(MediaError):
    """A source or an image cannot be read where it says it can."""

    def __init__(self, path: str, what: str) -> None:
        self.path, self.what = path, what
        super().__init__(f"{path}: {what}")


class NotVerified(MediaError):
    """The finished image is not what was planned; it is not released."""

    def __init__(self, image: str, findings: list[str]) -> None:
        self.image, self.findings = image, findings
        super().__init__(f"{image}: {len(findings)} findings, first: {findings[0] if findings else '-'}")


class NoRoom(MediaError):
    """The output or the medium has no room."""


class OneVolumeOnly(MediaError):
    """More would be needed than the one volume that is allowed."""


class DeviceFailed(MediaError):
    """What makes the media failed: a drive, a robot. Somebody has to look after it before the next try."""

    def __init__(self, device: str, what: str) -> None:
        self.device, self.what = device, what
        super().__init__(f"{device}: {what}")


class Awaits(StrEnum):
    """Whom or what a volume waits for."""

    OPERATOR = "operator"  # a drive or stick that is not there
    SUPPLIES = "supplies"  # a blank disc, an empty stick
    DEVICE = "device"  # that has other things to do


class NotYet(Exception):
    """A volume waits for something outside: a blank disc, a stick, a robot. The same call goes on when it is there.

    begun  whether it is being made there: it is too late to take it back
    """

    def __init__(self, message: str, awaits: Awaits = Awaits.OPERATOR, begun: bool = False) -> None:
        self.awaits, self.begun = awaits, begun
        super().__init__(message)
