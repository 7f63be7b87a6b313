"""Messages in chunks, as an iterator that needs no closing, as a generator would."""

from collections.abc import Awaitable, Callable
from typing import Self

from collector.acquisition.mqtt.message import Message


class Chunks:
    """An iterator without an end. ``chunk`` returns the next one, or raises what ends it."""

    def __init__(self, chunk: Callable[[], Awaitable[list[Message]]]) -> None:
        self._chunk = chunk

    def __aiter__(self) -> Self:
        """Return itself."""
        return self

    async def __anext__(self) -> list[Message]:
        """Wait for the next chunk."""
        return await self._chunk()
