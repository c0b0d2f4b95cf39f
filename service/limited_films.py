"""Films drawn in child processes with limits, each for as many films as it survives."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from media.limited import LimitedChild, Limits, Lost
from printmgr.errors import BadPixels, ResourceLimit
from printmgr.film.identity import Identity
from service.film_child import NO_ROOM


class LimitedFilms:
    """Does the steps of prints that decode what came from outside."""

    def __init__(self, spool: Path, limits: Limits, children: int) -> None:
        """`children`: how many films are drawn at a time. One is started now: the first film need not wait."""
        self._spool = spool
        self._free: queue.LifoQueue[LimitedChild] = queue.LifoQueue()
        self._children = [LimitedChild("service.film_child", limits) for _ in range(children)]
        self._children[0].start()
        for child in reversed(self._children):
            self._free.put(child)

    def do(self, step: str, print_id: str, identity: Identity | None = None) -> None:
        """Do `render`, `preview`, or `named` with its patient. Raises ResourceLimit; BadPixels for all that ends this
        print alone."""
        order = {"spool": str(self._spool), "print_id": print_id, "step": step}
        with self._child() as child:
            try:
                answer = child.ask({**order, "identity": asdict(identity) if identity else None})
            except Lost as lost:
                raise BadPixels(f"the film could not be drawn within its limits: {lost}") from None
        if answer["error"] == NO_ROOM:
            raise ResourceLimit(answer["detail"])
        if answer["error"]:
            raise BadPixels(answer["detail"])

    @contextmanager
    def _child(self) -> Iterator[LimitedChild]:
        child = self._free.get()
        try:
            yield child
        finally:
            self._free.put(child)

    def close(self) -> None:
        """End the children; what they do is done again by the next process."""
        for child in self._children:
            child.close()
