"""Who wants to know what the node does, in numbers."""

from typing import Protocol


class Meter(Protocol):
    """Is told what happens; called by any thread, for every message: it must be quick."""

    def began(self, partner: str) -> None:
        """An association was accepted. `partner`: its AE title if it is listed, else a text for all others."""
        ...

    def ended(self, partner: str, how: str) -> None:
        """It is over: released, aborted, or lost."""
        ...

    def message(self, service: str, size: int, seconds: float) -> None:
        """A request was served: "N_SET", bytes of its data set, time from whole to answered."""
        ...

    def refused(self, reason: str) -> None:
        """`reason` is one of a few fixed texts."""
        ...


class NoMeter:
    """Nobody wants to know."""

    def began(self, partner: str) -> None: ...

    def ended(self, partner: str, how: str) -> None: ...

    def message(self, service: str, size: int, seconds: float) -> None: ...

    def refused(self, reason: str) -> None: ...
