"""The server: meters behind one endpoint, read only, one question at a time."""

from __future__ import annotations

import asyncio
import struct
from contextlib import asynccontextmanager, suppress
from socket import SO_LINGER, SOL_SOCKET
from typing import TYPE_CHECKING, Protocol, cast

from simulators.servers.modbus.exchange import (
    Admission,
    Connection,
    Ending,
    Honest,
    Reply,
    Request,
    Tampering,
    Timing,
)
from simulators.servers.modbus.framing import BITS_PER_CHARACTER, MbapFraming, silent_interval_s
from simulators.servers.modbus.pdu import answer, exception
from simulators.servers.modbus.terminal import open_terminal

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Mapping

    from simulators.servers.modbus.framing import Frame, Framing
    from simulators.servers.registers import Image

_CHUNK = 1024
_NO_LINGER = struct.pack("ii", 1, 0)


class Writer(Protocol):
    """The way out: a socket's or a pseudo-terminal's."""

    def write(self, content: bytes) -> None:
        """Send bytes."""

    async def drain(self) -> None:
        """Wait until there is room for more."""

    def close(self) -> None:
        """Close when everything is sent."""

    def is_closing(self) -> bool:
        """Whether it is closed or closing."""

    def abort(self) -> None:
        """Close at once, whatever is still to be sent."""

    def reset(self) -> None:
        """Cut off: a socket sends an RST."""


class ModbusServer:
    """Answers reads of the images that it holds, one request after the other over all connections.

    Parameters
    ----------
    images
        Registers by unit id. Replaced as a whole by ``show``, so every answer is of one instant.
    name
        The endpoint's name.
    framing
        Makes the framing of a connection.
    timing
        How long it takes.
    tampering
        The faults.

    Attributes
    ----------
    functions_seen
        Every function code that was ever asked for, known or not.
    """

    def __init__(
        self,
        images: Mapping[int, Image] | None = None,
        *,
        name: str = "",
        framing: Callable[[], Framing] = MbapFraming,
        timing: Timing | None = None,
        tampering: Tampering | None = None,
    ) -> None:
        self._images: Mapping[int, Image] = images or {}
        self._name = name
        self._framing = framing
        self._timing = timing or Timing()
        self._tampering = tampering or Honest()
        self._connections: dict[asyncio.Task[None], tuple[Connection, Writer]] = {}
        self._opened = 0
        self._busy_with: Connection | None = None
        self._line = asyncio.Lock()
        self._late: set[asyncio.TimerHandle] = set()
        self.functions_seen: set[int] = set()

    def show(self, images: Mapping[int, Image]) -> None:
        """Replace all registers at once."""
        self._images = images

    @asynccontextmanager
    async def listening(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
        """Listen, on a free port if ``port`` is 0, and give the port; afterwards every connection is closed.

        Raises
        ------
        OSError
            If the port is taken.
        """
        server = await asyncio.start_server(self._serve_socket, host, port, ssl=tls)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            await self._cut_off()
            await server.wait_closed()

    @asynccontextmanager
    async def on_terminal(self) -> AsyncIterator[str]:
        """Serve on a new pseudo-terminal and give the path of the device that a client opens.

        Raises
        ------
        OSError
            If the machine gives no more of them.
        """
        with open_terminal() as terminal:
            task = asyncio.create_task(self._serve(terminal.reader, terminal))
            try:
                yield terminal.path
            finally:
                terminal.abort()
                await asyncio.gather(task, return_exceptions=True)
                await self._cut_off()

    async def _cut_off(self) -> None:
        for handle in self._late:
            handle.cancel()
        for _, writer in self._connections.values():
            writer.abort()
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        # Left behind, the loop's end would find them and complain.
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve_socket(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._serve(reader, _SocketWriter(writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        admission = self._tampering.admit(self._name, len(self._connections))
        if admission is Admission.RESET:
            writer.reset()
            return
        if admission is Admission.KICK_OLDEST and self._connections:
            next(iter(self._connections.values()))[1].reset()
        self._opened += 1
        connection = Connection(self._opened, asyncio.get_running_loop().time(), dead=admission is Admission.MUTE)
        self._connections[task] = (connection, writer)
        try:
            # A peer that goes away in the middle of a frame, or is cut off by us at the end, is no error.
            with suppress(ConnectionError, asyncio.CancelledError):
                await self._answer_all(reader, writer, connection)
        finally:
            del self._connections[task]
            writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: Writer, connection: Connection) -> None:
        framing = self._framing()
        while not framing.broken:
            quiet_s = framing.silence_s if framing.serial and framing.waiting else self._tampering.idle_s(self._name)
            try:
                async with asyncio.timeout(quiet_s):
                    received = await reader.read(_CHUNK)
            except TimeoutError:
                if not framing.waiting:
                    self._tampering.closes_idle(self._name)
                    return
                frames, ended = framing.silence(), not framing.serial
            else:
                frames, ended = framing.feed(received), not received
            for frame in frames:
                await self._exchange(connection, framing, frame, writer)
                if writer.is_closing():
                    return
            if ended:
                return

    async def _exchange(self, connection: Connection, framing: Framing, frame: Frame, writer: Writer) -> None:
        self.functions_seen.add(frame.pdu[0])
        if connection.dead:
            return
        connection.asked += 1
        request = Request(
            endpoint=self._name,
            connection=connection,
            framing=framing,
            transaction=frame.transaction,
            unit=frame.unit,
            pdu=frame.pdu,
            raw=frame.raw,
            at_s=asyncio.get_running_loop().time(),
            parallel=self._busy_with not in {None, connection},
        )
        held_up_s = self._tampering.hear(request)
        if held_up_s is None:
            return
        async with self._line:
            self._busy_with = connection
            try:
                await _pause(held_up_s + self._timing.latency_s + self._serial_s(request.pdu, framing))
                reply = self._reply(request)
                if reply is None:
                    return
                await _pause(reply.wait_s + self._serial_s(reply.pdu, framing))
                reply.pieces = [(0.0, framing.pack(reply.transaction, reply.unit, reply.pdu))]
                self._tampering.wire(request, reply)
                await self._send(reply, connection, writer)
            finally:
                self._busy_with = None
        # Not while the line is held: a client that does not read its answers is nobody else's trouble.
        await writer.drain()

    def _serial_s(self, pdu: bytes, framing: Framing) -> float:
        """Return how long a PDU takes on the serial line, with the silence behind it [s].

        Behind a gateway the line speaks RTU.
        """
        baud = self._timing.baud
        if baud is None:
            return 0.0
        characters = len(framing.pack(0, 0, pdu)) if framing.serial else len(pdu) + 3
        return characters * BITS_PER_CHARACTER / baud + silent_interval_s(baud)

    def _reply(self, request: Request) -> Reply | None:
        image = self._tampering.register_image(request, self._images.get(request.unit))
        reply: Reply | None = Reply(request.transaction, request.unit, b"")
        if image is not None:
            reply = Reply(request.transaction, request.unit, answer(image, request.pdu))
        elif request.framing.serial or self._timing.absent_code is None:
            # On a serial line nobody answers for somebody else.
            reply = None
        else:
            pdu = exception(request.pdu[0], self._timing.absent_code)
            reply = Reply(request.transaction, request.unit, pdu, wait_s=self._timing.absent_s)
        return self._tampering.answer(request, reply, image) if reply else None

    async def _send(self, reply: Reply, connection: Connection, writer: Writer) -> None:
        if reply.held:
            connection.held.append(b"".join(content for _, content in reply.pieces))
            return
        if reply.late_s:
            self._send_later(reply, writer)
            return
        for content in connection.held:
            writer.write(content)
        connection.held.clear()
        for pause_s, content in reply.pieces:
            await _pause(pause_s)
            writer.write(content)
        if reply.ending is Ending.CLOSE:
            writer.close()
        elif reply.ending is Ending.RESET:
            writer.reset()

    def _send_later(self, reply: Reply, writer: Writer) -> None:
        def send() -> None:
            self._late.discard(handle)
            if not writer.is_closing():
                writer.write(b"".join(content for _, content in reply.pieces))

        handle = asyncio.get_running_loop().call_later(reply.late_s, send)
        self._late.add(handle)


class _SocketWriter:
    """The way out over a socket."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def write(self, content: bytes) -> None:
        self._writer.write(content)

    async def drain(self) -> None:
        await self._writer.drain()

    def close(self) -> None:
        self._writer.close()

    def is_closing(self) -> bool:
        return self._writer.is_closing()

    def abort(self) -> None:
        self._writer.transport.abort()

    def reset(self) -> None:
        raw = self._writer.get_extra_info("socket")
        if raw is not None:
            # Closed with nothing to linger for, a socket sends an RST.
            with suppress(OSError):
                raw.setsockopt(SOL_SOCKET, SO_LINGER, _NO_LINGER)
        self._writer.transport.abort()


async def _pause(seconds: float) -> None:
    if seconds > 0:
        await asyncio.sleep(seconds)
