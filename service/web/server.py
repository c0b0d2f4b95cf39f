"""The HTTP server: uvicorn's, which at rest wakes once a second for its clock instead of ten times to see its end."""

import asyncio
from contextlib import suppress

import uvicorn

CLOCK_S = 1.0
TICKS = 10  # of uvicorn's in this time: each tenth sets the clock


class Server(uvicorn.Server):
    """Serves until `stop`, in a loop of its own."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending = asyncio.Event()

    def stop(self) -> None:
        """Let what is being answered end; from any thread."""
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ending.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += TICKS
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), CLOCK_S)
