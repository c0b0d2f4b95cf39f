"""The cyclic garbage collector, held while many values are made that know no cycles."""

import gc
from types import TracebackType


class Held:
    """Within it nothing is collected: `with Held(): ...`. Its passes over all values would cost more than the work."""

    __slots__ = ("was_enabled",)

    def __enter__(self) -> None:
        self.was_enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.was_enabled:
            gc.enable()
