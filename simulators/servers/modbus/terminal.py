"""A serial line without wires: a pseudo-terminal, of which a client opens the far end like a serial device."""

from __future__ import annotations

import asyncio
import os
import tty
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1024


class Terminal:
    """The near end: what a client writes is read here, and the other way round.

    Attributes
    ----------
    path
        The device that a client opens, for example ``/dev/pts/7``.
    reader
        What the client has written.
    """

    def __init__(self, near: int, path: str) -> None:
        self._near = near
        self._open = True
        self.path = path
        self.reader = asyncio.StreamReader()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(near, self._receive)

    def _receive(self) -> None:
        try:
            received = os.read(self._near, _CHUNK)
        except OSError:
            received = b""
        if received:
            self.reader.feed_data(received)
        else:
            self.abort()

    def write(self, content: bytes) -> None:
        """Send bytes; what nobody reads is lost once the line is full, as on a real one."""
        if self._open:
            try:
                os.write(self._near, content)
            except BlockingIOError:
                return

    async def drain(self) -> None:
        """Return at once: a line does not wait."""

    def close(self) -> None:
        """Do nothing: a serial line is not closed."""

    def is_closing(self) -> bool:
        """Whether the simulation has ended the line."""
        return not self._open

    def abort(self) -> None:
        """End the line."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._near)
            self.reader.feed_eof()

    def reset(self) -> None:
        """Do nothing: there is no connection to cut off."""


@contextmanager
def open_terminal() -> Iterator[Terminal]:
    """Open a pseudo-terminal that carries bytes as they are.

    The far end stays open here too, so that the line is there before the first client and after the last.

    Raises
    ------
    OSError
        If the machine gives no more of them.
    """
    near, far = os.openpty()
    try:
        tty.setraw(far)
        os.set_blocking(near, False)
        terminal = Terminal(near, os.ttyname(far))
        try:
            yield terminal
        finally:
            terminal.abort()
    finally:
        os.close(near)
        os.close(far)
