"""How late the machine is: what it does to everybody is nobody's doing whose times a test judges."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Metronome:
    """How late the event loop itself is at most [s]: a task that wants nothing but to be woken fifty times a second."""

    def __init__(self) -> None:
        self.latest_s = 0.0

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            due_s = time.monotonic() + 0.02
            await asyncio.sleep(0.02)
            self.latest_s = max(self.latest_s, time.monotonic() - due_s)


@asynccontextmanager
async def beating() -> AsyncIterator[Metronome]:
    """Let a metronome beat while the block runs."""
    metronome = Metronome()
    task = asyncio.create_task(metronome.run())
    try:
        yield metronome
    finally:
        task.cancel()
        await asyncio.wait({task})
