"""A Modbus TCP server of its own: meters behind one endpoint, read only."""

from __future__ import annotations

import asyncio
import struct
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from simulators.servers.registers import RegisterImage

READ_COILS, READ_DISCRETE, READ_HOLDING, READ_INPUT = 1, 2, 3, 4
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, TARGET_FAILED = 0x01, 0x02, 0x03, 0x0B
MOST_REGISTERS = 125
MOST_BITS = 2000

_MBAP = struct.Struct(">HHHB")
_LONGEST_PDU = 253


class ModbusServer:
    """Answers reads of the images that it holds, one request after the other on each connection.

    Parameters
    ----------
    images
        Registers by unit id. Replaced as a whole by ``show``, so every answer is of one instant.

    Attributes
    ----------
    functions_seen
        Every function code that was ever asked for, known or not.
    """

    def __init__(self, images: Mapping[int, RegisterImage] | None = None) -> None:
        self._images: Mapping[int, RegisterImage] = images or {}
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.functions_seen: set[int] = set()

    def show(self, images: Mapping[int, RegisterImage]) -> None:
        """Replace all registers at once."""
        self._images = images

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Listen, on a free port if ``port`` is 0, and give the port; afterwards every connection is closed.

        Raises
        ------
        OSError
            If the port is taken.
        """
        server = await asyncio.start_server(self._serve, host, port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            await server.wait_closed()
            for writer in self._connections.values():
                writer.transport.abort()
            # Each sees its connection gone and returns; left behind, the loop's end would find them and complain.
            await asyncio.gather(*self._connections)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._connections[task] = writer
        try:
            # A peer that goes away in the middle of a frame, or is cut off by us at the end, is no error.
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._answer_all(reader, writer)
        finally:
            del self._connections[task]
            writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            transaction, protocol, length, unit = _MBAP.unpack(await reader.readexactly(_MBAP.size))
            # There is no way to find the next frame behind one that makes no sense.
            if protocol != 0 or not 2 <= length <= _LONGEST_PDU + 1:
                return
            answer = self.answer(unit, await reader.readexactly(length - 1))
            writer.write(_MBAP.pack(transaction, 0, len(answer) + 1, unit) + answer)
            await writer.drain()

    def answer(self, unit: int, request: bytes) -> bytes:
        """Return the PDU that answers a request PDU (function code first, at least one byte)."""
        function = request[0]
        self.functions_seen.add(function)
        image = self._images.get(unit)
        if image is None:
            return _exception(function, TARGET_FAILED)
        if function in {READ_COILS, READ_DISCRETE}:
            # No simulated meter has bits: every address is a wrong one.
            return _exception(function, ILLEGAL_ADDRESS if _count(request, MOST_BITS) else ILLEGAL_VALUE)
        if function != image.function:
            return _exception(function, ILLEGAL_FUNCTION)
        count = _count(request, MOST_REGISTERS)
        if count is None:
            return _exception(function, ILLEGAL_VALUE)
        content = image.read(int.from_bytes(request[1:3]), count)
        if content is None:
            return _exception(function, ILLEGAL_ADDRESS)
        return bytes((function, len(content))) + content


def _count(request: bytes, most: int) -> int | None:
    """Return how many things a read asks for, or None if the request is not well formed."""
    if len(request) != 5:
        return None
    count = int.from_bytes(request[3:5])
    return count if 1 <= count <= most else None


def _exception(function: int, code: int) -> bytes:
    return bytes((function | 0x80, code))
