"""What changed since a page was drawn: one look at the database for all open pages, told as server-sent events."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import closing

from service.store.changes import Watch, marks
from service.store.engine import Store

log = logging.getLogger(__name__)

LOOK_S = 0.25
REST_S = 0.5  # between two tellings: a busy queue changes all the time
ALIVE_S = 15.0


class Live:
    """Watches the database in a thread and wakes the pages' streams."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="live", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: set[asyncio.Event] = set()
        self.marks: dict[str, str] = {}

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch; streams live in this loop."""
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """End every stream."""
        self._stopping.set()
        self._wake()

    async def stream(self) -> AsyncIterator[bytes]:
        """Server-sent events `films`, `studies`, `jobs`, as each changes; first of all `start`."""
        seen = dict(self.marks)
        woken = asyncio.Event()
        self._waiting.add(woken)
        try:
            yield b"retry: 2000\nevent: start\ndata: 0\n\n"
            while not self._stopping.is_set():
                now = dict(self.marks)
                for subject, mark in now.items():
                    if seen.get(subject) != mark:
                        yield f"event: {subject}\ndata: {mark}\n\n".encode()
                seen = now
                try:
                    await asyncio.wait_for(woken.wait(), ALIVE_S)
                except TimeoutError:
                    yield b": alive\n\n"
                woken.clear()
        finally:
            self._waiting.discard(woken)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                with closing(Watch(self._store)) as watch:
                    for _ in watch.changes(self._stopping, LOOK_S):
                        self._look()
            except Exception:
                log.exception("cannot see what changed; trying again")
                self._stopping.wait(REST_S)

    def _look(self) -> None:
        with self._store.read() as reading:
            now = marks(reading)
        if now != self.marks:
            self.marks = now
            self._wake()
            self._stopping.wait(REST_S - LOOK_S)

    def _wake(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        for woken in self._waiting:
            woken.set()
