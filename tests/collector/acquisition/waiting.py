"""Wait for something that a test sees from the outside only."""

import asyncio
from collections.abc import Callable


async def until(done: Callable[[], bool], *, within_s: float = 30.0) -> None:
    """Wait until something is so, and fail if it takes too long."""
    async with asyncio.timeout(within_s):
        while not done():  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.002)
